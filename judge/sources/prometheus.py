"""The source that reads Prometheus, and whatever speaks its API.

`PrometheusSource` is the `Source` of an analysis's numbers: exact increments over whole intervals,
one range query a reading (native histograms have one each), raw samples where series came and went.
Not here: the wire (`client`), what is asked (`queries`, `ends`), what it means (`tally`), series
(`series`), the tracks' weights (`weights`), the scrape interval (`settling`).
"""

from __future__ import annotations

import random as randomness
import time
from collections.abc import Callable, Sequence
from types import TracebackType

from judge.errors import SourceError
from judge.sources.client import PrometheusClient
from judge.sources.ends import Ends
from judge.sources.grid import Grid
from judge.sources.lost_events import reach
from judge.sources.pod_labels import read_by_label
from judge.sources.queries import branches
from judge.sources.raw_samples import Window
from judge.sources.recount import Recount
from judge.sources.retries import Retries
from judge.sources.series import Looks, read_series
from judge.sources.settling import scrape_interval
from judge.sources.tally import Tally
from judge.sources.weights import weighted
from judge.spec.resolved import Metric, PrometheusConfig, ResolvedAnalysis
from judge.stats.samples import Interval

# A window that ends a rounding error early still holds its last interval.
ROUNDING = 1e-6


class PrometheusSource:
    """Reads one Prometheus. Close it, or use it in a ``with``; safe in several threads."""

    def __init__(
        self,
        config: PrometheusConfig,
        *,
        clock: Callable[[], float] = time.time,
        random: randomness.Random | None = None,
        sleep: Callable[[float], None] = time.sleep,
        retries: Retries | None = None,
    ) -> None:
        self._config = config
        self._clock = clock
        self.client = PrometheusClient(
            config, clock=clock, generator=random, sleep=sleep, retries=retries
        )

    def __enter__(self) -> PrometheusSource:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give back the connections."""
        self.client.close()

    def read(
        self,
        analysis: ResolvedAnalysis,
        *,
        start: float,
        end: float,
        step: float,
        tracks: Sequence[str],
        thorough: bool,
    ) -> list[Interval]:
        """See `Source.read`. A track missing from the analysis is absent in every interval."""
        intervals = int((end - start) / step + ROUNDING)
        if intervals < 1:
            return []

        def one_label(part: ResolvedAnalysis, config: PrometheusConfig) -> list[Interval]:
            return self._read(part, config, start, step, intervals, tracks, thorough=thorough)

        def series(metrics: Sequence[Metric]) -> list[Interval]:
            looks = Looks(self.client, start, step, intervals, now=self._clock())
            return read_series(metrics, tracks, looks)

        found = read_by_label(analysis, self._config, one_label, series)
        ends = Grid(self.client, start, step, intervals + 1, now=self._clock())
        return weighted(found, analysis, tracks, ends=ends, config=self._config)

    def _read(
        self,
        analysis: ResolvedAnalysis,
        config: PrometheusConfig,
        start: float,
        step: float,
        intervals: int,
        tracks: Sequence[str],
        *,
        thorough: bool,
    ) -> list[Interval]:
        asked = branches(analysis.metrics, tracks)
        if not asked:
            raise SourceError(
                f"the analysis {analysis.name} has no query for {', '.join(tracks) or 'no track'}; "
                "give its metrics a template or queries"
            )
        missed = reach(analysis)
        grid = Grid(self.client, start, step, intervals + 1, now=self._clock())
        ends = Ends(grid, config, missed)
        ends.read(asked)
        recount = Recount(self.client, config, missed) if thorough else None
        tally = Tally(analysis, tracks, ends, recount)
        return [
            tally.interval(index, Window(start + index * step, start + (index + 1) * step))
            for index in range(intervals)
        ]

    def scrape_interval(self, analysis: ResolvedAnalysis, *, at: float) -> float | None:
        """See `Source.scrape_interval`."""
        return scrape_interval(analysis, client=self.client, at=at)


def prometheus_source(config: PrometheusConfig) -> PrometheusSource:
    """A source with the real clock and randomness. Raises `SettingsError` without an address."""
    return PrometheusSource(config)
