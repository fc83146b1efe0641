"""Latencies as arrays: how many requests took at most how long, and their quantiles.

Owned here: the counts at bounds, what is known of them where layouts differ, shares beyond bounds.
Not here: which bounds can test what (`boundaries`), comparing (`slowdowns`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from judge.stats.arms import LEAST, Array, PodCounts


@dataclass(frozen=True, slots=True)
class PodHistograms:
    """Requests by how long they took: cumulative increments by interval and pod.

    ``bounds`` (bounds,) ascend and end with infinity; ``counts`` (..., intervals, pods, bounds),
    NaN where a count is not known at a bound; the last is the total, NaN for a hole.
    """

    bounds: Array
    counts: Array

    def beyond(self, at: NDArray[np.intp]) -> PodCounts:
        """Requests above the bounds with the indices ``at`` (tests,): (tests, ..., pods)."""
        total = self.counts[..., -1]
        events = total[..., None] - self.counts[..., at]
        events = np.ascontiguousarray(np.moveaxis(events, -1, 0))
        return PodCounts(events, np.broadcast_to(total, events.shape))

    def total(self) -> PodCounts:
        """All requests, as events and total alike."""
        return PodCounts(self.counts[..., -1], self.counts[..., -1])

    def pooled(self) -> Array:
        """The share of all requests above each bound, (bounds,); NaN where it is not known.

        A bound counts as known where it is so for every request.
        """
        total = self.counts[..., -1]
        whole = np.nansum(total)
        seen = (np.nan_to_num(total) > 0)[..., None]
        unknown = (seen & ~np.isfinite(self.counts)).any(tuple(range(self.counts.ndim - 1)))
        above = whole - np.nansum(self.counts, axis=tuple(range(self.counts.ndim - 1)))
        share = above / whole if whole > LEAST else np.full(len(self.bounds), np.nan)
        return np.where(unknown, np.nan, share)


def merged(histograms: PodHistograms, start: int = 0) -> Array:
    """All pods' and intervals' requests from ``start`` on together, (bounds,).

    NaN at bounds that were not known for all of them.
    """
    counts = histograms.counts[..., start:, :, :]
    axes = tuple(range(counts.ndim - 1))
    there = np.isfinite(counts[..., -1:])
    unknown = (there & ~np.isfinite(counts)).any(axes)
    return np.where(unknown, np.nan, np.where(np.isfinite(counts), counts, 0.0).sum(axes))


def known_counts(histograms: PodHistograms) -> tuple[Array, Array]:
    """The bounds at which all requests are known, and how many took at most so long."""
    counts = merged(histograms)
    known = np.isfinite(counts)
    return histograms.bounds[known], counts[known]


def quantile(bounds: Array, counts: Array, share: float) -> float:
    """Where ``share`` (0 to 1) of the requests lies below, linear within a bucket as in PromQL.

    ``counts`` (bounds,) are cumulative. NaN without requests; the greatest finite bound where it
    lies beyond.
    """
    total = float(counts[-1]) if len(counts) else 0.0
    if not total > 0:
        return math.nan
    rank = share * total
    index = int(np.searchsorted(counts, rank))
    if index >= len(bounds) - 1:
        return float(bounds[-2]) if len(bounds) > 1 else math.nan
    low = float(bounds[index - 1]) if index else 0.0
    before = float(counts[index - 1]) if index else 0.0
    inside = float(counts[index]) - before
    part = (rank - before) / inside if inside > 0 else 1.0
    return low + (float(bounds[index]) - low) * part
