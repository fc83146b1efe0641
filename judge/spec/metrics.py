"""A metric as a user writes it, and the rules that its template may write as well.

Owned here: their fields. Fields that the grammar has and this version does not judge are known and
refused by name. Not here: templates (`metric_template`), queries (`parts`), what the rules mean
together (`rules`).
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field, Strict

from judge.spec.fields import (
    BoundValue,
    Document,
    Duration,
    FilePath,
    LabelName,
    MetricName,
    Ratio,
    VariableName,
    VariableValue,
    Weight,
    not_yet,
)
from judge.spec.kayenta_fields import KayentaWritten
from judge.spec.parts import QueriesWritten
from judge.spec.resolved import Compare, Direction, Kind
from judge.spec.rules import Rules


def _no_source(value: str | None) -> str | None:
    if value is not None:
        raise not_yet("a metric's own source", "remove it; every metric is read from prometheus")
    return value


Better = Literal["increase", "decrease"]


class RatioWritten(Document):
    """A ratio canary / baseline."""

    ratio: Ratio
    """Canary / baseline: above 1 where an increase is bad, below 1 where a decrease is."""


class RulesWritten(Document):
    """How a metric is judged; what it leaves out is its template's."""

    direction: Annotated[Direction, Strict(False)] | None = None
    """Which change is bad. Default: `increase`; `compare: slope` needs it."""
    limit: RatioWritten | None = None
    """How much is tolerated. Default: 1.25 (0.8 for a decrease); none beside `max` or `min`."""
    worst: RatioWritten | None = None
    """What must not be missed. Default: the limit's cube, at least 2 (at most 0.5)."""
    max: BoundValue | None = None
    """Fixed upper bound, in the metric's unit; of a proportion a share, such as `5%`."""
    min: BoundValue | None = None
    """Fixed lower bound, in the metric's unit; of a proportion a share, such as `95%`."""
    for_: Annotated[Duration | None, Field(alias="for")] = None
    """How long a fixed bound must be broken, an interval or more; the bound is then a plain one."""
    quantile: Annotated[float, Field(gt=0, lt=1)] | None = None
    """Of a histogram: the quantile that `max` and `min` bound. Default: 0.99."""
    floor: Annotated[float, Field(ge=0)] | None = None
    """Of a gauge that can be 0: what is added to both tracks to compare them. Default: 0."""
    compare: Annotated[Compare, Strict(False)] | None = None
    """Of a gauge: its `level`, or its `slope`, how it grows in an hour. Default: `level`."""
    unit: str | None = None
    """What the metric counts, for reports."""
    weight: Weight | None = None
    """Weight in the score. Default: 1."""
    critical: bool | None = None
    """Whether the run fails with this metric, whatever its score is. Default: `true`."""
    observe: bool | None = None
    """Judge and show it, and let it decide nothing. Default: `false`."""
    better: Better | None = None
    """Makes it an A/B test: which change is wanted, `increase` or `decrease`."""
    margin: RatioWritten | None = None
    """Of an A/B test: how large a difference matters, either way. Default: 1.05."""

    def rules(self) -> Rules:
        """The same, inside."""
        return Rules(
            direction=self.direction,
            limit=self.limit.ratio if self.limit else None,
            worst=self.worst.ratio if self.worst else None,
            max=self.max,
            min=self.min,
            lasting=self.for_,
            quantile=self.quantile,
            floor=self.floor,
            compare=self.compare,
            unit=self.unit,
            weight=self.weight,
            critical=self.critical,
            observe=self.observe,
            better=None if self.better is None else Direction(self.better),
            margin=self.margin.ratio if self.margin else None,
        )


class MetricFields(RulesWritten):
    """What a metric has in every form of it."""

    later: ClassVar[frozenset[str]] = frozenset({"alsoJudge", "baselineOffset"})

    name: MetricName
    """What the metric is called in verdicts; each has its own name."""
    template: FilePath | None = None
    """Name of a shipped template, or path of one's own, from the analysis's folder."""
    kind: Annotated[Kind, Strict(False)] | None = None
    """What the metric yields, where it has no template."""
    source: Annotated[str | None, AfterValidator(_no_source)] = None
    """Not judged yet: another Prometheus for this metric."""
    variables: dict[VariableName, VariableValue] = Field(default_factory=dict)
    """Variables for this metric's template."""
    pod_label: LabelName | None = None
    """The label that names the pod. Default: the template's, or the server's."""
    kayenta: KayentaWritten | None = None
    """How Kayenta's judge takes the metric, where that judge is asked."""


class MetricWritten(MetricFields):
    """One metric: a template, or a kind with its queries in place."""

    queries: QueriesWritten | None = None
    """The queries, where it has no template: those parts that its kind has."""
