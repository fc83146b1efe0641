"""Metrics whose series tell pods apart by a label of their own: read apart, then put together.

An ingress controller's or kube-state-metrics' series rarely name pods as the application's do. Each
label makes a reading of its own; what one of them cannot give is a hole of its metrics alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial

from judge.errors import SourceError
from judge.sources.series import passing
from judge.spec.resolved import Kind, Metric, PrometheusConfig, ResolvedAnalysis
from judge.stats.samples import Absence, Interval

Read = Callable[[ResolvedAnalysis, PrometheusConfig], list[Interval]]
ReadSeries = Callable[[Sequence[Metric]], list[Interval]]


def labelled(metric: Metric, config: PrometheusConfig) -> PrometheusConfig:
    """The server as this metric's series are read from it."""
    return replace(config, pod_label=metric.pod_label) if metric.pod_label else config


def read_by_label(
    analysis: ResolvedAnalysis, config: PrometheusConfig, read: Read, read_series: ReadSeries
) -> list[Interval]:
    """The intervals of all metrics, by one ``read`` for each label that tells pods apart.

    Series have no pods: they are one more reading. Raises the first `SourceError` where no reading
    succeeds, and `SourceUnavailable` where the series cannot be read for now: a comparison without
    them may pass.
    """
    readings: list[list[Interval]] = []
    lost: list[Metric] = []
    failures: list[SourceError] = []
    for metrics, reading in _parts(analysis, config, read, read_series):
        try:
            readings.append(reading())
        except SourceError as error:
            if metrics[0].kind is Kind.SERIES and passing(error):
                raise
            failures.append(error)
            lost.extend(metrics)
    if not readings:
        raise failures[0]
    unread = {metric.name: dict.fromkeys(analysis.tracks, Absence.UNREACHABLE) for metric in lost}
    return [_together(parts, unread) for parts in zip(*readings, strict=True)]


def _parts(
    analysis: ResolvedAnalysis, config: PrometheusConfig, read: Read, read_series: ReadSeries
) -> Iterator[tuple[list[Metric], Callable[[], list[Interval]]]]:
    """The metrics that are read together, and what reads them."""
    series = [metric for metric in analysis.metrics if metric.kind is Kind.SERIES]
    if series:
        yield series, partial(read_series, series)
    groups: dict[str, list[Metric]] = {}
    for metric in analysis.metrics:
        if metric.kind is not Kind.SERIES:
            groups.setdefault(metric.pod_label or config.pod_label, []).append(metric)
    for label, metrics in groups.items():
        part = replace(analysis, metrics=tuple(metrics))
        yield metrics, partial(read, part, replace(config, pod_label=label))


def _together(parts: Sequence[Interval], unread: dict[str, dict[str, Absence]]) -> Interval:
    return replace(
        parts[0],
        samples={name: tracks for part in parts for name, tracks in part.samples.items()},
        absent={name: why for part in parts for name, why in part.absent.items()} | unread,
    )
