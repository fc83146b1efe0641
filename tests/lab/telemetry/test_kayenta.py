"""Kayenta's judge as a contender on whole runs."""

from dataclasses import replace
from typing import Any

import numpy as np

from judge.lab.contenders import contenders
from judge.lab.peers import NEVER
from judge.lab.scenarios import SCENARIOS
from judge.lab.telemetry.kayenta import Asking
from judge.lab.telemetry.scenario import TelemetryRollouts, TelemetryScenario
from judge.spec.resolved import CANARY, JudgeName
from judge.verdict.judging import make_judge
from judge.verdict.verdict import Outcome

ERRORS = "error-rate"


def drawn(name: str, runs: int, **changed: Any) -> TelemetryRollouts:
    scenario = SCENARIOS[name]
    assert isinstance(scenario, TelemetryScenario)
    shorter = replace(scenario, history=1, **changed)
    return shorter.simulate(np.random.default_rng(7), 1, runs)


def failed(rollouts: TelemetryRollouts, since: int) -> np.ndarray:
    """At which look: (effects, runs)."""
    answers = Asking(rollouts.scenario, since)(rollouts, rollouts.runs)
    return np.array([one.rolled_back[0] for one in answers])


def test_asked_at_every_look_it_is_the_judge_that_an_analysis_asks_for() -> None:
    outcomes = set()
    for name in ("pod-churn", "cold-start", "ten-metrics"):
        rollouts = drawn(name, 3)
        analysis = rollouts.analysis(rollouts.scenario.settings[0], (CANARY,))
        judge = make_judge(replace(analysis, judge=JudgeName.KAYENTA), ())
        found = failed(rollouts, 1)
        for effect, run in np.ndindex(*found.shape):
            told = judge.decide(rollouts.run(effect, run))
            assert told.decided_at is not None
            fails = told.verdict is Outcome.FAIL
            assert found[effect, run] == (told.decided_at + 1 if fails else NEVER)
            outcomes.add(told.verdict)
    assert outcomes >= {Outcome.FAIL, Outcome.PASS}


def test_from_the_fifth_look_on_it_raises_fewer_false_alarms() -> None:
    rollouts = drawn("restarts", 60, effects=(1.0, 4.0))
    early, later = failed(rollouts, 1), failed(rollouts, 5)
    assert (later[later > NEVER] >= 5).all()
    assert ((early > NEVER) | (later == NEVER)).all()
    assert (early[0] > NEVER).sum() > (later[0] > NEVER).sum()
    assert (later[0] > NEVER).mean() < 0.1
    assert (later[1] > NEVER).mean() > 0.8


def test_it_takes_the_limit_for_the_effect_that_is_tolerated() -> None:
    setting = SCENARIOS["run-weight-steps"].settings[0]
    shares = []
    for limit in (1.25, 4.0):
        changed = {"effects": (2.0,), "settings": (replace(setting, limit=limit),)}
        found = failed(drawn("run-weight-steps", 20, **changed), 5)
        shares.append((found > NEVER).mean())
    assert shares[0] > 0.8
    assert shares[1] < 0.2


def test_it_is_measured_in_every_scenario_of_whole_runs_and_promises_nothing() -> None:
    for name in ("missing-scrapes", "cold-start", "shadow", "recorded-slow"):
        scenario = SCENARIOS[name]
        found = {one.name: one for one in contenders(scenario) if one.name.startswith("Kayenta")}
        assert set(found) == {"Kayenta", "Kayenta, every look"}
        for one in found.values():
            assert one.alpha is None
            assert not one.ours
            assert one.limit == scenario.settings[0].limit
