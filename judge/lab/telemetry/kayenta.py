"""Kayenta on telemetry: the judge that an analysis gets with ``judge: kayenta``, a run by itself.

The same analysis as this judge's in the scenario's first setting, so its limit is the effect size
that is tolerated, and all of its metrics are compared. Owned here: from which look on the judge is
asked. In arrays a rule stands in for it (`peers.mann_whitney`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from judge.lab.contender import Answer, AnyContender, Contender
from judge.lab.peers import KAYENTA_FIRST, first
from judge.lab.rollouts import Scenario
from judge.lab.telemetry.rollouts import Telemetry
from judge.spec.resolved import CANARY, JudgeName
from judge.stats.samples import Interval
from judge.verdict.kayenta.judge import KayentaJudge
from judge.verdict.verdict import Outcome

Fails = NDArray[np.bool_]


@dataclass(slots=True)
class Told:
    """At which looks the judge fails a few runs of a batch, by effect: (histories, runs, looks).

    Known up to the first such look from `KAYENTA_FIRST` on, False after it. A look hangs on no
    other, so whoever begins to ask earlier or later is told the same. Kept for one batch at a time.
    """

    batch: Telemetry | None = None
    few: int = 0
    found: list[Fails] = field(default_factory=list)

    def of(self, batch: Telemetry, few: int, scenario: Scenario) -> list[Fails]:
        """What it says of the first ``few`` runs of every history."""
        if self.batch is not batch or self.few != few:
            setting = scenario.settings[0]
            analysis = batch.analysis(setting, (CANARY,))
            judge = KayentaJudge(replace(analysis, judge=JudgeName.KAYENTA))
            looks, runs = setting.looks or scenario.looks, min(few, batch.runs)
            effects = range(batch.effects)
            self.found = [_fails(batch, judge, each, (runs, looks)) for each in effects]
            self.batch, self.few = batch, few
        return self.found


def _fails(batch: Telemetry, judge: KayentaJudge, effect: int, size: tuple[int, int]) -> Fails:
    runs, looks = size
    found = np.zeros((batch.histories, runs, looks), bool)
    for history, run in np.ndindex(batch.histories, runs):
        intervals = batch.run(effect, history * batch.runs + run)[:looks]
        for look in _failing(judge, intervals):
            found[history, run, look - 1] = True
    return found


def _failing(judge: KayentaJudge, intervals: Sequence[Interval]) -> list[int]:
    """At which looks it fails the run, from 1, up to the one that ends it for all."""
    seen, found = judge.seen(intervals), list[int]()
    for look, interval in enumerate(intervals, start=1):
        seen.add(interval)
        told = judge.told(seen, intervals[:look], finished=look == len(intervals))
        if told.verdict is Outcome.FAIL:
            found.append(look)
            if look >= KAYENTA_FIRST:
                break
    return found


@dataclass(frozen=True, slots=True)
class Asking:
    """Kayenta's judge, asked after each look of a few runs from ``since`` on.

    ``since`` is a look, from 1 to `KAYENTA_FIRST`.
    """

    scenario: Scenario
    since: int = 1
    told: Told = field(default_factory=Told, compare=False)

    def __call__(self, rollouts: Telemetry, few: int) -> list[Answer]:
        """Judge a few runs of every history."""
        told = self.told.of(rollouts, few, self.scenario)
        return [Answer(first(one & self._asked(one.shape[-1]))) for one in told]

    def _asked(self, looks: int) -> Fails:
        return np.arange(1, looks + 1) >= self.since


def kayenta(scenario: Scenario) -> tuple[AnyContender, ...]:
    """From the look on at which its test can say anything, as in arrays, and at every look."""
    setting, told = scenario.settings[0], Told()
    asked = (("Kayenta", KAYENTA_FIRST), ("Kayenta, every look", 1))
    return tuple(
        Contender(name, Asking(scenario, since, told), limit=setting.limit, looks=setting.looks)
        for name, since in asked
    )
