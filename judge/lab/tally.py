"""What was counted in one cell of the table, and the figures made of it.

A tally is sums only, so that tallies of parts add up to the same whatever the order and the number
of processes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from judge.lab.peers import NEVER
from judge.lab.shares import Share

Histogram = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Tally:
    """Rollouts of one scenario and effect, as one contender judged them.

    ``looks[look]`` counts rollbacks at that look, from 1; index 0 those never rolled back;
    ``rolled_back`` their share. ``proven``: passes proven at the end; ``early[look]``: passes that
    were proven at some look before any rollback, by the first of them; ``shown`` their share. The
    latter three are None for contenders that prove nothing, and may be of more rollouts than the
    former two.
    """

    looks: Histogram
    rolled_back: Share
    proven: Share | None = None
    early: Histogram | None = None
    shown: Share | None = None

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.looks + other.looks,
            self.rolled_back + other.rolled_back,
            _sum(self.proven, other.proven),
            None if self.early is None or other.early is None else self.early + other.early,
            _sum(self.shown, other.shown),
        )

    @property
    def rollouts(self) -> int:
        """How many could be rolled back."""
        return self.rolled_back.trials

    def median(self, onset: int = 0) -> float:
        """Looks from the onset to the rollback, the median; infinite where most see none.

        Rollouts that were rolled back before the onset are left out.
        """
        return median(self.looks, onset)

    def by(self, look: int) -> float:
        """The share rolled back at ``look`` or before."""
        return float(self.looks[NEVER + 1 : look + 1].sum()) / self.rollouts

    @property
    def early_median(self) -> float:
        """Looks to a proven pass, the median; infinite where most see none."""
        return math.inf if self.early is None else median(self.early, 0)

    def shown_by(self, look: int) -> float:
        """The share of passes proven at ``look`` or before; 0 where nothing is ever proven."""
        if self.early is None or not self.early.sum():
            return 0.0
        return float(self.early[NEVER + 1 : look + 1].sum()) / float(self.early.sum())


def tallied(
    rolled_back: NDArray[np.int64],
    longest: int,
    proven: NDArray[np.bool_] | None = None,
    early: NDArray[np.int64] | None = None,
) -> Tally:
    """Of looks, or whether, in arrays (histories, runs) each; see `contender.Answer`."""
    return Tally(
        histogram(rolled_back, longest),
        Share.of(rolled_back != NEVER),
        None if proven is None else Share.of(proven),
        None if early is None else histogram(early, longest),
        None if early is None else Share.of(early != NEVER),
    )


def histogram(looks: NDArray[np.int64], longest: int) -> Histogram:
    """Counts by look, 0 to ``longest``."""
    return np.bincount(looks.ravel(), minlength=longest + 1).astype(np.int64)


def median(by_look: Histogram, onset: int) -> float:
    """The median look after the onset, of counts by look; infinite where it is never reached."""
    later = by_look[onset + 1 :]
    half = (later.sum() + by_look[NEVER]) / 2.0
    reached = np.flatnonzero(later.cumsum() >= half)
    return float(reached[0] + 1) if later.sum() >= half and len(reached) else math.inf


def _sum(one: Share | None, other: Share | None) -> Share | None:
    return None if one is None or other is None else one + other
