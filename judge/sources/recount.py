"""Recounts pods whose sums are in doubt from their raw samples: which settle what.

Owned here: the search for targets that were only found, not born, in the interval, and for pods
that lost their events; what the raw samples say of each kind of counter. Promised: no more queries
than doubts need. A query that is more than a selector has no raw samples; its doubts stay. Not
here: reading them (`raw_samples`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from judge.errors import SourceError
from judge.sources.answers import number
from judge.sources.arithmetic import HISTOGRAMS, NUMBERS
from judge.sources.client import PrometheusClient
from judge.sources.cumulative import sample
from judge.sources.increments import count
from judge.sources.lost_events import last_seen, lives_on
from judge.sources.memory import MEMORY
from judge.sources.queries import LOOKBACK, Branch, duration
from judge.sources.raw_buckets import histograms
from judge.sources.raw_samples import Raw, RawSamples, Window
from judge.sources.raw_series import RawSeries, Target, grown, returned_pods, unknown_pods
from judge.sources.selectors import Selector, selector
from judge.spec.resolved import PrometheusConfig
from judge.stats.samples import Count, Histogram

# Client libraries export it; it tells a process that was just found from one that was just born.
START_TIME = "process_start_time_seconds"

T = TypeVar("T")


@dataclass(slots=True)
class Recount:
    """Recounts within one reading; answers are kept for as long as it lives.

    Each method answers for those of ``pods`` that have a sample in ``window``; a pod's sample is
    None where it cannot be one, and all is None where raw samples cannot be had. ``first`` says
    that nothing of the metric was shown at the window's start. ``reach`` is how far back events are
    looked for that are gone, in seconds.
    """

    client: PrometheusClient
    config: PrometheusConfig
    reach: float
    _samples: RawSamples = field(init=False)

    def __post_init__(self) -> None:
        self._samples = RawSamples(self.client, self.config)

    def counts(
        self,
        events: Branch | None,
        total: Branch,
        pods: Collection[str],
        window: Window,
        *,
        first: bool,
        missed: Collection[str] = (),
    ) -> Mapping[str, Count | None] | None:
        """The counts of ``pods``; those that may have lost their events are among ``missed``."""
        branches = [one for one in (total, events) if one is not None]
        parts = self._settled(branches, pods, window, self._numbers, first=first)
        if parts is None:
            return None
        try:
            lost = self._lost(events, total, missed, window) if events and missed else ()
        except SourceError:
            return None
        of_events = parts[1] if len(parts) > 1 else {}
        return {
            pod: None if pod in lost else count(of_events.get(pod, 0.0), grew)
            for pod, grew in parts[0].items()
        }

    def _lost(
        self, events: Branch, total: Branch, pods: Collection[str], window: Window
    ) -> Collection[str]:
        """Those of ``pods`` that live on without their events. Raises `SourceError`."""
        start = _ms(window.start)
        past = Window(window.start - self.reach, window.start)
        last = last_seen(self._shown(events, pods, past), until=start)
        if not last:
            return ()
        # Where totals are scraped at other times, this shows those from before the last events too.
        since = Window(min(last.values()) / 1000 - LOOKBACK, window.end)
        totals: dict[str, list[RawSeries[float]]] = {}
        for one in self._shown(total, last, since):
            totals.setdefault(one.pod, []).append(one)
        return {pod for pod, of in totals.items() if lives_on(of, since=last[pod], until=start)}

    def _shown(
        self, branch: Branch, pods: Collection[str], window: Window
    ) -> Sequence[RawSeries[float]]:
        chosen = selector(branch.query.expr)
        return () if chosen is None else self._samples.shown(chosen, pods, window)

    def growths(
        self, branch: Branch, pods: Collection[str], window: Window, *, first: bool
    ) -> Mapping[str, float] | None:
        """What the counters of ``pods`` grew by within the window; none of one back after a gap."""
        parts = self._settled([branch], pods, window, self._steady, first=first)
        return None if parts is None else parts[0]

    def histograms(
        self, branch: Branch, pods: Collection[str], window: Window, *, first: bool
    ) -> Mapping[str, Histogram | None] | None:
        """The histograms of ``pods``."""
        parts = self._settled([branch], pods, window, self._histograms, first=first)
        return None if parts is None else parts[0]

    def _settled(
        self,
        branches: Sequence[Branch],
        pods: Collection[str],
        window: Window,
        say: Callable[[Raw, Window, Collection[Target]], dict[str, T]],
        *,
        first: bool,
    ) -> list[dict[str, T]] | None:
        """What the raw samples of each branch ``say`` of its pods."""
        chosen = [selector(one.query.expr) for one in branches]
        if any(one is None for one in chosen):
            return None
        try:
            raw = [self._samples.read(one, pods, window) for one in chosen if one is not None]
            found = self._found([one for part in raw for one in part.series], window, first=first)
        except SourceError:
            return None
        return [say(part, window, found) for part in raw]

    def _numbers(self, raw: Raw, window: Window, found: Collection[Target]) -> dict[str, float]:
        start, end = _ms(window.start), _ms(window.end)
        return grown(raw.numbers, NUMBERS, start=start, end=end, found=found)

    def _steady(self, raw: Raw, window: Window, found: Collection[Target]) -> dict[str, float]:
        returned = returned_pods(raw.numbers, start=_ms(window.start))
        grew = self._numbers(raw, window, found)
        return {pod: growth for pod, growth in grew.items() if pod not in returned}

    def _histograms(
        self, raw: Raw, window: Window, found: Collection[Target]
    ) -> dict[str, Histogram | None]:
        start, end = _ms(window.start), _ms(window.end)
        series = [*histograms(raw.numbers), *raw.natives]
        grew = grown(series, HISTOGRAMS, start=start, end=end, found=found)
        return {pod: None if pod in raw.lost else sample(one) for pod, one in grew.items()}

    def _found(
        self, series: Sequence[RawSeries[Any]], window: Window, *, first: bool
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
            self._samples.target(one.metric)
            for one in answer.whole(self.client.name)
            if one.value is not None
            and number(one.value[1], self.client.name) < window.start - LOOKBACK
        )


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
