"""The tracks' expected shares of requests: what the analysis says, or the server tells.

Owned here: the weights that are queries, all of them in one range query over the ends of the
intervals. An interval has a track's weight where it is one series with the same share at both ends:
an interval in which the weight stepped has none. Whatever goes wrong there is no weight, and the
samples stand. Not here: what a weight is for (`judge.stats.split`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from judge.errors import SourceError, SourceRejected
from judge.sources.answers import number
from judge.sources.client import PrometheusClient
from judge.sources.grid import Grid
from judge.sources.increments import ROUNDING, Column
from judge.sources.queries import MARK, deduplicated
from judge.spec.resolved import (
    BASELINE,
    PrometheusConfig,
    Query,
    Reading,
    ResolvedAnalysis,
    WeightQuery,
)
from judge.stats.samples import Interval

Asked = Mapping[str, WeightQuery]


def weighted(
    intervals: Sequence[Interval],
    analysis: ResolvedAnalysis,
    tracks: Sequence[str],
    *,
    ends: Grid,
    config: PrometheusConfig,
) -> list[Interval]:
    """``intervals``, which lie between the points of ``ends``, with the weights of ``tracks``.

    Of the baseline alone (a history) no weight is asked for: there is no split to test.
    """
    read = {name: track for name, track in analysis.tracks.items() if name in tracks}
    said = {name: track.weight for name, track in read.items() if track.weight is not None}
    asked = {name: track.weight_query for name, track in read.items() if track.weight_query}
    told = _told({} if read.keys() <= {BASELINE} else asked, ends, config)
    return [
        replace(one, weights=said | _settled(told, asked, index))
        for index, one in enumerate(intervals)
    ]


def _settled(told: Mapping[str, Column], asked: Asked, index: int) -> dict[str, float]:
    """The shares that are the same at both ends of the interval ``index``."""
    found = {}
    for track, column in told.items():
        before, after = column[index], column[index + 1]
        if before is None or after is None or not math.isclose(before, after, rel_tol=ROUNDING):
            continue
        share = _share(after, asked[track])
        if share is not None:
            found[track] = share
    return found


def _share(value: float, query: WeightQuery) -> float | None:
    return value / query.of if 0 <= value <= query.of else None


def _told(asked: Asked, ends: Grid, config: PrometheusConfig) -> dict[str, Column]:
    """What each query yields at each end; None where that is not one series."""
    columns: dict[str, Column] = {track: [None] * ends.points for track in asked}
    for stretch in ends.stretches() if asked else ():
        _fill(columns, asked, ends, stretch, config)
    return columns


def _fill(
    columns: dict[str, Column], asked: Asked, ends: Grid, stretch: range, config: PrometheusConfig
) -> None:
    name = ends.client.name
    try:
        for series in ends.answer(_joined(asked, config), stretch).whole(name):
            column = columns.get(series.metric.get(MARK, ""))
            if column is None:
                continue
            timed = [series.value] if series.value else series.values
            for point, text in ends.placed(timed, stretch):
                column[point] = number(text, name)
    except SourceRejected:
        # One query that is refused must not cost the other tracks their weights.
        if len(asked) > 1:
            for track, query in asked.items():
                _fill(columns, {track: query}, ends, stretch, config)
    except SourceError:
        return


def _joined(asked: Asked, config: PrometheusConfig) -> str:
    """One query for all; a series' mark is its track."""
    terms = []
    for track, query in asked.items():
        single = _single(query, config)
        alone = f"max({single}) and on () (count({single}) == 1)"
        terms.append(f'label_replace({alone},"{MARK}","{track}","","")')
    return " or ".join(terms)


def _single(query: WeightQuery, config: PrometheusConfig) -> str:
    return deduplicated(Query(query.expr, Reading.GAUGE), config)


@dataclass(frozen=True, slots=True)
class WeightReport:
    """How many series the query of a track's weight finds, and the share that it tells.

    ``share`` is None where that is not exactly one series, or no share of what the whole is.
    ``error`` is empty where the query was answered.
    """

    track: str
    series: int
    share: float | None = None
    error: str = ""


def inspect_weights(
    analysis: ResolvedAnalysis, client: PrometheusClient, *, at: float
) -> list[WeightReport]:
    """A report for each weight that is a query, as of ``at`` (Unix seconds). Raises nothing."""
    return [
        _report(name, track.weight_query, analysis.prometheus, client, at)
        for name, track in analysis.tracks.items()
        if track.weight_query
    ]


def _report(
    track: str, query: WeightQuery, config: PrometheusConfig, client: PrometheusClient, at: float
) -> WeightReport:
    single = _single(query, config)
    question = (
        f'label_replace(count({single}),"{MARK}","series","","") or '
        f'label_replace(max({single}),"{MARK}","value","","")'
    )
    try:
        found = {
            series.metric.get(MARK, ""): number(series.value[1], client.name)
            for series in client.instant(question, at=at).series
            if series.value
        }
    except SourceError as error:
        return WeightReport(track, 0, error=str(error))
    series = int(found.get("series", 0))
    share = _share(found["value"], query) if series == 1 and "value" in found else None
    return WeightReport(track, series, share)
