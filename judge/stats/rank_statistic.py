"""The standardised Mann-Whitney statistic as a function of the shift between two samples.

Owned here: its exact value, with mid-ranks, a sigma corrected for ties and a continuity correction
of a half, where the shifted sample is rounded to doubles, as in Kayenta. Both samples are sorted
once; a value then costs O(n log m). Values of a sample that a shift could round into one, minus
zeros and infinities go a slower and still exact way (`Awkward`).

Sources: Mann and Whitney, Annals of Mathematical Statistics 18 (1947) 50-60; Hollander, Wolfe,
Chicken, Nonparametric Statistical Methods (2014), 4.1, for ties.
"""

from __future__ import annotations

import math
from typing import Protocol

import numpy as np

from judge.stats.arms import Array
from judge.stats.total_order import Whole, has_minus_zero, total_order

HAIRS = 12.0 * 2.0**-52
"""Of the largest value: shifts are up to twice it, and a difference, a shift and their comparison
are rounded."""
LARGEST = 2.0**1020
"""Up to it values, their differences and the width of all differences are finite."""


class AllTied(ValueError):
    """Every value is tied with every other, so the statistic has no sigma."""


class Statistic(Protocol):
    """What a search needs: the range of the shifts, the values at its ends and within."""

    low: float
    high: float

    def ends(self) -> tuple[float, float]:
        """The values at ``low`` and ``high``. Raises AllTied."""
        ...

    def at(self, shift: float) -> float:
        """The value at a shift. Raises AllTied."""
        ...


def statistic(experiment: Array, control: Array) -> Statistic:
    """The statistic of ``experiment`` (n,) against ``control`` (m,), neither empty nor with NaN."""
    first, second = Sample(experiment), Sample(control)
    if Plain.fits(first, second):
        return Plain(first, second)
    return Awkward(experiment, control)


class Sample:
    """Values ``in_order``, and the ``values`` among them, each once, with how often each occurs.

    ``ties`` is the sum of t³ - t over the values, t being how often each occurs; ``gap`` the least
    distance of two different ones (infinite for one value); ``counts`` None where all occur once.
    ``minus_zero``: is there one among them?
    """

    __slots__ = (
        "counts",
        "gap",
        "in_order",
        "least",
        "minus_zero",
        "most",
        "size",
        "ties",
        "values",
    )

    def __init__(self, values: Array) -> None:
        in_order = np.sort(values)
        self.in_order, self.size = in_order, in_order.size
        self.least, self.most = float(in_order[0]), float(in_order[-1])
        self.values, self.counts, self.ties = in_order, None, 0.0
        self.gap = math.inf
        self.minus_zero = self.least <= 0.0 <= self.most and has_minus_zero(values)
        if self.size == 1 or not self.small:
            return
        steps = in_order[1:] - in_order[:-1]
        self.gap = float(np.minimum.reduce(steps))
        if self.gap == 0.0:
            self._merge(steps)

    counts: Whole | None

    @property
    def small(self) -> bool:
        """No infinity among the values, and nothing near to one?"""
        return max(abs(self.least), abs(self.most)) <= LARGEST

    def _merge(self, steps: Array) -> None:
        ends = np.empty(np.count_nonzero(steps) + 2, dtype=np.intp)
        ends[0], ends[1:-1], ends[-1] = -1, np.flatnonzero(steps), self.size - 1
        self.values = self.in_order[ends[1:]]
        self.counts = ends[1:] - ends[:-1]
        self.ties = ties(self.counts)
        self.gap = float(np.minimum.reduce(steps, where=steps > 0.0, initial=math.inf))

    def count(self, index: int) -> int:
        """How often the value at ``index`` occurs."""
        return 1 if self.counts is None else int(self.counts[index])


class Plain:
    """The statistic of two finite samples whose values stay apart wherever the shift puts them."""

    __slots__ = ("_below", "_half", "_padded", "first", "hair", "high", "low", "scale", "second")

    def __init__(self, first: Sample, second: Sample) -> None:
        self.low, self.high = first.least - second.most, first.most - second.least
        self.hair = _hair(first, second)
        self.first, self.second = first, second
        self._half = first.size * second.size / 2
        self.scale = Scale(first.size, second.size, first.ties + second.ties)
        self._padded: Array | None = None
        self._below: Whole | None = None

    @staticmethod
    def fits(first: Sample, second: Sample) -> bool:
        """Are these two such samples?"""
        if first.minus_zero or second.minus_zero or not (first.small and second.small):
            return False
        return min(first.gap, second.gap) > _hair(first, second)

    def ends(self) -> tuple[float, float]:
        """Only one value of each sample meets the other's there, up to rounding."""
        first, second = self.first, self.second
        return (
            self._end(0, -1, first.least - self.low, second.most, self._half),
            self._end(-1, 0, first.most - self.high, second.least, -self._half),
        )

    def _end(self, i: int, j: int, shifted: float, other: float, limit: float) -> float:
        mine, theirs = self.first.count(i), self.second.count(j)
        if shifted == other:
            tied = 3.0 * mine * theirs * (mine + theirs)
            return self.scale.tied(limit - math.copysign(mine * theirs / 2, limit), tied)
        missing = mine * theirs if (shifted < other) == (limit > 0) else 0
        return self.scale(limit - math.copysign(missing, limit))

    def at(self, shift: float) -> float:
        """Counts the pairs in which the shifted value is above, and those that tie."""
        first, second = self.first, self.second
        if self._padded is None:
            self._padded = np.append(second.values, math.inf)
            if second.counts is not None:
                self._below = np.append(0, np.cumsum(second.counts))
        shifted = first.values - shift
        rank = second.values.searchsorted(shifted)
        below = rank if self._below is None else self._below.take(rank)
        above = int(np.add.reduce(below) if first.counts is None else first.counts.dot(below))
        meeting = self._padded.take(rank) == shifted
        if np.count_nonzero(meeting):
            return self._at_meeting(above, np.flatnonzero(meeting), rank)
        return self.scale(above - self._half)

    def _at_meeting(self, above: int, meeting: Whole, rank: Whole) -> float:
        """Groups of a and b that meet add 3ab(a + b) to the sum of t³ - t."""
        pairs, tied = 0, 0.0
        for index in meeting.tolist():
            mine, theirs = self.first.count(index), self.second.count(int(rank[index]))
            pairs += mine * theirs
            tied += 3.0 * mine * theirs * (mine + theirs)
        return self.scale.tied(above + pairs / 2 - self._half, tied)


class Awkward:
    """The statistic of any two samples without NaN: ranks everything anew at each shift.

    An infinity less an infinity counts as plus infinity, as Kayenta's ranking has it; minus zero is
    below zero. The range of the shifts is that of the values in the order in which they came.
    """

    __slots__ = ("_control", "_experiment", "_known", "_other", "high", "low")

    def __init__(self, experiment: Array, control: Array) -> None:
        self.low = _least(experiment) - _most(control)
        self.high = _most(experiment) - _least(control)
        self._experiment = experiment  # sorting doubles may lose the signs of zeros
        self._control = np.sort(total_order(control))
        self._known: dict[str, float] = {}

    def ends(self) -> tuple[float, float]:
        """The values at ``low`` and ``high``."""
        return self.at(self.low), self.at(self.high)

    def at(self, shift: float) -> float:
        """A shift that is no number, or infinite, is asked again and again: it is remembered."""
        if math.isfinite(shift):
            return self._ranked(shift)
        if (known := self._known.get(str(shift))) is None:
            known = self._known[str(shift)] = self._ranked(shift)
        return known

    def _ranked(self, shift: float) -> float:
        with np.errstate(invalid="ignore", over="ignore"):
            shifted = self._experiment - shift
        shifted[np.isnan(shifted)] = math.inf
        mine, theirs = np.sort(total_order(shifted)), self._control
        twice = theirs.searchsorted(mine, "left").sum() + theirs.searchsorted(mine, "right").sum()
        both = np.sort(np.concatenate((mine, theirs)), kind="stable")
        ends = np.append(np.flatnonzero(both[1:] != both[:-1]), both.size - 1)
        scale = Scale(mine.size, theirs.size, 0.0)
        tied = ties(np.diff(ends, prepend=-1))
        return scale.tied(float(twice) / 2 - mine.size * theirs.size / 2, tied)


class Scale:
    """From the centred U statistic of ``n`` and ``m`` values to the standardised one.

    ``ties`` is the sum of t³ - t over the groups of tied values of each sample.
    """

    __slots__ = ("_m", "_n", "_ties", "sigma")

    def __init__(self, n: int, m: int, ties: float) -> None:
        self._n, self._m, self._ties = float(n), float(m), ties
        self.sigma = self._sigma(ties)

    def __call__(self, centred: float) -> float:
        """The value where nothing ties across. Raises AllTied."""
        return _standardised(centred, self.sigma)

    def tied(self, centred: float, tied: float) -> float:
        """The value where groups that tie across add ``tied`` to the sum. Raises AllTied."""
        return _standardised(centred, self._sigma(self._ties + tied))

    def _sigma(self, ties: float) -> float:
        n, m = self._n, self._m
        return math.sqrt((n * m / 12) * ((n + m + 1) - ties / ((n + m) * (n + m - 1))))


def ties(counts: Whole) -> float:
    """The sum of t³ - t."""
    return float(counts.dot(counts * counts - 1))


def _standardised(centred: float, sigma: float) -> float:
    if sigma == 0.0:
        raise AllTied("all values are tied: there is no interval for their shift")
    if centred > 0.0:
        return (centred - 0.5) / sigma
    if centred < 0.0:
        return (centred + 0.5) / sigma
    return 0.0


def _hair(first: Sample, second: Sample) -> float:
    """Differences of values and shifts that are nearer than this may compare either way."""
    largest = max(abs(first.least), abs(first.most), abs(second.least), abs(second.most))
    return HAIRS * largest


def _least(values: Array) -> float:
    """The first of the least: a zero and a minus zero are alike here."""
    return float(values[values.argmin()])


def _most(values: Array) -> float:
    return float(values[values.argmax()])
