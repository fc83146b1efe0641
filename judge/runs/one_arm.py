"""A history without pods: each track as one arm, for comparisons of before and after.

Weeks of a history by pod would be large, and before/after judges a track as a whole. So the counts
and histograms of an interval's pods are added up, and of gauges the mean is taken, as the judge
itself would. Promised: the arm's name changes whenever none of the pods is left that it began with;
that is how the judge knows of deployments.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from judge.spec.resolved import BASELINE
from judge.stats.samples import Count, Histogram, Interval, Level, Pods, Sample
from judge.stats.shifted import merged_histograms
from judge.verdict.kinds.gathering import gathered
from judge.verdict.kinds.latency import bounds_of, pod_histograms


@dataclass(slots=True)
class Arms:
    """Names the arms of consecutive intervals; it remembers the pods that the last one began with.

    Given a history in parts, oldest first.
    """

    _number: int = 1
    _pods: frozenset[str] = field(default_factory=frozenset)

    def of(self, intervals: Sequence[Interval]) -> list[Interval]:
        """The same intervals, the baseline's pods as one arm."""
        return [self._merged(one) for one in intervals]

    def _merged(self, interval: Interval) -> Interval:
        tracks = {metric: found.get(BASELINE, {}) for metric, found in interval.samples.items()}
        pods = frozenset().union(*tracks.values())
        if pods and not pods & self._pods:
            self._number += bool(self._pods)
            self._pods = pods
        samples: dict[str, dict[str, Pods]] = {}
        for metric, found in tracks.items():
            whole = _whole(interval, metric, list(found.values()))
            if whole is not None:
                samples[metric] = {BASELINE: {f"pods-{self._number}": whole}}
        return replace(interval, samples=samples, weights={})


def _whole(interval: Interval, metric: str, pods: Sequence[Sample]) -> Sample | None:
    """All pods together; None where there are none, or nothing of them is a number."""
    counts = [one for one in pods if isinstance(one, Count) and _fine(one.events, one.total)]
    if counts:
        return Count(sum(one.events for one in counts), sum(one.total for one in counts))
    levels = [one.value for one in pods if isinstance(one, Level) and _fine(one.value)]
    if levels:
        return Level(sum(levels) / len(levels))
    histograms = [one for one in pods if isinstance(one, Histogram) and _fine(*one.counts)]
    if not histograms:
        return None
    if len({one.bounds for one in histograms}) == 1:
        added = tuple(map(sum, zip(*(one.counts for one in histograms), strict=True)))
        return Histogram(histograms[0].bounds, added, sum(one.sum for one in histograms))
    return _on_common_bounds(interval, metric)


def _on_common_bounds(interval: Interval, metric: str) -> Histogram:
    """Histograms of several layouts, at the bounds at which all of them are known."""
    pods = gathered([interval], metric, BASELINE)
    merged = merged_histograms(pod_histograms(pods, bounds_of([pods])))
    counts = merged.counts[0, 0]
    known = np.isfinite(counts)
    return Histogram(tuple(merged.bounds[known].tolist()), tuple(counts[known].tolist()))


def _fine(*values: float) -> bool:
    return all(map(math.isfinite, values))
