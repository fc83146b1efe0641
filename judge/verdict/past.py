"""What is wrong with a baseline's history as a whole: where it begins, its gaps, deploys in it.

Owned here: finding them, as places in the history. Pure. Not here: the words (`shortfall_reasons`),
and what follows for a metric (`testability`).

A deploy is seen by its pods: within minutes most were replaced by others. Whether the metric moved
with it, or moved for good where no pod changed its name, is seen by comparing an hour before with
the hour after, ten minutes by ten minutes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from judge.spec.resolved import Kind, Metric
from judge.stats.arms import Array
from judge.stats.histograms import PodHistograms, known_counts, quantile
from judge.verdict.kinds.counts import pod_counts
from judge.verdict.kinds.gathering import Gathered
from judge.verdict.kinds.gauges import pod_levels
from judge.verdict.kinds.latency import bounds_of, pod_histograms

Flags = NDArray[np.bool_]

ROLLING_SECONDS = 900.0  # a deploy takes that long at most
REPLACED = 0.6  # of the pods, on both sides of it
GAP_SECONDS = 300.0
GAP_SHARE = 0.02  # of the history, at the least
LATE_SHARE = 0.05
BLOCK_SECONDS = 600.0
BLOCKS = 6  # compared on each side
MOVED = 1.15  # less of a step at a deploy is not worth a word
MOVED_ALONE = 1.5  # and where nothing else speaks for one
SURE = 4.0  # standard errors
SURE_ALONE = 8.0


@dataclass(frozen=True, slots=True)
class Stretch:
    """Intervals from ``first`` up to, and without, ``last``."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Change:
    """A deploy (``pods`` were replaced) or a lasting step, at the interval ``at``.

    ``ratio`` is what the metric is after it over before; None where it did not move for good.
    """

    at: int
    pods: int
    ratio: float | None


def presence(past: Gathered) -> Flags:
    """Which pods had a sample when, (intervals, pods)."""
    found = [[pod in pods for pod in past.pods] for pods in past.found]
    return np.array(found, dtype=bool).reshape(len(past.found), len(past.pods))


def missing_start(seen: Flags) -> int:
    """How many of the first intervals have no sample; 0 where that is next to nothing."""
    first = int(seen.argmax()) if seen.any() else len(seen)
    return first if first >= max(1.0, LATE_SHARE * len(seen)) else 0


def longest_gap(seen: Flags, *, interval: float) -> Stretch | None:
    """The longest stretch without samples after the first one; None where all are short."""
    known = np.flatnonzero(seen)
    if not known.size:
        return None
    ends = np.append(known, len(seen))
    lengths = np.diff(ends) - 1
    longest = int(lengths.argmax())
    least = max(math.ceil(GAP_SECONDS / interval), GAP_SHARE * len(seen), 1.0)
    if lengths[longest] < least:
        return None
    return Stretch(int(ends[longest]) + 1, int(ends[longest + 1]))


def changes(metric: Metric, past: Gathered, *, interval: float) -> list[Change]:
    """Deploys and lasting steps in a history, oldest first."""
    values = _by_block(metric, past, interval)
    length = max(1, round(BLOCK_SECONDS / interval))
    found = [
        Change(at, pods, _moved(values, at / length, least=MOVED, sure=SURE))
        for at, pods in _replacements(presence(past), interval)
    ]
    if found:
        return found
    alone = _step_alone(values)
    return [] if alone is None else [Change(alone[0] * length, 0, alone[1])]


def _replacements(present: Flags, interval: float) -> list[tuple[int, int]]:
    """Where most pods were replaced within `ROLLING_SECONDS`, and how many came."""
    width = max(2, round(ROLLING_SECONDS / interval))
    intervals, pods = present.shape
    if not pods or intervals < 3 * width:
        return []
    # before: there in the `width` intervals up to t; after: there in those that begin width later
    summed = np.concatenate([np.zeros((1, pods), int), present.cumsum(0)])
    there = summed[width:] - summed[:-width] > 0  # (intervals - width + 1, pods)
    before, after = there[: -2 * width], there[2 * width :]
    gone = (before & ~after).sum(-1) / np.maximum(before.sum(-1), 1)
    new = (after & ~before).sum(-1) / np.maximum(after.sum(-1), 1)
    both = before.any(-1) & after.any(-1)
    struck = both & (gone >= REPLACED) & (new >= REPLACED)
    return [
        (int(begin + end + 1) // 2 + width + width // 2, int((after[begin] & ~before[begin]).sum()))
        for begin, end in _runs(struck)
    ]


def _runs(flags: Flags) -> list[tuple[int, int]]:
    """First and last indices of each run of true ones."""
    edges = np.diff(np.concatenate([[0], flags.astype(int), [0]]))
    return list(zip(np.flatnonzero(edges == 1), np.flatnonzero(edges == -1) - 1, strict=True))


def _moved(values: Array, at: float, *, least: float, sure: float) -> float | None:
    """By how much the blocks after ``at`` lie above those before; None where they do not."""
    before = values[max(0, math.floor(at) - BLOCKS) : math.floor(at)]
    after = values[math.floor(at) + 1 : math.floor(at) + 1 + BLOCKS]
    known = [np.log(side[np.isfinite(side) & (side > 0)]) for side in (before, after)]
    if min(len(side) for side in known) < 3:
        return None
    step = float(known[1].mean() - known[0].mean())
    error = math.sqrt(sum(float(side.var(ddof=1)) / len(side) for side in known))
    if abs(step) < math.log(least) or abs(step) < sure * error:
        return None
    return math.exp(step)


def _step_alone(values: Array) -> tuple[int, float] | None:
    """The greatest lasting step of a history, where it is beyond doubt."""
    best: tuple[int, float] | None = None
    for at in range(BLOCKS, len(values) - BLOCKS):
        ratio = _moved(values, at, least=MOVED_ALONE, sure=SURE_ALONE)
        if ratio is not None and (best is None or abs(math.log(ratio)) > abs(math.log(best[1]))):
            best = (at, ratio)
    return best


def _by_block(metric: Metric, past: Gathered, interval: float) -> Array:
    """What the metric was in each ten minutes, all pods together, (blocks,); NaN where unknown."""
    length = max(1, round(BLOCK_SECONDS / interval))
    blocks = [slice(first, first + length) for first in range(0, len(past.found), length)]
    if metric.kind is Kind.PROPORTION:
        counts = pod_counts(past).filled()
        each = [(counts.events[one].sum(), counts.total[one].sum()) for one in blocks]
        return np.array([events / total if total > 0 else np.nan for events, total in each])
    if metric.kind is Kind.GAUGE:
        levels = pod_levels(past).mean(metric.floor)[0]
        return np.array([_mean(levels[one]) for one in blocks])
    times = pod_histograms(past, bounds_of([past]))
    return np.array([_median(times.bounds, times.counts[one]) for one in blocks])


def _mean(values: Array) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else math.nan


def _median(bounds: Array, counts: Array) -> float:
    known = known_counts(PodHistograms(bounds, counts))
    return quantile(*known, 0.5)
