"""Reads the raw samples of pods whose sums are in doubt.

Owned here: which samples are fetched, and each answer kept for those that share it. Not here: what
a series that looks newborn held before (`memory`), what the samples say (`raw_series`), when they
are needed (`recount`).
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from judge.sources.answers import NativeHistogram, Series, number
from judge.sources.client import PrometheusClient
from judge.sources.cumulative import Cumulative, native
from judge.sources.memory import labels_of, remembered
from judge.sources.queries import LOOKBACK, duration
from judge.sources.raw_series import Labels, RawSeries, Target
from judge.sources.selectors import Selector
from judge.spec.resolved import PrometheusConfig

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
        narrowed = self._narrowed(chosen, pods)
        key = (str(narrowed), window)
        if key not in self._read:
            self._read[key] = self._fetched(narrowed, window)
        return self._read[key].of(pods)

    def shown(
        self, chosen: Selector, pods: Collection[str], window: Window
    ) -> Sequence[RawSeries[float]]:
        """The plain numbers of ``pods`` within ``window``, and nothing from before it.

        Raises `SourceError`.
        """
        reach = duration(window.end - window.start)
        query = f"{self._narrowed(chosen, pods)}[{reach}]"
        answer = self.client.instant(query, at=window.end, expected="matrix")
        series = [self._numbers(one) for one in answer.whole(self.client.name)]
        return [one for one in series if one.times and one.pod in pods]

    def _narrowed(self, chosen: Selector, pods: Collection[str]) -> Selector:
        narrowed = chosen.among(self.config.pod_label, pods)
        return chosen if len(str(narrowed)) > LONGEST_SELECTOR else narrowed

    def target(self, labels: Mapping[str, str]) -> Target:
        """The target that a series was scraped from."""
        pod = labels.get(self.config.pod_label, "")
        return pod, labels.get("job", ""), labels.get("instance", "")

    def _fetched(self, chosen: Selector, window: Window) -> Raw:
        reach = duration(window.end - window.start + LOOKBACK)
        answer = self.client.instant(f"{chosen}[{reach}]", at=window.end, expected="matrix")
        series = answer.whole(self.client.name)
        numbers = tuple(one for each in series if (one := self._numbers(each)).times)
        natives = tuple(held for each in series if (held := self._natives(each)).times)
        raw, start = Raw(numbers, natives), _ms(window.start)
        if all(one.shown(start) is not None for one in raw.series):
            return raw
        back = [one.labels for one in natives if one.shown(start) is None]
        memory = remembered(chosen, back, at=window.start, client=self.client)
        return Raw(
            tuple(replace(one, earlier=memory.numbers.get(one.labels)) for one in numbers),
            tuple(replace(one, earlier=memory.natives.get(one.labels)) for one in natives),
            frozenset(one.pod for one in natives if one.labels in memory.lost),
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
        labels, replica = labels_of(one), self.config.replica_labels
        return labels, frozenset(item for item in labels if item[0] not in replica)

    def _histogram(self, answer: NativeHistogram) -> Cumulative | None:
        return native(answer, self.client.name)


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
