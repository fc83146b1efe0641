"""A/B tests whose variants have pods of their own: the directions told apart, each calibrated."""

import math

import numpy as np
import pytest

from judge.stats.arms import PodCounts
from judge.stats.confidence import effect
from judge.stats.risks import compare_counts
from judge.stats.terms import Terms

LOOKS, REQUESTS = 24, 6000


def terms(gain=True, **changed):
    settings = {"limit": 1.0, "worst": 1.1, "alpha": 0.05, "beta": 0.05, "interval": 600.0}
    return Terms(**{**settings, "looks": LOOKS, "both": True, "gain": gain, **changed})


def drawn(rng, rate, shape):
    return PodCounts(
        rng.binomial(REQUESTS, np.broadcast_to(rate, shape)).astype(float),
        np.full(shape, float(REQUESTS)),
    )


def service(rng, ratio, *, rate=0.03, spread=0.0, batch=(), pods=8):
    """A history of the baseline's pods, and a run of as many of either variant."""
    own = rate * np.exp(spread * rng.standard_normal((*batch, 1, pods)))
    others = ratio * rate * np.exp(spread * rng.standard_normal((*batch, 1, pods)))
    return (
        drawn(rng, own, (*batch, 480, pods)),
        drawn(rng, others, (*batch, LOOKS, pods)),
        drawn(rng, own, (*batch, LOOKS, pods)),
    )


def shares(comparison, of):
    """How many ever said increase, decrease, no difference."""
    up, down = (told.shown.any(-1).mean() for told in comparison.told)
    return up, down, (comparison.log_pass >= math.log(1 / of.beta)).any(-1).mean()


@pytest.mark.parametrize("rate", [0.03, 0.2], ids=["rare", "frequent"])
def test_each_answer_is_given_where_it_is_true_and_seldom_where_not(rate):
    rng, of = np.random.default_rng(1), terms()
    same = compare_counts(*service(rng, 1.0, rate=rate, batch=(60,)), of, calibrate=False)
    more = compare_counts(*service(rng, 1.1, rate=rate, batch=(60,)), of, calibrate=False)
    less = compare_counts(*service(rng, 1 / 1.1, rate=rate, batch=(60,)), of, calibrate=False)
    assert sum(shares(same, of)[:2]) <= 0.05
    assert shares(same, of)[2] >= 0.9
    assert shares(more, of)[0] >= 0.9
    assert shares(less, of)[1] >= 0.9
    assert max(shares(more, of)[1:]) <= 0.05
    assert max(shares(less, of)[::2]) <= 0.05


def test_pods_that_differ_for_good_are_no_difference_of_the_variants():
    rng, of = np.random.default_rng(2), terms()
    same = compare_counts(*service(rng, 1.0, spread=0.15, batch=(60,)), of, calibrate=False)
    assert sum(shares(same, of)[:2]) <= 0.05
    hidden = compare_counts(*service(rng, 1.1, spread=0.15), of, calibrate=False)
    assert hidden.sides[0].pods_needed(clip=of.clip)


def test_the_direction_that_is_not_wanted_convicts():
    data = service(np.random.default_rng(3), 1.2)
    wanted = compare_counts(*data, terms(gain=True), calibrate=False)
    unwanted = compare_counts(*data, terms(gain=False), calibrate=False)
    assert (wanted.log_evidence == wanted.told[1].log_evidence).all()
    assert (unwanted.log_evidence == unwanted.told[0].log_evidence).all()
    assert unwanted.log_evidence[-1] >= unwanted.threshold == pytest.approx(math.log(40))
    assert wanted.log_evidence[-1] < wanted.threshold


def test_each_direction_is_calibrated_on_the_past_by_itself():
    rng = np.random.default_rng(4)
    _, canary, baseline = service(rng, 1.0)
    # now and then a pod sells thrice as much for an hour: an increase that good variants show
    busy = np.kron(rng.random((80, 8)) < 0.03, np.ones((6, 1)))
    noisy = drawn(rng, 0.03 * np.where(busy, 3.0, 1.0), (480, 8))
    of = terms(looks=12)
    alone = PodCounts(canary.events[:12, :1], canary.total[:12, :1])
    rest = PodCounts(baseline.events[:12], baseline.total[:12])
    found = compare_counts(noisy, alone, rest, of)
    assert found.calibrated
    up, down = (float(told.threshold) - math.log(40) for told in found.told)
    assert up > 1.0
    assert min(up, down) >= 0.0
    assert up > down
    assert found.raised == pytest.approx(down)


@pytest.mark.parametrize("gain", [True, False])
def test_the_interval_leaves_the_limit_outside_exactly_where_there_is_a_difference(gain):
    rng, of = np.random.default_rng(5), terms(gain)
    for ratio in (1.0, 1.05, 1.2, 0.95, 0.8):
        comparison = compare_counts(*service(rng, ratio), of, calibrate=False)
        known = effect(comparison, of)
        up, down = (bool(told.shown[-1]) for told in comparison.told)
        assert (known.low >= 1.0) == up
        assert (known.high <= 1.0) == down
