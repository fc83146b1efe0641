"""A share of rollouts that come in clusters: the runs of one history are alike.

Whether a threshold was calibrated well, and which baseline pods a service happens to have, is
common to all runs of a history; five thousand runs of a hundred histories tell less than five
thousand histories with a run each. So the error of a share is that between histories (the
linearised variance of a ratio, Cochran 1977, section 6.3), and its upper bound is Clopper and
Pearson's with the number of rollouts divided by the design effect (Korn & Graubard 1998), which is
the variance between histories over a binomial one's.

Owned here: sums only, so that parts add up to the same in any order.
"""

from __future__ import annotations

import math
from dataclasses import astuple, dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

CONFIDENCE = 0.95
FEW = 10  # hits; fewer say little of how they cluster


@dataclass(frozen=True, slots=True)
class Share:
    """``hits`` of ``trials`` in so many ``clusters``, and the sums over clusters of products.

    ``hits_hits`` sums the squared hits of each cluster, ``trials_trials`` its squared trials, and
    ``hits_trials`` the products of both; ``struck`` clusters had any.
    """

    hits: int = 0
    trials: int = 0
    clusters: int = 0
    hits_hits: int = 0
    hits_trials: int = 0
    trials_trials: int = 0
    struck: int = 0

    @staticmethod
    def of(hit: NDArray[np.bool_]) -> Share:
        """Of an array (clusters, trials)."""
        clusters, trials = hit.shape
        hits = hit.sum(-1)
        whole = int(hits.sum())
        return Share(
            whole,
            hit.size,
            clusters,
            int(np.square(hits).sum()),
            whole * trials,
            clusters * trials * trials,
            int((hits > 0).sum()),
        )

    def __add__(self, other: Share) -> Share:
        return Share(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))

    @property
    def value(self) -> float:
        """The share; NaN of nothing."""
        return self.hits / self.trials if self.trials else math.nan

    @property
    def standard_error(self) -> float:
        """Between clusters; that of independent trials where it is the greater."""
        share = self.value
        alone = share * (1.0 - share) / self.trials
        return math.sqrt(max(alone, self._between()))

    @property
    def design_effect(self) -> float:
        """How many times the variance of independent trials the share has, at least 1.

        Few hits may fall into as many histories by chance, so with fewer than `FEW` it is at least
        the root of the usual number of trials in a cluster.
        """
        share = self.value
        alone = share * (1.0 - share) / self.trials
        found = self._between() / alone if alone > 0 else 1.0
        few = min(self.hits, self.trials - self.hits) < FEW
        return max(1.0, found, math.sqrt(self.trials / self.clusters) if few else 1.0)

    def upper(self, confidence: float = CONFIDENCE) -> float:
        """The one-sided upper bound of the probability."""
        return self._bound(confidence, upper=True)

    def lower(self, confidence: float = CONFIDENCE) -> float:
        """The one-sided lower bound of the probability."""
        return self._bound(confidence, upper=False)

    def _between(self) -> float:
        """The variance of the share, by how it varies between clusters; 0 of a single one."""
        if self.clusters < 2:
            return 0.0
        share = self.value
        squares = (
            self.hits_hits - 2.0 * share * self.hits_trials + share * share * self.trials_trials
        )
        return max(squares, 0.0) * self.clusters / (self.clusters - 1.0) / self.trials**2

    def _bound(self, confidence: float, *, upper: bool) -> float:
        """Clopper and Pearson's with effective counts.

        Divided further by how much wider Student's quantile is than the normal one, since the
        design effect is itself estimated (Korn & Graubard 1998): from the clusters with any hit,
        for the others say nothing of how hits cluster.
        """
        if not self.trials:
            return 1.0 if upper else 0.0
        degrees = max(self.struck - 1 if self.hits >= FEW else self.clusters - 1, 1)
        wider = float(special.stdtrit(degrees, confidence) / special.ndtri(confidence)) ** 2
        if self.trials == self.clusters:
            wider = 1.0  # clusters of one: nothing is shared
        shrink = self.design_effect * wider
        hits, trials = self.hits / shrink, self.trials / shrink
        if upper:
            missed = trials - hits
            return float(special.betaincinv(hits + 1.0, missed, confidence)) if missed > 0 else 1.0
        if hits <= 0:
            return 0.0
        return float(special.betaincinv(hits, trials - hits + 1.0, 1.0 - confidence))
