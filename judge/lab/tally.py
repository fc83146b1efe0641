"""What was counted in one cell of the table, and the figures made of it.

A tally is sums only, so that tallies of parts add up to the same whatever the order and the number
of processes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from judge.lab.peers import NEVER

CONFIDENCE = 0.95
Histogram = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Tally:
    """Rollouts of one scenario and effect, as one contender judged them.

    ``rolled_back[look]`` counts rollbacks at that look, from 1; index 0 those never rolled back.
    ``proven``: passes proven at the end; ``early``: passes that were proven at some look before
    any rollback, by look; both None for contenders that prove nothing.
    """

    rolled_back: Histogram
    proven: int | None = None
    early: Histogram | None = None

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.rolled_back + other.rolled_back,
            None if self.proven is None or other.proven is None else self.proven + other.proven,
            None if self.early is None or other.early is None else self.early + other.early,
        )

    @property
    def rollouts(self) -> int:
        """How many were judged."""
        return int(self.rolled_back.sum())

    @property
    def rollbacks(self) -> int:
        """How many were rolled back."""
        return int(self.rolled_back[NEVER + 1 :].sum())

    @property
    def share(self) -> float:
        """The share that was rolled back."""
        return self.rollbacks / self.rollouts

    @property
    def standard_error(self) -> float:
        """Of the share."""
        return math.sqrt(self.share * (1.0 - self.share) / self.rollouts)

    def bounds(self, confidence: float = CONFIDENCE) -> tuple[float, float]:
        """The share's exact interval (Clopper & Pearson 1934)."""
        return binomial_bounds(self.rollbacks, self.rollouts, confidence)

    def median(self, onset: int = 0) -> float:
        """Looks from the onset to the rollback, the median; infinite where most see none.

        Rollouts that were rolled back before the onset are left out.
        """
        return _median(self.rolled_back, onset)

    def by(self, look: int) -> float:
        """The share rolled back at ``look`` or before."""
        return float(self.rolled_back[NEVER + 1 : look + 1].sum()) / self.rollouts

    @property
    def early_median(self) -> float:
        """Looks to a proven pass, the median; infinite where most see none."""
        return math.inf if self.early is None else _median(self.early, 0)


def histogram(looks: NDArray[np.int64], longest: int) -> Histogram:
    """Counts by look, 0 to ``longest``."""
    return np.bincount(looks, minlength=longest + 1).astype(np.int64)


def binomial_bounds(successes: int, trials: int, confidence: float) -> tuple[float, float]:
    """Clopper and Pearson's interval of a probability."""
    tail = (1.0 - confidence) / 2.0
    low = special.betaincinv(successes, trials - successes + 1, tail) if successes else 0.0
    high = (
        special.betaincinv(successes + 1, trials - successes, 1.0 - tail)
        if successes < trials
        else 1.0
    )
    return float(low), float(high)


def _median(by_look: Histogram, onset: int) -> float:
    later = by_look[onset + 1 :]
    half = (later.sum() + by_look[NEVER]) / 2.0
    reached = np.flatnonzero(later.cumsum() >= half)
    return float(reached[0] + 1) if later.sum() >= half and len(reached) else math.inf
