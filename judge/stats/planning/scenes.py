"""Stretches of a history in which some of its pods play the canary of a run to come.

Owned here: what is planned (`Planned`), and which stretches and pods stand for it (`Scenes`). Pods
come and go: one plays only where it was there for half of the stretch, and the others play the
baseline. Not here: what a release does to the pods that play (`counts`, `latencies`, `levels`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from judge.stats.arms import Array

Indices = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Planned:
    """The tracks of a run to come: their pods, and the canary's ``share`` of all requests, 0-1."""

    canary: int
    baseline: int
    share: float


@dataclass(frozen=True, slots=True)
class Scenes:
    """Pseudo-rollouts of a history (intervals, pods).

    ``within`` (scenes, looks) are intervals, ``groups`` and ``others`` (scenes, pods) those who
    play the canary and the baseline. ``independent``: for how many the scenes count, since they
    share stretches and pods.
    """

    within: Indices
    groups: Indices
    others: Indices
    independent: float

    def __len__(self) -> int:
        return len(self.within)

    def playing(self, values: Array) -> Array:
        """What the canary's pods had: (intervals, pods, ...) -> (scenes, looks, pods, ...)."""
        return np.asarray(values[self.within[:, :, None], self.groups[:, None, :]])

    def resting(self, values: Array) -> Array:
        """What the baseline's pods had: (intervals, pods, ...) -> (scenes, looks, pods, ...)."""
        return np.asarray(values[self.within[:, :, None], self.others[:, None, :]])


def group_of(planned: Planned, pods: int) -> int:
    """How many of a history's ``pods`` can play the canary: no more than half of them."""
    return max(1, min(planned.canary, pods // 2))


def scenes(
    present: NDArray[np.bool_], *, looks: int, group: int, count: int, rng: np.random.Generator
) -> Scenes | None:
    """``count`` scenes of a history, by when its pods were there (intervals, pods).

    None where no stretch of ``looks`` intervals has one pod more than ``group``.
    """
    intervals, pods = present.shape
    if intervals < looks or pods <= group:
        return None
    before = np.concatenate([np.zeros((1, pods), int), present.cumsum(0)])
    there = 2 * (before[looks:] - before[:-looks]) >= looks
    begins = np.flatnonzero(there.sum(-1) > group)
    if not begins.size:
        return None
    spaced = (np.arange(count) + rng.random(count)) * len(begins) / count
    chosen = begins[np.minimum(spaced.astype(int), len(begins) - 1)]
    order = rng.permuted(np.tile(np.arange(pods), (count, 1)), axis=1)
    # those who are there come first, in a random order
    ranked = np.take_along_axis(
        order, np.argsort(~np.take_along_axis(there[chosen], order, 1), axis=1, kind="stable"), 1
    )
    usual = float(np.median(there[begins].sum(-1)))
    stretches = max(1.0, len(begins) / looks)
    return Scenes(
        within=chosen[:, None] + np.arange(looks),
        groups=ranked[:, :group],
        others=np.sort(ranked[:, group:], axis=1),
        independent=min(float(count), max(1.0, stretches * usual / group)),
    )
