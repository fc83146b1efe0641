"""The ends of consecutive intervals as points in time, and asking the server for all of them.

Owned here: how many points one query may ask for, which are too fresh for a range query, and which
point a sample belongs to. Not here: the queries (`queries`), what is made of the answers (`ends`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from judge.sources.answers import Result
from judge.sources.client import PrometheusClient

MAX_POINTS = 11_000
# VictoriaMetrics replaces points of a range query that are fresher than this by older ones, where
# the step is shorter than a minute. Instant queries tell it as it is.
FRESH = 35.0
FRESH_STEP = 60.0

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Grid:
    """The points start, start + step, ... (``points`` of them), in Unix seconds, as of ``now``."""

    client: PrometheusClient
    start: float
    step: float
    points: int
    now: float

    def stretches(self) -> list[range]:
        """All points, in stretches that one query can ask for."""
        fresh, future = self._first_fresh(), self._first_to_come()
        return [
            *_parted(0, fresh),
            *(range(point, point + 1) for point in range(fresh, future)),
            *_parted(future, self.points),
        ]

    def answer(self, query: str, stretch: range) -> Result:
        """The result of ``query`` at the points of ``stretch``. Raises `SourceError`."""
        if len(stretch) == 1:
            return self.client.instant(query, at=self.start + stretch[0] * self.step)
        return self.client.range(
            query,
            start=self.start + stretch[0] * self.step,
            end=self.start + stretch[-1] * self.step,
            step=self.step,
        )

    def placed(self, timed: Sequence[tuple[float, T]], stretch: range) -> list[tuple[int, T]]:
        """Each sample of an answer with its point; what lies outside ``stretch`` is left out."""
        if len(timed) == len(stretch) and all(
            self._point(timed[i][0]) == stretch[i] for i in (0, -1)
        ):
            return [(point, one) for point, (_, one) in zip(stretch, timed, strict=True)]
        found = ((self._point(time), one) for time, one in timed)
        return [(point, one) for point, one in found if point in stretch]

    def _point(self, time: float) -> int:
        return round((time - self.start) / self.step)

    def _first_fresh(self) -> int:
        """The first point that must be asked for by itself."""
        if self.step >= FRESH_STEP:
            return self.points
        return self._first_after(self.now - FRESH)

    def _first_to_come(self) -> int:
        """The first point that is no longer fresh: nobody has replaced what is still to come."""
        return max(self._first_fresh(), self._first_after(self.now + self.step))

    def _first_after(self, time: float) -> int:
        return min(max(math.floor((time - self.start) / self.step) + 1, 0), self.points)


def _parted(first: int, end: int) -> list[range]:
    """The points from ``first`` up to ``end``, in stretches that one query can ask for."""
    return [range(one, min(one + MAX_POINTS, end)) for one in range(first, end, MAX_POINTS)]
