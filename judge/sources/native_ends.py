"""The native histograms at the ends of intervals: one query for each metric and track that has any.

They travel alone because Prometheus 2.42 makes a plain 0 of a native histogram wherever a label is
replaced, so that no mark can tell whose it is. Replicas of an HA pair are told apart here: the one
that is ahead counts. Not here: finding out that there are any (`ends`).
"""

from __future__ import annotations

from judge.errors import QueryTooLarge
from judge.sources.bucket_lines import BucketLines
from judge.sources.cumulative import native
from judge.sources.grid import Grid
from judge.sources.queries import native_histograms
from judge.sources.selectors import Selector
from judge.spec.resolved import PrometheusConfig

# Shorter stretches than this do not rescue a query that is too much for the server.
MIN_STRETCH = 60


def read_natives(
    chosen: Selector, lines: BucketLines, *, grid: Grid, config: PrometheusConfig
) -> bool:
    """Fill the native histograms that ``chosen`` selects into ``lines``; whether they came whole.

    Raises `SourceError`.
    """
    query = native_histograms(chosen, config)
    return all(_asked(query, lines, stretch, grid, config) for stretch in grid.stretches())


def _asked(
    query: str, lines: BucketLines, stretch: range, grid: Grid, config: PrometheusConfig
) -> bool:
    try:
        result = grid.answer(query, stretch)
    except QueryTooLarge:
        if len(stretch) <= MIN_STRETCH:
            raise
        middle = len(stretch) // 2
        halves = stretch[:middle], stretch[middle:]
        return all(_asked(query, lines, half, grid, config) for half in halves)
    for series in result.series:
        line = lines.line(series.metric.get(config.pod_label, ""))
        timed = [series.histogram] if series.histogram else series.histograms
        for point, answer in grid.placed(timed, stretch):
            shown, before = native(answer, grid.client.name), line.natives[point]
            if shown is not None and (before is None or shown.total > before.total):
                line.natives[point] = shown
    return not result.warnings
