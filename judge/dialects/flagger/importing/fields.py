"""The fields of a metric in an analysis, out of what Judge makes of Flagger's query.

Owned here: what is written of a bound, a comparison and a pod's label. Promised: a bound is as
patient as Flagger where nothing else makes it so; a comparison that might never be tested decides
nothing. Not here: which queries there are (`metrics`), what Judge makes of one (`promql_shapes`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from judge.dialects.flagger.importing.bounds import Bounds
from judge.errors import SpecError
from judge.spec.loading import load_analysis_document
from judge.spec.promql import PromqlError, parse_vector_selector
from judge.spec.promql_shapes import Measured
from judge.spec.rendering import names
from judge.spec.resolved import Kind
from judge.spec.units import UnitError, format_duration, parse_share

POD_LABELS = ("kubernetes_pod_name", "pod_name")
"""Labels that name a pod in the scrapes that many of Flagger's queries are for, beside ``pod``."""

SHOWN = "compared with the primary; remove observe to have that decide too"
_BOUND = ("max", "min", "quantile")
_COMPARISON = ("limit", "worst")


@dataclass(frozen=True, slots=True)
class Plan:
    """What the whole analysis gives its metrics.

    ``provider`` is whose builtin metrics are read; times are in seconds; ``failures`` is how many
    failed checks Flagger rolls back after.
    """

    provider: str
    interval: float
    duration: float
    failures: int

    @property
    def lasting(self) -> str:
        """How long a plain bound may be broken: the ticks that Flagger counts, within the run."""
        return format_duration(min(self.failures * self.interval, self.duration))


def apart(one: Measured) -> Iterator[Measured]:
    """A number of which nothing is known is held to its range, and its comparison only shown.

    It may be 0, or one value a track: a run that could not test that would stay inconclusive.
    """
    if one.kind is not Kind.GAUGE or not one.rules.get("limit"):
        yield one
        return
    bounded = any(name in one.rules for name in _BOUND)
    if bounded:
        yield replace(one, rules={k: v for k, v in one.rules.items() if k not in _COMPARISON})
    name = f"{one.name}-compared" if bounded else one.name
    rules = {k: v for k, v in one.rules.items() if k not in _BOUND}
    yield replace(one, name=name, rules={**rules, "observe": True})


def _plain(name: str, value: Any, kind: Kind) -> Any:
    """A number as one would write it: 500 rather than 500.0, and 1% rather than 0.01."""
    if not isinstance(value, float):
        return value
    if kind is Kind.PROPORTION and name in ("max", "min") and value:
        return _percent(value)
    return int(value) if value.is_integer() else value


def _percent(share: float) -> str | float:
    """``5%`` for 0.05, where that says the same."""
    percent = f"{100 * share:.10g}%"
    try:
        return percent if parse_share(percent) == share else share
    except UnitError:
        return share


def shown(bounds: Bounds) -> str:
    """The range in words."""
    least = "" if bounds.least is None else f"{bounds.least:g} at the least"
    most = "" if bounds.most is None else f"{bounds.most:g} at the most"
    return " and ".join(one for one in (least, most) if one) or "no range"


def uses_of(fields: Mapping[str, Any]) -> frozenset[str]:
    """The variables that a metric's queries name."""
    return frozenset().union(*(names(expr) for expr in fields["queries"].values()))


def _pod_label(queries: Mapping[str, str]) -> dict[str, str]:
    """The label of pods by which the query itself selects them, where it is not the usual one."""
    for query in queries.values():
        try:
            _, matchers = parse_vector_selector(query)
        except PromqlError:
            continue
        for label in POD_LABELS:
            if any(one.name == label for one in matchers):
                return {"podLabel": label}
    return {}


def fields_of(one: Measured, plan: Plan) -> dict[str, Any]:
    """The fields, in the order in which they are written; the queries, the longest, come last."""
    fields = {name: _plain(name, value, one.kind) for name, value in one.written().items()}
    queries = fields.pop("queries")
    return {**fields, **_lasting(one, plan), **_pod_label(one.queries), "queries": queries}


def fault_of(
    fields: Mapping[str, Any],
    plan: Plan,
    *,
    tracks: Mapping[str, Any],
    variables: Mapping[str, str],
) -> str:
    """What is wrong with a metric in an analysis by itself, or ""."""
    spec = {
        "interval": format_duration(plan.interval),
        "duration": format_duration(plan.duration),
        "variables": variables,
        "tracks": tracks,
        "metrics": [fields],
    }
    metadata = {"name": "one"}
    document = {"apiVersion": "judge/v1", "kind": "Analysis", "metadata": metadata, "spec": spec}
    try:
        load_analysis_document(document)
    except SpecError as error:
        return "; ".join(issue.message for issue in error.issues)
    return ""


def _lasting(one: Measured, plan: Plan) -> dict[str, Any]:
    """`for`, where the bound is a plain one: it has no other way to be patient."""
    bounded = "max" in one.rules or "min" in one.rules
    plain = one.kind is Kind.GAUGE or (one.kind is Kind.HISTOGRAM and "min" in one.rules)
    return {"for": plan.lasting} if bounded and plain else {}
