"""Puts a classic histogram's raw buckets together, scrape by scrape.

Pure. Its buckets come from one process at one time, so they are reset together even where a single
one of them did not fall.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from judge.sources.cumulative import Cumulative, classic
from judge.sources.raw_series import Labels, RawSeries
from judge.sources.selectors import BOUND_LABEL, upper_bound

Bucket = tuple[float, RawSeries[float]]  # with its bound; "1" and "1.0" are two series


def histograms(buckets: Iterable[RawSeries[float]]) -> list[RawSeries[Cumulative]]:
    """The histograms of ``buckets``; scrapes without a bucket +Inf are left out."""
    members: dict[Labels, list[Bucket]] = {}
    for one in buckets:
        bound = upper_bound(dict(one.labels).get(BOUND_LABEL))
        if not math.isnan(bound):
            members.setdefault(_without_bound(one.labels), []).append((bound, one))
    found = [_histogram(labels, parts) for labels, parts in members.items()]
    return [one for one in found if one.times]


def _histogram(labels: Labels, parts: Sequence[Bucket]) -> RawSeries[Cumulative]:
    scrapes: dict[int, dict[float, float]] = {}
    for bound, one in parts:
        for time, value in zip(one.times, one.values, strict=True):
            scrapes.setdefault(time, {})[bound] = value
    held = [(time, whole) for time in sorted(scrapes) if (whole := classic(scrapes[time]))]
    earlier = {bound: one.earlier for bound, one in parts if one.earlier is not None}
    some = parts[0][1]
    return RawSeries(
        labels,
        _without_bound(some.counter),
        some.target,
        tuple(time for time, _ in held),
        tuple(whole for _, whole in held),
        classic(earlier),
    )


def _without_bound(labels: Labels) -> Labels:
    return frozenset(item for item in labels if item[0] != BOUND_LABEL)
