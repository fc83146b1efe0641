import math
from dataclasses import replace

import numpy as np
import pytest

from judge.spec.resolved import Bound, Compare, Direction
from judge.stats.samples import Interval, Level
from judge.verdict.sequential import SequentialJudge
from judge.verdict.verdict import Outcome
from tests.verdict.mixed import gauge, levels
from tests.verdict.rollouts import analysis

BEFORE = {"baseline": 3}


def judged(metric, seed=1, looks=30, history=480, changed=None, **run):
    rng = np.random.default_rng(seed)
    own = {key: run[key] for key in ("noise", "level") if key in run}
    before = levels(rng, history, pods=BEFORE, **own)
    after = levels(rng, looks, start=1e6, **run)
    whole = analysis(metric, duration=60.0 * looks)
    return SequentialJudge(whole, before).decide(changed(after) if changed else after)


def test_a_higher_level_fails_and_lies_in_the_interval():
    verdict = judged(gauge(), higher=1.8)
    told = verdict.metrics["memory"]
    assert verdict.verdict is Outcome.FAIL
    assert told.limit < told.low <= 1.8 <= told.high
    assert f"memory {told.estimate:.2f} times the baseline's, between" in verdict.reason
    assert told.observed["canary"]["mean"] == pytest.approx(1.8e8, rel=0.05)


@pytest.mark.parametrize("higher", [1.0, 1.1])
def test_a_level_within_the_limit_passes_proven(higher):
    verdict = judged(gauge(), higher=higher)
    assert (verdict.verdict, verdict.proven) == (Outcome.PASS, True)
    assert "a 2-fold increase is ruled out" in verdict.reason


def test_a_fall_fails_where_it_is_bad():
    fell = gauge(direction=Direction.DECREASE, limit=0.8, worst=0.5)
    assert judged(fell, higher=0.4).verdict is Outcome.FAIL
    assert judged(gauge(), higher=0.4).verdict is Outcome.PASS


class TestSlope:
    METRIC = gauge(compare=Compare.SLOPE, limit=1.2, worst=2.0)

    def test_a_leak_fails_whatever_the_level_is(self):
        verdict = judged(self.METRIC, looks=60, an_hour=2.5, higher=0.5, noise=0.02)
        assert verdict.verdict is Outcome.FAIL
        assert verdict.metrics["memory"].low <= 2.5 <= verdict.metrics["memory"].high
        assert "-fold an hour against the baseline's" in verdict.reason

    def test_a_constantly_higher_level_is_no_leak(self):
        verdict = judged(self.METRIC, looks=60, higher=3.0, noise=0.02)
        assert verdict.verdict is Outcome.PASS

    def test_another_number_of_pods_begins_anew(self):
        def scaled(run):
            return run[:20] + [
                Interval(
                    one.start,
                    one.end,
                    {
                        "memory": {
                            **one.samples["memory"],
                            "canary": {
                                **one.samples["memory"]["canary"],
                                "canary-9": Level(9e8),
                            },
                        }
                    },
                )
                for one in run[20:]
            ]

        verdict = judged(self.METRIC, looks=60, noise=0.02, changed=scaled)
        assert verdict.verdict is Outcome.PASS


class TestFloor:
    def test_a_queue_that_is_empty_needs_one_and_says_so(self):
        verdict = judged(gauge("queue"), level=0.0, name="queue")
        assert verdict.verdict is Outcome.INCONCLUSIVE
        assert "set floor" in verdict.reason

    def test_with_one_an_empty_queue_passes_and_a_full_one_fails(self):
        metric = gauge("queue", floor=10.0)
        assert judged(metric, level=0.0, name="queue").verdict is Outcome.PASS

        def full(run):
            return [
                Interval(
                    one.start,
                    one.end,
                    {"queue": {**one.samples["queue"], "canary": {"canary-0": Level(400.0)}}},
                )
                for one in run
            ]

        assert judged(metric, level=0.0, name="queue", changed=full).verdict is Outcome.FAIL


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_what_is_not_finite_never_passes(value):
    def broken(run):
        samples = run[7].samples["memory"]
        return [
            *run[:7],
            replace(run[7], samples={"memory": {**samples, "canary": {"canary-0": Level(value)}}}),
            *run[8:],
        ]

    verdict = judged(gauge(), changed=broken)
    assert verdict.verdict is Outcome.INCONCLUSIVE
    assert "NaN or infinite samples from canary-0" in verdict.reason


class TestBound:
    def test_it_must_be_broken_for_long_enough(self):
        metric = gauge(limit=None, worst=None, bound=Bound(max=1.5e8, lasting=300.0))
        verdict = judged(metric, higher=2.0)
        assert (verdict.verdict, verdict.decided_at) == (Outcome.FAIL, 4)
        assert "at most 1.5e+08 bytes allowed: broken" in verdict.reason
        assert "not covered by the promise" in verdict.reason
        assert not verdict.metrics["memory"].bound.promised

    def test_a_kept_one_passes_and_proves_nothing(self):
        metric = gauge(limit=None, worst=None, bound=Bound(min=0.5e8, max=1.5e8))
        verdict = judged(metric)
        assert (verdict.verdict, verdict.proven) == (Outcome.PASS, False)
        assert verdict.metrics["memory"].evidence is None

    def test_a_value_that_was_hardly_ever_there_does_not_pass(self):
        metric = gauge(limit=None, worst=None, bound=Bound(max=1.5e8))
        verdict = judged(metric, changed=lambda run: [replace(one, samples={}) for one in run])
        assert verdict.verdict is Outcome.INCONCLUSIVE
        assert "0 of 30 intervals had a value on the canary" in verdict.reason


def test_one_pod_of_history_learns_from_its_own_changes_and_says_so():
    rng = np.random.default_rng(5)
    before = levels(rng, 480, pods={"baseline": 1})
    run = levels(rng, 30, start=1e6, pods={"baseline": 1, "canary": 1}, higher=6.0)
    judge = SequentialJudge(analysis(gauge()), before)
    assert judge.decide(run).verdict is Outcome.FAIL
    fine = judge.decide(levels(rng, 30, start=1e6, pods={"baseline": 1, "canary": 1}))
    assert fine.verdict is Outcome.PASS
    assert fine.promise == "uncalibrated"
