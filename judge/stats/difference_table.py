"""The differences of all pairs of two small samples, in order.

Owned here: how they are sorted fast (a radix sort by 65,536 cells, then a merge sort that finds
them almost in order), and the statistic looked up among them (`Tabled`). Worth its while for some
thousand pairs; above `PAIRS` counting anew at each shift is cheaper.
"""

from __future__ import annotations

import array
from bisect import bisect_left

import numpy as np

from judge.stats.arms import Array
from judge.stats.rank_statistic import Plain

PAIRS = 10_000
_CELLS = 65_535


class Differences:
    """Sorts the differences of pairs of samples of ``n`` and ``m`` values, again and again."""

    def __init__(self, n: int, m: int) -> None:
        self._minuend, self._subtrahend = np.ones((n, 2)), np.ones((2, m))
        self._pairs = np.empty((n, m))
        self._scaled = np.empty(n * m)
        self._cells = np.empty(n * m, dtype=np.uint16)

    def into(self, in_order: Array, experiment: Array, control: Array) -> None:
        """Fill ``in_order`` (n·m,) with ``experiment`` (n,) less ``control`` (m,).

        Both are finite and ascend. The product of (x, 1) and (1, -y) is x - y rounded once, and is
        had three times faster than by broadcasting.
        """
        self._minuend[:, 0] = experiment
        np.negative(control, out=self._subtrahend[1])
        np.dot(self._minuend, self._subtrahend, out=self._pairs)
        flat = self._pairs.reshape(-1)
        least = float(self._pairs[0, -1])
        width = float(self._pairs[-1, 0]) - least
        np.subtract(flat, least, out=self._scaled)
        self._scaled *= _CELLS / width if width > 0.0 else 0.0
        np.copyto(self._cells, self._scaled, casting="unsafe")
        flat.take(self._cells.argsort(kind="stable"), out=in_order, mode="clip")
        in_order.sort(kind="stable")


class Tabled:
    """A `Plain` statistic that is looked up; counted only at a step, where roundings decide.

    Between steps nothing ties across, and with two different values sigma is above 0.
    """

    __slots__ = ("_differences", "_hair", "_half", "_last", "_plain", "_sigma", "high", "low")

    def __init__(self, plain: Plain) -> None:
        self.low, self.high = plain.low, plain.high
        self._plain, self._hair, self._sigma = plain, plain.hair, plain.scale.sigma
        first, second = plain.first.in_order, plain.second.in_order
        pairs = first.size * second.size
        in_order = np.empty(pairs)
        Differences(first.size, second.size).into(in_order, first, second)
        self._differences = array.array("d", in_order.tobytes())
        self._half, self._last = pairs / 2, pairs

    def ends(self) -> tuple[float, float]:
        """The values at ``low`` and ``high``. Raises AllTied."""
        return self._plain.ends()

    def at(self, shift: float) -> float:
        """The value at a shift. Raises AllTied."""
        differences, hair = self._differences, self._hair
        below = bisect_left(differences, shift)
        if (
            not 0 < below < self._last
            or differences[below] - shift <= hair
            or shift - differences[below - 1] <= hair
        ):
            return self._plain.at(shift)
        centred = self._half - below
        if centred > 0.0:
            return (centred - 0.5) / self._sigma
        return (centred + 0.5) / self._sigma if centred < 0.0 else 0.0
