"""This judge on telemetry: the daemon's own `SequentialJudge`, a run after the other.

The promise measured is on the run's verdict. One judge is made for each history and asked about all
of its runs: it keeps nothing between them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from judge.lab.contender import Answer, AnyContender, Contender, setting_name, worst_good
from judge.lab.effects import Effect
from judge.lab.peers import NEVER
from judge.lab.rollouts import Scenario, Setting
from judge.lab.telemetry.rollouts import Telemetry
from judge.spec.limits import default_worst
from judge.spec.resolved import CANARY, SHADOW, Direction
from judge.verdict.sequential import SequentialJudge
from judge.verdict.verdict import Outcome, Verdict


@dataclass(frozen=True, slots=True)
class Deciding:
    """This judge in one setting: what it decides of ``tracks``, of which the first counts.

    A run passes at its end only, so that is the look of a proof. What is promised is measured on
    all runs, everything else on a few.
    """

    setting: Setting
    scenario: Scenario
    tracks: tuple[str, ...] = (CANARY,)

    @property
    def looks(self) -> int:
        """Of a run."""
        return self.setting.looks or self.scenario.looks

    def __call__(self, rollouts: Telemetry, few: int) -> list[Answer]:
        """Judge every run of every history."""
        analysis = rollouts.analysis(self.setting, self.tracks)
        judges = [
            SequentialJudge(analysis, rollouts.history(number))
            for number in range(rollouts.histories)
        ]
        return [
            self._answer(rollouts, judges, number, self._runs(effect, rollouts.runs, few))
            for number, effect in enumerate(self.scenario.effects)
        ]

    def _runs(self, effect: Effect, runs: int, few: int) -> int:
        limit = self.setting.limit
        promised = worst_good(self.scenario, limit), default_worst(limit, Direction.INCREASE)
        return runs if effect in promised else min(few, runs)

    def _answer(
        self, rollouts: Telemetry, judges: Sequence[SequentialJudge], effect: int, runs: int
    ) -> Answer:
        rolled_back = np.full((rollouts.histories, runs), NEVER)
        proven = np.zeros(rolled_back.shape, bool)
        for place in np.ndindex(*rolled_back.shape):
            history, run = place
            seen = rollouts.run(effect, history * rollouts.runs + run)
            verdict = judges[history].decide(seen[: self.looks])
            rolled_back[place] = _look(verdict)
            proven[place] = verdict.proven
        return Answer(rolled_back, proven, np.where(proven, self.looks, NEVER))


def _look(verdict: Verdict) -> int:
    """At which look it rolls back, from 1."""
    if verdict.verdict is not Outcome.FAIL or verdict.decided_at is None:
        return NEVER
    return verdict.decided_at + 1


def deciding(
    scenario: Scenario, tracks: tuple[str, ...], *, promised: bool = True
) -> tuple[AnyContender, ...]:
    """This judge in the scenario's settings, on each of the released ``tracks``.

    Not ``promised``: even a release of effect 1 is a bad one.
    """
    beside = [tracks, (SHADOW,)] if SHADOW in tracks else [tracks]
    return tuple(
        Contender(
            setting_name(setting) + (" on the shadow" if judged == (SHADOW,) else ""),
            Deciding(setting, scenario, judged),
            alpha=setting.alpha if promised else None,
            limit=setting.limit,
            calibrated=setting.calibrated,
            looks=setting.looks,
            ours=True,
        )
        for judged in beside
        for setting in scenario.settings
    )
