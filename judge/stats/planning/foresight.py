"""What was seen in pseudo-rollouts, as shares and times with the uncertainty that they have."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from judge.stats.arms import Array

CONFIDENCE = 0.95
Looks = NDArray[np.intp]  # (scenes,): a look from 1, 0 for never
NEVER = 0


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure and the interval that holds it with `CONFIDENCE`; None is "not within the run"."""

    value: float | None
    low: float | None
    high: float | None


def first(reached: NDArray[np.bool_]) -> Looks:
    """The first look at which it was reached, from 1, (scenes, looks) -> (scenes,)."""
    return np.where(reached.any(-1), reached.argmax(-1) + 1, NEVER)


@dataclass(frozen=True, slots=True)
class Foresight:
    """When something was reached in each scene, (scenes,), of a run of ``looks`` looks.

    The scenes count for ``independent`` ones.
    """

    at: Looks
    looks: int
    independent: float

    @property
    def by_look(self) -> Array:
        """The share of scenes in which it was reached by each look, (looks,)."""
        counted = np.bincount(self.at, minlength=self.looks + 1)[1:]
        return np.asarray(counted.cumsum() / len(self.at))

    @property
    def share(self) -> Estimate:
        """Of the scenes in which it was reached at all."""
        share = float(self.by_look[-1])
        low, high = self._bounds(np.asarray(share))
        return Estimate(share, float(low), float(high))

    def look(self, share: float) -> Estimate:
        """The look by which it was reached in that ``share`` of the scenes."""
        by_look = self.by_look
        low, high = self._bounds(by_look)
        return Estimate(*(_first_at(one, share) for one in (by_look, high, low)))

    def _bounds(self, share: Array) -> tuple[Array, Array]:
        """Clopper & Pearson's interval (1934) of shares, for the independent number of scenes."""
        trials = max(1.0, self.independent)
        tail = (1.0 - CONFIDENCE) / 2.0
        hits, misses = share * trials, (1.0 - share) * trials
        low = special.betaincinv(np.maximum(hits, 1e-9), misses + 1.0, tail)
        high = special.betaincinv(hits + 1.0, np.maximum(misses, 1e-9), 1.0 - tail)
        return np.where(hits > 0, low, 0.0), np.where(misses > 0, high, 1.0)


def _first_at(shares: Array, wanted: float) -> float | None:
    reached = np.flatnonzero(shares >= wanted - 1e-12)
    return float(reached[0] + 1) if reached.size else None
