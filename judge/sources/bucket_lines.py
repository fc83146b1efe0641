"""What a pod's histogram held at an interval's ends, as the server summed it, and what that says.

Classic histograms come as one sum a bucket bound, native ones whole. As with counts (`increments`),
what came, went, fell or was reset is a doubt that raw samples decide, or nobody does. A bound that
not every series of the pod has is none of the pod's: its sum lacks somebody. Not here: reading.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from judge.sources.cumulative import NOT_FINITE, Cumulative, classic, grown
from judge.sources.increments import Column, Unknown
from judge.sources.queries import What


@dataclass(slots=True)
class BucketLine:
    """One pod at the ends of consecutive intervals, one more than there are intervals.

    ``sums`` and ``partial`` (series beside the sum, where some of the pod's series lack the bound)
    are by bound, ``natives`` the native histograms; ``unbounded`` counts the series that are no
    classic buckets; ``series`` and ``doubts`` as of `Line`. None where the server showed nothing.
    """

    points: int
    sums: dict[float, Column] = field(default_factory=dict)
    partial: dict[float, Column] = field(default_factory=dict)
    natives: list[Cumulative | None] = field(init=False)
    unbounded: Column = field(init=False)
    series: Column = field(init=False)
    doubts: Column = field(init=False)
    _held: list[Cumulative | Unknown] | None = None

    def __post_init__(self) -> None:
        self.natives = [None] * self.points
        self.unbounded = [None] * self.points
        self.series = [None] * self.points
        self.doubts = [None] * self.points

    def column(self, what: What, bound: float) -> Column | None:
        """Where the numbers of a kind belong, of ``bound`` (NaN: of none) where they are by bound.

        None for the sum of series without a bound: it stands for a native histogram.
        """
        if what in (What.SUM, What.PARTIAL):
            columns = self.sums if what is What.SUM else self.partial
            return None if math.isnan(bound) else columns.setdefault(bound, [None] * self.points)
        others = {
            What.UNBOUNDED: self.unbounded,
            What.SERIES: self.series,
            What.DOUBTS: self.doubts,
        }
        return others[what]

    def shown(self, point: int) -> bool:
        """Whether there was anything at an end."""
        return self.held(point) is not Unknown.ABSENT

    def held(self, point: int) -> Cumulative | Unknown:
        """What the histogram held at an end. All must have been filled in by now."""
        if self._held is None:
            self._held = self._all_held()
        return self._held[point]

    def increment(self, index: int) -> Cumulative | Unknown:
        """What the histogram grew by in the interval ``index``."""
        before, after = self.held(index), self.held(index + 1)
        if Unknown.BROKEN in (before, after):
            return Unknown.BROKEN
        if isinstance(before, Unknown) or isinstance(after, Unknown):
            return Unknown.ABSENT if before is after else Unknown.DOUBTFUL
        if not before.finite:
            return NOT_FINITE
        if self.doubts[index + 1] or self.series[index] != self.series[index + 1]:
            return Unknown.DOUBTFUL
        if not after.native and before.bounds != after.bounds:
            return Unknown.DOUBTFUL
        return grown(before, after) or Unknown.DOUBTFUL

    def _all_held(self) -> list[Cumulative | Unknown]:
        bounds = tuple(sorted(self.sums))
        rows = list(zip(*(self.sums[bound] for bound in bounds), strict=True))
        lacking = {bound: column for bound, column in self.partial.items() if any(column)}
        return [
            self._held_at(point, bounds, rows[point] if rows else (), lacking)
            for point in range(self.points)
        ]

    def _held_at(
        self,
        point: int,
        bounds: tuple[float, ...],
        row: tuple[float | None, ...],
        lacking: dict[float, Column],
    ) -> Cumulative | Unknown:
        counts = {
            bound: count
            for bound, count in zip(bounds, row, strict=True)
            if count is not None and not (bound in lacking and lacking[bound][point])
        }
        if counts:
            return classic(counts) or Unknown.BROKEN
        whole = self.natives[point]
        if whole is not None:
            return whole
        return Unknown.BROKEN if self.unbounded[point] else Unknown.ABSENT


@dataclass(slots=True)
class BucketLines:
    """The lines of one branch, by pod."""

    points: int
    pods: dict[str, BucketLine] = field(default_factory=dict)

    @property
    def unbounded(self) -> bool:
        """Whether there are series that are no classic buckets: native histograms, perhaps."""
        return any(any(line.unbounded) for line in self.pods.values())

    def line(self, pod: str) -> BucketLine:
        """The line of ``pod``, made where there is none."""
        found = self.pods.get(pod)
        if found is None:
            found = self.pods[pod] = BucketLine(self.points)
        return found
