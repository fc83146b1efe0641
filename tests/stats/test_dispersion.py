import numpy as np
import pytest

from judge.stats.arms import PodCounts
from judge.stats.dispersion import ASSUMED_PHI, ASSUMED_TAU, dispersion

REQUESTS = 600


def history(rng, rates, *, intervals=480, batch=40):
    shape = (batch, intervals, rates.shape[-1])
    total = np.full(shape, float(REQUESTS))
    return PodCounts(rng.binomial(REQUESTS, np.clip(rates, 0, 1), shape).astype(float), total)


def test_independent_requests_are_hardly_tempered():
    noise = dispersion(history(np.random.default_rng(1), np.full((9,), 0.005)), interval=60)
    assert noise.phi.mean() < 1.12
    assert noise.tau.mean() < 0.02
    assert noise.learned.all()
    assert noise.rate.mean() == pytest.approx(0.005, rel=0.02)
    assert noise.volume.mean() == REQUESTS


def test_shocks_that_strike_all_pods_alike_are_not_dispersion():
    rng = np.random.default_rng(2)
    shock = np.where(rng.random((40, 480, 1)) < 0.05, 8.0, 1.0)
    noise = dispersion(history(rng, 0.005 * shock * np.ones(9)), interval=60)
    assert noise.phi.mean() < 1.15


def test_lasting_differences_are_spread_and_not_dispersion():
    rng = np.random.default_rng(3)
    pods = np.exp(0.3 * rng.standard_normal((40, 1, 9)))
    noise = dispersion(history(rng, 0.005 * pods), interval=60)
    assert noise.phi.mean() < 1.15
    assert 0.2 < noise.tau.mean() < 0.36


def test_the_pods_own_trouble_is_dispersion_at_the_scale_of_ten_minutes():
    rng = np.random.default_rng(4)
    # one gamma factor of variance 2/3 per pod and block of ten minutes: 30 events expected
    own = np.repeat(rng.gamma(1.5, 2 / 3, (40, 48, 9)), 10, axis=1)
    noise = dispersion(history(rng, 0.005 * own), interval=60)
    assert noise.phi.mean() == pytest.approx(1 + 30 * 2 / 3, rel=0.25)


@pytest.mark.parametrize(("rate", "pods"), [(0.0, 9), (0.005, 1)], ids=["no events", "one pod"])
def test_what_cannot_be_learned_is_assumed(rate, pods):
    noise = dispersion(history(np.random.default_rng(5), np.full((pods,), rate)), interval=60)
    assert (noise.phi == ASSUMED_PHI).all()
    assert (noise.tau == ASSUMED_TAU).all()
    assert not noise.learned.any()
    assert np.isinf(noise.degrees).all()


def test_a_pod_that_was_there_for_a_part_only_is_compared_for_that_part():
    rng = np.random.default_rng(6)
    counts = history(rng, np.full((5,), 0.005))
    counts.events[:, :240, 4] = np.nan
    noise = dispersion(counts, interval=60)
    assert noise.phi.mean() < 1.2
    assert noise.tau.mean() < 0.04


def test_one_pod_tells_of_its_noise_by_what_it_changes_by():
    rng = np.random.default_rng(7)
    own = np.repeat(rng.gamma(1.5, 2 / 3, (40, 48, 1)), 10, axis=1)
    noise = dispersion(history(rng, 0.005 * own), interval=60)
    assert (noise.phi > 1 + 30 * 2 / 3).mean() > 0.75
    assert np.median(noise.phi) < 2 * (1 + 30 * 2 / 3)
    assert not noise.learned.any()  # nothing tells how far pods differ for good


def test_the_rhythm_of_a_day_is_no_noise_of_one_pod():
    rng = np.random.default_rng(8)
    day = 1 + 0.5 * np.sin(np.arange(480) * 2 * np.pi / 1440)[:, None]
    noise = dispersion(history(rng, 0.005 * day * np.ones(1)), interval=60)
    assert (noise.phi == ASSUMED_PHI).mean() > 0.95


def test_what_is_assumed_without_anything_learned_belongs_to_no_volume():
    noise = dispersion(history(np.random.default_rng(5), np.zeros(9)), interval=60)
    assert np.isnan(noise.volume).all()


def test_rare_incidents_are_no_part_of_the_usual_noise():
    rng = np.random.default_rng(9)
    struck = np.where(rng.random((40, 48, 9)) < 0.04, 4.0, 1.0)
    noise = dispersion(history(rng, 0.005 * np.repeat(struck, 10, axis=1)), interval=60)
    assert noise.phi.mean() > 8
    assert noise.usual.mean() < 3  # they are in one block of three, in some pod or other


def test_where_every_block_is_noisy_the_usual_noise_is_all_of_it():
    rng = np.random.default_rng(4)
    own = np.repeat(np.exp(0.3 * rng.standard_normal((40, 48, 9))), 10, axis=1)
    noise = dispersion(history(rng, 0.005 * own), interval=60)
    assert noise.usual.mean() == pytest.approx(noise.phi.mean(), rel=0.2)


def test_of_few_events_the_usual_noise_cannot_be_told_apart():
    rng = np.random.default_rng(10)
    noise = dispersion(history(rng, np.full((9,), 0.0005)), interval=60)
    assert (noise.usual == noise.phi).all()


def test_pods_that_come_and_go_are_no_worse_for_the_bad_hours_that_they_saw():
    rng = np.random.default_rng(5)
    intervals, places = 960, 6
    shared = np.where(np.arange(intervals) % 120 < 10, 5.0, 1.0)
    lives = [np.sort(rng.choice(intervals, 8, replace=False)) for _ in range(places)]
    total = np.zeros((intervals, places * 9))
    for place, born in enumerate(lives):
        life = np.searchsorted(born, np.arange(intervals), side="right")
        total[np.arange(intervals), place * 9 + life] = 1000.0
    events = rng.binomial(total.astype(int), 0.01 * shared[:, None]).astype(float)
    noise = dispersion(PodCounts(events, total), interval=60.0)
    assert noise.tau < 0.05
    assert noise.phi < 1.4
