"""What the query of a Flagger template measures, as a metric of ours.

Owned here: which kind it is taken for, and how a metric of it may be judged. Promised: where the
numbers would come out in another unit than the query's, the query is taken whole, or a bound that
says no unit is refused. Not here: the template (`flagger_template`), a query's shape
(`promql_shapes`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from judge.spec import promql
from judge.spec.faults import Fault
from judge.spec.promql_shapes import Quantile, Ratio, Shape, shape_of
from judge.spec.promql_shapes import measured as measured_by_shape
from judge.spec.resolved import Direction, Kind, Query, Reading
from judge.spec.rules import Rules

POD_LABELS = ("kubernetes_pod_name", "pod_name", "exported_pod")
"""Labels by which queries choose pods, where they do not call them `pod`."""

_CODE = r"\]?(?:[0-9x]{2}|\.\.|\.[*+]|\[)"
_FAILURE = re.compile(
    rf"[45]{_CODE}|err|fail|timeout|exceeded|unavailable|internal|unknown|abort|reject", re.I
)
_SUCCESS = re.compile(rf"[123]{_CODE}|ok|success|succeed|pass", re.I)
_OPPOSITE = {
    Direction.INCREASE: Direction.DECREASE,
    Direction.DECREASE: Direction.INCREASE,
    Direction.EITHER: Direction.EITHER,
}
_SHARE, _PERCENT = 1.0, 100.0


@dataclass(frozen=True, slots=True)
class Taken:
    """What a query is taken for: a kind and its queries, which still have their places.

    ``percent``: the query yields percent, the metric is a share. ``turned``: the query is a success
    rate, of which the metric counts the failures.
    """

    kind: Kind
    queries: Mapping[str, Query]
    description: str
    rules: Rules = field(default_factory=Rules)
    pod_label: str = ""
    percent: bool = False
    turned: bool = False

    def rules_beside(self, said: Rules) -> Rules:
        """How a metric is judged that says no more: held to its bound, or else compared."""
        rules = replace(self.rules, direction=_said(said, self.rules.toward))
        if said.bounded:
            return replace(rules, limit=None, worst=None)
        return replace(rules, quantile=None)

    def faults(self, said: Rules) -> Iterator[Fault]:
        """What of a metric's own rules may be meant otherwise than it would be taken."""
        if self.turned:
            if said.min is not None:
                yield ("min",), "the template's failures are counted; write max: 1% for min: 99%"
            if said.direction not in (None, Direction.INCREASE):
                yield ("direction",), "the template's failures are counted; remove it"
        for name, value in (("max", said.max), ("min", said.min)):
            if self.percent and isinstance(value, float):
                message = (
                    f"{value:g} may be meant in percent, which the template yields, or as a share; "
                    f"write {value:g}% or {100 * value:g}%"
                )
                yield (name,), message


def taken_for(expr: str) -> Taken:
    """What ``expr``, PromQL with places that yields one number, is taken for.

    Raises `PromqlError`.
    """
    shape = shape_of(expr)
    if isinstance(shape, Ratio):
        return _proportion(shape) or _level(expr)
    if isinstance(shape, Quantile) and shape.scale == 1:
        return _by_shape(shape, f"the durations of which the query yields quantile {shape.q:g}")
    return _level(expr)


def _level(expr: str) -> Taken:
    return Taken(
        Kind.GAUGE,
        {"value": Query(expr, Reading.GAUGE)},
        "the number that the query yields, as it is",
        Rules(direction=Direction.EITHER),
    )


def _said(said: Rules, usual: Direction) -> Direction:
    """Where the query does not tell which change is bad, the bound does."""
    if usual is not Direction.EITHER or (said.max is None) == (said.min is None):
        return usual
    return Direction.DECREASE if said.max is None else Direction.INCREASE


def _proportion(shape: Ratio) -> Taken | None:
    """The share behind the query; None where its number is no share or percentage of one."""
    scale = abs(shape.scale)
    if scale not in (_SHARE, _PERCENT) or shape.offset != (0 if shape.scale > 0 else scale):
        return None
    taken = _by_shape(shape, "the share of requests that the query counts")
    share = _counted(shape)
    if taken.kind is not Kind.PROPORTION or share is None or _counts_often(shape.total):
        return None
    events, direction, as_query = share
    return replace(
        taken,
        queries={**taken.queries, "events": Query(events, Reading.COUNTER)},
        rules=Rules(direction=direction),
        percent=scale == _PERCENT,
        turned=not as_query,
        description=taken.description
        if as_query
        else "the share of failures, of which the query yields the successes",
    )


def _counted(shape: Ratio) -> tuple[str, Direction, bool] | None:
    """What is counted, which change of it is bad, and whether the query yields its share.

    Failures where the labels tell which they are; else what the query yields the share of.
    """
    sense = _sense(shape.events, shape.total)
    sides = [(shape.events, sense, shape.scale > 0)]
    if shape.complement:
        sides.append((shape.complement, _OPPOSITE[sense], shape.scale < 0))
    failures = [one for one in sides if one[1] is Direction.INCREASE]
    return next(iter(failures + [one for one in sides if one[2]]), None)


def _counts_often(total: str) -> bool:
    """Whether each request is counted in several buckets: a share of them, but no count."""
    name, matchers = promql.parse_vector_selector(total)
    return name.endswith("_bucket") and all(one.name != "le" for one in matchers)


def _sense(events: str, total: str) -> Direction:
    """Which change of the share of ``events`` is a bad one, as far as its own labels tell."""
    _, among = promql.parse_vector_selector(total)
    _, chosen = promql.parse_vector_selector(events)
    said = set()
    for one in set(chosen) - set(among):
        failure, success = _FAILURE.search(one.value), _SUCCESS.search(one.value)
        if bool(failure) is bool(success):
            return Direction.EITHER
        positive = one.operator in ("=", "=~")
        said.add(Direction.INCREASE if bool(failure) is positive else Direction.DECREASE)
    return said.pop() if len(said) == 1 else Direction.EITHER


def _by_shape(shape: Shape, description: str) -> Taken:
    (metric,) = measured_by_shape(shape, name="template")
    queries = {
        part: Query(expr, Reading.GAUGE if metric.kind is Kind.GAUGE else Reading.COUNTER)
        for part, expr in metric.queries.items()
    }
    return Taken(
        metric.kind, queries, description, _rules(shape, metric.rules), _pod_label(queries)
    )


def _rules(shape: Shape, written: Mapping[str, Any]) -> Rules:
    """The rules that an analysis would write so."""
    ratios = {name: written[name]["ratio"] for name in ("limit", "worst") if name in written}
    return Rules(
        direction=Direction(written["direction"]),
        unit=written.get("unit"),
        quantile=shape.q if isinstance(shape, Quantile) else None,
        **ratios,
    )


def _pod_label(queries: Mapping[str, Query]) -> str:
    """The label that names pods, where every selector chooses by one that is known to."""
    chosen = []
    for query in queries.values():
        try:
            _, matchers = promql.parse_vector_selector(query.expr)
        except promql.PromqlError:
            return ""
        chosen.append({matcher.name for matcher in matchers})
    common = set.intersection(*chosen)
    return next((name for name in POD_LABELS if name in common), "")
