import math

import numpy as np
import pytest
from scipy.signal import lfilter

from judge.stats.confidence import effect
from judge.stats.level_noise import ASSUMED_VARIANCE, assumed_level, level_noise
from judge.stats.levels import (
    PodLevels,
    compare_levels,
    growing_steps,
    level_arms,
)
from judge.stats.terms import Terms

LOOKS, HISTORY, PODS = 30, 480, 9


def wandering(rng, shape, correlation, sd=0.1):
    """Gaussian first-order autoregression along axis -2, stationary."""
    steps = rng.standard_normal(shape) * sd * math.sqrt(1 - correlation**2)
    first = rng.standard_normal((*shape[:-2], 1, shape[-1])) * sd * correlation
    return lfilter([1.0], [1.0, -correlation], steps, axis=-2, zi=first)[0]


def service(
    rng, ratio=1.0, *, runs=100, correlation=0.8, spread=0.0, an_hour=1.0, canary=1, looks=LOOKS
):
    shape = runs, HISTORY + looks, PODS + canary
    lasting = spread * rng.standard_normal((runs, 1, PODS + canary))
    shared = wandering(rng, (runs, HISTORY + looks, 1), 0.9, sd=0.3)
    daily = 0.5 * np.sin(np.arange(HISTORY + looks) / 1440 * 2 * math.pi)[:, None]
    values = np.exp(wandering(rng, shape, correlation) + lasting + shared + daily)
    grown = an_hour ** (np.arange(looks) / 60.0)[:, None]
    return (
        PodLevels(values[:, :HISTORY, :PODS]),
        PodLevels(values[:, HISTORY:, PODS:] * ratio * grown),
        PodLevels(values[:, HISTORY:, :PODS]),
    )


def terms(**changed):
    given = {"limit": 1.0, "worst": 2.0, "alpha": 0.05, "beta": 0.05, "interval": 60.0}
    return Terms(**{**given, "looks": LOOKS, **changed})


def first(comparison):
    hit = comparison.log_evidence >= np.asarray(comparison.threshold)[..., None]
    return np.where(hit.any(-1), hit.argmax(-1) + 1, 10**6)


@pytest.mark.parametrize("correlation", [0.3, 0.8, 0.95])
@pytest.mark.parametrize("spread", [0.0, 0.05], ids=["alike", "pods differ"])
def test_good_releases_are_kept_whatever_the_autocorrelation(correlation, spread):
    rng = np.random.default_rng(1)
    data = service(rng, correlation=correlation, spread=spread, runs=200)
    judged = compare_levels(*data, terms(), calibrate=False)
    assert (first(judged) <= LOOKS).mean() <= 0.05


def test_half_as_much_again_is_seen_in_twelve_minutes():
    judged = compare_levels(*service(np.random.default_rng(2), 1.5), terms(), calibrate=False)
    assert np.median(first(judged)) <= 12


def test_calibration_raises_nothing_where_the_model_holds():
    judged = compare_levels(*service(np.random.default_rng(3), runs=20), terms())
    assert judged.calibrated
    assert np.median(judged.raised) <= 1.0


def test_a_good_release_passes_and_a_twice_as_high_one_does_not():
    rng, needed = np.random.default_rng(4), math.log(1 / 0.05)
    good = compare_levels(*service(rng), terms(), calibrate=False)
    bad = compare_levels(*service(rng, 2.0), terms(), calibrate=False)
    assert (good.log_pass[:, -1] >= needed).mean() >= 0.9
    assert (bad.log_pass[:, -1] >= needed).mean() <= 0.05


class TestSlopes:
    @pytest.mark.parametrize("correlation", [0.3, 0.8, 0.95])
    def test_levels_that_stay_are_no_leak(self, correlation):
        data = service(np.random.default_rng(5), 3.0, correlation=correlation, looks=60)
        judged = compare_levels(*data, terms(looks=60), slope=True, calibrate=False)
        assert (first(judged) <= 60).mean() <= 0.05

    def test_a_leak_is_seen(self):
        data = service(np.random.default_rng(6), an_hour=3.0, correlation=0.3, looks=60)
        judged = compare_levels(*data, terms(looks=60), slope=True, calibrate=False)
        assert (first(judged) <= 60).mean() >= 0.9

    def test_residuals_are_free_of_the_level_and_as_noisy_as_the_data(self):
        rng = np.random.default_rng(7)
        canary = PodLevels(np.exp(rng.normal(3.0, 0.1, (2000, 20, 1))))
        arms = level_arms(canary, PodLevels(np.ones((2000, 20, 1))), floor=0.0)
        steps = growing_steps(arms, np.ones((2000, 20)), np.full(2000, 0.1), interval=60.0)
        assert not steps.weight[:, 0].any()
        assert steps.datum[:, 1:].mean(0) == pytest.approx(0.0, abs=0.01)
        assert steps.datum[:, 1:].std(0) == pytest.approx(0.1, rel=0.1)
        between = np.corrcoef(steps.datum[:, 1:].T) - np.eye(19)
        assert np.abs(between).max() < 0.12

    def test_of_a_straight_line_they_are_the_slope(self):
        line = PodLevels(np.exp(0.5 * np.arange(20) / 60.0)[:, None])
        arms = level_arms(line, PodLevels(np.ones((20, 1))), floor=0.0)
        steps = growing_steps(arms, np.ones(20), np.asarray(0.1), interval=60.0)
        assert steps.datum[1:] == pytest.approx(0.5 * steps.weight[1:])


class TestNoise:
    @pytest.mark.parametrize("correlation", [0.3, 0.8])
    def test_the_variance_is_the_long_run_one(self, correlation):
        logs = wandering(np.random.default_rng(8), (100, HISTORY, PODS), correlation)
        truth = 0.01 * (1 + correlation) / (1 - correlation)
        found = level_noise(logs, interval=60.0)
        assert truth * 0.95 <= np.median(found.variance) <= truth * 1.5
        assert np.median(found.tau) <= 0.02

    def test_what_moves_all_pods_is_not_in_it(self):
        rng = np.random.default_rng(9)
        alone = wandering(rng, (20, HISTORY, PODS), 0.3)
        together = alone + wandering(rng, (20, HISTORY, 1), 0.95, sd=1.0)
        one, other = (level_noise(logs, interval=60.0).variance for logs in (alone, together))
        assert one == pytest.approx(other)

    def test_lasting_differences_are_the_spread_and_not_the_variance(self):
        rng = np.random.default_rng(10)
        logs = wandering(rng, (200, HISTORY, PODS), 0.3)
        lasting = 0.2 * rng.standard_normal((200, 1, PODS))
        found = level_noise(logs + lasting, interval=60.0)
        assert np.sqrt(np.mean(np.square(found.tau))) == pytest.approx(0.2, rel=0.1)
        assert found.variance == pytest.approx(level_noise(logs, interval=60.0).variance)

    def test_pods_that_come_and_go_are_compared_while_they_are_there(self):
        rng = np.random.default_rng(11)
        logs = wandering(rng, (20, HISTORY, PODS), 0.3) + np.linspace(0, 2, PODS)
        whole = level_noise(logs, interval=60.0).variance
        logs[:, 240:, :4] = np.nan
        logs[:, :240, 4:6] = np.nan
        assert level_noise(logs, interval=60.0).variance == pytest.approx(whole, rel=0.5)

    def test_one_pod_tells_of_its_own_changes_only(self):
        logs = wandering(np.random.default_rng(12), (50, HISTORY, 1), 0.3)
        found = level_noise(logs, interval=60.0)
        assert not found.learned.any()
        assert np.median(found.variance) == pytest.approx(0.01 * 1.3 / 0.7, rel=0.6)

    def test_nothing_is_assumed_to_be_noisy(self):
        nothing = level_noise(np.full((HISTORY, PODS), np.nan), interval=60.0)
        assert float(nothing.variance) == ASSUMED_VARIANCE
        assert not nothing.learned
        assert float(assumed_level((), interval=30.0).variance) == 2 * ASSUMED_VARIANCE


def test_the_interval_holds_the_truth_and_excludes_the_limit_exactly_when_it_fails():
    rng = np.random.default_rng(13)
    history, canary, baseline = service(rng, 1.6, runs=40)
    held = []
    for i in range(40):
        one = (PodLevels(part.values[i]) for part in (history, canary, baseline))
        comparison = compare_levels(*one, terms(limit=1.2), calibrate=False)
        said = effect(comparison, terms(limit=1.2))
        failed = comparison.log_evidence[-1] >= comparison.threshold
        assert failed == (said.low is not None and said.low >= 1.2)
        held.append((said.low or 0) <= 1.6 <= (said.high or math.inf))
    assert np.mean(held) >= 0.9
