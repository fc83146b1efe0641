"""What makes no sense in the rules of a metric: together, or for its kind.

Promised: each fault names the field that it is about and the way out. Not here: the rules
themselves (`rules`), the sense of a ratio (`limits`), what a field can hold at all (`fields`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from judge.spec.limits import limit_fault, margin_fault, worst_fault
from judge.spec.resolved import Direction, Kind, Query, Reading
from judge.spec.rules import Rules
from judge.spec.units import format_duration

Fault = tuple[tuple[str, ...], str]


def faults(rules: Rules, kind: Kind) -> Iterator[Fault]:
    """What makes no sense in ``rules`` for a metric of ``kind``: the field's path, a sentence."""
    yield from _ab_faults(rules, kind)
    yield from _kind_faults(rules, kind)
    if kind is Kind.SERIES:
        yield from _series_faults(rules)
        return
    yield from _ratio_faults(rules)
    yield from _bound_faults(rules, kind)
    if rules.slope and kind is Kind.GAUGE:
        yield from _slope_faults(rules)


def lasting_fault(lasting: float | None, interval: float) -> str:
    """What is wrong with `for` where there is a look every ``interval``, or ""."""
    if lasting is None or lasting >= interval:
        return ""
    shown = format_duration(interval)
    return (
        f"{format_duration(lasting)} is shorter than one interval ({shown}), and a bound is looked "
        f"at once an interval; write {shown} or more, or leave it out for three intervals"
    )


def variant_fault(rules: Rules, queries: Mapping[str, Query], *, before_after: bool) -> str:
    """What keeps a metric with these queries from being an A/B test, or ""."""
    if rules.better is None:
        return ""
    if before_after:
        return (
            "compares two variants at the same time, and baselineOffset two times; remove one of "
            "the two"
        )
    if "total" in queries and queries["total"].reading is Reading.GAUGE:
        return (
            "makes an A/B test of counters, visits say, and this metric's total is a gauge; "
            "remove it, or count visits"
        )
    return ""


def _ratio_faults(rules: Rules) -> Iterator[Fault]:
    ratios = rules.ratios()
    if ratios is None:
        if rules.worst is not None:
            message = (
                "there is no limit that it could lie beyond; write limit: {ratio: ...} too, or "
                "remove it: the metric is held to its fixed bound alone"
            )
            yield ("worst", "ratio"), message
        return
    wrong = limit_fault(ratios[0], rules.toward)
    if rules.better is not None and ratios[0] < 1:
        wrong = (
            f"{ratios[0]:g} is below 1, but an A/B test's limit holds in both directions; write a "
            f"ratio of at least 1, such as {1 / ratios[0]:.3g}"
        )
    if wrong:
        yield ("limit", "ratio"), wrong
        return
    if rules.better is not None:
        wrong = margin_fault(ratios[1], ratios[0])
        if wrong:
            yield ("margin", "ratio"), wrong
        return
    wrong = worst_fault(ratios[1], ratios[0], rules.toward)
    if wrong:
        yield ("worst", "ratio"), wrong


def _ab_faults(rules: Rules, kind: Kind) -> Iterator[Fault]:
    """What does not go with an A/B test, or with a metric that is none."""
    if rules.better is None:
        if rules.margin is not None:
            message = (
                "is an A/B test's; write better: increase (or decrease) too, or worst in its place"
            )
            yield ("margin",), message
        return
    if kind is not Kind.PROPORTION:
        message = (
            f"makes an A/B test of a proportion, conversions among visits say, and this metric is "
            f"a {kind}; remove it, and write direction: either to hold it in both directions"
        )
        yield ("better",), message
    if rules.direction not in (None, Direction.EITHER):
        yield ("direction",), "an A/B test looks both ways; remove it: better says which is wanted"
    if rules.worst is not None:
        yield ("worst",), "an A/B test has a margin in its place; write margin: {ratio: ...}"


def _kind_faults(rules: Rules, kind: Kind) -> Iterator[Fault]:
    if kind is not Kind.GAUGE:
        for name, value in (("floor", rules.floor), ("compare", rules.compare)):
            if value is not None:
                yield (name,), f"is for kind: gauge, and this metric is a {kind}; remove it"
    if kind is not Kind.HISTOGRAM and rules.quantile is not None:
        yield ("quantile",), f"is for kind: histogram, and this metric is a {kind}; remove it"


def _series_faults(rules: Rules) -> Iterator[Fault]:
    """What Kayenta's judge, which alone can judge a series, does not know."""
    compared = {"limit": rules.limit, "worst": rules.worst}
    bounded = {"max": rules.max, "min": rules.min, "for": rules.lasting}
    for name, value in {**compared, **bounded}.items():
        if value is not None:
            way_out = "write kayenta: {effectSize: ...} in its place"
            yield (name,), f"is not for a series; {way_out if name in compared else 'remove it'}"


def _bound_faults(rules: Rules, kind: Kind) -> Iterator[Fault]:
    wrong = [
        ((name,), fault)
        for name, value in (("max", rules.max), ("min", rules.min))
        if (fault := _value_fault(value, kind))
    ]
    yield from wrong
    bound = rules.bound()
    if bound is None:
        for name, value in (("for", rules.lasting), ("quantile", rules.quantile)):
            if value is not None and not (name == "quantile" and kind is not Kind.HISTOGRAM):
                yield (name,), "goes with a fixed bound; write max or min too, or remove it"
    elif not wrong and bound.max is not None and bound.min is not None and bound.min > bound.max:
        yield ("min",), f"{bound.min:g} is above max ({bound.max:g}); lower it"


def _value_fault(value: float | str | None, kind: Kind) -> str:
    """What is wrong with ``max`` or ``min``, or ""."""
    if kind is Kind.PROPORTION:
        if isinstance(value, float | int) and not 0 <= value <= 1:
            return f"{value:g} is not between 0 and 1; write a share as 5% or 0.05"
    elif isinstance(value, str):
        return f"{value} bounds a proportion; write a number in the metric's own unit"
    elif kind is Kind.HISTOGRAM and value is not None and value <= 0:
        return f"{value:g} is not above 0, as every bucket's boundary is; write a greater number"
    return ""


def _slope_faults(rules: Rules) -> Iterator[Fault]:
    if rules.direction is None:
        message = "slope needs a direction; write direction: increase where growth is bad (a leak)"
        yield ("compare",), message
    if rules.limit is None:
        message = (
            "slope needs a limit of its own: by what factor more than the baseline's it may grow "
            "in an hour; write limit: {ratio: 1.1}, say"
        )
        yield ("compare",), message
