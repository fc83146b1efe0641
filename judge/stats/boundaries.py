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

TAILS = (0.5, 0.2, 0.1, 0.05, 0.02, 0.01)  # shares of the baseline's requests above a bound
TOLERANCE = 1.15  # how far off a pair's ratio may be from the slowdown that it tests
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
        """The smallest slowdown that the pairs test: what the promise holds for."""
        return float(self.slowdown.min())


def pairs(bounds: Array, shares: Array, slowdown: float) -> Pairs | None:
    """The pairs that test a slowdown; None where there is none.

    ``bounds`` (bounds,) ascend; ``shares`` (bounds,) of the reference's requests lie above them,
    NaN for bounds that no test may stand on. Nearest to each of `TAILS` one pair at most.
    """
    partners = _partners(bounds, slowdown)
    off = np.abs(np.log(_ratio(bounds, partners)) - math.log(slowdown))
    fit = np.isfinite(shares) & (shares > 0) & (shares < 1) & (off <= math.log(TOLERANCE) + _SAME)
    if not fit.any():
        return None
    usable = np.flatnonzero(fit)
    distance = np.abs(np.log(shares[usable])[:, None] - np.log(np.array(TAILS)))
    chosen = np.unique(usable[distance.argmin(0)])
    return Pairs(chosen, partners[chosen], _ratio(bounds, partners)[chosen])


def representable(bounds: Array, shares: Array) -> Array:
    """The slowdowns that some pair of bounds tests, ascending, from 1/4 to 16; a dozen a doubling.

    Pairs stand on bounds that a test may stand on (``shares`` not NaN).
    """
    usable = bounds[np.isfinite(shares)]
    finite = bounds[np.isfinite(bounds) & (bounds > 0)]
    if not usable.size or not finite.size:
        return np.zeros(0)
    ratios = np.sort((finite[None, :] / usable[:, None]).ravel())
    ratios = ratios[(ratios >= 0.25) & (ratios <= 16.0)]
    steps = np.rint(np.log2(ratios) * 12)
    return ratios[np.unique(steps, return_index=True)[1]]


def _partners(bounds: Array, slowdown: float) -> NDArray[np.intp]:
    """For each bound the index of the one nearest to ``slowdown`` times it, on a log scale."""
    fine = np.flatnonzero(np.isfinite(bounds) & (bounds > 0))
    if not fine.size:
        return np.zeros(len(bounds), dtype=np.intp)
    logs = np.log(bounds[fine])
    wanted = np.log(np.where(np.isfinite(bounds) & (bounds > 0), bounds, 1.0)) + math.log(slowdown)
    after = np.clip(np.searchsorted(logs, wanted - _SAME), 0, len(fine) - 1)
    before = np.maximum(after - 1, 0)
    nearer = np.abs(logs[before] - wanted) < np.abs(logs[after] - wanted)
    return fine[np.where(nearer, before, after)]


def _ratio(bounds: Array, partners: NDArray[np.intp]) -> Array:
    fine = np.isfinite(bounds) & (bounds > 0)
    return np.where(fine, bounds[partners] / np.where(fine, bounds, 1.0), np.inf)
