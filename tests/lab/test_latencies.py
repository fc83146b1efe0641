"""Simulated latencies follow the laws that they state."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from judge.lab.effects import Tail
from judge.lab.fleet import Fleet
from judge.lab.latencies import LIMIT, NATIVE, LatencyRollouts, LatencyScenario
from judge.lab.latency_scenarios import LATENCY_SCENARIOS
from judge.lab.noise import Incidents, Lasting, Lognormal
from judge.stats import histograms
from judge.stats.terms import Terms

MEDIAN, LOG_SD = 0.1, 0.3
SHORT = Fleet(looks=10, history=20)


def plain(**fields: object) -> LatencyScenario:
    return replace(LatencyScenario("s", "", fleet=SHORT, effects=(1.0,)), **fields)


def drawn(scenario: LatencyScenario, rollouts: int = 20, seed: int = 1) -> LatencyRollouts:
    return scenario.simulate(np.random.default_rng(seed), rollouts)


def exact(slower: float = 1.0) -> np.ndarray:
    """The share of requests within each bound, by scipy's law."""
    return stats.lognorm(LOG_SD, scale=MEDIAN * slower).cdf(np.array(NATIVE))


def shares(counts: np.ndarray) -> np.ndarray:
    merged = counts.reshape(-1, counts.shape[-1]).sum(0)
    return merged / merged[-1]


def test_the_buckets_are_a_native_histogram_s_and_hold_the_law() -> None:
    growth = np.diff(np.log2(NATIVE[:-1]))
    assert growth == pytest.approx(np.full(len(growth), 1 / 8))
    assert exact()[0] < 1e-4
    assert exact(2.0)[-2] > 0.999


def test_times_are_lognormal() -> None:
    counts = drawn(plain(), 40).history.counts
    assert shares(counts) == pytest.approx(exact(), abs=4 * 0.5 / np.sqrt(counts[..., -1].sum()))


def test_the_canary_has_its_share_of_the_requests_and_the_baseline_all_before() -> None:
    found = drawn(plain(share=0.2))
    before, beside, canary = (
        one.counts[..., -1].sum(-1) for one in (found.history, found.baseline, found.canary)
    )
    assert before.mean() == pytest.approx(6000, rel=0.005)
    assert beside.mean() == pytest.approx(4800, rel=0.01)
    assert canary.mean() == pytest.approx(1200, rel=0.01)


def test_counts_of_separate_buckets_are_poisson_and_independent() -> None:
    cumulative = drawn(plain(), 300).canary.counts[0].reshape(-1, len(NATIVE))
    buckets = np.diff(cumulative, axis=-1)[:, 10:16]
    assert buckets.var(0) == pytest.approx(buckets.mean(0), rel=0.1)
    mixed = np.corrcoef(buckets.T) - np.eye(6)
    assert np.abs(mixed).max() < 5 / np.sqrt(len(buckets))


def test_a_slower_release_moves_the_canary_s_times_and_spares_the_baseline() -> None:
    found = drawn(plain(effects=(1.0, 1.5, Tail(0.02, 8.0))), 100)
    good, slower, tail = (shares(one) for one in found.canary.counts)
    enough = 4 * 0.5 / np.sqrt(100 * 10 * 600)
    assert good == pytest.approx(exact(), abs=enough)
    assert slower == pytest.approx(exact(1.5), abs=enough)
    assert tail == pytest.approx(0.98 * exact() + 0.02 * exact(8.0), abs=enough)
    assert shares(found.baseline.counts) == pytest.approx(exact(), abs=enough)


def test_a_regression_begins_at_its_onset() -> None:
    found = drawn(plain(onset=6, effects=(2.0,)), 100)
    within = [shares(found.canary.counts[..., slice(*part), :, :]) for part in ((0, 6), (6, 10))]
    assert within[0] == pytest.approx(exact(), abs=0.01)
    assert within[1] == pytest.approx(exact(2.0), abs=0.01)


def test_shared_trouble_strikes_all_pods_alike_and_their_own_each_by_itself() -> None:
    struck = Incidents(factor=3.0, every=5.0, lasting=5.0)
    for own, shared, least, most in (((), (struck,), 0.9, 1.0), ((struck,), (), -0.2, 0.2)):
        counts = drawn(plain(own=own, shared=shared), 40).baseline.counts
        fast = counts[..., 16] / counts[..., -1]
        alike = np.corrcoef(fast[..., 0].ravel(), fast[..., 1].ravel())[0, 1]
        assert least <= alike <= most


def test_a_pod_that_differs_does_so_in_the_history_and_in_the_run() -> None:
    found = drawn(plain(own=(Lasting(0.3),)), 40)
    before, during = (
        (one.counts[..., 16] / one.counts[..., -1]).mean(1)
        for one in (found.history, found.baseline)
    )
    assert np.corrcoef(before.ravel(), during.ravel())[0, 1] > 0.95


def test_medians_wander_by_what_the_law_says() -> None:
    own = Lognormal(variance=float(np.expm1(0.2**2)), correlation=0.0)
    found = drawn(plain(own=(own,), requests=10_000.0), 40)
    counts = found.history.counts
    times = LatencyRollouts.quantile(
        histograms.PodHistograms(np.array(NATIVE), counts[..., :1, :]), 0.5
    )
    assert np.log(times).std() == pytest.approx(0.2, rel=0.05)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.5, 0.99, 1.0])
def test_quantiles_are_those_that_the_judge_shows(share: float) -> None:
    found = drawn(plain(effects=(1.0, 12.0)), 3)
    times = found.quantile(found.canary, share)
    assert times.shape == (2, 3, 10)
    bounds, counts = np.array(NATIVE), found.canary.counts
    for effect, rollout, look in ((0, 0, 0), (0, 2, 9), (1, 1, 4)):
        pod = counts[effect, rollout, look].sum(0)
        plainly = histograms.quantile(bounds, pod, share)
        assert times[effect, rollout, look] == pytest.approx(plainly)


def test_a_p99_is_that_of_the_law() -> None:
    found = drawn(plain(effects=(1.0, 1.5)), 100)
    p99 = MEDIAN * np.exp(LOG_SD * stats.norm.ppf(0.99))
    assert found.quantile(found.canary, 0.99).mean((1, 2)) == pytest.approx(
        [p99, 1.5 * p99], rel=0.03
    )


@pytest.mark.parametrize("scenario", LATENCY_SCENARIOS, ids=lambda one: one.name)
def test_the_limits_are_what_the_buckets_can_test(scenario: LatencyScenario) -> None:
    limit = scenario.settings[-1].limit
    assert limit in scenario.effects
    asked = 1.2 if limit == LIMIT else limit
    terms = Terms(asked, 2.0 * asked, 0.01, 0.05, 60.0, 10)
    found = drawn(replace(scenario, fleet=SHORT, effects=(1.0,)), 2)
    (side,) = found.sides(
        np.zeros(1, int), np.arange(1), terms, found.learn(0, terms, calibrate=False)
    )
    assert side.null == pytest.approx(limit)


def test_a_limit_that_the_buckets_cannot_test_is_an_error() -> None:
    scenario = next(one for one in LATENCY_SCENARIOS if one.name == "latency-classic")
    found = drawn(replace(scenario, fleet=SHORT), 1)
    terms = Terms(1.2, 2.0, 0.01, 0.05, 60.0, 10)
    learned = found.learn(0, terms, calibrate=False)
    with pytest.raises(ValueError, match=r"latency-classic cannot test 1\.2"):
        found.sides(np.zeros(1, int), np.arange(1), terms, learned)
