"""Simulated gauges follow the laws that they state."""

from dataclasses import replace

import numpy as np
import pytest

from judge.lab.fleet import Fleet
from judge.lab.gauge_scenarios import CORRELATIONS, GAUGE_SCENARIOS, noise
from judge.lab.gauges import GaugeRollouts, GaugeScenario
from judge.lab.noise import Lasting, Rhythm
from judge.stats.comparison import Failing, failing
from judge.stats.terms import Terms

SHORT = Fleet(looks=60, history=30)
BY_NAME = {one.name: one for one in GAUGE_SCENARIOS}


def drawn(scenario: GaugeScenario, rollouts: int = 200, seed: int = 1) -> GaugeRollouts:
    return scenario.simulate(np.random.default_rng(seed), rollouts)


def plain(**fields: object) -> GaugeScenario:
    return replace(GaugeScenario("s", "", fleet=SHORT, effects=(1.0,)), **fields)


@pytest.mark.parametrize("correlation", CORRELATIONS)
def test_a_level_has_a_tenth_of_noise_and_the_stated_autocorrelation(correlation: float) -> None:
    own = BY_NAME[f"gauge-{correlation:g}"].own
    assert own == (noise(correlation),)
    logs = np.log(drawn(plain(own=own), 1000).baseline.values)
    assert logs.std() == pytest.approx(0.1, rel=0.05)
    later = np.corrcoef(logs[:, :-1].ravel(), logs[:, 1:].ravel())[0, 1]
    assert later == pytest.approx(correlation, abs=0.02)


def test_what_is_shared_cancels_between_the_tracks() -> None:
    shared = BY_NAME["gauge-0.8"].shared
    both = drawn(plain(shared=shared))
    assert both.baseline.values.max() > 1.3 * both.baseline.values.min()
    assert both.canary.values[0] == pytest.approx(both.baseline.values[..., :1])


def test_a_pod_that_differs_does_so_in_the_history_and_in_the_run() -> None:
    found = drawn(plain(own=(Lasting(0.05),)))
    assert np.array_equal(found.history.values[:, 0], found.baseline.values[:, -1])
    assert np.log(found.history.values).std() == pytest.approx(0.05, rel=0.1)


def test_a_higher_level_begins_at_the_onset() -> None:
    found = drawn(plain(effects=(1.0, 1.5), onset=40))
    ratio = found.canary.values[1] / found.canary.values[0]
    assert np.array_equal(np.unique(ratio[:, :40]), [1.0])
    assert ratio[:, 40:] == pytest.approx(1.5)


def test_a_leak_grows_by_its_factor_in_an_hour_from_the_onset_on() -> None:
    found = drawn(plain(effects=(1.0, 1.5), leak=True, fleet=replace(SHORT, looks=70), onset=10))
    grown = (found.canary.values[1] / found.canary.values[0])[0, :, 0]
    assert grown[9] == 1.0
    assert grown[69] == pytest.approx(1.5)
    assert grown[39] == pytest.approx(1.5**0.5)
    assert np.diff(np.log(grown[9:])) == pytest.approx(np.log(1.5) / 60)


def test_a_leak_is_judged_by_growth_and_a_level_by_height() -> None:
    """A canary that is twice as high and stays so leaks nothing."""
    terms = Terms(1.25, 2.0, 0.05, 0.05, 60.0, 60)
    scenario = plain(own=(noise(0.3),), fleet=Fleet(history=240), effects=(1.0, 2.0))
    level = scenario.simulate(np.random.default_rng(1), 1, 5)
    growth = replace(level, scenario=replace(scenario, leak=True))
    found, grown = (against(one, 1, terms) for one in (level, growth))
    assert (found.log_evidence.max(-1) > found.threshold).all()
    assert (grown.log_evidence.max(-1) < grown.threshold).all()


def against(rollouts: GaugeRollouts, effect: int, terms: Terms) -> Failing:
    """The first history's runs under one effect."""
    learned = rollouts.learn(0, terms, calibrate=False)
    sides = rollouts.sides(np.full(rollouts.runs, effect), np.arange(rollouts.runs), terms, learned)
    return failing(sides, terms, learned.raised)


def test_a_rhythm_is_a_day_long_and_the_same_for_all_pods() -> None:
    day = Rhythm(0.3, 60.0).draw(np.random.default_rng(2), (50, 1440, 3))
    assert day.shape == (50, 1440, 1)
    assert day.mean(1) == pytest.approx(1.0)
    assert day.max(1) == pytest.approx(1.3, abs=1e-3)
    assert day.min(1) == pytest.approx(0.7, abs=1e-3)
    assert np.unique(day.argmax(1)).size > 30  # each rollout begins at its own hour


def test_every_scenario_has_a_good_release_at_its_limit() -> None:
    for scenario in GAUGE_SCENARIOS:
        assert {one.limit for one in scenario.settings} <= set(scenario.effects)
