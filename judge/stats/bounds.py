"""Fixed limits: one track's own value against a number, whatever the baseline does.

For counts an e-process, inside the promise: binomial likelihood ratios of risks beyond the bound
against the bound itself, tempered and clipped like any comparison's. With a monotone likelihood
ratio it is valid for every risk within the bound. For anything else a plain rule, outside the
promise: broken for so many looks in a row.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from judge.stats.arms import Arm, Array
from judge.stats.evidence import Schedule, alternatives, log_evidence, mixed
from judge.stats.spread import none

_LEAST, _MOST = 1e-6, 1.0 - 1e-6


@dataclass(frozen=True, slots=True)
class OneArm:
    """A `Likelihood` of risks: events among exposures of one arm; ``temper`` (..., intervals)."""

    arm: Arm
    temper: Array

    def curve(self, ratios: Array, null: Array) -> Array:
        """See `evidence.Likelihood.curve`; ratios and null are risks."""
        risks = np.clip(ratios, _LEAST, _MOST)[..., None, :]
        at_null = np.clip(null, _LEAST, _MOST)[..., None, None]
        events = self.arm.events[..., None]
        others = self.arm.total[..., None] - events
        gain = events * np.log(risks / at_null) + others * np.log((1 - risks) / (1 - at_null))
        return np.asarray(gain / self.temper[..., None])


def bound_evidence(
    arm: Arm, bound: float, temper: Array, plan: Schedule, *, clip: float, above: bool
) -> Array:
    """log E (..., looks) against "the risk is at most ``bound``" (``above``) or at least it."""
    batch = arm.total.shape[:-1]
    null = np.full(batch, min(max(bound, _LEAST), _MOST))
    beyond = alternatives(1.0 / null if above else np.zeros(batch), up=above)
    model = OneArm(arm, temper)
    return mixed(log_evidence(model, null, beyond, none(batch), plan, clip=clip), plan)


def broken_for(broken: NDArray[np.bool_], looks: int) -> NDArray[np.bool_]:
    """Whether a bound was broken at each look and all of the ``looks - 1`` before it (intervals,).

    A look without a value is not one at which it was broken.
    """
    in_a_row = np.zeros(len(broken), dtype=int)
    row = 0
    for i, one in enumerate(broken):
        row = row + 1 if one else 0
        in_a_row[i] = row
    return in_a_row >= max(1, looks)
