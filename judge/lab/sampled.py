"""Simulated arrays as the samples of intervals: what a Prometheus would have said of them.

Owned here: the form of a sample by kind; in particular a native histogram's, which names only the
buckets that hold something. Not here: drawing the arrays, and bundles of such intervals.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from judge.lab.noise import Array
from judge.stats.arms import PodCounts
from judge.stats.histograms import PodHistograms
from judge.stats.levels import PodLevels
from judge.stats.samples import Count, Histogram, Interval, Level, Pods, Sample

Drawn = PodCounts | PodHistograms | PodLevels
Tracks = Mapping[str, Drawn]


def intervals(
    metrics: Mapping[str, Tracks], seconds: float, numbers: range
) -> tuple[Interval, ...]:
    """Intervals of so many ``seconds`` from the arrays of each metric and track.

    Arrays without batch axes; their intervals are ``numbers`` since time 0.
    """
    return tuple(
        Interval(
            start=number * seconds,
            end=(number + 1) * seconds,
            samples={
                metric: {track: pods(track, drawn, place) for track, drawn in tracks.items()}
                for metric, tracks in metrics.items()
            },
        )
        for place, number in enumerate(numbers)
    )


def pods(track: str, drawn: Drawn, interval: int) -> Pods:
    """What each pod of a track said in one interval."""
    return {f"{track}-{pod}": sample for pod, sample in enumerate(samples(drawn, (interval,)))}


def samples(drawn: Drawn, place: tuple[int, ...]) -> list[Sample]:
    """What each pod said at a place of all axes but the pods'."""
    if isinstance(drawn, PodLevels):
        return [Level(float(value)) for value in drawn.values[place]]
    if isinstance(drawn, PodHistograms):
        return [native(drawn.bounds, counts) for counts in drawn.counts[place]]
    both = zip(drawn.events[place], drawn.total[place], strict=True)
    return [Count(float(events), float(total)) for events, total in both]


def native(bounds: Array, counts: Array) -> Histogram:
    """The histogram with just the edges of the buckets that hold something.

    ``bounds`` and cumulative ``counts`` (bounds,); nothing is said between two empty buckets.
    """
    filled = np.diff(counts, prepend=0.0) > 0
    edges = filled | np.append(filled[1:], True)
    return Histogram(tuple(bounds[edges].tolist()), tuple(counts[edges].tolist()))


def at(drawn: Drawn, index: tuple[int, ...]) -> Drawn:
    """One element of a batch."""
    if isinstance(drawn, PodLevels):
        return PodLevels(drawn.values[index])
    if isinstance(drawn, PodHistograms):
        return PodHistograms(drawn.bounds, drawn.counts[index])
    return PodCounts(drawn.events[index], drawn.total[index])
