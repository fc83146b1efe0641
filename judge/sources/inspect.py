"""What each query of an analysis finds just now: the check before the first run.

Owned here: asking each query by itself, so that an error belongs to one query, and counting its
series and pods. Not here: reading what the counters say (`prometheus`), printing.
"""

from __future__ import annotations

from dataclasses import dataclass

from judge.errors import SourceError
from judge.sources.answers import number
from judge.sources.client import PrometheusClient
from judge.sources.pod_labels import labelled
from judge.sources.prometheus import PrometheusSource, prometheus_source
from judge.sources.queries import MARK, Branch, branches, by_pod, deduplicated
from judge.spec.resolved import PrometheusConfig, ResolvedAnalysis


@dataclass(frozen=True, slots=True)
class TrackReport:
    """How many series and pods a query of a metric finds in a track, or why it finds nothing.

    Replicas of an HA pair count once. ``error`` is empty where the query was answered; then 0
    series means that nothing matches.
    """

    metric: str
    track: str
    part: str
    series: int
    pods: int
    error: str = ""


def inspect(
    analysis: ResolvedAnalysis, *, source: PrometheusSource | None = None, at: float
) -> list[TrackReport]:
    """A report for each query of ``analysis``, as of ``at`` (Unix seconds).

    Without ``source``, the analysis's own Prometheus is asked. Raises nothing but
    `SettingsError`, for an address that is none: every other failure is in the reports.
    """
    if source is not None:
        return _reports(analysis, source.client, at)
    with prometheus_source(analysis.prometheus) as own:
        return _reports(analysis, own.client, at)


def _reports(analysis: ResolvedAnalysis, client: PrometheusClient, at: float) -> list[TrackReport]:
    return [
        _report(branch, labelled(metric, analysis.prometheus), client, at)
        for metric in analysis.metrics
        for branch in branches([metric], list(analysis.tracks))
    ]


def _report(
    branch: Branch, config: PrometheusConfig, client: PrometheusClient, at: float
) -> TrackReport:
    single = deduplicated(branch.query, config)
    query = " or ".join(
        f'label_replace(count({expr}),"{MARK}","{mark}","","")'
        for mark, expr in (("series", single), ("pods", by_pod("count", single, config)))
    )
    try:
        found = {
            series.metric.get(MARK, ""): int(number(series.value[1], client.name))
            for series in client.instant(query, at=at).series
            if series.value is not None
        }
    except SourceError as error:
        return TrackReport(branch.metric, branch.track, branch.part, 0, 0, str(error))
    return TrackReport(
        branch.metric, branch.track, branch.part, found.get("series", 0), found.get("pods", 0)
    )
