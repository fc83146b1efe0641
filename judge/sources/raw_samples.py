"""Reads the raw samples of pods whose sums are in doubt.

Owned here: which samples are fetched, the search for the earlier value of a series that looks
newborn, each answer kept for those that share it. Not here: what they say (`raw_series`), when they
are needed (`recount`).
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from judge.errors import SourceUnavailable
from judge.sources.answers import NativeHistogram, Result, Series, number
from judge.sources.client import PrometheusClient
from judge.sources.cumulative import Cumulative, native
from judge.sources.queries import LOOKBACK, duration
from judge.sources.raw_series import Labels, RawSeries, Target
from judge.sources.selectors import Selector
from judge.spec.resolved import PrometheusConfig

# How far back a series is looked for before it is taken for newborn.
MEMORY = 86400.0
# With very many pods in doubt all pods are read: servers bound a query's length.
LONGEST_SELECTOR = 8_000


@dataclass(frozen=True, slots=True)
class Window:
    """An interval (start, end] in Unix seconds."""

    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Raw:
    """Raw series: of plain numbers (a classic histogram's buckets too), and native histograms.

    ``lost`` are the pods with a native histogram that was there before the samples, nobody knows
    with what in it.
    """

    numbers: tuple[RawSeries[float], ...]
    natives: tuple[RawSeries[Cumulative], ...] = ()
    lost: frozenset[str] = frozenset()

    @property
    def series(self) -> list[RawSeries[Any]]:
        """All of them."""
        return [*self.numbers, *self.natives]

    def of(self, pods: Collection[str]) -> Raw:
        """The series of ``pods``."""
        return Raw(
            tuple(one for one in self.numbers if one.pod in pods),
            tuple(one for one in self.natives if one.pod in pods),
            self.lost,
        )


@dataclass(slots=True)
class RawSamples:
    """Reads raw samples within one reading; answers are kept for as long as it lives."""

    client: PrometheusClient
    config: PrometheusConfig
    _read: dict[tuple[str, Window], Raw] = field(default_factory=dict)

    def read(self, chosen: Selector, pods: Collection[str], window: Window) -> Raw:
        """The series of ``pods``, from a lookback before ``window`` on. Raises `SourceError`."""
        narrowed = chosen.among(self.config.pod_label, pods)
        if len(str(narrowed)) > LONGEST_SELECTOR:
            narrowed = chosen
        key = (str(narrowed), window)
        if key not in self._read:
            self._read[key] = self._fetched(narrowed, window)
        return self._read[key].of(pods)

    def whole(self, query: str, *, at: float, expected: str = "vector") -> list[Series]:
        """The series of an answer that is complete; a partial one settles nothing.

        Raises `SourceError`.
        """
        answer: Result = self.client.instant(query, at=at, expected=expected)
        if answer.warnings:
            raise SourceUnavailable(f"{self.client.name} answered in part: {answer.warnings[0]}")
        return answer.series

    def target(self, labels: Mapping[str, str]) -> Target:
        """The target that a series was scraped from."""
        pod = labels.get(self.config.pod_label, "")
        return pod, labels.get("job", ""), labels.get("instance", "")

    def _fetched(self, chosen: Selector, window: Window) -> Raw:
        reach = duration(window.end - window.start + LOOKBACK)
        series = self.whole(f"{chosen}[{reach}]", at=window.end, expected="matrix")
        numbers = tuple(one for each in series if (one := self._numbers(each)).times)
        natives = tuple(held for each in series if (held := self._natives(each)).times)
        raw, start = Raw(numbers, natives), _ms(window.start)
        if all(one.shown(start) is not None for one in raw.series):
            return raw
        memory = self.whole(f"last_over_time({chosen}[{duration(MEMORY)}])", at=window.start)
        return self._with_earlier(
            raw, {frozenset(one.metric.items()): one for one in memory}, start
        )

    def _with_earlier(self, raw: Raw, earlier: Mapping[Labels, Series], start: int) -> Raw:
        natives = tuple(
            replace(one, earlier=self._native(earlier.get(one.labels))) for one in raw.natives
        )
        return Raw(
            tuple(replace(o, earlier=self._number(earlier.get(o.labels))) for o in raw.numbers),
            natives,
            # Prometheus 2.42 says that there was one, but not what was in it.
            frozenset(o.pod for o in natives if o.base(start) is None and o.labels in earlier),
        )

    def _numbers(self, one: Series) -> RawSeries[float]:
        read = [(_ms(time), number(text, self.client.name)) for time, text in one.values]
        # VictoriaMetrics shows the marks of staleness, which are NaN; Prometheus leaves them out.
        samples = [(time, value) for time, value in read if not math.isnan(value)]
        labels, counter = self._labels(one)
        times, values = tuple(time for time, _ in samples), tuple(value for _, value in samples)
        return RawSeries(labels, counter, self.target(one.metric), times, values)

    def _natives(self, one: Series) -> RawSeries[Cumulative]:
        read = [(_ms(time), self._histogram(answer)) for time, answer in one.histograms]
        samples = [(time, value) for time, value in read if value is not None]
        labels, counter = self._labels(one)
        times, values = tuple(time for time, _ in samples), tuple(value for _, value in samples)
        return RawSeries(labels, counter, self.target(one.metric), times, values)

    def _labels(self, one: Series) -> tuple[Labels, Labels]:
        """All labels, and those without the replica's."""
        labels = frozenset(one.metric.items())
        replica = self.config.replica_labels
        return labels, frozenset(item for item in labels if item[0] not in replica)

    def _number(self, one: Series | None) -> float | None:
        if one is None or one.value is None:
            return None
        value = number(one.value[1], self.client.name)
        return None if math.isnan(value) else value

    def _native(self, one: Series | None) -> Cumulative | None:
        return None if one is None or one.histogram is None else self._histogram(one.histogram[1])

    def _histogram(self, answer: NativeHistogram) -> Cumulative | None:
        return native(answer, self.client.name)


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
