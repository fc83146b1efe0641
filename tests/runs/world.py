"""A database, a scripted source and judge, and a looker: what tests of runs play with."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from prometheus_client import CollectorRegistry
from sqlalchemy import Engine

from judge.runs.look import Looker
from judge.runs.memory import Memory
from judge.runs.metrics import RunMetrics
from judge.sources.source import Source
from judge.spec.resolved import ResolvedAnalysis
from judge.stats.samples import Count, Interval
from judge.store.claims import Claims
from judge.store.run import EventType, Run
from judge.store.runs import Runs
from judge.verdict.verdict import Outcome, Promise, Verdict
from tests.store.given import BEGAN, Clock, analysis


class ScriptedSource:
    """Gives one pod's counts in every interval, after it has raised what ``errors`` holds."""

    def __init__(self) -> None:
        self.errors: list[Exception] = []
        self.asked: list[dict[str, Any]] = []
        self.scrape: float | None = 5.0
        self.off = 0.0  # how far its bounds are from those that were asked for

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
        self.asked.append({"start": start, "end": end, "tracks": tracks, "thorough": thorough})
        self._fail()
        begins = [start + place * step for place in range(round((end - start) / step))]
        samples = {"errors": {track: {f"{track}-pod": Count(1, 100)} for track in tracks}}
        return [Interval(one + self.off, one + self.off + step, samples) for one in begins]

    def scrape_interval(self, analysis: ResolvedAnalysis, *, at: float) -> float | None:
        return self.scrape

    def _fail(self) -> None:
        if self.errors:
            raise self.errors.pop(0)


class ScriptedJudge:
    """Convicts at look ``convict_at``, passes at ``pass_at`` or at the end; fails as told.

    A run that has passed is looked at ``after`` times more.
    """

    def __init__(self) -> None:
        self.convict_at: int | None = None
        self.pass_at: int | None = None
        self.after = 0
        self.errors: list[Exception] = []
        self.histories: list[int] = []
        self.looked: list[tuple[int, bool]] = []
        self.judged: list[tuple[Interval, ...]] = []

    def __call__(self, analysis: ResolvedAnalysis, history: Sequence[Interval]) -> ScriptedJudge:
        self.histories.append(len(history))
        return self

    def look(
        self, intervals: Sequence[Interval], *, finished: bool, passed_at: int | None = None
    ) -> Verdict:
        if self.errors:
            raise self.errors.pop(0)
        index = len(intervals) - 1
        self.looked.append((index, finished))
        self.judged.append(tuple(intervals))
        convicts = index == self.convict_at
        passes = finished or index == self.pass_at or passed_at is not None
        outcome = Outcome.FAIL if convicts else Outcome.PASS if passes else Outcome.INCONCLUSIVE
        passed = index if passed_at is None else passed_at
        return Verdict(
            outcome,
            f"after {index + 1}",
            None,
            Promise.EXACT,
            decided=convicts or passes,
            decided_at=index if convicts else passed if passes else None,
            watching=outcome is Outcome.PASS and index < passed + self.after,
        )


class World:
    """One run's surroundings; `step` takes the next step of whatever is due."""

    def __init__(self, engine: Engine) -> None:
        self.clock, self.wall = Clock(), Clock(5e6)
        self.source = ScriptedSource()
        self.judge: Any = ScriptedJudge()
        self.metrics = RunMetrics(CollectorRegistry())
        self.runs = Runs(engine, clock=self.clock)
        self.claims = Claims(engine, clock=self.clock, wall=self.wall)
        self.looker = self.new_looker()

    def new_looker(self) -> Looker:
        """A looker that remembers nothing, as after a restart."""

        def sources(_: ResolvedAnalysis) -> Source:
            return self.source

        return Looker(
            self.claims,
            sources=sources,
            memory=Memory(self.claims, judge=self.judge),
            clock=self.clock,
            metrics=self.metrics,
            rng=random.Random(1),
        )

    def start(self, **changes: Any) -> Run:
        return self.runs.start(analysis(**changes))[0]

    def calibrated(self, **changes: Any) -> Run:
        run = self.start(**changes)
        self.step()
        return self.runs.get(run.id)

    def claim(self) -> list[Run]:
        return self.claims.claim("me", limit=9, lease=30)

    def step(self) -> Run | None:
        (run,) = self.claim()
        return self.looker.step(run)

    def carried_out(self, run: Run) -> Run:
        """The run at its end, long after it began: each look by a process that knows nothing."""
        self.clock.now = BEGAN + 1e5
        while self.runs.get(run.id).state.active:
            self.wall.forward(31)
            (claimed,) = self.claim()
            self.new_looker().step(claimed)
            self.clock.forward(200)
        return self.runs.get(run.id)

    def at(self, moment: float) -> World:
        self.clock.now = moment
        return self

    def events(self, run: Run) -> list[EventType]:
        return [event.type for event in self.runs.events(run.id)]

    def metric(self, name: str, **labels: str) -> float | None:
        return self.metrics.registry.get_sample_value(name, labels)
