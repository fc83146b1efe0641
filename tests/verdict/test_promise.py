"""The promise that is told beforehand is the one that the verdict has."""

import numpy as np
import pytest

from judge.spec.resolved import Direction, JudgeName
from judge.stats.samples import Interval
from judge.verdict.promise import MEANINGS, promise_of, unmeasured
from judge.verdict.sequential import SequentialJudge
from judge.verdict.verdict import Promise
from tests.verdict.mixed import CLASSIC, gauge, latencies, latency, levels
from tests.verdict.rollouts import analysis, history, intervals, metric

PODS = {"baseline": 9}


def emptied(past, holes):
    return [Interval(one.start, one.end, {}) if i in holes else one for i, one in enumerate(past)]


def told(of, past, run):
    """What is told before, having made sure that the verdict says the same."""
    before = promise_of(of, past)
    assert SequentialJudge(of, past).decide(run).promise == before
    return before


def counted(past):
    return told(analysis(), past, intervals(np.random.default_rng(2), 30, start=1e6))


def test_hours_of_several_pods_are_measured_on():
    assert counted(history(np.random.default_rng(1))) in (Promise.CALIBRATED, Promise.EXACT)


def test_alike_pods_and_independent_requests_are_exact():
    """Seeds for which neither phi nor tau comes out above what independence gives."""
    found = {counted(history(np.random.default_rng(seed))) for seed in (1, 2)}
    assert found == {Promise.CALIBRATED, Promise.EXACT}


@pytest.mark.parametrize(
    "past",
    [
        [],
        history(np.random.default_rng(1), 60),
        history(np.random.default_rng(1), pods={"baseline": 1}),
        emptied(history(np.random.default_rng(1)), range(400)),
        emptied(history(np.random.default_rng(1)), set(range(480)) - set(range(0, 480, 4))),
    ],
    ids=["none", "an hour", "one pod", "its last 80 minutes", "every fourth minute"],
)
def test_too_little_is_uncalibrated(past):
    assert counted(past) is Promise.UNCALIBRATED


def test_two_hours_of_nine_pods_calibrate_where_no_more_is_asked_for():
    past = history(np.random.default_rng(1))
    assert counted(past[-120:]) is not Promise.UNCALIBRATED
    assert counted(emptied(past, range(360))) is Promise.UNCALIBRATED


def test_a_gap_of_an_hour_leaves_enough():
    past = emptied(history(np.random.default_rng(1)), range(200, 260))
    assert counted(past) is not Promise.UNCALIBRATED


def test_the_weakest_metric_counts():
    rng = np.random.default_rng(1)
    past = history(rng)
    assert promise_of(analysis(metric(), metric("other")), past) is Promise.UNCALIBRATED


def test_latencies_and_levels():
    rng = np.random.default_rng(1)
    of, run = analysis(latency()), latencies(rng, 30, pods={"baseline": 4, "canary": 1}, start=1e6)
    assert told(of, latencies(rng, 480, pods={"baseline": 4}), run) is Promise.CALIBRATED
    coarse = latencies(rng, 480, pods={"baseline": 4}, bounds=CLASSIC)
    classic = latencies(rng, 30, pods={"baseline": 4, "canary": 1}, start=1e6, bounds=CLASSIC)
    assert told(of, coarse, classic) is Promise.UNCALIBRATED
    run = levels(rng, 30, pods={"baseline": 9, "canary": 1}, start=1e6)
    assert told(analysis(gauge()), levels(rng, 480, pods=PODS), run) is Promise.CALIBRATED


def test_an_ab_test_is_not_told_more_than_variants_in_the_same_pods_have():
    rng = np.random.default_rng(1)
    variants = metric(direction=Direction.EITHER, limit=1.0, worst=1.05, better=Direction.DECREASE)
    past = history(rng, pods={"baseline": 2})
    run = intervals(rng, 30, start=1e6, pods={"baseline": 2, "canary": 2})
    for one in run:
        tracks = one.samples["error-rate"]
        tracks["canary"] = dict(zip(tracks["baseline"], tracks["canary"].values(), strict=True))
    assert told(analysis(variants), past, run) is Promise.UNCALIBRATED


def test_each_promise_says_what_it_rests_on():
    assert set(MEANINGS) == set(Promise)
    assert all(text.startswith(f"{promise}:") for promise, text in MEANINGS.items())


def test_before_any_look_kayentas_judge_promises_nothing() -> None:
    assert unmeasured(analysis()) is Promise.UNCALIBRATED
    assert unmeasured(analysis(judge=JudgeName.KAYENTA)) is Promise.NONE
