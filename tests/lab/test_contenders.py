"""The peers on latency and gauges are their rules on the series that a user would give them."""

from dataclasses import replace

import numpy as np

from judge.lab import peers
from judge.lab.contenders import P99_SECONDS, contenders
from judge.lab.rollouts import Rollouts, Scenario
from judge.lab.scenarios import SCENARIOS


def judged(scenario: Scenario, drawn: Rollouts, name: str) -> np.ndarray:
    """The looks of rollback, (effects, rollouts)."""
    (found,) = (one for one in contenders(scenario) if one.name == name)
    return np.stack([one.rolled_back.ravel() for one in found.judge(drawn, 1)])


def test_names_are_unique_on_every_scenario() -> None:
    for scenario in SCENARIOS.values():
        names = [one.name for one in contenders(scenario)]
        assert len(set(names)) == len(names), scenario.name


def test_kayenta_sees_the_p99_of_each_track_by_minute() -> None:
    scenario = replace(SCENARIOS["latency"], effects=(1.0, 1.2))
    drawn = scenario.simulate(np.random.default_rng(1), 3)
    canary, baseline = (drawn.quantile(one, 0.99) for one in (drawn.canary, drawn.baseline))
    found = judged(scenario, drawn, "Kayenta on p99")
    assert np.array_equal(found, peers.mann_whitney(canary, baseline))
    assert (found[1] > 0).all()


def test_flagger_counts_minutes_with_a_p99_beyond_its_maximum() -> None:
    scenario = replace(SCENARIOS["latency"], effects=(1.0, 1.25, 2.0))
    drawn = scenario.simulate(np.random.default_rng(2), 4)
    found = judged(scenario, drawn, "Flagger p99 0.25 s, 5 failed")
    failed = drawn.quantile(drawn.canary, 0.99) > P99_SECONDS
    assert 0.0 < failed[1].mean() < 1.0
    for effect, rollout in np.ndindex(3, 4):
        fifth = np.flatnonzero(failed[effect, rollout])[4:5] + 2
        at = int(fifth[0]) if fifth.size and fifth[0] <= 60 else peers.NEVER
        assert found[effect, rollout] == at


def test_kayenta_sees_the_mean_level_of_each_track() -> None:
    scenario = SCENARIOS["gauge-0.8"]
    drawn = scenario.simulate(np.random.default_rng(3), 5)
    found = judged(scenario, drawn, "Kayenta")
    levels = drawn.canary.values[..., 0], drawn.baseline.values.sum(-1) / 9
    assert np.array_equal(found, peers.mann_whitney(*levels))


def test_a_mann_whitney_judge_takes_autocorrelation_for_a_regression() -> None:
    """STATISTICS: 12 to 98 % false alarms with autocorrelation 0.3 to 0.95, by how it is looked."""
    rates = []
    for name in ("gauge-0.3", "gauge-0.95"):
        scenario = replace(SCENARIOS[name], effects=(1.0,))
        drawn = scenario.simulate(np.random.default_rng(4), 200)
        rates.append((judged(scenario, drawn, "Kayenta") > 0).mean())
    assert rates[0] < 0.2
    assert rates[1] > 0.3
