"""A regression put into what was sampled of pods: what they had said, had they been worse.

Owned here: the change of a sample by kind of metric. Events are added as chance would bring them,
at the rate that the other pods had at that moment; latencies are stretched; levels are raised,
growths made steeper. The random generator is passed in. Not here: what the judge says of it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from judge.spec.resolved import BASELINE, CANARY, Compare, Direction, Metric
from judge.stats.samples import Count, Histogram, Interval, Level, Pods, Sample, Series

HOUR = 3600.0


def beyond(metric: Metric, ratio: float) -> bool:
    """Whether a change ``ratio`` times for the worse is beyond what the metric tolerates."""
    return metric.limit is not None and ratio > max(metric.limit, 1.0 / metric.limit) * (1 + 1e-9)


def worsened(
    intervals: Sequence[Interval], metric: Metric, ratio: float, *, rng: np.random.Generator
) -> list[Interval]:
    """The intervals with the canary's samples of ``metric`` ``ratio`` (> 1) times for the worse.

    Where a decrease is bad that is 1 / ``ratio`` times.
    """
    shrinks = metric.direction is Direction.DECREASE or metric.better is Direction.INCREASE
    factor = 1.0 / ratio if shrinks else ratio
    classic = _one_layout(intervals, metric)
    found = []
    for one in intervals:
        tracks = one.samples.get(metric.name, {})
        if CANARY not in tracks:
            found.append(one)
            continue
        hours = (one.end - intervals[0].start) / HOUR
        steep = factor**hours if metric.compare is Compare.SLOPE else factor
        rate = _rate(tracks.get(BASELINE, {}))
        changed = {
            pod: _worse(sample, steep, rate, classic=classic, rng=rng)
            for pod, sample in sorted(tracks[CANARY].items())
        }
        samples = {**one.samples, metric.name: {**tracks, CANARY: changed}}
        found.append(replace(one, samples=samples))
    return found


def _worse(
    sample: Sample, factor: float, rate: float, *, classic: bool, rng: np.random.Generator
) -> Sample:
    if isinstance(sample, Level):
        return Level(sample.value * factor)
    if isinstance(sample, Histogram):
        return _slower(sample, factor, classic=classic)
    if isinstance(sample, Series):
        return Series(sample.at, tuple(value * factor for value in sample.values))
    if not (math.isfinite(sample.events) and math.isfinite(sample.total)):
        return sample
    if factor < 1.0:
        return Count(_thinned(sample.events, factor, rng), sample.total)
    more = float(rng.poisson((factor - 1.0) * rate * max(sample.total, 0.0)))
    return Count(min(sample.events + more, max(sample.total, sample.events)), sample.total)


def _thinned(events: float, share: float, rng: np.random.Generator) -> float:
    if events == int(events) and events >= 0:
        return float(rng.binomial(int(events), share))
    return events * share


def _rate(others: Pods) -> float:
    """The share of events of the other pods at this moment."""
    counts = [one for one in others.values() if isinstance(one, Count) and math.isfinite(one.total)]
    total = sum(one.total for one in counts)
    events = sum(one.events for one in counts if math.isfinite(one.events))
    return min(max(events / total, 0.0), 1.0) if total > 0 else 0.0


def _slower(sample: Histogram, factor: float, *, classic: bool) -> Histogram:
    """All requests ``factor`` times as slow.

    A native histogram's edges move (2 and 4 times an edge are edges); a classic one keeps its
    bounds, and between two of them requests are taken to lie evenly on a log scale.
    """
    if not classic:
        bounds = tuple(bound * factor for bound in sample.bounds)
        return Histogram(bounds, sample.counts, sample.sum * factor)
    return Histogram(sample.bounds, _at(sample, 1.0 / factor), sample.sum * factor)


def _at(sample: Histogram, scale: float) -> tuple[float, ...]:
    """The cumulative counts at ``scale`` times each bound."""
    finite = [
        (bound, count)
        for bound, count in zip(sample.bounds, sample.counts, strict=True)
        if bound > 0 and math.isfinite(bound)
    ]
    if not finite:
        return sample.counts
    logs = np.log([bound for bound, _ in finite])
    counts = np.array([count for _, count in finite])
    # below the first bound requests are taken to reach down to a half of it
    logs = np.concatenate([[logs[0] - math.log(2.0)], logs])
    counts = np.concatenate([[0.0], counts])
    moved = []
    for bound, count in zip(sample.bounds, sample.counts, strict=True):
        if bound <= 0 or math.isinf(bound):
            moved.append(count)
        else:
            moved.append(float(np.interp(math.log(bound * scale), logs, counts)))
    return tuple(moved)


def _one_layout(intervals: Sequence[Interval], metric: Metric) -> bool:
    """Whether all histograms have the same bounds, as classic ones have."""
    layouts = {one.bounds for one in _histograms(intervals, metric)}
    return len(layouts) <= 1


def _histograms(intervals: Sequence[Interval], metric: Metric) -> Iterable[Histogram]:
    for interval in intervals:
        tracks: Mapping[str, Pods] = interval.samples.get(metric.name, {})
        for pods in tracks.values():
            yield from (one for one in pods.values() if isinstance(one, Histogram))
