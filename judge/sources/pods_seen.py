"""When which pods had samples: cheap to ask for, over days.

Owned here: the query and the stretches of time in its answer. Prometheus shows a series for five
minutes after its last sample where nothing marked its end, so ends may be that late. Not here: what
the samples were.
"""

from __future__ import annotations

from dataclasses import dataclass

from judge.sources.client import PrometheusClient
from judge.sources.grid import Grid
from judge.sources.pod_labels import labelled
from judge.sources.queries import by_pod, present
from judge.spec.resolved import PARTS, Kind, Metric, ResolvedAnalysis

GAP = 600.0  # seconds without a sample after which a pod is taken to have been away


@dataclass(frozen=True, slots=True)
class Span:
    """From the first to the last moment at which something was there, in Unix seconds."""

    start: float
    end: float


def pods_seen(
    analysis: ResolvedAnalysis,
    track: str,
    client: PrometheusClient,
    *,
    start: float,
    end: float,
    now: float,
) -> dict[str, list[Span]]:
    """The spans of each pod of ``track`` between two times, by one of the analysis's metrics.

    Empty where no metric has a query for the track. Raises `SourceError`.
    """
    metric = _telling(analysis, track)
    if metric is None:
        return {}
    config = labelled(metric, analysis.prometheus)
    expr = metric.queries[track][PARTS[metric.kind][-1]].expr
    query = by_pod("group", present(expr, config), config)
    step = analysis.interval
    grid = Grid(client, start, step, int((end - start) / step + 1e-6) + 1, now=now)
    points: dict[str, list[int]] = {}
    for stretch in grid.stretches():
        for series in grid.answer(query, stretch).whole(client.name):
            timed = [series.value] if series.value else series.values
            seen = points.setdefault(series.metric.get(config.pod_label, ""), [])
            seen += [point for point, _ in grid.placed(timed, stretch)]
    return {pod: spans([start + one * step for one in seen]) for pod, seen in points.items()}


def spans(times: list[float]) -> list[Span]:
    """The stretches that these times make up, where none is `GAP` after the one before it."""
    found: list[Span] = []
    for at in sorted(times):
        if found and at - found[-1].end <= GAP:
            found[-1] = Span(found[-1].start, at)
        else:
            found.append(Span(at, at))
    return found


def _telling(analysis: ResolvedAnalysis, track: str) -> Metric | None:
    """The first metric that the run fails by, else any, that has a query for the track."""
    asked = [
        one
        for one in analysis.metrics
        if one.kind is not Kind.SERIES and PARTS[one.kind][-1] in one.queries.get(track, {})
    ]
    return next((one for one in asked if one.critical and not one.observe), next(iter(asked), None))
