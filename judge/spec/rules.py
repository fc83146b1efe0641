"""How a metric is judged, as far as somebody said; then in full.

Owned here: the terms that a metric and its template may write, which of the two holds, their
defaults, and what makes no sense together or for a kind. Not here: how they are written
(`metrics`), queries (`parts`), the sense of a ratio (`limits`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace

from judge.spec.limits import DEFAULT_LIMITS, default_worst, limit_fault, worst_fault
from judge.spec.resolved import Bound, Compare, Direction, Kind, Metric, Query
from judge.spec.units import UnitError, format_duration, parse_share

DEFAULT_QUANTILE = 0.99

Fault = tuple[tuple[str, ...], str]


@dataclass(frozen=True, slots=True)
class Rules:
    """What was said of how to judge a metric; None where nothing was.

    ``max`` and ``min`` are numbers in the metric's unit, or texts such as ``5%``; ``lasting`` is
    `for`, in seconds.
    """

    direction: Direction | None = None
    limit: float | None = None
    worst: float | None = None
    max: float | str | None = None
    min: float | str | None = None
    lasting: float | None = None
    quantile: float | None = None
    floor: float | None = None
    compare: Compare | None = None
    unit: str | None = None
    weight: float | None = None
    critical: bool | None = None
    observe: bool | None = None

    @property
    def toward(self) -> Direction:
        """Which change is bad."""
        return self.direction or Direction.INCREASE

    @property
    def bounded(self) -> bool:
        """Whether there is a fixed bound."""
        return self.max is not None or self.min is not None

    @property
    def slope(self) -> bool:
        """Whether growth is compared."""
        return self.compare is Compare.SLOPE

    def over(self, default: Rules) -> Rules:
        """These, and those of ``default`` (a template) where these say nothing.

        A limit is no one's who judges another direction, or growth in place of a level; and a worst
        ratio belongs to its limit.
        """
        said = {one.name: getattr(self, one.name) for one in fields(self)}
        both = replace(
            default, **{name: value for name, value in said.items() if value is not None}
        )
        if self.limit is not None:
            return replace(both, worst=self.worst)
        if both.slope is not default.slope:
            return replace(both, limit=None, worst=self.worst)
        if both.toward is not default.toward:
            limit = None if default.limit is None else DEFAULT_LIMITS[both.toward]
            return replace(both, limit=limit, worst=self.worst)
        return both

    def ratios(self) -> tuple[float, float] | None:
        """The limit and the worst ratio; None for a metric that is held to its bound alone."""
        if self.limit is None and self.bounded:
            return None
        limit = DEFAULT_LIMITS[self.toward] if self.limit is None else self.limit
        return limit, default_worst(limit, self.toward) if self.worst is None else self.worst

    def bound(self) -> Bound | None:
        """The fixed bound; a share of a proportion as a number."""
        if not self.bounded:
            return None
        quantile = DEFAULT_QUANTILE if self.quantile is None else self.quantile
        return Bound(_number(self.max), _number(self.min), self.lasting, quantile)

    def metric(
        self,
        name: str,
        kind: Kind,
        *,
        template: str,
        pod_label: str,
        queries: Mapping[str, Mapping[str, Query]],
    ) -> Metric:
        """The metric that is judged so, its defaults filled in."""
        limit, worst = self.ratios() or (None, None)
        return Metric(
            name=name,
            kind=kind,
            direction=self.toward,
            limit=limit,
            worst=worst,
            bound=self.bound(),
            compare=self.compare or Compare.LEVEL,
            floor=self.floor or 0.0,
            unit=self.unit or "",
            weight=1.0 if self.weight is None else self.weight,
            critical=self.critical is not False,
            observe=self.observe is True,
            template=template,
            pod_label=pod_label,
            queries=queries,
        )


def faults(rules: Rules, kind: Kind) -> Iterator[Fault]:
    """What makes no sense in ``rules`` for a metric of ``kind``: the field's path, a sentence."""
    yield from _ratio_faults(rules)
    yield from _kind_faults(rules, kind)
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
    if wrong:
        yield ("limit", "ratio"), wrong
        return
    wrong = worst_fault(ratios[1], ratios[0], rules.toward)
    if wrong:
        yield ("worst", "ratio"), wrong


def _kind_faults(rules: Rules, kind: Kind) -> Iterator[Fault]:
    if kind is not Kind.GAUGE:
        for name, value in (("floor", rules.floor), ("compare", rules.compare)):
            if value is not None:
                yield (name,), f"is for kind: gauge, and this metric is a {kind}; remove it"
    if kind is not Kind.HISTOGRAM and rules.quantile is not None:
        yield ("quantile",), f"is for kind: histogram, and this metric is a {kind}; remove it"


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
    if kind is not Kind.PROPORTION:
        if isinstance(value, str):
            return f"{value} bounds a proportion; write a number in the metric's own unit"
        return ""
    try:
        parse_share(0 if value is None else value)
    except UnitError as error:
        return str(error)
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


def _number(value: float | str | None) -> float | None:
    return parse_share(value) if isinstance(value, str) else value
