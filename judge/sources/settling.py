"""How far apart the samples are that an analysis reads: what a look waits for before it reads.

Owned here: finding the scrape interval from the samples themselves. Per query the server
names the series with the most samples of late; the median distance of that one's samples counts,
and of several queries the longest. Of a series' query, which may be any PromQL, the selectors in it
are looked at. Not here: waiting.
"""

from __future__ import annotations

import itertools
import statistics

from judge.errors import SourceMalformed
from judge.sources.answers import Series
from judge.sources.client import PrometheusClient
from judge.sources.queries import INFINITE, MARK, Branch, branches, duration
from judge.sources.selectors import BOUND_LABEL, NAME_LABEL, Selector, selector, selectors_in
from judge.spec.resolved import Kind, Query, ResolvedAnalysis

SEEN_WITHIN = 600.0


def scrape_interval(
    analysis: ResolvedAnalysis, *, client: PrometheusClient, at: float
) -> float | None:
    """Seconds between samples before ``at`` (Unix seconds); None where too few are there to say.

    Raises `SourceError`.
    """
    read = [_sampled(one) for one in branches(analysis.metrics, list(analysis.tracks))]
    read += [one for query in _of_series(analysis) for one in selectors_in(query.expr)]
    chosen = list(dict.fromkeys(one for one in read if one is not None))
    if not chosen:
        return None
    gaps = [
        gap
        for one in _densest(chosen, client, at)
        if (gap := _median_gap(one, client, at)) is not None
    ]
    return max(gaps, default=None)


def _of_series(analysis: ResolvedAnalysis) -> list[Query]:
    """The queries of series, which are more than selectors."""
    metrics = [metric for metric in analysis.metrics if metric.kind is Kind.SERIES]
    return [query for one in metrics for parts in one.queries.values() for query in parts.values()]


def _sampled(branch: Branch) -> Selector | None:
    """Series that are sampled when the branch's are; of a histogram's buckets one will do."""
    chosen = selector(branch.query.expr)
    if chosen is None or not branch.buckets:
        return chosen
    return chosen.among(BOUND_LABEL, ("", INFINITE))


def _densest(chosen: list[Selector], client: PrometheusClient, at: float) -> list[Selector]:
    """Of each selector the series with the most samples, as a selector of its own."""
    reach = duration(SEEN_WITHIN)
    terms = [
        f'label_replace(topk(1,count_over_time({one}[{reach}])),"{MARK}","{index}","","")'
        for index, one in enumerate(chosen)
    ]
    found = client.instant(" or ".join(terms), at=at).series
    return list(dict.fromkeys(_narrowed(chosen, series) for series in found))


def _narrowed(chosen: list[Selector], series: Series) -> Selector:
    labels = {name: value for name, value in series.metric.items() if name != NAME_LABEL}
    mark = labels.pop(MARK, "")
    if not mark.isdigit() or int(mark) >= len(chosen):
        raise SourceMalformed(f"the answer has a series without the label {MARK}: {series.metric}")
    return chosen[int(mark)].exactly(labels)


def _median_gap(one: Selector, client: PrometheusClient, at: float) -> float | None:
    answer = client.instant(f"{one}[{duration(SEEN_WITHIN)}]", at=at, expected="matrix")
    times = [[time for time, _ in (*series.values, *series.histograms)] for series in answer.series]
    gaps = [later - sooner for one in times for sooner, later in itertools.pairwise(one)]
    return statistics.median(gaps) if gaps else None
