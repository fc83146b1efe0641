"""What series held before their samples begin: their last value within a day.

Owned here: looking it up, for plain numbers and for native histograms. Not here: which series need
it (`raw_samples`).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from judge.sources.answers import NativeHistogram, Series, number
from judge.sources.client import PrometheusClient
from judge.sources.cumulative import Cumulative, native
from judge.sources.queries import LOOKBACK, duration
from judge.sources.raw_series import Labels
from judge.sources.selectors import Selector

# How far back a series is looked for before it is taken for newborn.
MEMORY = 86400.0


@dataclass(frozen=True, slots=True)
class Memory:
    """What series held at a moment, by labels.

    ``lost`` are those with a native histogram that was there, nobody knows with what in it.
    """

    numbers: dict[Labels, float]
    natives: dict[Labels, Cumulative]
    lost: frozenset[Labels]


def remembered(
    chosen: Selector, natives: Collection[Labels], *, at: float, client: PrometheusClient
) -> Memory:
    """What the series that ``chosen`` selects held at ``at`` (Unix seconds).

    ``natives`` are the labels of those that are native histograms. Raises `SourceError`.
    """
    query = f"last_over_time({chosen}[{duration(MEMORY)}])"
    found = {labels_of(one): one for one in client.instant(query, at=at).whole(client.name)}
    held = {
        labels: whole
        for labels, one in found.items()
        if one.histogram and (whole := native(one.histogram[1], client.name))
    }
    # Prometheus 2.42 says that there was a native histogram, but not what was in it.
    untold = {labels for labels in natives if labels in found and labels not in held}
    if untold:
        held |= {labels: one for labels, one in _searched(chosen, at, client) if labels in untold}
    numbers = {
        labels: number(one.value[1], client.name) for labels, one in found.items() if one.value
    }
    return Memory(numbers, held, frozenset(untold - set(held)))


def labels_of(one: Series) -> Labels:
    """All labels of a series."""
    return frozenset(one.metric.items())


def _searched(
    chosen: Selector, at: float, client: PrometheusClient
) -> list[tuple[Labels, Cumulative]]:
    """The last native histograms before ``at``: first about when they were, then exactly.

    A series is shown for a lookback after its last sample, so points that are as far apart show it
    at least once.
    """
    shown = client.range(str(chosen), start=at - MEMORY, end=at, step=LOOKBACK).whole(client.name)
    last = {labels_of(one): one.histograms[-1][0] for one in shown if one.histograms}
    found: list[tuple[Labels, Cumulative]] = []
    for moment in sorted(set(last.values())):
        query = f"{chosen}[{duration(2 * LOOKBACK)}]"
        answer = client.instant(query, at=min(moment + LOOKBACK, at), expected="matrix")
        for one in answer.whole(client.name):
            if one.histograms and last.get(labels_of(one)) == moment:
                found += _held(one, one.histograms[-1][1], client)
    return found


def _held(
    one: Series, answer: NativeHistogram, client: PrometheusClient
) -> list[tuple[Labels, Cumulative]]:
    whole = native(answer, client.name)
    return [(labels_of(one), whole)] if whole else []
