"""The last word is empirical: the same judge on the baseline's own past.

Groups of the baseline's pods play the canary against the rest, window by window; the highest log E
of each such pseudo-rollout is a draw from the null of this service, these limits and this schedule.
A release that uses up the whole limit is a good one too, so what they had is taken up to the limit.
The threshold is raised from log(1/alpha) to their upper alpha quantile, extrapolated by an
exponential tail, since trouble lives in tails that no variance describes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import special

from judge.stats.arms import Arms, Array, PodCounts, paired

AT_ONCE = 32
FEWEST = 100  # pseudo-rollouts; below this nothing is calibrated
MOST_APART = 1000  # of them before/after, where a history is weeks long
TAIL_FROM = (0.7, 0.9)  # quantiles above which the tail is taken as exponential
UPPER = 0.8  # one-sided confidence of the bound on the tail's mean


def group_size(canary_pods: int, baseline_pods: int) -> int:
    """How many of the baseline's pods play the canary: min(k_c, k_b / 2)."""
    return max(1, min(canary_pods, baseline_pods // 2))


def stride(intervals: int, pods: int, looks: int) -> int:
    """Intervals between the beginnings of windows: half a run, or a quarter where pods are few."""
    half = max(1, looks // 2)
    enough = pods * ((intervals - looks) // half + 1) >= 2 * FEWEST
    return half if enough else max(1, looks // 4)


def pseudo_rollouts(chosen: Draw, history: PodCounts) -> Arms:
    """Pseudo-rollouts (..., rollouts, looks) of a history (..., intervals, pods)."""
    return paired(
        PodCounts(chosen.playing(history.events), chosen.playing(history.total)),
        PodCounts(chosen.resting(history.events), chosen.resting(history.total)),
    )


@dataclass(frozen=True, slots=True)
class Draw:
    """Windows of a history, and which pods play the canary in each; every pod plays it once.

    ``within`` (windows, looks) are intervals, ``groups`` and ``others`` (groups, pods) are pods.
    ``overlap`` is a window's stride over its length. Before/after the rest plays ``shift``
    intervals earlier; both are then the one arm that there is.
    """

    within: NDArray[np.intp]
    groups: NDArray[np.intp]
    others: NDArray[np.intp]
    overlap: float
    shift: int = 0

    def chunks(self) -> Iterator[Draw]:
        """The same in parts of about `AT_ONCE` pseudo-rollouts, which stay in a core's cache."""
        windows = max(1, AT_ONCE // len(self.groups))
        for first in range(0, len(self.within), windows):
            yield replace(self, within=self.within[first : first + windows])

    def playing(self, values: Array) -> Array:
        """What the canary's pods had: (..., rollouts, looks, pods of a group)."""
        return _windows(values, self.within, self.groups)

    def resting(self, values: Array) -> Array:
        """What the baseline's pods had: (..., rollouts, looks, the other pods)."""
        return _windows(values, self.within - self.shift, self.others)


def draw(intervals: int, pods: int, *, looks: int, group: int, shift: int = 0) -> Draw | None:
    """The windows and groups of a history; None where they are too few to calibrate with.

    With a ``shift`` (before/after) the history has one arm in place of pods.
    """
    if shift:
        return drawn_apart(intervals, looks=looks, shift=shift)
    if pods < 2 or intervals < looks:
        return None
    step = stride(intervals, pods, looks)
    begins = np.arange(intervals - looks, -1, -step)[::-1]
    if len(begins) * pods < FEWEST:
        return None
    groups = (np.arange(pods)[:, None] + np.arange(group)) % pods
    others = np.array([np.setdiff1d(np.arange(pods), row) for row in groups])
    return Draw(begins[:, None] + np.arange(looks), groups, others, step / looks)


def drawn_apart(intervals: int, *, looks: int, shift: int) -> Draw | None:
    """Every window of a history against the one ``shift`` intervals earlier; None where too few.

    That is fewer than a hundred, or less than fifty runs one after the other.
    """
    paired = intervals - shift
    if paired < looks:
        return None
    step = max(stride(paired, 1, looks), math.ceil((paired - looks) / MOST_APART))
    begins = np.arange(intervals - looks, shift - 1, -step)[::-1]
    if len(begins) < FEWEST or 2 * len(begins) * step < FEWEST * looks:
        return None
    alone = np.zeros((1, 1), dtype=np.intp)
    return Draw(begins[:, None] + np.arange(looks), alone, alone, step / looks, shift)


def _windows(values: Array, within: NDArray[np.intp], chosen: NDArray[np.intp]) -> Array:
    """(..., windows * groups, looks, pods of a group)."""
    windows = values[..., within, :][..., chosen]  # windows, looks, groups, pods of a group
    moved = np.moveaxis(windows, -2, -3)
    return moved.reshape(*values.shape[:-2], -1, *moved.shape[-2:])


def whole(usable: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which pseudo-rollouts (..., rollouts) of (..., rollouts, looks) had data half of the time.

    Pods come and go; those that were not there say nothing of what they would have done.
    """
    return np.asarray(2 * usable.sum(-1) >= usable.shape[-1])


def calibrating(present: NDArray[np.bool_], *, looks: int) -> int:
    """How many pseudo-rollouts a history gives, by which pods it has when (intervals, pods)."""
    chosen = draw(*present.shape, looks=looks, group=1)
    if chosen is None:
        return 0
    there = present.astype(float)
    both = np.minimum(chosen.playing(there).max(-1), chosen.resting(there).max(-1))
    return int(whole(both > 0).sum())


def raised_threshold(highest: Array, *, alpha: float, overlap: float) -> Array:
    """How far above log(1/alpha) the threshold must be, (...), given (..., rollouts) highest log E.

    NaN is a pseudo-rollout that does not count. ``overlap`` is a window's stride over its length:
    overlapping windows tell less than their number says, and the bound on the tail's mean counts
    them for what they are worth.
    """
    needed = [_extrapolated(highest, base, alpha, overlap) for base in TAIL_FROM]
    return np.asarray(np.maximum(np.maximum.reduce(needed) - math.log(1.0 / alpha), 0.0))


def raised_apart(highest: Array, *, alpha: float, overlap: float) -> Array:
    """The same before/after, where incidents of a whole service are in the pseudo-rollouts.

    Nothing cancels those. They are as rare as the quantile that is wanted, and no tail below tells
    of them: so the quantile is counted, too, with the same confidence.
    """
    counted = _counted(highest, alpha, overlap) - math.log(1.0 / alpha)
    return np.maximum(raised_threshold(highest, alpha=alpha, overlap=overlap), counted)


def _counted(highest: Array, alpha: float, overlap: float) -> Array:
    """What so few (..., rollouts) reach that more than alpha of all would be a surprise.

    The greatest of them where they are too few to tell.
    """
    known = np.isfinite(highest)
    weight = min(1.0, overlap)
    expected = alpha * weight * known.sum(-1)
    numbers = np.arange(int(expected.max(initial=0.0)) + 1)
    surprising = special.pdtr(numbers, expected[..., None]) <= 1.0 - UPPER
    allowed = np.maximum(surprising.sum(-1) - 1, 0) / weight
    descending = -np.sort(-np.where(known, highest, -np.inf), axis=-1)
    at = np.maximum(allowed.astype(int) - 1, 0)
    return np.asarray(np.take_along_axis(descending, at[..., None], axis=-1)[..., 0])


def _extrapolated(highest: Array, quantile: float, alpha: float, overlap: float) -> Array:
    """The upper alpha quantile, by an exponential tail above the given one.

    With an upper bound for the tail's mean. Where pods have incidents, most pseudo-rollouts see
    none and a few see much: the tail that begins at the lower quantile is then too light, and the
    greater of the two counts.
    """
    known = np.isfinite(highest)
    quantiles = np.quantile if known.all() else np.nanquantile
    base = np.asarray(quantiles(highest, quantile, axis=-1))
    excess = np.where(known, np.maximum(highest - base[..., None], 0.0), 0.0)
    above = (excess > 0).sum(-1)
    share = above / known.sum(-1)
    mean = excess.sum(-1) / np.maximum(above, 1)
    independent = np.maximum(above * min(1.0, overlap), 1.0)
    bound = mean * 2.0 * independent / special.chdtri(2.0 * independent, UPPER)
    return np.asarray(base + bound * np.log(np.maximum(share / alpha, 1.0)))
