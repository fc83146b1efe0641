"""Pods that differ for good: what a good release's effect ratio may show, however long one looks.

Owned here: the law of lasting differences between pods and where it is cut. It is Student's law
with the spread that the baseline's own pods show. Of six pods or fewer another one is considered,
and the one that reaches less far counts: the law of somebody who has seen other services, where
pods differ by some `USUAL` for good, which is worth `WORTH` pods of knowledge. With three pods of
one's own that tells far more than they do: Student's law with two degrees of freedom has no
convictions left at a promise of 1 % that five metrics share.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from scipy import special

from judge.stats.arms import Array

FARTHEST = 3.0  # lasting differences explain away no more than this ratio of risks or levels
USUAL = 0.12  # log-sd
WORTH = 3.0  # degrees of freedom
FEW = 5.0  # degrees of freedom, that is, six pods; more speak for themselves
NOTHING = 1e-6


@dataclass(frozen=True, slots=True)
class Spread:
    """The pods' lasting differences, as a good release's effect ratio shows them.

    Log-sd ``tau`` (..., intervals), and ``degrees`` of freedom (...) of Student's law (infinite:
    normal). The law is cut where ``beyond`` of its probability lies farther out on one side: that
    small a part of the promise buys that effects far outside the spread are not explained away. It
    is cut at the ratio ``farthest`` in any case. ``alone`` (...) is the log-sd of one pod against
    one, the widest that a run can get: ``tau`` may grow while it goes on, and what is said of an
    earlier look must not hang on that.
    """

    tau: Array
    degrees: Array
    beyond: float
    alone: Array
    farthest: float = FARTHEST

    def settled(self) -> Spread:
        """The same with one interval for all where the spread stays as it is during the run."""
        if (self.tau == self.tau[..., :1]).all():
            return replace(self, tau=self.tau[..., :1])
        return self

    @property
    def reach(self) -> Array:
        """Where the law is cut, (..., intervals), as a log ratio."""
        return self._cut(self.tau, _quantile(self.degrees, self.beyond)[..., None])

    @property
    def widest(self) -> Array:
        """Where it would be cut with one pod against one, (...)."""
        return self._cut(self.alone, _quantile(self.degrees, self.beyond))

    def _cut(self, tau: Array, quantile: Array) -> Array:
        wide = quantile * np.maximum(tau, NOTHING)
        return np.asarray(np.minimum(wide, math.log(self.farthest)))


def none(shape: tuple[int, ...]) -> Spread:
    """No differences at all, for a batch (...)."""
    return Spread(np.zeros((*shape, 1)), np.full(shape, np.inf), 0.01, np.zeros(shape))


def lasting(
    tau: Array, degrees: Array, pods: Array, *, beyond: float, farthest: float = FARTHEST
) -> Spread:
    """The spread of a ratio, given the pods' own ``tau`` and ``degrees`` (...).

    ``pods`` (..., intervals) is what a pod's log-sd is multiplied by: the root of the sum of one
    over the numbers of pods. An assumed spread (infinite degrees) stays what it is.
    """
    known = np.isfinite(degrees)
    seen = np.where(known, degrees, 0.0)
    mean = np.sqrt((seen * np.square(tau) + WORTH * USUAL**2) / (seen + WORTH))
    usual, own = _quantile(seen + WORTH, beyond) * mean, _quantile(degrees, beyond) * tau
    nearer = known & (degrees <= FEW) & (usual < own)
    chosen = np.where(nearer, mean, tau)
    return Spread(
        chosen[..., None] * pods,
        np.where(nearer, seen + WORTH, degrees),
        beyond,
        chosen * math.sqrt(2.0),
        farthest,
    )


def _quantile(degrees: Array, beyond: float) -> Array:
    """The upper quantile of Student's law, or the normal one (infinite degrees)."""
    normal = np.isinf(degrees)
    student = -special.stdtrit(np.where(normal, 1.0, degrees), beyond)
    return np.asarray(np.where(normal, -special.ndtri(beyond), student))


def pods_for(
    wanted: float, spread: Spread, canary: float, baseline: float
) -> tuple[int, int | None] | None:
    """The canary's pods, and how many of them would let the log ratio ``wanted`` be convicted.

    None where these are enough; the latter is None where no number would do.
    """
    reach = float(spread.reach[..., -1])
    if reach <= wanted:
        return None
    a_pod = reach / math.sqrt(1.0 / canary + 1.0 / baseline)
    room = (wanted / a_pod) ** 2 - 1.0 / baseline
    return max(1, round(canary)), math.ceil(1.0 / room) if room > 0 else None
