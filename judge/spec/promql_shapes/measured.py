"""The metrics that follow from a query's shape and the range that its value must lie in.

Owned here: `Measured` and `measured`. Promised: what breaks the range breaks the metric's bound and
nothing else does, up to the test that Judge makes of it; an analysis with these metrics loads. What
cannot be kept is told in remarks. Not here: finding the shape (`reading`); whose query it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from judge.spec.promql_shapes.shape import Level, Mean, Quantile, Ratio, Shape
from judge.spec.resolved import Kind
from judge.spec.rules import DEFAULT_QUANTILE

DECREASE, EITHER, INCREASE = "decrease", "either", "increase"
LIMITS = {INCREASE: 1.25, EITHER: 1.25, DECREASE: 0.8}
# Of durations: what the usual buckets, 2 or 2.5 times apart, can test.
SLOWDOWN, WORST_SLOWDOWN = 2.25, 4.5

_UNITS = (
    ("milliseconds", re.compile(r"_(?:milliseconds|millis|ms)(?=_|\{|$)")),
    ("seconds", re.compile(r"_seconds(?=_|\{|$)")),
    ("bytes", re.compile(r"_bytes(?=_|\{|$)")),
)
_EVENTS = re.compile(r"(?:_total|_count|_bucket)$")


@dataclass(frozen=True)
class Measured:
    """One metric, as an analysis writes it, and what there is to say about it.

    ``queries`` are by part; ``rules`` are fields of a metric, by their names in an analysis.
    """

    name: str
    kind: Kind
    queries: Mapping[str, str]
    rules: Mapping[str, Any]
    remarks: tuple[str, ...] = ()

    def written(self) -> dict[str, Any]:
        """The metric as an analysis holds it."""
        base = {"name": self.name, "kind": str(self.kind)}
        return {**base, **self.rules, "queries": dict(self.queries)}


@dataclass(frozen=True)
class _Wanted:
    """What is asked of a query's value."""

    name: str
    min: float | None
    max: float | None
    compared: bool

    @property
    def nothing(self) -> bool:
        """Whether there is nothing to judge."""
        return not self.compared and self.min is None and self.max is None

    @property
    def direction(self) -> str:
        """Which change is bad: that toward the range's end."""
        if self.max is not None and self.min is None:
            return INCREASE
        return EITHER if (self.min is None) == (self.max is None) else DECREASE

    def over(self, scale: float) -> _Wanted:
        """The same of a value that is ``scale`` times smaller."""
        least, most = (
            None if one is None else round(one / scale, 12) for one in (self.min, self.max)
        )
        if scale < 0:
            least, most = most, least
        return _Wanted(self.name, least, most, self.compared)


def measured(
    shape: Shape,
    *,
    name: str,
    min: float | None = None,  # noqa: A002
    max: float | None = None,  # noqa: A002
    scale: float = 1.0,
    compared: bool = True,
) -> tuple[Measured, ...]:
    """What Judge makes of a query of this ``shape`` whose value has to lie in [min, max].

    ``scale`` is what the query's value is multiplied by before it is held against the range: 1000
    where the query yields seconds and the range is in milliseconds. ``compared``: the tracks'
    queries can be told apart, so the canary is compared with the baseline too. Without that and
    without a range there is nothing to judge, and nothing is returned.
    """
    wanted = _Wanted(name, min, max, compared).over(scale)
    if wanted.nothing:
        return ()
    match shape:
        case Ratio():
            return (_proportion(shape, wanted),)
        case Quantile():
            return (_histogram(shape, wanted),)
        case Mean():
            return _mean(shape, wanted)
        case Level():
            return (_level(shape.expr, wanted),)


def _proportion(shape: Ratio, wanted: _Wanted) -> Measured:
    """A share of events; a share of failures where a success rate has a lower end."""
    low, high, remarks = _shares(shape, wanted)
    if not shape.within:
        whys = _no_part(shape, wanted)
        if whys:
            return _level(shape.expr, wanted, *whys)
        parts = " of ".join(one.split("{")[0] for one in (shape.events, shape.total))
        remarks.append(
            f"takes {parts} for a share; where it can be more than all, write kind: gauge"
        )
    events = shape.events
    if low is not None and high is None and shape.complement:
        events, high, low = shape.complement, round(1 - low, 12), None
        remarks.append(
            f"{_end(wanted):g} of what the query counts is a share of {high:g} of what it leaves "
            "out, which is counted here"
        )
    elif low is None and high is None and shape.excluding:
        events = shape.complement
    share = _Wanted(wanted.name, low, high, wanted.compared)
    direction = _toward(share, shape, events)
    rules = {"direction": direction, **_bounds(share), **_compared(direction, wanted.compared)}
    if not wanted.compared and not _bounds(share):
        rules["max"] = 1.0
    queries = {"events": events, "total": shape.total}
    return Measured(wanted.name, Kind.PROPORTION, queries, rules, tuple(remarks))


def _toward(share: _Wanted, shape: Ratio, events: str) -> str:
    """Which change is bad, where the range does not say it: more of what is counted."""
    if share.min is None and share.max is None:
        return INCREASE if events != shape.events or not shape.excluding else DECREASE
    return share.direction


def _shares(shape: Ratio, wanted: _Wanted) -> tuple[float | None, float | None, list[str]]:
    """The least and the greatest share of events, as far as a share can break them; remarks."""
    ends = [None if one is None else shape.share(one) for one in (wanted.min, wanted.max)]
    low, high = ends if shape.scale > 0 else reversed(ends)
    remarks = []
    if (low is not None and low > 1) or (high is not None and high < 0):
        remarks.append("no release can keep its range: the share of events lies between 0 and 1")
    low = None if low is None or low <= 0 else min(low, 1.0)
    high = None if high is None or high >= 1 else max(high, 0.0)
    if (low, high) == (None, None) and (wanted.min, wanted.max) != (None, None):
        remarks.append("its range cannot be broken: the share of events lies between 0 and 1")
    if shape.idle is not None:
        remarks.append(
            f"without traffic the query says {shape.idle:g}; Judge then has nothing to judge"
        )
    return low, high, remarks


def _no_part(shape: Ratio, wanted: _Wanted) -> tuple[str, ...]:
    """Why two counters of different names or labels are no part and whole, or nothing."""
    ends = [shape.share(one) for one in (wanted.min, wanted.max) if one is not None]
    names = [one.split("{")[0] for one in (shape.events, shape.total)]
    if any(one > 1 for one in ends):
        return ("its range goes beyond a whole, so it is no share: its level is judged",)
    if any(_measures(one) or not _EVENTS.search(one) for one in names):
        return ("its two counters do not both count events: its level is judged",)
    return ()


def _measures(name: str) -> bool:
    """Whether a counter adds up seconds or bytes rather than events."""
    return name.endswith("_total") and any(found.search(name) for _, found in _UNITS)


def _end(wanted: _Wanted) -> float:
    """The one end of a range that can be broken."""
    ends = [one for one in (wanted.min, wanted.max) if one is not None]
    return ends[0]


def _histogram(shape: Quantile, wanted: _Wanted) -> Measured:
    """How slow requests are; the quantile bounded in the buckets' own unit."""
    own = wanted.over(shape.scale)
    if any(one is not None and one <= 0 for one in (own.min, own.max)):
        why = "no bucket has a boundary of 0 or less, so the quantile itself is judged at each look"
        return _level(shape.expr, wanted, why)
    bounds = _bounds(own)
    rules: dict[str, Any] = {"direction": own.direction, "unit": _unit(shape.buckets), **bounds}
    if own.direction == EITHER and not bounds:
        rules["direction"] = INCREASE
    if bounds and shape.q != DEFAULT_QUANTILE:
        rules["quantile"] = shape.q
    rules |= _slowdown(rules["direction"], wanted.compared)
    if not rules["unit"]:
        del rules["unit"]
    remarks = _changed(own, wanted, rules)
    return Measured(wanted.name, Kind.HISTOGRAM, {"buckets": shape.buckets}, rules, tuple(remarks))


def _mean(shape: Mean, wanted: _Wanted) -> tuple[Measured, ...]:
    """The mean, bounded as it is; and the histogram behind it, compared, where there is one."""
    bounded = wanted.min is not None or wanted.max is not None
    metrics = []
    if bounded:
        alone = _Wanted(wanted.name, wanted.min, wanted.max, compared=False)
        metrics.append(_level(shape.expr, alone))
    if wanted.compared:
        name = f"{wanted.name}-distribution" if bounded else wanted.name
        quantile = Quantile(DEFAULT_QUANTILE, shape.buckets, shape.scale, shape.window, shape.expr)
        whole = _histogram(quantile, _Wanted(name, None, None, compared=True))
        remark = (
            f"a mean hides a slow tail, so {name} compares all of {shape.buckets.split('{')[0]}; "
            "remove it where there are no such buckets"
        )
        metrics.append(
            Measured(name, whole.kind, whole.queries, whole.rules, (remark, *whole.remarks))
        )
    return tuple(metrics)


def _level(expr: str, wanted: _Wanted, *remarks: str) -> Measured:
    """What the query yields, at each look."""
    direction = wanted.direction
    rules = {"direction": direction, **_bounds(wanted), **_compared(direction, wanted.compared)}
    return Measured(wanted.name, Kind.GAUGE, {"value": expr}, rules, remarks)


def _bounds(wanted: _Wanted) -> dict[str, float]:
    return {
        name: value
        for name, value in (("max", wanted.max), ("min", wanted.min))
        if value is not None
    }


def _compared(direction: str, compared: bool) -> dict[str, Any]:
    return {"limit": {"ratio": LIMITS[direction]}} if compared else {}


def _slowdown(direction: str, compared: bool) -> dict[str, Any]:
    if not compared:
        return {}
    up = direction != DECREASE
    limit, worst = (round(one if up else 1 / one, 3) for one in (SLOWDOWN, WORST_SLOWDOWN))
    return {"limit": {"ratio": limit}, "worst": {"ratio": worst}}


def _unit(selector: str) -> str:
    name = selector.split("{")[0]
    return next((unit for unit, found in _UNITS if found.search(name)), "")


def _changed(own: _Wanted, wanted: _Wanted, rules: Mapping[str, Any]) -> list[str]:
    """That a bound is written in another unit than the query's."""
    if _bounds(own) == _bounds(wanted):
        return []
    unit = rules.get("unit", "the buckets' own unit")
    return [f"its range is written in {unit}, as the buckets are"]
