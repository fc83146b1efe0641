"""The simulated laws are the ones that their scenarios state."""

import math
from dataclasses import replace

import numpy as np
import pytest

from judge.errors import SpecError
from judge.lab.count_scenarios import LOGNORMAL, OVERDISPERSED
from judge.lab.counts import CountScenario, Service
from judge.lab.effects import OUTAGE
from judge.lab.noise import Gamma, Incidents, Lasting, Lognormal
from judge.lab.sawtooth import Sawtooth
from judge.lab.scenarios import SCENARIOS, chosen

LONG = 60


def canary_events(name: str, *, seed: int = 1, rollouts: int = 4000) -> np.ndarray:
    """Counts of good canaries, (rollouts, looks)."""
    scenario = SCENARIOS[name]
    service = replace(scenario.service, history=0, looks=LONG, baseline_pods=1)
    good = replace(scenario, service=service, effects=(1.0,), onset=0)
    return good.simulate(np.random.default_rng(seed), rollouts).canary.events[0].sum(-1)


def ratios(events: np.ndarray) -> tuple[float, float]:
    """Variance over mean at one interval, and of the sums over a run."""
    run = events.sum(-1)
    return float(events.var() / events.mean()), float(run.var() / run.mean())


def finite_run(variance: float, mean: float, correlation: float) -> float:
    """The stated long-run ratio, for sums of `LONG` intervals only."""
    lags = np.arange(1, LONG)
    return 1 + mean * variance * (1 + 2 * float(((1 - lags / LONG) * correlation**lags).sum()))


@pytest.mark.parametrize(
    ("name", "mean", "minute", "long_run"),
    [
        ("independent", 3.0, 1.0, 1.0),
        ("overdispersed", 3.0, 3.0, finite_run(2 / 3, 3.0, 0.5)),
        ("autocorrelation-0.3", 3.0, 3.0, finite_run(2 / 3, 3.0, 0.3)),
        ("autocorrelation-0.6", 3.0, 3.0, finite_run(2 / 3, 3.0, 0.6)),
        ("autocorrelation-0.8", 3.0, 3.0, finite_run(2 / 3, 3.0, 0.8)),
        ("autocorrelation-0.95", 3.0, 3.0, finite_run(2 / 3, 3.0, 0.95)),
        ("thirty-pods", 3.0, 3.0, finite_run(2 / 3, 3.0, 0.5)),
        ("one-percent-split", 0.3, 1.2, finite_run(2 / 3, 0.3, 0.5)),
        ("1-a-second", 0.03, 1.02, finite_run(2 / 3, 0.03, 0.5)),
        ("10-a-second", 0.3, 1.2, finite_run(2 / 3, 0.3, 0.5)),
        ("1000-a-second", 30.0, 21.0, finite_run(2 / 3, 30.0, 0.5)),
        ("bursts", 3.0, 3.0, 3.0),
        ("high-rate", 120.0, 1.0, 1.0),
        ("high-rate-noisy", 120.0, 3.4, finite_run(0.02, 120.0, 0.5)),
        ("half-split", 15.0, 11.0, finite_run(2 / 3, 15.0, 0.5)),
    ],
)
def test_counts_have_the_stated_moments(
    name: str, mean: float, minute: float, long_run: float
) -> None:
    events = canary_events(name)
    at_minute, over_run = ratios(events)
    assert events.mean() == pytest.approx(mean, rel=0.02)
    assert at_minute == pytest.approx(minute, rel=0.06)
    assert over_run == pytest.approx(long_run, rel=0.1)


def test_the_lognormal_law_has_seven_times_the_variance_in_the_long_run() -> None:
    lags = np.arange(1, 400)
    law = ((1 + LOGNORMAL.variance) ** (LOGNORMAL.correlation**lags) - 1).sum()
    assert 1 + 3 * (LOGNORMAL.variance + 2 * law) == pytest.approx(7.0, abs=0.01)
    minute, run = ratios(canary_events("lognormal"))
    assert minute == pytest.approx(3.0, rel=0.06)
    assert run == pytest.approx(6.9, rel=0.1)


def test_overdispersion_is_stated_as_the_statistics_have_it() -> None:
    factor = (1 + OVERDISPERSED.correlation) / (1 - OVERDISPERSED.correlation)
    assert 1 + 3 * OVERDISPERSED.variance == pytest.approx(3.0)
    assert 1 + 3 * OVERDISPERSED.variance * factor == pytest.approx(7.0)


@pytest.mark.parametrize("law", [Gamma(0.5, 0.7), Lognormal(0.5, 0.7)], ids=["gamma", "lognormal"])
def test_an_autoregression_is_stationary_from_its_first_interval(law: Gamma | Lognormal) -> None:
    drawn = law.draw(np.random.default_rng(3), (60_000, 6, 1))[..., 0]
    assert drawn.mean(0) == pytest.approx(np.ones(6), abs=0.02)
    assert drawn.var(0) == pytest.approx(np.full(6, 0.5), rel=0.1)


def test_gamma_factors_are_correlated_as_stated() -> None:
    drawn = Gamma(0.5, 0.7).draw(np.random.default_rng(4), (60_000, 4, 1))[..., 0]
    assert np.corrcoef(drawn[:, 0], drawn[:, 1])[0, 1] == pytest.approx(0.7, abs=0.02)
    assert np.corrcoef(drawn[:, 0], drawn[:, 3])[0, 1] == pytest.approx(0.7**3, abs=0.02)


def test_incidents_strike_the_stated_share_of_the_time_for_the_stated_time() -> None:
    law = Incidents(factor=5.0, every=40.0, lasting=4.0)
    struck = law.draw(np.random.default_rng(5), (300, 2000, 1))[..., 0] > 1
    ended = (struck[:, :-1] & ~struck[:, 1:]).sum()
    assert struck[:, 0].mean() == pytest.approx(law.share, abs=0.05)
    assert struck.mean() == pytest.approx(4 / 44, rel=0.05)
    assert struck.sum() / ended == pytest.approx(4.0, rel=0.05)
    assert law.mean == pytest.approx(1 + 4 * 4 / 44)


def test_lasting_differences_last_and_keep_the_mean() -> None:
    drawn = Lasting(0.3).draw(np.random.default_rng(6), (40_000, 10, 1))
    assert drawn.shape == (40_000, 1, 1)
    assert drawn.mean() == pytest.approx(1.0, abs=0.01)
    assert np.log(drawn).std() == pytest.approx(0.3, rel=0.02)


def test_shared_incidents_strike_all_pods_alike() -> None:
    shared = CountScenario("s", "", shared=(Incidents(50.0, 20.0, 5.0),), effects=(1.0,))
    rollouts = shared.simulate(np.random.default_rng(7), 20)
    rate = rollouts.baseline.events / rollouts.baseline.total
    assert np.corrcoef(rate[..., 0].ravel(), rate[..., 1].ravel())[0, 1] > 0.9
    assert rollouts.expected.max() > 10 * rollouts.expected.min()


def test_the_canary_has_its_share_and_the_baseline_all_before() -> None:
    scenario = CountScenario("s", "", Service(shares=(0.1, 0.5), history=30), effects=(1.0,))
    drawn = scenario.simulate(np.random.default_rng(8), 50)
    assert drawn.history.total.sum(-1).mean() == pytest.approx(6000, rel=0.01)
    assert drawn.canary.total[..., :30, :].sum(-1).mean() == pytest.approx(600, rel=0.01)
    assert drawn.canary.total[..., 30:, :].sum(-1).mean() == pytest.approx(3000, rel=0.01)
    assert drawn.baseline.total[:, 30:].sum(-1).mean() == pytest.approx(3000, rel=0.01)


def test_weights_step_to_all_of_the_traffic() -> None:
    scenario = SCENARIOS["full-weight-steps"]
    bare = replace(scenario, service=replace(scenario.service, history=0))
    drawn = bare.simulate(np.random.default_rng(14), 50)
    for step, share in enumerate((0.1, 0.25, 0.5, 0.75, 1.0)):
        looks = slice(12 * step, 12 * (step + 1))
        canary = drawn.canary.total[0, :, looks].sum(-1).mean()
        assert canary == pytest.approx(6000 * share, rel=0.02)
        left = drawn.baseline.total[:, looks].sum(-1).mean()
        assert left == pytest.approx(6000 * (1 - share), rel=0.02, abs=1e-9)


def test_uneven_pods_keep_their_parts_of_the_traffic() -> None:
    drawn = SCENARIOS["uneven-pods"].simulate(np.random.default_rng(15), 40, 2)
    parts = drawn.history.total.mean(1) / drawn.history.total.mean(1).sum(-1, keepdims=True)
    assert np.log(parts).std() == pytest.approx(0.7, rel=0.1)
    in_runs = drawn.baseline.total.mean(1) / drawn.baseline.total.mean(1).sum(-1, keepdims=True)
    assert in_runs == pytest.approx(np.repeat(parts, 2, axis=0), rel=0.1)
    assert drawn.canary.total[0].sum(-1).mean() == pytest.approx(600, rel=0.02)


def test_a_daily_rhythm_moves_traffic_and_errors_of_both_tracks() -> None:
    drawn = SCENARIOS["daily-rhythm"].simulate(np.random.default_rng(16), 200)
    traffic = drawn.history.total.sum(-1).mean(-1)
    assert traffic.std() / traffic.mean() > 0.1
    errors = drawn.history.events.sum(-1) / drawn.history.total.sum(-1)
    assert errors.mean(-1).std() / errors.mean() > 0.1
    ours = drawn.canary.events[0].sum((1, 2)) / drawn.canary.total[0].sum((1, 2))
    theirs = drawn.baseline.events.sum((1, 2)) / drawn.baseline.total.sum((1, 2))
    assert np.corrcoef(ours, theirs)[0, 1] > 0.5


def test_a_heap_climbs_and_falls_back() -> None:
    law = Sawtooth(height=0.25, period=25.0)
    drawn = law.draw(np.random.default_rng(17), (400, 200, 3))
    assert drawn.mean() == pytest.approx(law.mean, abs=0.005)
    assert drawn.var() == pytest.approx(0.25**2 / 3, rel=0.02)
    assert drawn.min() >= 0.75
    assert drawn.max() <= 1.25
    falls = (np.diff(drawn, axis=1) < 0).mean()
    assert falls == pytest.approx(1 / 25, rel=0.05)


def test_a_cpu_has_bursts_of_its_own_and_a_heap_none() -> None:
    cpu, memory = (
        SCENARIOS[name].simulate(np.random.default_rng(18), 30) for name in ("cpu", "memory")
    )
    high = cpu.history.values / np.median(cpu.history.values, axis=-1, keepdims=True)
    assert (high > 1.5).mean() == pytest.approx(4 / 94, rel=0.5)
    assert memory.history.values.std() == pytest.approx(
        math.sqrt(0.25**2 / 3 + 0.03**2 + 0.05**2), rel=0.1
    )


@pytest.mark.parametrize(
    ("name", "canary", "baseline"),
    [
        ("latency", 600, 600),
        ("latency-half-split", 3000, 3000 / 9),
        ("latency-10-a-second", 60, 60),
    ],
)
def test_latencies_are_of_the_stated_requests(name: str, canary: float, baseline: float) -> None:
    scenario = SCENARIOS[name]
    short = replace(scenario, fleet=replace(scenario.fleet, history=5), effects=(1.0,))
    drawn = short.simulate(np.random.default_rng(19), 20)
    assert drawn.canary.counts[..., -1].mean() == pytest.approx(canary, rel=0.02)
    assert drawn.baseline.counts[..., -1].mean() == pytest.approx(baseline, rel=0.02)


def test_a_regression_begins_at_its_onset_and_spares_the_baseline() -> None:
    scenario = CountScenario("s", "", onset=20, effects=(1.0, 4.0, OUTAGE))
    drawn = scenario.simulate(np.random.default_rng(9), 200)
    rate = (drawn.canary.events / drawn.canary.total).mean((1, 3))
    assert rate[:, :20].mean(-1) == pytest.approx(np.full(3, 0.005), rel=0.05)
    assert rate[:, 20:].mean(-1) == pytest.approx(np.array([0.005, 0.02, 1.0]), rel=0.05)
    baseline = drawn.baseline.events.sum() / drawn.baseline.total.sum()
    assert baseline == pytest.approx(0.005, rel=0.02)


def test_what_is_expected_of_a_good_canary_is_what_comes() -> None:
    for name in ("own-incidents", "shared-incidents", "pod-spread", "weight-steps"):
        scenario = SCENARIOS[name]
        bare = replace(scenario, service=replace(scenario.service, history=0))
        drawn = bare.simulate(np.random.default_rng(10), 1500)
        good = drawn.canary.events[0].sum()
        assert drawn.expected[0].sum() == pytest.approx(good, rel=0.05), name


def test_the_same_seed_draws_the_same_rollouts() -> None:
    one, again = (
        SCENARIOS["bursts"].simulate(np.random.default_rng(11), 3).canary.events for _ in range(2)
    )
    other = SCENARIOS["bursts"].simulate(np.random.default_rng(12), 3).canary.events
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


def test_every_scenario_is_named_once_and_begins_with_a_good_release() -> None:
    for name, scenario in SCENARIOS.items():
        assert scenario.name == name
        assert scenario.law
        assert scenario.effects[0] == 1.0
    assert {"outage-1", "outage-2", "outage-3", "outage-9"} <= set(SCENARIOS)


def test_a_name_that_is_none_is_refused_with_those_that_are() -> None:
    with pytest.raises(SpecError, match=r"'nonsense'; choose of independent, overdispersed"):
        chosen(("independent", "nonsense"))
    assert [one.name for one in chosen(("bursts", "independent"))] == ["independent", "bursts"]
    assert len(chosen(())) == len(SCENARIOS)


def test_a_total_outage_fails_every_request() -> None:
    drawn = SCENARIOS["outage-1"].simulate(np.random.default_rng(13), 5)
    assert math.isinf(SCENARIOS["outage-1"].effects[-1])
    assert np.array_equal(drawn.canary.events[-1], drawn.canary.total[-1])
    assert drawn.baseline.total.shape[-1] == 1
