"""A metric as a user writes it, and the queries of one that names no template.

Owned here: their fields, and that a counter's query is a plain selector. Fields that the grammar
has and this version does not judge are known and refused by name. Not here: templates
(`metric_template`), rendering (`queries`), the ratios' sense (`limits`).
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, Discriminator, Field, Strict, Tag

from judge.spec.fields import (
    LONG,
    SHORT,
    Document,
    Duration,
    FilePath,
    LabelName,
    MetricName,
    QueryText,
    Ratio,
    VariableName,
    VariableValue,
    Weight,
    not_yet,
    one_of,
)
from judge.spec.promql import PromqlError, parse_vector_selector
from judge.spec.resolved import Direction, Kind, Query, Reading


def _no_bound(value: Any) -> Any:
    if value is not None:
        raise not_yet(
            "a fixed bound (max, min, for)",
            "remove it; the metric is compared with the baseline by limit.ratio",
        )
    return value


def _no_source(value: Any) -> Any:
    if value is not None:
        raise not_yet("a metric's own source", "remove it; every metric is read from prometheus")
    return value


def _only_counts(value: Kind) -> Kind:
    if value is not Kind.PROPORTION:
        raise not_yet(
            f"kind: {value}", "use kind: proportion, say the share of requests that were slow"
        )
    return value


class RatioWritten(Document):
    """A ratio canary / baseline."""

    ratio: Ratio
    """Canary / baseline: above 1 where an increase is bad, below 1 where a decrease is."""


class QueryWritten(Document):
    """PromQL, and how its values become a number for an interval."""

    expr: QueryText
    """PromQL; what it yields is summed by pod. A counter's is a plain selector."""
    reading: Annotated[Reading, Strict(False)] = Reading.COUNTER
    """`counter`: what it grew by within the interval; `gauge`: what it is at the interval's end."""

    def resolved(self) -> Query:
        """The same, inside."""
        return Query(self.expr, self.reading)


AnyQuery = Annotated[
    Annotated[QueryText, Tag(SHORT)] | Annotated[QueryWritten, Tag(LONG)], Discriminator(one_of)
]
CountsOnly = Annotated[Kind, Strict(False), AfterValidator(_only_counts)]


class QueriesWritten(Document):
    """The two parts of a proportion."""

    events: AnyQuery
    """What is counted, errors say. A text is the `expr` of a counter."""
    total: AnyQuery
    """What it is counted among, requests say. A text is the `expr` of a counter."""

    def resolved(self) -> dict[str, Query]:
        """The same, inside, in the long form."""
        parts = {"events": self.events, "total": self.total}
        return {
            name: Query(part) if isinstance(part, str) else part.resolved()
            for name, part in parts.items()
        }


class MetricFields(Document):
    """What a metric has in every form of it."""

    later: ClassVar[frozenset[str]] = frozenset({"alsoJudge", "baselineOffset"})

    name: MetricName
    """What the metric is called in verdicts; each has its own name."""
    template: FilePath | None = None
    """Name of a shipped template, or path of one's own, from the analysis's folder."""
    kind: CountsOnly | None = None
    """What the metric yields, where it has no template: `proportion`."""
    source: Annotated[str | None, AfterValidator(_no_source)] = None
    """Not judged yet: another Prometheus for this metric."""
    variables: dict[VariableName, VariableValue] = Field(default_factory=dict)
    """Variables for this metric's template."""
    unit: str | None = None
    """What the metric counts, for reports. Default: the template's."""
    pod_label: LabelName | None = None
    """The label that names the pod. Default: the template's, or the server's."""
    direction: Annotated[Direction, Strict(False)] | None = None
    """Which change is bad. Default: the template's, or `increase`."""
    limit: RatioWritten | None = None
    """How much is tolerated. Default: the template's, or 1.25 (0.8 for a decrease)."""
    worst: RatioWritten | None = None
    """What must not be missed. Default: the limit's cube, at least 2 (at most 0.5)."""
    max: Annotated[str | float | None, AfterValidator(_no_bound)] = None
    """Not judged yet: a fixed upper bound."""
    min: Annotated[str | float | None, AfterValidator(_no_bound)] = None
    """Not judged yet: a fixed lower bound."""
    for_: Annotated[Duration | None, AfterValidator(_no_bound), Field(alias="for")] = None
    """Not judged yet: how long a fixed bound must be broken."""
    weight: Weight = 1.0
    """Weight in the score."""
    critical: bool = True
    """Whether the run fails with this metric, whatever its score is."""
    observe: bool = False
    """Judge and show it, and let it decide nothing."""


class MetricWritten(MetricFields):
    """One metric: a template, or a kind with its queries in place."""

    queries: QueriesWritten | None = None
    """The queries, where it has no template."""


def check_reading(query: Query) -> None:
    """A counter's expression is a plain selector: its raw samples are read too.

    Raises `PromqlError`.
    """
    if query.reading is not Reading.COUNTER:
        return
    try:
        parse_vector_selector(query.expr)
    except PromqlError as error:
        raise PromqlError(
            f'a counter is read by a plain selector, name{{label="value"}}: {error} (at '
            f"character {error.offset + 1} of {query.expr!r}); leave out rate() and sum(), which "
            "Judge does itself, or write reading: gauge",
            error.offset,
        ) from error
