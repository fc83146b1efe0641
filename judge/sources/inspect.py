"""What each query of an analysis finds just now: the check before the first run.

Owned here: asking each query by itself, so that an error belongs to one query, counting its series
and pods, and naming a histogram's bounds. Not here: reading what the counters say (`prometheus`),
printing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from judge.errors import SourceError
from judge.sources.answers import Series, number
from judge.sources.client import PrometheusClient
from judge.sources.cumulative import native
from judge.sources.pod_labels import labelled
from judge.sources.prometheus import PrometheusSource, prometheus_source
from judge.sources.queries import MARK, Branch, branches, by_pod, deduplicated, present
from judge.sources.selectors import BOUND_LABEL, selector, upper_bound
from judge.spec.resolved import (
    BASELINE,
    Kind,
    Metric,
    PrometheusConfig,
    Query,
    ResolvedAnalysis,
)


@dataclass(frozen=True, slots=True)
class TrackReport:
    """How many series and pods a query of a metric finds in a track, or why it finds nothing.

    Replicas of an HA pair count once; of a `series` metric nothing is put together, and its label
    sets are no pods. ``error`` is empty where the query was answered; then 0
    series means that nothing matches. ``bounds`` are a histogram's, all that any of its series has,
    ascending: of a ``native`` one the edges of what it holds. There are none where what was found
    is no histogram, and a classic one can only be read with the last of them infinite.
    """

    metric: str
    track: str
    part: str
    series: int
    pods: int
    error: str = ""
    bounds: tuple[float, ...] = ()
    native: bool = False


def inspect(
    analysis: ResolvedAnalysis, *, source: PrometheusSource | None = None, at: float
) -> list[TrackReport]:
    """A report for each query of ``analysis``, as of ``at`` (Unix seconds).

    A baseline with an offset is looked for as of so long before. Without ``source``, the
    analysis's own Prometheus is asked. Raises nothing but `SettingsError`, for an address that is
    none: every other failure is in the reports.
    """
    if source is not None:
        return _reports(analysis, source.client, at)
    with prometheus_source(analysis.prometheus) as own:
        return _reports(analysis, own.client, at)


def _reports(analysis: ResolvedAnalysis, client: PrometheusClient, at: float) -> list[TrackReport]:
    return [
        report
        for metric in analysis.metrics
        for report in (_of_series if metric.kind is Kind.SERIES else _of_pods)(
            metric, analysis, client, at
        )
    ]


def _of_pods(
    metric: Metric, analysis: ResolvedAnalysis, client: PrometheusClient, at: float
) -> list[TrackReport]:
    config = labelled(metric, analysis.prometheus)
    return [
        _report(branch, config, client, at - _back(branch.track, analysis))
        for branch in branches([metric], list(analysis.tracks))
    ]


def _of_series(
    metric: Metric, analysis: ResolvedAnalysis, client: PrometheusClient, at: float
) -> list[TrackReport]:
    """A series' query is asked as it is; its label sets are no pods."""
    return [
        _series_report(
            TrackReport(metric.name, track, part, 0, 0), query, client, at - _back(track, analysis)
        )
        for track, parts in metric.queries.items()
        for part, query in parts.items()
    ]


def _series_report(
    nothing: TrackReport, query: Query, client: PrometheusClient, at: float
) -> TrackReport:
    try:
        return replace(nothing, series=len(client.instant(query.expr, at=at).series))
    except SourceError as error:
        return replace(nothing, error=str(error))


def _back(track: str, analysis: ResolvedAnalysis) -> float:
    """How long ago a track is looked at: before/after, the baseline was there then."""
    return analysis.baseline_offset if track == BASELINE else 0.0


def _report(
    branch: Branch, config: PrometheusConfig, client: PrometheusClient, at: float
) -> TrackReport:
    nothing = TrackReport(branch.metric, branch.track, branch.part, 0, 0)
    try:
        found = client.instant(_question(branch, config), at=at).series
        series, pods = (_counted(found, mark, client) for mark in ("series", "pods"))
        report = replace(nothing, series=series, pods=pods)
        return _with_bounds(report, branch, found, client, at) if branch.buckets else report
    except SourceError as error:
        return replace(nothing, error=str(error))


def _question(branch: Branch, config: PrometheusConfig) -> str:
    if branch.buckets:
        single = present(branch.query.expr, config)
    else:
        single = deduplicated(branch.query, config)
    terms = {"series": f"count({single})", "pods": f"count({by_pod('count', single, config)})"}
    if branch.buckets:
        terms["bounds"] = f"count by ({BOUND_LABEL}) ({single})"
    return " or ".join(
        f'label_replace({expr},"{MARK}","{mark}","","")' for mark, expr in terms.items()
    )


def _with_bounds(
    report: TrackReport, branch: Branch, found: list[Series], client: PrometheusClient, at: float
) -> TrackReport:
    named = {one.metric.get(BOUND_LABEL, "") for one in found if one.metric.get(MARK) == "bounds"}
    bounds = {bound for text in named if not math.isnan(bound := upper_bound(text))}
    if bounds:
        return replace(report, bounds=tuple(sorted(bounds)))
    chosen = selector(branch.query.expr)
    if not named or chosen is None:
        return report
    held = [
        whole
        for one in client.instant(f"sum({chosen})", at=at).series
        if one.histogram and (whole := native(one.histogram[1], client.name))
    ]
    return replace(report, bounds=held[0].bounds, native=True) if held else report


def _counted(found: list[Series], mark: str, client: PrometheusClient) -> int:
    marked = (one.value for one in found if one.metric.get(MARK) == mark)
    return sum(int(number(value[1], client.name)) for value in marked if value)
