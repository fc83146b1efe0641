"""Recounts pods whose sums are in doubt from their raw samples: the queries for `raw_series`.

Owned here: which samples are fetched, the search for the earlier value of a series that looks
newborn, and for targets that were only found, not born, in the interval. Promised: no more queries
than doubts need, each answer kept for the metrics that share it. A query that is more than a
selector has no raw samples; its doubts stay.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from judge.errors import SourceError, SourceUnavailable
from judge.sources.answers import Result, Series, number
from judge.sources.client import PrometheusClient
from judge.sources.increments import count
from judge.sources.queries import LOOKBACK, Branch, duration
from judge.sources.raw_series import RawSeries, Target, grown, unknown_pods
from judge.sources.selectors import Selector, selector
from judge.spec.resolved import PrometheusConfig
from judge.stats.samples import Count

# How far back a series is looked for before it is taken for newborn.
MEMORY = 86400.0
# With very many pods in doubt all pods are read: servers bound a query's length.
LONGEST_SELECTOR = 8_000
# Client libraries export it; it tells a process that was just found from one that was just born.
START_TIME = "process_start_time_seconds"


@dataclass(frozen=True, slots=True)
class Window:
    """An interval (start, end] in Unix seconds."""

    start: float
    end: float


@dataclass(slots=True)
class Recount:
    """Recounts within one reading; answers are kept for as long as it lives."""

    client: PrometheusClient
    config: PrometheusConfig
    _read: dict[tuple[str, Window], list[RawSeries]] = field(default_factory=dict)

    def counts(
        self,
        events: Branch | None,
        total: Branch,
        pods: Collection[str],
        window: Window,
        *,
        first: bool,
    ) -> Mapping[str, Count | None] | None:
        """The counts of ``pods``; those without a sample in the window are missing.

        ``first`` says that nothing of the metric was shown at the window's start. A pod's count is
        None where it cannot be one; all is None where raw samples cannot be had.
        """
        chosen = [selector(one.query.expr) for one in (total, events) if one is not None]
        if any(one is None for one in chosen):
            return None
        try:
            raw = [self._raw(one, pods, window) for one in chosen if one is not None]
            found = self._found([one for part in raw for one in part], window, first=first)
        except SourceError:
            return None
        start, end = _ms(window.start), _ms(window.end)
        parts = [grown(part, start=start, end=end, found=found) for part in raw]
        of_events = parts[1] if len(parts) > 1 else {}
        return {pod: count(of_events.get(pod, 0.0), grew) for pod, grew in parts[0].items()}

    def _raw(self, chosen: Selector, pods: Collection[str], window: Window) -> list[RawSeries]:
        narrowed = chosen.among(self.config.pod_label, pods)
        if len(str(narrowed)) > LONGEST_SELECTOR:
            narrowed = chosen
        key = (str(narrowed), window)
        if key not in self._read:
            self._read[key] = self._fetched(narrowed, window)
        return [one for one in self._read[key] if one.pod in pods]

    def _fetched(self, chosen: Selector, window: Window) -> list[RawSeries]:
        reach = duration(window.end - window.start + LOOKBACK)
        answer = self.client.instant(f"{chosen}[{reach}]", at=window.end, expected="matrix")
        read = [self._series(one) for one in _whole(answer, self.client.name)]
        series = [one for one in read if one.times]
        if all(one.shown(_ms(window.start)) is not None for one in series):
            return series
        memory = self.client.instant(
            f"last_over_time({chosen}[{duration(MEMORY)}])", at=window.start
        )
        earlier = {
            frozenset(one.metric.items()): value
            for one in _whole(memory, self.client.name)
            if one.value is not None
            and not math.isnan(value := number(one.value[1], self.client.name))
        }
        return [self._with_earlier(one, earlier.get(one.labels)) for one in series]

    def _series(self, one: Series) -> RawSeries:
        labels = frozenset(one.metric.items())
        replica = self.config.replica_labels
        read = [(_ms(time), number(text, self.client.name)) for time, text in one.values]
        # VictoriaMetrics shows the marks of staleness, which are NaN; Prometheus leaves them out.
        samples = [(time, value) for time, value in read if not math.isnan(value)]
        return RawSeries(
            labels=labels,
            counter=frozenset(item for item in labels if item[0] not in replica),
            target=self._target(one.metric),
            times=tuple(time for time, _ in samples),
            values=tuple(value for _, value in samples),
        )

    def _found(
        self, series: Sequence[RawSeries], window: Window, *, first: bool
    ) -> frozenset[Target]:
        """The targets that were first scraped in the window, but not born in it."""
        unknown = unknown_pods(series, start=_ms(window.start))
        targets = frozenset(one.target for one in series if one.pod in unknown)
        if first or not targets:
            return targets
        return targets & self._older(unknown, window)

    def _older(self, pods: Collection[str], window: Window) -> frozenset[Target]:
        """Targets of ``pods`` new to the server whose processes are older than the window."""
        started = Selector(START_TIME, ()).among(self.config.pod_label, pods)
        back = duration(window.end - window.start)
        known = f"last_over_time({started}[{duration(MEMORY)}] offset {back})"
        answer = self.client.instant(f"{started} unless {known}", at=window.end)
        return frozenset(
            self._target(one.metric)
            for one in _whole(answer, self.client.name)
            if one.value is not None
            and number(one.value[1], self.client.name) < window.start - LOOKBACK
        )

    def _target(self, labels: Mapping[str, str]) -> Target:
        pod = labels.get(self.config.pod_label, "")
        return pod, labels.get("job", ""), labels.get("instance", "")

    @staticmethod
    def _with_earlier(one: RawSeries, earlier: float | None) -> RawSeries:
        return RawSeries(one.labels, one.counter, one.target, one.times, one.values, earlier)


def _whole(answer: Result, server: str) -> list[Series]:
    """The series of an answer that is complete; a partial one settles nothing."""
    if answer.warnings:
        raise SourceUnavailable(f"{server} answered in part: {answer.warnings[0]}")
    return answer.series


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
