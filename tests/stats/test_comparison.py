import math

import numpy as np
import pytest

from judge.stats.arms import PodCounts
from judge.stats.confidence import effect
from judge.stats.risks import compare_counts as compare
from judge.stats.terms import Terms

REQUESTS = 600.0


def drawn(rng, rate, shape):
    events = rng.binomial(int(REQUESTS), np.broadcast_to(rate, shape)).astype(float)
    return PodCounts(events, np.full(shape, REQUESTS))


def service(
    rng, effect_ratio=1.0, *, pods=9, canary=1, looks=30, rate=0.005, history=480, batch=()
):
    return (
        drawn(rng, rate, (*batch, history, pods)),
        drawn(rng, min(rate * effect_ratio, 1.0), (*batch, looks, canary)),
        drawn(rng, rate, (*batch, looks, pods)),
    )


def terms(**changed):
    return Terms(
        **{
            "limit": 1.25,
            "worst": 2.0,
            "alpha": 0.01,
            "beta": 0.05,
            "interval": 60.0,
            "looks": 30,
            **changed,
        }
    )


def first(comparison):
    hit = comparison.log_evidence >= np.asarray(comparison.threshold)[..., None]
    return np.where(hit.any(-1), hit.argmax(-1), 10**6)


@pytest.mark.parametrize("pods", [1, 2, 3, 9])
@pytest.mark.parametrize("alpha", [0.01, 0.05])
def test_a_total_outage_is_convicted_by_the_fourth_look(pods, alpha):
    rng = np.random.default_rng(1)
    data = service(rng, math.inf, pods=pods, batch=(50,))
    assert (first(compare(*data, terms(alpha=alpha), calibrate=False)) <= 3).all()


@pytest.mark.parametrize("pods", [1, 2, 3, 9])
def test_without_a_history_too(pods):
    _, canary, baseline = service(np.random.default_rng(2), math.inf, pods=pods, batch=(50,))
    comparison = compare(None, canary, baseline, terms())
    assert (first(comparison) <= 3).all()
    assert not comparison.calibrated


@pytest.mark.parametrize("rate", [0.005, 0.2], ids=["rare", "frequent"])
def test_good_releases_are_kept_and_bad_ones_seen(rate):
    rng = np.random.default_rng(3)
    good = compare(*service(rng, 1.0, rate=rate, batch=(200,)), terms(alpha=0.05), calibrate=False)
    bad = compare(*service(rng, 3.0, rate=rate, batch=(200,)), terms(alpha=0.05), calibrate=False)
    assert (first(good) < 30).mean() <= 0.05
    assert (first(bad) < 30).mean() >= 0.98


def test_a_good_release_passes_proven_and_a_twice_as_bad_one_does_not():
    rng = np.random.default_rng(4)
    needed = math.log(1 / 0.05)
    good = compare(*service(rng, 1.0, batch=(200,)), terms(), calibrate=False)
    bad = compare(*service(rng, 2.0, batch=(200,)), terms(), calibrate=False)
    assert (good.log_pass[:, -1] >= needed).mean() >= 0.9
    assert (bad.log_pass[:, -1] >= needed).mean() <= 0.05


def test_a_shared_incident_is_no_evidence():
    rng = np.random.default_rng(5)
    incident = np.where((np.arange(30) // 5) % 2 == 1, 6.0, 1.0)[:, None]
    history = drawn(rng, 0.005, (200, 480, 9))
    canary = drawn(rng, 0.005 * incident, (200, 30, 1))
    baseline = drawn(rng, 0.005 * incident, (200, 30, 9))
    comparison = compare(history, canary, baseline, terms(alpha=0.05), calibrate=False)
    assert (first(comparison) < 30).mean() <= 0.05


def test_a_hole_in_the_baseline_alone_is_dropped_from_both_arms():
    rng = np.random.default_rng(6)
    history, canary, baseline = service(rng, 1.0)
    lost = (np.arange(30) % 3 == 0)[:, None]
    holed = PodCounts(np.where(lost, np.nan, baseline.events), baseline.total)
    both = PodCounts(np.where(lost, np.nan, canary.events), canary.total)
    one_sided = compare(history, canary, holed, terms())
    two_sided = compare(history, both, holed, terms())
    assert (one_sided.log_evidence == two_sided.log_evidence).all()


def test_a_decrease_is_the_increase_of_the_other_arm():
    rng = np.random.default_rng(7)
    history, canary, baseline = service(rng, 0.3, rate=0.02)
    fallen = compare(history, canary, baseline, terms(limit=0.8, worst=0.5), calibrate=False)
    assert first(fallen) < 30
    known = effect(fallen, terms(limit=0.8, worst=0.5))
    assert known.low is not None
    assert known.high is not None
    assert known.low < known.estimate < known.high <= 0.8
    risen = compare(history, canary, baseline, terms(), calibrate=False)
    assert first(risen) == 10**6


@pytest.mark.parametrize("ratio", [0.25, 4.0])
def test_both_directions_are_seen_where_either_is_bad(ratio):
    data = service(np.random.default_rng(8), ratio, rate=0.02)
    assert first(compare(*data, terms(both=True), calibrate=False)) < 30


def test_the_split_may_step_during_a_run():
    rng = np.random.default_rng(9)
    requests = np.repeat([60, 300, 600], 10)[:, None]
    canary = PodCounts(rng.binomial(requests, 0.02).astype(float), requests.astype(float))
    history, _, baseline = service(rng)
    stepped = compare(history, canary, baseline, terms(), calibrate=False)
    assert first(stepped) < 30


def test_calibration_raises_the_threshold_of_a_service_whose_pods_have_incidents():
    rng = np.random.default_rng(10)
    struck = np.kron(rng.random((96, 9)) < 0.02, np.ones((5, 1)))
    history = drawn(rng, 0.005 * np.where(struck, 5.0, 1.0), (480, 9))
    _, canary, baseline = service(rng)
    noisy = compare(history, canary, baseline, terms(limit=1.0))
    quiet = compare(*service(rng), terms(limit=1.0))
    assert noisy.calibrated
    assert quiet.calibrated
    assert noisy.raised > 1.0
    assert quiet.raised < 0.5


class TestConfidence:
    def test_it_excludes_the_limit_exactly_when_the_metric_fails(self):
        rng = np.random.default_rng(11)
        failed = 0
        for ratio in (1.0, 1.6, 1.9, 2.2, 3.0) * 6:
            history, canary, baseline = service(rng, ratio)
            comparison = compare(history, canary, baseline, terms(), calibrate=False)
            known = effect(comparison, terms())
            fails = bool(comparison.log_evidence[-1] >= comparison.threshold)
            failed += fails
            assert (known.low is not None and known.low >= 1.25) == fails
        assert 3 < failed < 27

    def test_it_covers_the_truth_at_every_look_at_once(self):
        rng = np.random.default_rng(12)
        missed = 0
        for _ in range(60):
            history, canary, baseline = service(rng, 1.5)
            for looks in (5, 15, 30):
                seen = compare(
                    history,
                    PodCounts(canary.events[:looks], canary.total[:looks]),
                    PodCounts(baseline.events[:looks], baseline.total[:looks]),
                    terms(alpha=0.1),
                    calibrate=False,
                )
                known = effect(seen, terms(alpha=0.1))
                if (known.low or 0) > 1.5 or (known.high or 99) < 1.5:
                    missed += 1
                    break
        assert missed <= 10

    def test_it_narrows_and_holds_the_estimate(self):
        history, canary, baseline = service(np.random.default_rng(13), 3.0)
        widths = []
        for looks in (4, 10, 30):
            seen = compare(
                history,
                PodCounts(canary.events[:looks], canary.total[:looks]),
                PodCounts(baseline.events[:looks], baseline.total[:looks]),
                terms(),
                calibrate=False,
            )
            known = effect(seen, terms())
            assert known.low <= known.estimate <= known.high
            widths.append(known.high / known.low)
        assert widths == sorted(widths, reverse=True)
        assert widths[-1] < 2

    def test_without_a_single_event_nothing_is_known(self):
        nothing = PodCounts(np.zeros((30, 1)), np.full((30, 1), REQUESTS))
        known = effect(compare(nothing, nothing, nothing, terms()), terms())
        assert known.estimate is None
        assert known.low is None

    def test_errors_on_the_canary_alone_have_a_lower_bound_and_no_estimate(self):
        clean = PodCounts(np.zeros((480, 9)), np.full((480, 9), REQUESTS))
        run = PodCounts(clean.events[:30], clean.total[:30])
        failing = drawn(np.random.default_rng(14), 0.05, (30, 1))
        comparison = compare(clean, failing, run, terms())
        known = effect(comparison, terms())
        assert first(comparison) < 30
        assert known.estimate is None
        assert known.low > 1.25
