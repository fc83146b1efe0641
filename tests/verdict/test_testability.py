import numpy as np
import pytest

from judge.spec.resolved import Bound, PrometheusConfig, Track
from judge.verdict.sequential import SequentialJudge
from judge.verdict.testability import shortfalls
from tests.verdict.mixed import CLASSIC, gauge, latencies, latency, levels
from tests.verdict.rollouts import analysis, intervals, metric

PODS = {"baseline": 9}


def history(rng, **drawn):
    return intervals(rng, 480, tracks={"baseline": 1.0}, **drawn)


def only(found):
    assert len(found) == 1, found
    return found[0]


def test_a_service_that_can_be_tested_has_none():
    rng = np.random.default_rng(1)
    assert shortfalls(analysis(), history(rng)) == []
    assert shortfalls(analysis(latency()), latencies(rng, 480, pods=PODS)) == []
    assert shortfalls(analysis(gauge()), levels(rng, 480, pods=PODS)) == []


def test_one_request_a_minute_is_too_few_and_the_length_that_would_do_is_told():
    tracks = {"baseline": Track('a="b"', None), "canary": Track('a="c"', 0.1)}
    of = analysis(tracks=tracks)
    sparse = history(np.random.default_rng(1), requests=1, pods={"baseline": 3})
    found = only([one for one in shortfalls(of, sparse) if one.hopeless])
    assert "too few requests: 3 a minute on the baseline" in found.reason
    assert "about 10 in a run, a pass takes 50" in found.reason
    assert "make the run 150 min long" in found.reason


def test_few_errors_and_few_requests_are_too_little_together():
    rare = history(np.random.default_rng(1), requests=3, rate=0.0, pods={"baseline": 3})
    found = shortfalls(analysis(), rare)[0]
    assert found.hopeless
    assert "a pass takes 500" in found.reason


def test_coarse_buckets_are_told_with_what_they_can_test():
    before = latencies(np.random.default_rng(1), 480, pods=PODS, bounds=CLASSIC)
    found = only(shortfalls(analysis(latency(limit=1.2)), before))
    assert found.hopeless
    assert "they can test 2.0, 2.5" in found.reason


def test_a_bound_without_a_boundary_is_told():
    before = latencies(np.random.default_rng(1), 480, pods=PODS, bounds=CLASSIC)
    of = analysis(latency(limit=None, worst=None, bound=Bound(max=0.35)))
    assert "no bucket boundary within 15 % of max 0.35" in only(shortfalls(of, before)).reason


def test_a_gauge_that_is_mostly_zero_needs_a_floor():
    before = levels(np.random.default_rng(1), 480, pods=PODS, level=0.0)
    found = only(shortfalls(analysis(gauge()), before))
    assert found.hopeless
    assert "0 in 100% of the baseline's intervals" in found.reason
    assert shortfalls(analysis(gauge(floor=1.0)), before) == []


@pytest.mark.parametrize(
    ("name", "label", "told"),
    [("", "pod", "no label pod"), ("a", "pod", "a single pod")],
    ids=["no label", "one pod"],
)
def test_pods_that_cannot_be_told_apart_are_judged_on_assumptions(name, label, told):
    before = levels(np.random.default_rng(1), 480, pods={"baseline": 1})
    renamed = [
        type(one)(one.start, one.end, {"memory": {"baseline": {name: level}}})
        for one in before
        for level in one.samples["memory"]["baseline"].values()
    ]
    of = analysis(gauge(), prometheus=PrometheusConfig(pod_label=label))
    found = only(shortfalls(of, renamed))
    assert not found.hopeless
    assert told in found.reason
    assert ("sum over a track" in found.reason) == (not name)


def test_a_short_history_is_told():
    found = only(shortfalls(analysis(), history(np.random.default_rng(1))[:60]))
    assert not found.hopeless
    assert (
        "1 h of samples from 9 pods are too little to calibrate on: they give 0 windows"
        in found.reason
    )


def test_a_metric_that_nobody_has_is_told():
    found = only(shortfalls(analysis(metric("nothing")), history(np.random.default_rng(1))))
    assert "no sample of the baseline in its history" in found.reason


def test_a_history_that_is_mostly_holes_is_short_whatever_its_length():
    whole = history(np.random.default_rng(1))
    holed = [
        one if i % 100 == 0 else type(one)(one.start, one.end, {}) for i, one in enumerate(whole)
    ]
    of = analysis()
    found = only([one for one in shortfalls(of, holed) if not one.hopeless])
    assert "too little to calibrate on" in found.reason
    run = intervals(np.random.default_rng(2), 30, start=1e6)
    assert SequentialJudge(of, holed).decide(run).promise == "uncalibrated"


def test_pods_that_came_and_went_count_for_the_time_that_they_were_there():
    """Three releases in the history, nine pods each: names change, the service does not."""
    whole = history(np.random.default_rng(1))
    churned = [
        type(one)(
            one.start,
            one.end,
            {
                "error-rate": {
                    "baseline": {
                        f"{i // 160}-{pod}": count
                        for pod, count in one.samples["error-rate"]["baseline"].items()
                    }
                }
            },
        )
        for i, one in enumerate(whole)
    ]
    found = only(shortfalls(analysis(), churned))
    assert not found.hopeless
    assert "most pods were replaced at about 1970-01-01 05:20 UTC" in found.reason
    assert "(9 came), the last of 2 times in this history; it went on as before" in found.reason
    run = intervals(np.random.default_rng(2), 30, start=1e6)
    verdict = SequentialJudge(analysis(), churned).decide(run)
    assert (verdict.verdict, verdict.promise) == ("pass", "calibrated")
