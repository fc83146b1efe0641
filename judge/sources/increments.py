"""What a pod's sums at an interval's ends say: an increment, nothing, or a doubt.

Pure arithmetic on what the server summed. A sum that fell, series that came or went, and resets
within the interval are doubts: raw samples decide those (`raw_series`), or nobody does. Counts that
cannot be (fewer than no events, more events than their total) are doubts that nothing settles.
"""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass, field

from judge.sources.queries import What
from judge.stats.samples import Count

Column = list[float | None]

# Sums of the same numbers in another order differ in the last digits.
ROUNDING = 1e-9


class Unknown(enum.Enum):
    """Why there is no increment."""

    ABSENT = enum.auto()  # no series at either end
    GONE = enum.auto()  # no series at either end, but there were some not long ago
    DOUBTFUL = enum.auto()  # the two ends alone cannot tell
    BROKEN = enum.auto()  # what is there is not what was asked for; nothing settles that


@dataclass(slots=True)
class Line:
    """One pod at the ends of consecutive intervals, one more than there are intervals.

    ``sums`` are of its series and ``series`` their number; ``doubts`` are how many came, went or
    were reset in the interval that ends there, ``gone`` how many there were before that interval,
    where none was left at either end of it. None where the server showed nothing.
    """

    sums: Column
    series: Column
    doubts: Column
    gone: Column

    @classmethod
    def of(cls, points: int) -> Line:
        """A line of ``points`` ends at which nothing was seen yet."""
        return cls([None] * points, [None] * points, [None] * points, [None] * points)

    def column(self, what: What) -> Column | None:
        """Where the numbers of a kind belong; None where they tell nothing of a counter."""
        columns = {
            What.SUM: self.sums,
            What.SERIES: self.series,
            What.DOUBTS: self.doubts,
            What.GONE: self.gone,
        }
        return columns.get(what)

    def shown(self, point: int) -> bool:
        """Whether there was anything at an end."""
        return self.sums[point] is not None

    def increment(self, index: int) -> float | Unknown:
        """What the pod's counters grew by in the interval ``index``."""
        before, after = self.sums[index], self.sums[index + 1]
        if before is None and after is None:
            return Unknown.GONE if self.gone[index + 1] else Unknown.ABSENT
        if before is None or after is None:
            return Unknown.DOUBTFUL
        if not math.isfinite(before):
            return math.nan  # what it stood at in truth is not known
        if self.series[index] != self.series[index + 1] or self.doubts[index + 1]:
            return Unknown.DOUBTFUL
        return Unknown.DOUBTFUL if after < before else after - before

    def missed(self, index: int) -> bool:
        """Whether series that were there are missing from the interval ``index``.

        Or from the one before: what they grew by when they are back is from both.
        """
        return bool(self.gone[index] or self.gone[index + 1])

    def value(self, index: int) -> float | Unknown:
        """What the pod's gauges are at the end of the interval ``index``."""
        after = self.sums[index + 1]
        return Unknown.ABSENT if after is None else after


@dataclass(slots=True)
class Lines:
    """The lines of one branch, by pod."""

    points: int
    pods: dict[str, Line] = field(default_factory=dict)

    def line(self, pod: str) -> Line:
        """The line of ``pod``, made where there is none."""
        found = self.pods.get(pod)
        if found is None:
            found = self.pods[pod] = Line.of(self.points)
        return found


def count(events: float, total: float) -> Count | None:
    """A pod's count; None where it cannot be one. Not-a-number and infinities are kept."""
    if not math.isfinite(events) or not math.isfinite(total):
        return Count(events, total)
    if total < events <= total * (1 + ROUNDING):
        events = total
    return Count(events, total) if 0 <= events <= total else None
