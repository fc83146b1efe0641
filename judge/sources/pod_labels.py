"""Metrics whose series tell pods apart by a label of their own: read apart, then put together.

An ingress controller's or kube-state-metrics' series rarely name pods as the application's do. Each
label makes a reading of its own; what one of them cannot give is a hole of its metrics alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from judge.errors import SourceError
from judge.spec.resolved import Metric, PrometheusConfig, ResolvedAnalysis
from judge.stats.samples import Absence, Interval

Read = Callable[[ResolvedAnalysis, PrometheusConfig], list[Interval]]


def labelled(metric: Metric, config: PrometheusConfig) -> PrometheusConfig:
    """The server as this metric's series are read from it."""
    return replace(config, pod_label=metric.pod_label) if metric.pod_label else config


def read_by_label(
    analysis: ResolvedAnalysis, config: PrometheusConfig, read: Read
) -> list[Interval]:
    """The intervals of all metrics, by one ``read`` for each label that tells pods apart.

    Raises the first `SourceError` where no reading succeeds.
    """
    groups: dict[str, list[Metric]] = {}
    for metric in analysis.metrics:
        groups.setdefault(metric.pod_label or config.pod_label, []).append(metric)
    readings: list[list[Interval]] = []
    lost: list[Metric] = []
    failures: list[SourceError] = []
    for label, metrics in groups.items():
        try:
            part = replace(analysis, metrics=tuple(metrics))
            readings.append(read(part, replace(config, pod_label=label)))
        except SourceError as error:
            failures.append(error)
            lost.extend(metrics)
    if not readings:
        raise failures[0]
    unread = {metric.name: dict.fromkeys(analysis.tracks, Absence.UNREACHABLE) for metric in lost}
    return [_together(parts, unread) for parts in zip(*readings, strict=True)]


def _together(parts: Sequence[Interval], unread: dict[str, dict[str, Absence]]) -> Interval:
    return replace(
        parts[0],
        samples={name: tracks for part in parts for name, tracks in part.samples.items()},
        absent={name: why for part in parts for name, why in part.absent.items()} | unread,
    )
