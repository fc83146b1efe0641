import math

import numpy as np
import pytest
from scipy.stats import norm

from judge.stats.boundaries import TAILS, pairs, representable
from judge.stats.confidence import effect
from judge.stats.histograms import PodHistograms, quantile
from judge.stats.slowdowns import compare_histograms
from judge.stats.tail_noise import tail_shares
from judge.stats.terms import Terms

NATIVE = np.append(2.0 ** (np.arange(-44, 9) / 8), math.inf)
CLASSIC = np.array([0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, math.inf])
LOOKS = 30


def drawn(rng, shape, *, slower=1.0, mixed=0.0, bounds=NATIVE, requests=600.0, log_sd=0.3):
    """Requests of (runs, intervals, pods): lognormal around 0.1 s, some 8 times slower."""
    scale = np.broadcast_to(0.1 * np.asarray(slower), shape)[..., None]
    within = norm.cdf(np.log(bounds / scale) / log_sd)
    tail = norm.cdf(np.log(bounds / scale / 8.0) / log_sd)
    parts = np.diff((1 - mixed) * within + mixed * tail, prepend=0.0, axis=-1)
    return PodHistograms(bounds, rng.poisson(requests * parts).cumsum(-1).astype(float))


def service(rng, *, runs=50, history=120, canary=1, pods=9, **changed):
    own = {key: changed.pop(key) for key in ("slower", "mixed") if key in changed}
    return (
        drawn(rng, (runs, history, pods), **changed),
        drawn(rng, (runs, LOOKS, canary), **own, **changed),
        drawn(rng, (runs, LOOKS, pods), **changed),
    )


def terms(**changed):
    given = {"limit": 1.2, "worst": 2.0, "alpha": 0.05, "beta": 0.05, "interval": 60.0}
    return Terms(**{**given, "looks": LOOKS, **changed})


def first(comparison):
    hit = comparison.log_evidence >= np.asarray(comparison.threshold)[..., None]
    return np.where(hit.any(-1), hit.argmax(-1) + 1, 10**6)


def judged(rng, calibrate=False, limit=1.2, **changed):
    return compare_histograms(*service(rng, **changed), terms(limit=limit), calibrate=calibrate)


@pytest.mark.parametrize(
    ("limit", "slower"), [(1.0, 1.0), (1.2, 1.0), (1.2, 2 ** (2 / 8))], ids=str
)
def test_a_release_within_the_limit_is_kept(limit, slower):
    rng = np.random.default_rng(1)
    assert (first(judged(rng, limit=limit, slower=slower, runs=200)) <= LOOKS).mean() <= 0.05


def test_a_third_slower_is_seen_in_five_minutes():
    assert np.median(first(judged(np.random.default_rng(2), slower=1.35))) <= 5


def test_a_slow_tail_is_seen_in_ten_though_most_requests_are_as_fast_as_ever():
    assert np.median(first(judged(np.random.default_rng(3), mixed=0.02))) <= 10


def test_pods_that_differ_for_good_are_not_a_slowdown():
    rng = np.random.default_rng(4)
    own = np.exp(0.1 * rng.standard_normal((100, 1, 10)))
    parts = (
        drawn(rng, (100, 120, 9), slower=own[..., :9]),
        drawn(rng, (100, LOOKS, 1), slower=own[..., 9:]),
        drawn(rng, (100, LOOKS, 9), slower=own[..., :9]),
    )
    comparison = compare_histograms(*parts, terms(limit=1.0), calibrate=False)
    assert (first(comparison) <= LOOKS).mean() <= 0.05


def test_coarse_buckets_test_what_they_can_and_nothing_else():
    rng = np.random.default_rng(5)
    assert judged(rng, bounds=CLASSIC, limit=1.2) is None
    wide = {"bounds": CLASSIC, "limit": 2.5, "log_sd": 0.8}
    assert (first(judged(rng, **wide)) <= LOOKS).mean() <= 0.05
    assert np.median(first(judged(rng, slower=4.0, **wide))) <= 5


def test_a_good_release_passes_and_a_twice_as_slow_one_does_not():
    rng, needed = np.random.default_rng(6), math.log(1 / 0.05)
    assert (judged(rng).log_pass[:, -1] >= needed).mean() >= 0.9
    assert (judged(rng, slower=2.2).log_pass[:, -1] >= needed).mean() <= 0.05


def test_a_worst_between_what_the_buckets_can_test_is_ruled_out_with_less():
    """Buckets of the usual client libraries cannot test 8, but what rules out 5 rules out 8."""
    parts = service(np.random.default_rng(10), bounds=CLASSIC, log_sd=0.8)
    good = compare_histograms(*parts, terms(limit=2.0, worst=8.0), calibrate=False)
    assert (good.log_pass[:, -1] >= math.log(1 / 0.05)).mean() >= 0.9


def test_the_interval_holds_the_truth_and_excludes_the_limit_exactly_when_it_fails():
    rng = np.random.default_rng(7)
    parts = service(rng, runs=20, slower=1.35)
    for i in range(20):
        one = (PodHistograms(part.bounds, part.counts[i]) for part in parts)
        comparison = compare_histograms(*one, terms(), calibrate=False)
        said = effect(comparison, terms())
        assert comparison.log_evidence[-1] >= comparison.threshold
        assert comparison.sides[0].null < said.low <= 1.35 <= said.high
        assert said.estimate == pytest.approx(1.35, rel=0.08)


def test_without_a_history_the_first_interval_chooses_the_bounds_and_is_left_out():
    rng = np.random.default_rng(8)
    _, canary, baseline = service(rng, slower=3.0)
    slow = compare_histograms(None, canary, baseline, terms())
    assert (first(slow) <= LOOKS).all()
    assert not slow.calibrated
    assert slow.log_evidence[:, 0] == pytest.approx(0.0, abs=1e-12)


def test_calibration_raises_little_where_requests_are_independent():
    comparison = judged(np.random.default_rng(9), calibrate=True, runs=5, history=480)
    assert comparison.calibrated
    assert (comparison.raised <= 1.5).all()


class TestPairs:
    SHARES = 1 - norm.cdf(np.log(NATIVE / 0.1) / 0.3)

    def test_they_stand_in_the_tail_and_are_as_far_apart_as_the_slowdown(self):
        chosen = pairs(NATIVE, np.where((self.SHARES > 0.003), self.SHARES, np.nan), 1.2)
        found = self.SHARES[chosen.reference]
        assert len(chosen) >= len(TAILS) - 1
        assert np.abs(np.log(found[:, None] / np.array(TAILS))).min(1).max() < math.log(1.6)
        assert chosen.slowdown == pytest.approx(2 ** (2 / 8))
        assert chosen.strictest == pytest.approx(2 ** (2 / 8))

    @pytest.mark.parametrize(("slowdown", "fits"), [(1.2, False), (2.0, True), (2.5, True)])
    def test_the_usual_buckets_can_test_two_but_not_a_fifth_more(self, slowdown, fits):
        shares = np.where(np.isfinite(CLASSIC), 0.05, np.nan)
        assert (pairs(CLASSIC, shares, slowdown) is not None) == fits

    def test_pairs_that_are_stricter_than_asked_are_the_last_resort(self):
        bounds = np.array([1.0, 1.1, 1.35, 1.5, 1.9, math.inf])
        shares = np.where(np.isfinite(bounds), 0.05, np.nan)
        # 1.1 / 1 and 1.5 / 1.35 would test 1.1 in place of 1.25
        assert pairs(bounds, shares, 1.25).strictest > 1.2
        assert pairs(bounds, shares, 1.25, at_most=False).slowdown.max() < 1.3
        only = np.array([1.0, 1.1, math.inf])
        assert pairs(only, np.array([0.05, 0.05, np.nan]), 1.2).strictest == 1.1

    def test_what_they_can_test_is_listed(self):
        shares = np.where(np.isfinite(CLASSIC), 0.05, np.nan)
        listed = representable(CLASSIC, shares)
        for slowdown in listed:
            assert pairs(CLASSIC, shares, float(slowdown)) is not None
        assert {1.0, 2.0, 2.5, 4.0, 5.0} <= set(np.round(listed, 6))

    def test_nothing_stands_on_a_bound_that_hardly_anything_lies_beyond(self):
        few = PodHistograms(
            CLASSIC, np.array([0, 0, 0, 0, 990, 999, 1000] + [1000] * 5, float)[None, None]
        )
        assert np.isfinite(tail_shares(few)).tolist() == [False] * 12


@pytest.mark.parametrize(("share", "value"), [(0.5, 1.5), (0.25, 1.0), (0.99, 2.0), (0.125, 0.5)])
def test_a_quantile_is_linear_within_its_bucket(share, value):
    bounds, counts = np.array([1.0, 2.0, math.inf]), np.array([25.0, 75.0, 100.0])
    assert quantile(bounds, counts, share) == pytest.approx(value)


def test_no_requests_have_no_quantile():
    assert math.isnan(quantile(np.array([1.0, math.inf]), np.zeros(2), 0.5))


@pytest.mark.filterwarnings("error")
def test_bounds_at_both_ends_of_what_a_number_can_be_are_compared_on_a_log_scale():
    bounds = np.array([5e-324, 1e-300, 2e-300, 1e300, math.inf])
    shares = np.array([0.5, 0.2, 0.1, 0.05, math.nan])
    assert representable(bounds, shares).tolist() == [0.5, 1.0, 2.0]
