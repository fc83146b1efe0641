"""The shift between two samples by ranks, as Kayenta's judge finds it.

Owned here: the Mann-Whitney interval for a shift in location and the Hodges-Lehmann estimate, in
just the numbers that Kayenta answers: the standardised statistic is a step function of the shift,
and a search with an absolute tolerance of 1e-4 ends near its steps. So the unit of the values
matters, as it does there. It costs O(n log n), where the peer ranks everything at each of some 40
shifts. Nothing is classified here. `pairwise` has the interval as it is defined.

Sources: Hollander, Wolfe, Chicken, Nonparametric Statistical Methods (2014), 4.2-4.3; Bauer,
Journal of the American Statistical Association 67 (1972) 687-690, and R's wilcox.test, for the
interval by inversion.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from judge.stats.arms import Array
from judge.stats.difference_table import PAIRS, Tabled
from judge.stats.normal_quantile import normal_quantile
from judge.stats.rank_batches import TOGETHER, searches
from judge.stats.rank_lookups import Lanes
from judge.stats.rank_statistic import LARGEST, AllTied, Plain, Statistic, statistic
from judge.stats.root_search import TOLERANCE, root

__all__ = ["AllTied", "Shift", "Shifts", "shift", "shifts", "standardised"]

CONFIDENCE = 0.98


@dataclass(frozen=True, slots=True)
class Shift:
    """How far the experiment lies above the control, in the unit of the values.

    ``low`` and ``high`` bound it; on tied data the search can leave them the wrong way round.
    """

    low: float
    high: float
    estimate: float


@dataclass(frozen=True, slots=True)
class Shifts:
    """As `Shift`, of many pairs at once: arrays of shape (B,), NaN where all values are tied."""

    low: Array
    high: Array
    estimate: Array


def shift(experiment: Array, control: Array, *, confidence: float = CONFIDENCE) -> Shift:
    """The shift of ``experiment`` (n,) over ``control`` (m,), finite or infinite, never NaN.

    Raises AllTied where the values all tie at a shift that is looked at.
    """
    ranks = _looked_up(statistic(experiment, control))
    at_low, at_high = ranks.ends()
    quantile = _quantile(confidence)
    return Shift(
        low=_bound(ranks, at_low, at_high, quantile),
        high=_bound(ranks, at_low, at_high, -quantile),
        estimate=root(ranks.at, ranks.low, ranks.high, at_low, at_high),
    )


def shifts(experiment: Array, control: Array, *, confidence: float = CONFIDENCE) -> Shifts:
    """The shifts of the rows of ``experiment`` (B, n) over those of ``control`` (B, m)."""
    found = np.full((3, len(experiment)), np.nan)
    rows = np.arange(len(experiment))
    if experiment.shape[1] * control.shape[1] <= PAIRS:
        rows = _together(experiment, control, confidence, found)
    for row in rows.tolist():
        try:
            one = shift(experiment[row], control[row], confidence=confidence)
        except AllTied:
            continue
        found[:, row] = one.low, one.high, one.estimate
    return Shifts(*found)


def standardised(mu: float, experiment: Array, control: Array) -> float:
    """The statistic of ``experiment`` less ``mu`` against ``control``. Raises AllTied."""
    return statistic(experiment, control).at(mu)


def _looked_up(ranks: Statistic) -> Statistic:
    """With a table of differences, where a search is long enough and the table small enough."""
    if not isinstance(ranks, Plain) or ranks.high - ranks.low <= 2 * TOLERANCE:
        return ranks
    return Tabled(ranks) if ranks.first.size * ranks.second.size <= PAIRS else ranks


def _together(experiment: Array, control: Array, confidence: float, found: Array) -> Lanes:
    """Fill in the shifts that can be searched for in lockstep; the rows that remain."""
    small = [(np.abs(side) <= LARGEST).all(axis=1) for side in (experiment, control)]
    usable = np.flatnonzero(small[0] & small[1])
    remaining = [np.flatnonzero(~(small[0] & small[1]))]
    at_once = max(1, TOGETHER // (experiment.shape[1] * control.shape[1]))
    for begin in range(0, usable.size, at_once):
        chosen = usable[begin : begin + at_once]
        searched, alone = searches(experiment[chosen], control[chosen], _quantile(confidence))
        found[:, chosen] = searched
        remaining.append(chosen[alone])
    return np.concatenate(remaining)


def _quantile(confidence: float) -> float:
    return -normal_quantile((1.0 - confidence) / 2)


def _bound(ranks: Statistic, at_low: float, at_high: float, quantile: float) -> float:
    """Where the statistic crosses ``quantile``; an end of the range where it never does."""
    below, above = at_low - quantile, at_high - quantile
    if below <= 0.0:
        return ranks.low
    if above >= 0.0:
        return ranks.high
    return root(lambda mu: ranks.at(mu) - quantile, ranks.low, ranks.high, below, above)
