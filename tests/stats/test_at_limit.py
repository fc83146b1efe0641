"""Calibration is at the limit: a release that uses all of it up is a good one."""

import numpy as np
import pytest

from judge.lab.latency_scenarios import LATENCY_SCENARIOS
from judge.stats.arms import PodCounts, paired
from judge.stats.comparison import failing, threshold_raise
from judge.stats.histograms import PodHistograms
from judge.stats.levels import PodLevels, learn_levels, level_calibration
from judge.stats.risks import calibration, learn, sides
from judge.stats.slowdowns import tail_calibration
from judge.stats.tail_noise import learn_tails
from judge.stats.terms import Terms

LOOKS, HISTORY, PODS = 30, 480, 9


def terms(limit, alpha=0.01, *, worst=None):
    worst = worst or (limit**3 if limit != 1.0 else 2.0)
    return Terms(limit=limit, worst=worst, alpha=alpha, beta=0.05, interval=60.0, looks=LOOKS)


def incidents(rng, shape):
    """Five times the errors for four minutes, about every four hours, by pod: (..., time, pods)."""
    begun = rng.random(shape) < 1 / 240
    struck = begun.copy()
    for lag in (1, 2, 3):
        struck[..., lag:, :] |= begun[..., :-lag, :]
    return np.where(struck, 5.0, 1.0)


def counts(rng, rates):
    total = np.full(rates.shape, 600.0)
    return PodCounts(rng.binomial(600, np.minimum(0.005 * rates, 1.0)).astype(float), total)


def rolled_back(rng, limit, *, effect, services=30, runs=40):
    """The share of runs of several services with incidents that a calibrated judge rolls back."""
    history = counts(rng, incidents(rng, (services, HISTORY, PODS)))
    noise = learn(history, interval=60.0)
    raised = calibration(history, noise, terms(limit), canary_pods=1)
    assert raised is not None
    shape = (services, runs, LOOKS)
    canary = counts(rng, effect * incidents(rng, (*shape, 1)))
    arms = paired(canary, counts(rng, incidents(rng, (*shape, PODS))))
    failed = failing(sides(arms, noise.batched(), terms(limit)), terms(limit), raised[..., None])
    return (failed.log_evidence >= failed.threshold[..., None]).any(-1).mean()


def test_a_release_exactly_at_the_limit_is_rolled_back_no_more_than_promised():
    # with pods that play the canary at a ratio of 1, these are 4 %
    assert rolled_back(np.random.default_rng(1), 2.0, effect=2.0) <= 0.015


@pytest.mark.parametrize("slope", [False, True])
def test_what_is_asked_of_gauges_does_not_hang_on_the_limit(slope):
    rng = np.random.default_rng(2)
    logs = 0.1 * rng.standard_normal((HISTORY, PODS))
    # a noise that is taken for too small, so that something is asked at all
    quieter = PodLevels(np.exp(0.2 * logs))
    history = PodLevels(np.exp(logs))
    noise = learn_levels(quieter, interval=60.0, floor=0.0, slope=slope)
    asked = [
        level_calibration(
            history, noise, terms(limit, 0.05, worst=4.0), floor=0.0, slope=slope, canary_pods=1
        )
        for limit in (1.0, 1.5)
    ]
    assert threshold_raise(asked[0], terms(1.0, 0.05)) > 0.1
    assert asked[0] == pytest.approx(asked[1], abs=1e-6)


def test_what_is_asked_of_latencies_at_a_limit_is_about_what_is_asked_at_none():
    # with pods that play the canary at a ratio of 1, nothing is asked at a limit of 2
    (scenario,) = (one for one in LATENCY_SCENARIOS if one.name == "latency-own-incidents")
    history = scenario.simulate(np.random.default_rng(4), 1).history
    history = PodHistograms(history.bounds, history.counts[0, -HISTORY:])
    noise = learn_tails(history, interval=60.0)
    none, two = (
        threshold_raise(tail_calibration(history, noise, judged, canary_pods=1), judged)
        for judged in (terms(1.0), terms(2.0))
    )
    assert none > 1.0
    assert 0.5 * none < two < 2.0 * none


def test_where_every_request_fails_the_limit_leaves_no_more_to_fail():
    rng = np.random.default_rng(3)
    total = np.full((HISTORY, PODS), 100.0)
    history = PodCounts(rng.binomial(100, 0.9, (HISTORY, PODS)).astype(float), total)
    noise = learn(history, interval=60.0)
    arms = paired(history, history)
    (side,) = sides(arms, noise, terms(1.25))
    ours = side.at_limit().arms.treated
    assert (ours.events <= ours.total).all()
    assert (ours.events >= arms.treated.events).all()
    raised = calibration(history, noise, terms(1.25), canary_pods=1)
    assert raised is not None
    assert np.isfinite(threshold_raise(raised, terms(1.25)))
