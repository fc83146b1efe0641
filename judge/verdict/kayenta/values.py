"""One interval of a metric of ours as one value of a track: what Kayenta's judge compares of it.

Owned here: the share of a proportion, the mean of a gauge, the quantile of a histogram, each over
all pods of the track. Not here: series, which bring values of their own (`readings`).
"""

from __future__ import annotations

import math

from judge.spec.resolved import Bound, Kind, Metric
from judge.stats.histograms import known_counts, quantile
from judge.stats.samples import Count, Interval, Level
from judge.verdict.kinds.gathering import gathered
from judge.verdict.kinds.latency import bounds_of, pod_histograms


def value_of(metric: Metric, interval: Interval, track: str) -> float | None:
    """The track's value in the interval's unit; None where there was nothing to take it of."""
    pods = interval.samples.get(metric.name, {}).get(track, {})
    if not pods:
        return None
    if metric.kind is Kind.HISTOGRAM:
        return _quantile(metric, interval, track)
    if metric.kind is Kind.GAUGE:
        levels = [pod.value for _, pod in sorted(pods.items()) if isinstance(pod, Level)]
        return sum(levels) / len(levels) if levels else None
    counts = [pod for _, pod in sorted(pods.items()) if isinstance(pod, Count)]
    total = sum(pod.total for pod in counts)
    if total <= 0:
        return None
    return sum(pod.events for pod in counts) / total


def _quantile(metric: Metric, interval: Interval, track: str) -> float | None:
    """Of all requests together; None without any."""
    found = gathered([interval], metric.name, track)
    bounds, counts = known_counts(pod_histograms(found, bounds_of([found])))
    share = (metric.bound or Bound()).quantile
    value = quantile(bounds, counts, share)
    return None if math.isnan(value) else value
