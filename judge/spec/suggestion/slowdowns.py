"""The limit and the worst ratio of a latency metric that its buckets can test.

Owned here: which of the usual ratios is written for the buckets that a service has and where its
requests are. Not here: which bounds test a ratio (`judge.stats.boundaries`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from judge.stats.arms import Array
from judge.stats.boundaries import pairs

LIMITS = (1.25, 1.5, 1.75, 2.0, 2.25, 2.5, 3.0, 4.0, 5.0, 10.0)
WORST = (2.0, 2.5, 3.0, 4.0, 4.5, 5.0, 6.0, 8.0, 10.0, 12.0, 16.0, 20.0, 25.0)
FARTHER = 1.6
"""By what factor at least the worst ratio lies beyond the limit."""
EXACT = math.log(1.07)
"""A pair of bounds that misses by less is no better: the smaller ratio is."""
PER_MISS = 4.0
"""What a miss beyond that costs, and a pair fewer, in logarithms of the ratio."""
PER_PAIR = 0.4


@dataclass(frozen=True, slots=True)
class Slowdowns:
    """What to write; ``worst`` is None where no buckets lie far enough apart."""

    limit: float
    worst: float | None


def slowdowns(counts: Mapping[float, float]) -> Slowdowns | None:
    """The ratios that the most buckets can test well; None where none can test any.

    ``counts`` are cumulative, by upper bound, infinity included; zeros where there was no traffic,
    and then every bucket is as good as the others.
    """
    bounds = np.array(sorted(counts))
    cumulative = np.array([counts[bound] for bound in bounds])
    everything = counts.get(math.inf, 0.0)
    shares = 1 - cumulative / everything if everything > 0 else np.full(len(bounds), 0.1)
    limit = _best(LIMITS, bounds, shares)
    if limit is None:
        return None
    beyond = [one for one in WORST if one >= FARTHER * limit]
    return Slowdowns(limit, _best(beyond, bounds, shares))


def _best(ratios: Iterable[float], bounds: Array, shares: Array) -> float | None:
    """The smallest ratio that many pairs of bounds test well; None where none tests any."""
    tested = {
        ratio: found for ratio in ratios if (found := pairs(bounds, shares, ratio)) is not None
    }
    most = max(map(len, tested.values()), default=0)

    def cost(ratio: float) -> float:
        miss = float(np.abs(np.log(tested[ratio].slowdown / ratio)).max())
        fewer = most - len(tested[ratio])
        return math.log(ratio) + PER_MISS * max(miss - EXACT, 0.0) + PER_PAIR * fewer

    return min(tested, key=cost, default=None)
