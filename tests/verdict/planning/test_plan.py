"""A whole analysis planned on a history: what is told, of which tracks, and what is not planned."""

from dataclasses import replace

import numpy as np
import pytest

from judge.spec.resolved import Bound, Direction, Risk, Track
from judge.verdict.planning.plan import Wish, plan_of, planned_tracks
from tests.verdict.mixed import CLASSIC, gauge, latencies, latency, levels, merged
from tests.verdict.rollouts import analysis, history, intervals, metric

LOOKS = 20
SHORT = {"duration": 60.0 * LOOKS}
PODS = {"baseline": 6}


def planned(of, past, *, wish=None, seed=1):
    told = []
    found = plan_of(
        of,
        past,
        wish=wish or Wish(),
        done=lambda name, part: told.append((name, part)),
        seed=seed,
    )
    assert [part for _, part in told] == sorted(part for _, part in told) or len(of.metrics) > 1
    return found


@pytest.fixture(scope="module")
def past():
    return history(np.random.default_rng(1), 240, pods=PODS)


@pytest.fixture(scope="module")
def usual(past):
    return planned(analysis(**SHORT), past)


def halves(prospect):
    return {one.fold: one.seen.look(0.5).value for one in prospect.regressions}


def test_greater_regressions_are_seen_sooner_and_the_smallest_lies_between(usual):
    (one,) = usual.metrics
    assert one.cannot == ""
    assert not one.prospect.made
    times = halves(one.prospect)
    assert set(times) == {1.5, 2.0, 4.0}
    assert times[4.0] < times[2.0] <= LOOKS
    half, most = one.prospect.smallest
    assert 1.25 < half.fold < 2.0
    assert half.fold < most.fold < 4.0
    assert one.level == pytest.approx(0.005, rel=0.1)


def test_a_good_release_on_a_quiet_service_is_proven_and_promised(usual):
    assert usual.promise == "calibrated"
    assert usual.shortfalls == ()
    prospect = usual.metrics[0].prospect
    assert prospect.proven.share.value > 0.9
    assert usual.proven == prospect.proven.share.value
    assert prospect.good.share.value < 0.05


def test_a_pod_more_and_more_traffic_see_more(usual):
    (one,) = usual.metrics
    assert [option.name for option in one.options] == ["pod", "traffic"]
    pod, traffic = (option.prospect for option in one.options)
    assert pod.planned.canary == 2
    assert traffic.planned.share == pytest.approx(2 / 7)
    for other in (pod, traffic):
        assert halves(other)[2.0] < halves(one.prospect)[2.0]
        assert other.smallest[0].fold < one.prospect.smallest[0].fold


def test_the_same_history_gives_the_same_plan(past, usual):
    again = planned(analysis(**SHORT), past)
    for one, other in zip(usual.metrics, again.metrics, strict=True):
        assert halves(one.prospect) == halves(other.prospect)
        assert one.prospect.smallest == other.prospect.smallest


def test_metrics_that_share_the_promise_are_slower_each(past, usual):
    three = [metric("error-rate"), metric("b"), metric("c")]
    of = analysis(*three, **SHORT)
    first = planned(of, past).metrics[0]
    assert first.share == pytest.approx(1 / 3)
    assert first.terms.alpha == pytest.approx(0.01 / 3)
    assert halves(first.prospect)[2.0] > halves(usual.metrics[0].prospect)[2.0]


def test_a_metric_without_a_sample_is_told_and_the_run_as_a_whole_is_not(past):
    found = planned(analysis(metric("error-rate"), metric("b"), **SHORT), past)
    assert "no sample" in found.metrics[1].cannot
    assert found.proven is None
    assert found.promise == "uncalibrated"


def test_every_kind_is_planned_in_one_run():
    rng = np.random.default_rng(1)
    few = {"baseline": 4}
    past = merged(
        history(rng, 120, pods=few),
        latencies(rng, 120, pods=few),
        levels(rng, 120, pods=few),
    )
    kinds = (metric(), latency(limit=2 ** (2 / 8)), gauge(limit=1.25))
    of = analysis(*kinds, risk=Risk(0.05), duration=600.0)
    found = planned(of, past)
    for one in found.metrics:
        assert halves(one.prospect)[4.0] <= 10, one.metric.name
        assert one.prospect.smallest[0].fold > one.metric.limit
    assert [option.name for option in found.metrics[2].options] == ["pod"]


def test_a_decrease_is_a_regression_where_it_is_the_bad_direction():
    past = levels(np.random.default_rng(1), 200, pods=PODS)
    of = analysis(gauge(limit=0.8, worst=0.5, direction=Direction.DECREASE), **SHORT)
    (one,) = planned(of, past).metrics
    effects = {regression.fold: regression.effect for regression in one.prospect.regressions}
    assert effects == {1.5: 1 / 1.5, 2.0: 0.5, 4.0: 0.25}
    assert halves(one.prospect)[2.0] <= 10


def test_a_regression_within_the_limit_is_a_good_release(past):
    (one,) = planned(analysis(metric(limit=1.6, worst=4.0), **SHORT), past).metrics
    within = {regression.fold: regression.within for regression in one.prospect.regressions}
    assert within == {1.5: True, 2.0: False, 4.0: False}


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"limit": None, "worst": None, "bound": Bound(max=0.05)}, "held to a fixed bound alone"),
        ({"better": Direction.INCREASE, "limit": None, "worst": None}, "A/B tests are not planned"),
    ],
    ids=["bound", "A/B"],
)
def test_what_is_not_planned_is_told_why(past, changed, told):
    (one,) = planned(analysis(metric(**changed), **SHORT), past).metrics
    assert told in one.cannot
    assert one.prospect is None


def test_the_limit_that_buckets_test_is_what_is_planned_for():
    past = latencies(np.random.default_rng(1), 100, pods=PODS, bounds=CLASSIC)
    (one,) = planned(analysis(latency(limit=2.25), **SHORT), past).metrics
    assert one.prospect.limit == pytest.approx(2.5)
    within = {regression.fold: regression.within for regression in one.prospect.regressions}
    assert within[2.0]
    assert not within[4.0]


def test_buckets_that_test_nothing_are_told():
    past = latencies(np.random.default_rng(1), 100, pods=PODS, bounds=CLASSIC)
    found = planned(analysis(latency(limit=1.2), **SHORT), past)
    assert "nothing of the two tracks can be compared" in found.metrics[0].cannot
    assert any(short.hopeless for short in found.shortfalls)


@pytest.mark.parametrize(
    ("pods", "length"), [(1, 240), (4, 10)], ids=["one pod", "shorter than a run"]
)
def test_a_history_that_cannot_play_is_made_up_and_said_to_be(pods, length):
    past = intervals(
        np.random.default_rng(1), length, tracks={"baseline": 1.0}, pods={"baseline": pods}
    )
    found = planned(analysis(**SHORT), past)
    (one,) = found.metrics
    assert one.prospect.made
    assert found.promise == "uncalibrated"
    assert one.prospect.raised is None
    assert one.prospect.regressions[-1].seen.share.value > 0


def test_a_longer_run_sees_smaller_regressions(past, usual):
    longer = planned(analysis(duration=3600.0), past).metrics[0].prospect
    assert longer.smallest[0].fold < usual.metrics[0].prospect.smallest[0].fold


BASELINE = {"baseline": Track('a="b"')}


@pytest.mark.parametrize(
    ("weight", "wish", "expected"),
    [
        (None, Wish(), (1, 0.1)),
        (0.1, Wish(), (1, 0.1)),
        (0.25, Wish(), (3, 0.25)),
        (0.5, Wish(pods=1), (1, 0.5)),
        (0.1, Wish(share=0.5), (9, 0.5)),
        (None, Wish(pods=3), (3, 0.25)),
        (1.0, Wish(), (1, 0.1)),
    ],
)
def test_the_tracks_are_as_wished_or_as_the_weight_says(weight, wish, expected):
    of = analysis(tracks={**BASELINE, "canary": Track('a="c"', weight)})
    found = planned_tracks(of, 9, wish)
    assert (found.canary, found.share) == (expected[0], pytest.approx(expected[1]))
    assert found.baseline == 9


def test_a_run_that_watches_on_passes_at_its_decision(past):
    of = analysis(**SHORT)
    watching = planned(replace(of, keep_watching=600.0), past).metrics[0].prospect
    assert watching.proven.looks == LOOKS + 10
    assert watching.proven.share.value > 0.9
    assert watching.proven.at.max() <= LOOKS
