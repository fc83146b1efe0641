"""How a metric is judged, as far as somebody said; then in full.

Owned here: the rules that a metric and its template may write, which of the two holds, and their
defaults. Not here: how they are written (`metrics`), what makes no sense in them (`faults`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

from judge.spec.kayenta_rules import KayentaRules
from judge.spec.limits import AB_LIMIT, AB_MARGIN, DEFAULT_LIMITS, default_worst
from judge.spec.resolved import Bound, Compare, Direction, Kind, Metric, Query
from judge.spec.units import parse_share

DEFAULT_QUANTILE = 0.99


@dataclass(frozen=True, slots=True)
class Rules:
    """What was said of how to judge a metric; None where nothing was.

    ``max`` and ``min`` are numbers in the metric's unit, or texts such as ``5%``; ``lasting`` is
    `for`, in seconds. ``better`` makes it an A/B test, whose ``margin`` takes the place of
    ``worst``.
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
    better: Direction | None = None
    margin: float | None = None

    @property
    def toward(self) -> Direction:
        """Which change is bad; of an A/B test both are told."""
        if self.better is not None:
            return Direction.EITHER
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
        if self.better is not None and default.better is None:
            return replace(both, direction=self.direction, limit=self.limit, worst=self.worst)
        if self.limit is not None:
            return replace(both, worst=self.worst)
        if both.slope is not default.slope:
            return replace(both, limit=None, worst=self.worst)
        if both.toward is not default.toward:
            limit = None if default.limit is None else DEFAULT_LIMITS[both.toward]
            return replace(both, limit=limit, worst=self.worst)
        return both

    def ratios(self) -> tuple[float, float] | None:
        """The limit and the worst ratio; None for a metric that is held to its bound alone.

        An A/B test is always compared; its worst ratio is its margin.
        """
        if self.better is not None:
            return (
                AB_LIMIT if self.limit is None else self.limit,
                AB_MARGIN if self.margin is None else self.margin,
            )
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
        kayenta: KayentaRules | None = None,
    ) -> Metric:
        """The metric that is judged so, its defaults filled in."""
        limit, worst = (kind is not Kind.SERIES and self.ratios()) or (None, None)
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
            better=self.better,
            kayenta=kayenta,
            queries=queries,
        )


def _number(value: float | str | None) -> float | None:
    return parse_share(value) if isinstance(value, str) else value
