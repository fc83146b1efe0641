import math

import numpy as np
import pytest

from judge.spec.resolved import Bound, Direction
from judge.stats.samples import Histogram, Interval
from judge.verdict.kinds.gathering import gathered
from judge.verdict.kinds.latency import bounds_of, pod_histograms
from judge.verdict.sequential import SequentialJudge
from judge.verdict.verdict import Outcome
from tests.verdict.mixed import CLASSIC, histogram, latencies, latency
from tests.verdict.rollouts import analysis

BEFORE = {"baseline": 3}


def judged(metric, seed=1, looks=30, history=480, **run):
    rng = np.random.default_rng(seed)
    drawn = {key: run[key] for key in ("bounds", "requests") if key in run}
    before = latencies(rng, history, pods=BEFORE, **drawn)
    return SequentialJudge(analysis(metric), before).decide(latencies(rng, looks, start=1e6, **run))


def test_a_slower_canary_fails_and_the_slowdown_is_in_the_interval():
    verdict = judged(latency(), slower=1.5)
    told = verdict.metrics["latency"]
    assert verdict.verdict is Outcome.FAIL
    assert told.limit < told.low <= 1.5 <= told.high
    assert told.estimate == pytest.approx(1.5, rel=0.1)
    assert "times the baseline's" in verdict.reason
    assert "p99" in verdict.reason


@pytest.mark.parametrize("slower", [1.0, 1.15])
def test_a_canary_within_the_limit_passes_proven(slower):
    verdict = judged(latency(), slower=slower)
    assert verdict.verdict is Outcome.PASS
    assert verdict.proven
    assert "a 2-fold slowdown is ruled out" in verdict.reason


def test_the_limit_that_the_buckets_allow_is_the_one_that_is_told():
    told = judged(latency(limit=1.2)).metrics["latency"]
    assert told.limit == pytest.approx(2 ** (2 / 8))
    assert "limit 1.19 (the buckets' nearest to 1.2)" in told.reason


def test_buckets_too_coarse_for_the_limit_say_which_limits_they_allow():
    verdict = judged(latency(limit=1.2), bounds=CLASSIC)
    assert verdict.verdict is Outcome.INCONCLUSIVE
    assert "too coarse to test a limit of 1.2" in verdict.reason
    assert "2.0, 2.5" in verdict.reason


@pytest.mark.parametrize(("slower", "said"), [(1.0, Outcome.PASS), (4.0, Outcome.FAIL)])
def test_coarse_buckets_test_what_they_can(slower, said):
    verdict = judged(latency(limit=2.5, worst=6.0), bounds=CLASSIC, slower=slower)
    assert verdict.verdict is said


def test_a_faster_canary_is_a_failure_only_where_a_decrease_is_bad():
    fell = latency(direction=Direction.DECREASE, limit=0.8, worst=0.5)
    assert judged(latency(), slower=0.5).verdict is Outcome.PASS
    assert judged(fell, slower=0.4).verdict is Outcome.FAIL
    either = judged(latency(direction=Direction.EITHER, limit=1.2), slower=0.5)
    assert either.verdict is Outcome.FAIL
    assert either.metrics["latency"].high < 1 / 1.19


def test_without_a_history_a_slow_canary_is_seen_and_the_promise_is_not_called_calibrated():
    verdict = judged(latency(), slower=4.0, history=0)
    assert verdict.verdict is Outcome.FAIL
    assert verdict.promise == "uncalibrated"


def test_quantiles_are_for_the_eye():
    observed = judged(latency(), slower=1.0).metrics["latency"].observed
    assert set(observed) == {"canary", "baseline"}
    assert observed["baseline"]["p50"] == pytest.approx(0.1, rel=0.02)
    assert observed["baseline"]["p99"] == pytest.approx(0.1 * math.exp(0.5 * 2.326), rel=0.03)


class TestBound:
    """`max` on a quantile: the share above it against 1 - quantile."""

    # p99 of the simulated requests is 0.32 s
    @pytest.mark.parametrize(
        ("slower", "most", "said"),
        [(1.0, 0.5, Outcome.PASS), (3.0, 0.5, Outcome.FAIL), (1.0, 0.25, Outcome.FAIL)],
    )
    def test_it_is_tested_whatever_the_baseline_does(self, slower, most, said):
        metric = latency(limit=None, worst=None, bound=Bound(max=most))
        verdict = judged(metric, slower=slower)
        assert verdict.verdict is said
        bound = verdict.metrics["latency"].bound
        assert bound.promised
        assert bound.broken == (said is Outcome.FAIL)
        assert f"p99 {bound.value:.3g} s on the canary, at most {most:g} s allowed" in (
            verdict.reason
        )

    def test_without_a_boundary_near_it_says_which_there_are(self):
        metric = latency(limit=None, worst=None, bound=Bound(max=0.35))
        verdict = judged(metric, bounds=CLASSIC)
        assert verdict.verdict is Outcome.INCONCLUSIVE
        assert "no bucket boundary within 15 % of max 0.35" in verdict.reason
        assert "0.25, 0.5" in verdict.reason

    def test_with_a_duration_it_is_a_plain_one_outside_of_the_promise(self):
        metric = latency(limit=None, worst=None, bound=Bound(max=0.35, lasting=120.0))
        verdict = judged(metric, bounds=CLASSIC, slower=3.0)
        assert verdict.verdict is Outcome.FAIL
        assert verdict.decided_at == 1
        assert "not covered by the promise" in verdict.reason


class TestBounds:
    def test_layouts_are_merged_and_a_count_is_known_where_nothing_lies_between(self):
        native = Histogram((1.0, 2.0, 4.0, 5.0, math.inf), (0.0, 3.0, 3.0, 7.0, 7.0))
        other = Histogram((2.0, 3.0, math.inf), (1.0, 4.0, 4.0))
        one = gathered(
            [Interval(0, 60, {"l": {"canary": {"a": native, "b": other}}})], "l", "canary"
        )
        bounds = bounds_of([one])
        found = pod_histograms(one, bounds)
        assert bounds.tolist() == [1.0, 2.0, 3.0, 4.0, 5.0, math.inf]
        assert found.counts[0, 0].tolist() == [0.0, 3.0, 3.0, 3.0, 7.0, 7.0]
        assert np.isnan(found.counts[0, 1]).tolist() == [True] + [False] * 5
        assert found.counts[0, 1, 1:].tolist() == [1.0, 4.0, 4.0, 4.0, 4.0]

    def test_a_pod_with_another_layout_is_left_out_where_it_does_not_say(self):
        rng = np.random.default_rng(3)
        before = latencies(rng, 480, pods=BEFORE)
        run = latencies(rng, 30, start=1e6, pods={"baseline": 3, "canary": 2}, slower=1.5)
        odd = [
            Interval(
                one.start,
                one.end,
                {
                    "latency": {
                        **one.samples["latency"],
                        "canary": {
                            **one.samples["latency"]["canary"],
                            "canary-1": histogram(rng, bounds=CLASSIC),
                        },
                    }
                },
            )
            for one in run
        ]
        assert SequentialJudge(analysis(latency()), before).decide(odd).verdict is Outcome.FAIL


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("broken", [math.inf, math.nan, -math.inf])
def test_a_histogram_with_a_count_that_is_none_is_a_hole_and_never_passes(broken):
    rng = np.random.default_rng(1)
    run = latencies(rng, 30)
    bad = Histogram(CLASSIC, (*(1.0 for _ in CLASSIC[:-1]), broken))
    pods = {**run[3].samples["latency"]["baseline"], "baseline-0": bad}
    run[3] = Interval(180.0, 240.0, {"latency": {**run[3].samples["latency"], "baseline": pods}})
    of = gathered(run, "latency", "baseline")
    counts = pod_histograms(of, bounds_of([of])).counts
    assert np.isnan(counts[3, 0]).all()
    assert np.isfinite(counts[3, 1, -1])
    verdict = SequentialJudge(analysis(latency()), []).decide(run)
    assert verdict.verdict is Outcome.INCONCLUSIVE
    assert "NaN or infinite samples from baseline-0" in verdict.reason
