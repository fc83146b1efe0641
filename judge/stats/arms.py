"""Counts as arrays: by pod, and summed to the two arms of a comparison.

Leading axes are batches (simulated rollouts, windows of history) and broadcast throughout; the
trailing ones are always named in the docstrings. A hole is NaN and is joint: where either count of
a pod is missing, both are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
LEAST = 1e-9


@dataclass(frozen=True, slots=True)
class PodCounts:
    """Events among totals by pod: two arrays (..., intervals, pods), NaN for a hole."""

    events: Array
    total: Array

    def __post_init__(self) -> None:
        if self.events.shape != self.total.shape or self.events.ndim < 2:
            raise ValueError(
                f"events {self.events.shape} and total {self.total.shape} must be alike, "
                "(..., intervals, pods)"
            )

    def filled(self) -> PodCounts:
        """The same with joint holes as zeros, which add nothing to any sum."""
        hole = ~(np.isfinite(self.events) & np.isfinite(self.total) & (self.events <= self.total))
        events, total = np.where(hole, 0.0, self.events), np.where(hole, 0.0, self.total)
        # what is less than a billionth of an event is none, and would only overflow in quotients
        return PodCounts(np.where(events < LEAST, 0.0, events), np.where(total < LEAST, 0.0, total))


@dataclass(frozen=True, slots=True)
class Arm:
    """One track's counts, summed over its pods, by interval: three arrays (..., intervals).

    ``pods`` is the effective number of pods by traffic, (sum n)^2 / sum n^2 rounded to whole pods:
    ten pods of which one gets all requests are worth one. It is 1 where there was no traffic.
    """

    events: Array
    total: Array
    pods: Array


@dataclass(frozen=True, slots=True)
class Arms:
    """The two arms of a comparison, after the joint dropping of holes.

    The effect ratio is ``treated`` over ``reference``.
    """

    treated: Arm
    reference: Arm

    @property
    def usable(self) -> NDArray[np.bool_]:
        """Which intervals had traffic in both arms; the others count for nothing."""
        return (self.treated.total > 0) & (self.reference.total > 0)

    def swapped(self) -> Arms:
        """The same with the roles exchanged, to test a decrease as an increase."""
        return Arms(self.reference, self.treated)


def summed(counts: PodCounts) -> Arm:
    """An arm of pods (..., intervals, pods) -> (..., intervals)."""
    counts = counts.filled()
    total = counts.total.sum(-1)
    squares = np.square(counts.total).sum(-1)
    pods = np.divide(np.square(total), squares, out=np.ones_like(total), where=squares > 0)
    return Arm(counts.events.sum(-1), total, np.maximum(np.rint(pods), 1.0))


def paired(treated: PodCounts, reference: PodCounts) -> Arms:
    """Both arms, with an interval that lacks traffic in one of them dropped from the other too."""
    arms = Arms(summed(treated), summed(reference))
    usable = arms.usable
    return Arms(_kept(arms.treated, usable), _kept(arms.reference, usable))


def _kept(arm: Arm, usable: NDArray[np.bool_]) -> Arm:
    return Arm(np.where(usable, arm.events, 0.0), np.where(usable, arm.total, 0.0), arm.pods)
