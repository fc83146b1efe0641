"""Kayenta on telemetry: the judge that an analysis gets with ``judge: kayenta``, a run by itself.

The same analysis as this judge's in the scenario's first setting, so its limit is the effect size
that is tolerated, and all of its metrics are compared. Owned here: from which look on the judge is
asked. In arrays a rule stands in for it (`peers.mann_whitney`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from judge.lab.contender import Answer, AnyContender, Contender
from judge.lab.peers import KAYENTA_FIRST, NEVER
from judge.lab.rollouts import Scenario
from judge.lab.telemetry.rollouts import Telemetry
from judge.spec.resolved import CANARY, JudgeName
from judge.stats.samples import Interval
from judge.verdict.kayenta.judge import KayentaJudge
from judge.verdict.verdict import Outcome


@dataclass(frozen=True, slots=True)
class Asking:
    """Kayenta's judge, asked after each look of a few runs from the look ``since`` on, from 1."""

    scenario: Scenario
    since: int = 1

    @property
    def looks(self) -> int:
        """Of a run."""
        return self.scenario.settings[0].looks or self.scenario.looks

    def __call__(self, rollouts: Telemetry, few: int) -> list[Answer]:
        """Judge a few runs of every history."""
        analysis = rollouts.analysis(self.scenario.settings[0], (CANARY,))
        judge = KayentaJudge(replace(analysis, judge=JudgeName.KAYENTA))
        return [
            self._answer(rollouts, judge, effect, min(few, rollouts.runs))
            for effect in range(rollouts.effects)
        ]

    def _answer(self, rollouts: Telemetry, judge: KayentaJudge, effect: int, runs: int) -> Answer:
        looks = np.full((rollouts.histories, runs), NEVER)
        for place in np.ndindex(*looks.shape):
            history, run = place
            seen = rollouts.run(effect, history * rollouts.runs + run)
            looks[place] = self._judged(judge, seen[: self.looks])
        return Answer(looks)

    def _judged(self, judge: KayentaJudge, intervals: Sequence[Interval]) -> int:
        """At which look it fails the run, from 1."""
        seen = judge.seen(intervals)
        for look, interval in enumerate(intervals, start=1):
            seen.add(interval)
            if look < self.since:
                continue
            told = judge.told(seen, intervals[:look], finished=look == len(intervals))
            if told.verdict is Outcome.FAIL:
                return look
        return NEVER


def kayenta(scenario: Scenario) -> tuple[AnyContender, ...]:
    """From the look on at which its test can say anything, as in arrays, and at every look."""
    setting = scenario.settings[0]
    asked = (("Kayenta", KAYENTA_FIRST), ("Kayenta, every look", 1))
    return tuple(
        Contender(name, Asking(scenario, since), limit=setting.limit, looks=setting.looks)
        for name, since in asked
    )
