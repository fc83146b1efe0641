"""Which bounds of buckets can test a slowdown.

A test of "at most rho times slower" compares the share above c on one track with the share above b
on the other, c / b as near to rho as the buckets allow. With buckets that grow by a twelfth any rho
is near; the usual client libraries' default buckets double or more, and can test 2 or 2.5 at best.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from judge.stats.arms import Array

TAILS = (0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005)  # shares of the baseline's requests above a bound
TOLERANCE = 1.15  # how far off a pair's ratio may be from the slowdown that it tests
NEAR = 1.03  # as good as the slowdown itself
_SAME = 1e-9


@dataclass(frozen=True, slots=True)
class Pairs:
    """Indices of bounds, (tests,): the reference's b and the treated track's c; c / b."""

    reference: NDArray[np.intp]
    treated: NDArray[np.intp]
    slowdown: Array

    def __len__(self) -> int:
        return len(self.reference)

    @property
    def strictest(self) -> float:
        """The smallest slowdown that the pairs test: what "at most" is promised for."""
        return float(self.slowdown.min())


def pairs(bounds: Array, shares: Array, slowdown: float, *, at_most: bool = True) -> Pairs | None:
    """The pairs that test a slowdown; None where there is none.

    ``bounds`` (bounds,) ascend; ``shares`` (bounds,) of the reference's requests lie above them,
    NaN for bounds that no test may stand on. Nearest to each of `TAILS` one pair at most. A test of
    "at most ``slowdown``" is strict where its pairs lie nearer together, so those that do not are
    preferred (`NEAR` is near enough); of "at least ``slowdown``", the other way about.
    """
    usable = np.isfinite(shares) & (shares > 0) & (shares < 1)
    for least, most in (NEAR, TOLERANCE), (TOLERANCE, NEAR):
        below, above = (least, most) if at_most else (most, least)
        partners, fit = _partners(bounds, slowdown / below, slowdown * above, slowdown)
        if (usable & fit).any():
            return _nearest_to_tails(bounds, shares, partners, np.flatnonzero(usable & fit))
    return None


def _nearest_to_tails(
    bounds: Array, shares: Array, partners: NDArray[np.intp], usable: NDArray[np.intp]
) -> Pairs:
    distance = np.abs(np.log(shares[usable])[:, None] - np.log(np.array(TAILS)))
    chosen = np.unique(usable[distance.argmin(0)])
    return Pairs(chosen, partners[chosen], bounds[partners[chosen]] / bounds[chosen])


def representable(bounds: Array, shares: Array) -> Array:
    """The slowdowns that some pair of bounds tests, ascending, from 1/4 to 16; a dozen a doubling.

    Pairs stand on bounds that a test may stand on (``shares`` not NaN).
    """
    usable = bounds[np.isfinite(shares)]
    finite = bounds[np.isfinite(bounds) & (bounds > 0)]
    if not usable.size or not finite.size:
        return np.zeros(0)
    apart = np.log2(finite)[None, :] - np.log2(usable)[:, None]
    own, other = np.nonzero((apart >= -2.0 - _SAME) & (apart <= 4.0 + _SAME))
    ratios = np.sort(finite[other] / usable[own])
    steps = np.rint(np.log2(ratios) * 12)
    return ratios[np.unique(steps, return_index=True)[1]]


def _partners(
    bounds: Array, least: float, most: float, wanted: float
) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """For each bound b the index of the bound within [least b, most b] that is nearest to wanted b.

    And whether there is one. On a log scale.
    """
    fine = np.flatnonzero(np.isfinite(bounds) & (bounds > 0))
    if not fine.size:
        return np.zeros(len(bounds), dtype=np.intp), np.zeros(len(bounds), dtype=bool)
    logs = np.log(bounds[fine])
    own = np.log(np.where(np.isfinite(bounds) & (bounds > 0), bounds, 1.0))
    off = logs[None, :] - own[:, None]
    within = (off >= math.log(least) - _SAME) & (off <= math.log(most) + _SAME)
    distance = np.where(within, np.abs(off - math.log(wanted)), np.inf)
    known = np.isfinite(bounds) & (bounds > 0)
    return fine[distance.argmin(1)], within.any(1) & known
