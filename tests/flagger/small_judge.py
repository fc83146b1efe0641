"""Judge without its network: Flagger's webhooks over a real store, looks taken when asked for.

What numbers there are is told by `Weather`; a run fails at its second bad interval in a row, and
passes at its end. For tests that play hundreds of rollouts.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from prometheus_client import CollectorRegistry
from sqlalchemy import Engine

from judge.api.analyses import Analyses
from judge.dialects.flagger.calls import Hook, read_call
from judge.dialects.flagger.hooks import Hooks
from judge.errors import SourceUnavailable
from judge.runs.look import Looker
from judge.runs.memory import Memory
from judge.runs.metrics import RunMetrics
from judge.spec.resolved import ResolvedAnalysis
from judge.stats.samples import Count, Interval
from judge.store.claims import Claims
from judge.store.rollouts import Rollouts
from judge.store.run import Run
from judge.store.runs import Runs
from judge.verdict.verdict import Outcome, Promise, Verdict
from tests.api.running import Clock, document
from tests.flagger.canary import Webhook
from tests.flagger.webhooks import Answer

ANALYSIS = "podinfo"
ERRORS = {False: 10.0, True: 500.0}  # of a thousand requests


class Weather:
    """A source: whether the canary is bad, from when on, and whether anybody tells."""

    def __init__(self) -> None:
        self.bad_since: list[tuple[float, bool]] = [(0.0, False)]
        self.silent = False

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
        if self.silent:
            raise SourceUnavailable("nobody tells")
        begins = [start + place * step for place in range(round((end - start) / step))]
        return [self._interval(analysis, one, one + step, tracks) for one in begins]

    def scrape_interval(self, analysis: ResolvedAnalysis, *, at: float) -> float | None:
        return 5.0

    def _interval(
        self, analysis: ResolvedAnalysis, start: float, end: float, tracks: Sequence[str]
    ) -> Interval:
        bad = [bad for since, bad in self.bad_since if since < end][-1]
        events = {"baseline": ERRORS[False], "canary": ERRORS[bad]}
        samples = {track: {track: Count(events[track], 1000.0)} for track in tracks}
        return Interval(start, end, {one.name: samples for one in analysis.metrics})


class PlainJudge:
    """Fails at the second bad interval in a row; what it says hangs on the samples alone."""

    def __init__(self, analysis: ResolvedAnalysis, history: Sequence[Interval]) -> None:
        pass

    def look(
        self, intervals: Sequence[Interval], *, finished: bool, passed_at: int | None = None
    ) -> Verdict:
        index = len(intervals) - 1
        bad = [_is_bad(one) for one in intervals]
        fails = any(first and second for first, second in pairwise(bad))
        known = any(one is not None for one in bad)
        passes = finished and known
        outcome = Outcome.FAIL if fails else Outcome.PASS if passes else Outcome.INCONCLUSIVE
        return Verdict(
            outcome,
            f"{outcome.value} after {index + 1}",
            0.0 if bad[-1] else 100.0,
            Promise.EXACT,
            decided=fails or finished,
            decided_at=index if fails or finished else None,
        )


def _is_bad(interval: Interval) -> bool | None:
    """Whether the canary was bad; None where there are no numbers."""
    for tracks in interval.samples.values():
        for sample in tracks.get("canary", {}).values():
            assert isinstance(sample, Count)
            return sample.events > ERRORS[False]
    return None


class SmallJudge:
    """Over the database of ``engine``, which is migrated; ``folder`` holds its analysis."""

    def __init__(self, engine: Engine, folder: Path, clock: Clock, weather: Weather) -> None:
        self._engine, self._folder = engine, folder
        self._clock, self._weather = clock, weather
        self.runs = Runs(engine, clock=clock)
        self._claims = Claims(engine, clock=clock, wall=Clock(5e6))
        self.restart()

    @staticmethod
    def write_analysis(folder: Path) -> None:
        """Store the analysis of all rollouts in ``folder``."""
        told = document(name=ANALYSIS, namespace="test", duration="4m", history="5m")
        (folder / f"{ANALYSIS}.json").write_text(json.dumps(told))

    def restart(self) -> None:
        """Forget everything but the database."""
        analyses = Analyses(folder=self._folder, prometheus={})
        self._hooks = Hooks(Rollouts(self._engine, clock=self._clock), analyses)
        self._looker = Looker(
            self._claims,
            sources=lambda _analysis: self._weather,
            memory=Memory(self._claims, judge=PlainJudge),
            clock=self._clock,
            metrics=RunMetrics(CollectorRegistry()),
            rng=random.Random(1),
        )

    def post(self, hook: Webhook, body: bytes) -> Answer:
        """What the webhook would be answered over HTTP."""
        asked, call = Hook(hook.type), read_call(json.loads(body))
        found = self._hooks.read(asked, ANALYSIS, call)
        found = found or self._hooks.carry_out(asked, ANALYSIS, call)
        return Answer(found.status == 200, found.status, found.text)

    def look(self) -> None:
        """Take every look that is due."""
        while claimed := self._claims.claim("me", limit=50, lease=30):
            for run in claimed:
                ours: Run | None = run
                while ours is not None:
                    ours = self._looker.step(ours)

    def runs_of(self, canary: str, checksum: str) -> list[Run]:
        """Of this revision, oldest first."""
        key = f"flagger/{canary}/{checksum}"
        found = self.runs.find(name=ANALYSIS, limit=100)[::-1]
        return [one for one in found if one.key in (key, *(f"{key}#{n}" for n in range(2, 99)))]
