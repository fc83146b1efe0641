"""Fixed limits: one track's own value against a number, whatever the baseline does.

For counts an e-process, inside the promise: binomial likelihood ratios of risks beyond the bound
against the bound itself, tempered and clipped like any comparison's. With a monotone likelihood
ratio it is valid for every risk within the bound. For anything else a plain rule, outside the
promise: broken for so many looks in a row.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import special

from judge.stats.arms import Arm, Array, PodCounts, summed
from judge.stats.dispersion import UPPER
from judge.stats.evidence import Schedule, alternatives, log_evidence, mixed
from judge.stats.spread import none

_LEAST, _MOST, _HALF = 1e-6, 1.0 - 1e-6, 0.5
BLOCK_SECONDS = 600.0
FEWEST_BLOCKS = 6


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
    """log E (..., looks) against "the risk is at most ``bound``" (``above``) or at least it.

    A bound above a half is tested as one on what is left of the exposures: 95 % of successes in
    place of 99 % is little in ratios, and five times the failures.
    """
    if bound > _HALF:
        arm, bound, above = replace(arm, events=arm.total - arm.events), 1.0 - bound, not above
    batch = arm.total.shape[:-1]
    null = np.full(batch, min(max(bound, _LEAST), _MOST))
    beyond = alternatives(1.0 / null if above else np.zeros(batch), up=above)
    model = OneArm(arm, temper)
    return mixed(log_evidence(model, null, beyond, none(batch), plan, clip=clip), plan)


def shared_temper(history: PodCounts, arm: Arm, *, interval: float) -> Array:
    """By how much a bound's evidence is divided for what strikes all pods at once, (intervals,).

    A comparison cancels that; a bound has nothing to compare with. Over blocks of ten minutes of
    the baseline's history (intervals, pods): how much the sum of its events varies more than
    independent ones would. That grows with the volume, so it is scaled to the arm's.
    """
    past = summed(history)
    length = max(1, round(BLOCK_SECONDS / interval))
    blocks = len(past.total) // length
    if blocks < FEWEST_BLOCKS or not past.events.sum() > 0:
        return np.ones_like(arm.total)
    kept = slice(len(past.total) - blocks * length, None)
    events = past.events[kept].reshape(blocks, length).sum(-1)
    total = past.total[kept].reshape(blocks, length).sum(-1)
    seen = total > 0
    expected = total[seen] * (events.sum() / total.sum())
    excess = np.square(events[seen] - expected) / np.maximum(expected, _LEAST)
    degrees = max(1.0, float(seen.sum()) - 1.0)
    phi = max(1.0, float(excess.sum()) / float(special.chdtri(degrees, UPPER)))
    volume = arm.total / max(float(past.total.sum()) / max(int((past.total > 0).sum()), 1), _LEAST)
    return np.asarray(1.0 + (phi - 1.0) * volume)


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
