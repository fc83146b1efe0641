"""The shifts of many pairs of small samples, searched for in lockstep.

Owned here: the statistic of the rows of two matrices at one shift each, and the searches over them.
Not here: how the differences below a shift are counted (`rank_lookups`). The numbers are those of
one row alone, to the last bit: rows that need another way (`rank_statistic.Awkward`) are told by
`Rows.plain` and are not searched here, and where a shift meets a step the row's own `Plain`
statistic counts.
"""

from __future__ import annotations

import functools

import numpy as np

from judge.stats.arms import Array
from judge.stats.rank_lookups import Flags, Lanes, Lookup, lookup
from judge.stats.rank_statistic import HAIRS, AllTied, Plain, Sample
from judge.stats.root_search import lockstep

TOGETHER = 2_000_000
"""Pairs at once: their tables stay within some megabytes."""


class Samples:
    """The rows of a matrix (B, n), each in order, with what `Sample` tells of each: (B,)."""

    def __init__(self, values: Array) -> None:
        in_order = np.sort(values, axis=1)
        steps = in_order[:, 1:] - in_order[:, :-1]
        self.in_order = in_order
        self.least, self.most = in_order[:, 0], in_order[:, -1]
        self.lowest = np.count_nonzero(in_order == in_order[:, :1], axis=1)
        self.highest = np.count_nonzero(in_order == in_order[:, -1:], axis=1)
        self.largest = np.maximum(np.abs(self.least), np.abs(self.most))
        self.gap = np.where(steps > 0.0, steps, np.inf).min(axis=1, initial=np.inf)
        self.ties = _ties(steps)
        zero = values == 0.0
        self.minus_zero = (
            (zero & np.signbit(values)).any(axis=1) if zero.any() else zero.any(axis=1)
        )


class Rows:
    """The statistics of the rows of two matrices of finite values, (B, n) against (B, m)."""

    def __init__(self, experiment: Array, control: Array) -> None:
        first, second = Samples(experiment), Samples(control)
        self._first, self._second = first, second
        n, m = experiment.shape[1], control.shape[1]
        self.low, self.high = first.least - second.most, first.most - second.least
        self.hair = HAIRS * np.maximum(first.largest, second.largest)
        self.plain: Flags = np.minimum(first.gap, second.gap) > self.hair
        self.plain &= ~(first.minus_zero | second.minus_zero)
        self.tied: Flags = np.zeros(len(experiment), dtype=bool)
        self._sizes = float(n), float(m)
        self._half = n * m / 2
        self._sigma = self._sigmas(first.ties + second.ties)

    def ends(self) -> tuple[Array, Array]:
        """The values at ``low`` and ``high``, (B,); NaN where all values are tied."""
        first, second = self._first, self._second
        pairs = first.lowest * second.highest, first.highest * second.lowest
        values = first.lowest + second.highest, first.highest + second.lowest
        left, right = first.least - self.low, first.most - self.high
        met = left == second.most, right == second.least
        lost = left < second.most, right > second.least
        at_low, at_high = (
            self._half - pairs[end] * np.where(met[end], 0.5, np.where(lost[end], 1.0, 0.0))
            for end in (0, 1)
        )
        ties = first.ties + second.ties
        sigmas = [
            self._sigmas(ties + np.where(met[end], 3.0 * pairs[end] * values[end], 0.0))
            for end in (0, 1)
        ]
        return _standardised(at_low, sigmas[0]), _standardised(-at_high, sigmas[1])

    def _sigmas(self, ties: Array) -> Array:
        n, m = self._sizes
        return np.sqrt((n * m / 12) * ((n + m + 1) - ties / ((n + m) * (n + m - 1))))

    def at(self, rows: Lanes, shifts: Array) -> Array:
        """The values of ``rows`` (L,) at ``shifts`` (L,). Where all values tie, ``tied``."""
        below, near = self._lookup.below(rows, shifts)
        found = _standardised(self._half - below, self._sigma[rows])
        for lane in np.flatnonzero(near).tolist():
            try:
                found[lane] = self._alone(int(rows[lane])).at(float(shifts[lane]))
            except AllTied:
                self.tied[rows[lane]] = True
        return found

    @functools.cached_property
    def _lookup(self) -> Lookup:
        return lookup(self._first.in_order, self._second.in_order, self.hair)

    def _alone(self, row: int) -> Plain:
        return Plain(Sample(self._first.in_order[row]), Sample(self._second.in_order[row]))


def searches(experiment: Array, control: Array, quantile: float) -> tuple[Array, Lanes]:
    """Lower and upper bound and estimate, (3, B), and the rows to be searched alone, NaN here.

    ``experiment`` (B, n) and ``control`` (B, m) are finite. A row whose values all tie at a shift
    is among those.
    """
    rows = Rows(experiment, control)
    plain = np.flatnonzero(rows.plain)
    at_low, at_high = rows.ends()
    lanes = np.tile(plain, 3)
    quantiles = np.repeat([quantile, -quantile, 0.0], plain.size)
    low, high = rows.low[lanes], rows.high[lanes]
    below, above = at_low[lanes] - quantiles, at_high[lanes] - quantiles
    found = np.where(below <= 0.0, low, high)
    estimates = np.arange(lanes.size) >= 2 * plain.size
    open_ = np.flatnonzero(((below > 0.0) & (above < 0.0)) | estimates)

    def value(searching: Lanes, shifts: Array) -> Array:
        asked = open_[searching]
        values = rows.at(lanes[asked], shifts)
        values -= quantiles[asked]
        return values

    found[open_] = lockstep(value, low[open_], high[open_], below[open_], above[open_])
    answers = np.full((3, len(experiment)), np.nan)
    answers[:, plain] = found.reshape(3, plain.size)
    alone = ~rows.plain | rows.tied | np.isnan(at_low) | np.isnan(at_high)
    answers[:, alone] = np.nan
    return answers, np.flatnonzero(alone)


def _ties(steps: Array) -> Array:
    """The sums of t³ - t over the runs of equal values: 3k(k - 1) for the k-th of each run."""
    rows, count = steps.shape
    if np.count_nonzero(steps) == steps.size:
        return np.zeros(rows)
    place = np.arange(1, count + 1)
    begun = np.maximum.accumulate(np.where(steps != 0.0, place, 0), axis=1)
    before = place - begun
    return np.asarray((3.0 * before * (before + 1)).sum(axis=1))


def _standardised(centred: Array, sigma: Array) -> Array:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray((centred - 0.5 * np.sign(centred)) / sigma)
