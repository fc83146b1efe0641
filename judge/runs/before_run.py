"""What a lookback reaches before a run: values of series from before its first interval.

Owned here: how far back that is, for which metrics, and placing the values on the first interval's
clock, before its start. Other kinds of metrics are compared by interval and have none. Not here:
reading (`tracks`), which values a look counts (the judge's).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from judge.spec.resolved import Kind, Metric, ResolvedAnalysis
from judge.stats.samples import Interval, Pods, Sample, Series


def reach(analysis: ResolvedAnalysis) -> float:
    """For how many seconds before its first interval a run reads series; 0 for not at all."""
    longer = analysis.lookback > analysis.interval and any(map(_goes_back, analysis.metrics))
    return analysis.lookback - analysis.interval if longer else 0.0


def going_back(analysis: ResolvedAnalysis) -> ResolvedAnalysis:
    """The analysis with the metrics alone that a lookback is for."""
    return replace(analysis, metrics=tuple(filter(_goes_back, analysis.metrics)))


def joined(first: Interval, before: Interval) -> Interval:
    """``first`` with the values of ``before``, which ends where it starts, ahead of its own."""
    back = first.start - before.start
    samples = dict(first.samples)
    for metric, tracks in before.samples.items():
        own = dict(samples.get(metric, {}))
        for track, pods in tracks.items():
            ahead = _ahead(pods, own.get(track, {}), back)
            own |= {track: ahead} if ahead else {}
        samples[metric] = own
    return replace(first, samples=samples)


def _goes_back(metric: Metric) -> bool:
    """Whether its queries read an interval's values; those of a window of their own have theirs."""
    queries = [query for parts in metric.queries.values() for query in parts.values()]
    return metric.kind is Kind.SERIES and all(query.lasts is None for query in queries)


def _ahead(before: Pods, own: Pods, back: float) -> Mapping[str, Sample]:
    earlier = {name: one for name, one in before.items() if isinstance(one, Series)}
    return {**own, **{name: _joined(one, own.get(name), back) for name, one in earlier.items()}}


def _joined(before: Series, own: Sample | None, back: float) -> Series:
    """The two as one; their common point counts once, as the interval itself has it."""
    values = {at - back: value for at, value in zip(before.at, before.values, strict=True)}
    if isinstance(own, Series):
        values |= zip(own.at, own.values, strict=True)
    times = sorted(values)
    return Series(tuple(times), tuple(values[at] for at in times))
