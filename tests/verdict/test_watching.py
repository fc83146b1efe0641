"""A run that passes before its end, or is watched on after its pass, as its judge tells it."""

import numpy as np
import pytest

from judge.spec.resolved import SHADOW, Bound, Track
from judge.stats.samples import Count, Interval
from judge.verdict.sequential import SequentialJudge
from judge.verdict.verdict import Outcome
from tests.verdict.rollouts import analysis, history, intervals, metric

EARLY = {"early_pass": True}
WATCHED = {"keep_watching": 1200.0}
PAIRS = [(1, 1), (1, 4), (4, 4), (1.6, 1)]


@pytest.fixture
def rng():
    return np.random.default_rng(3)


def judge(rng, *metrics, **changed):
    of = analysis(*metrics, **changed)
    return SequentialJudge(of, history(rng, metrics=[one.name for one in of.metrics]))


def run(rng, good, *, then=None, canary=1, late=1, **changed):
    """So many intervals of one canary, ``then`` so many of another."""
    first = intervals(rng, good, tracks={"baseline": 1, "canary": canary}, **changed)
    if then is None:
        return first
    return first + intervals(
        rng, then, start=60.0 * good, tracks={"baseline": 1, "canary": late}, **changed
    )


def without(one, track):
    samples = {
        name: {each: pods for each, pods in tracks.items() if each != track}
        for name, tracks in one.samples.items()
    }
    return Interval(one.start, one.end, samples)


def live(said, seen, *, looks=30):
    """Look after look, each told only what a store keeps: that and when the run passed."""
    passed_at = None
    for upto in range(1, len(seen) + 1):
        verdict = said.look(seen[:upto], finished=upto >= looks, passed_at=passed_at)
        yield verdict
        if verdict.decided and not verdict.watching:
            return
        passed_at = verdict.decided_at


class TestPassingEarly:
    def test_a_good_release_passes_as_soon_as_it_is_proven(self, rng):
        verdict = judge(rng, **EARLY).decide(run(rng, 30))
        assert (verdict.verdict, verdict.proven, verdict.watching) == (Outcome.PASS, True, False)
        assert 2 <= verdict.decided_at < 15
        assert verdict.metrics["error-rate"].proven
        assert verdict.reason.endswith(
            f"ruled out; enough is known after {verdict.decided_at + 1} of 30 intervals"
        )

    def test_without_the_field_it_takes_to_the_end(self, rng):
        assert judge(rng).decide(run(rng, 30)).decided_at == 29

    def test_a_bad_release_fails_as_ever(self, rng):
        verdict = judge(rng, **EARLY).decide(run(rng, 30, canary=4))
        assert verdict.verdict is Outcome.FAIL

    def test_every_critical_metric_has_to_be_proven(self, rng):
        rare = {"error-rate": 0.005, "timeouts": 0.0001}
        both = [intervals(rng, 30, metrics=(name,), rate=rate) for name, rate in rare.items()]
        seen = [
            Interval(a.start, a.end, {**a.samples, **b.samples}) for a, b in zip(*both, strict=True)
        ]
        critical = judge(rng, metric(), metric("timeouts"), **EARLY).decide(seen)
        assert critical.decided_at == 29
        aside = judge(rng, metric(), metric("timeouts", critical=False), **EARLY).decide(seen)
        assert (aside.verdict, aside.proven) == (Outcome.PASS, True)
        assert aside.decided_at < 29
        watched = judge(rng, metric(), metric("timeouts", observe=True), **EARLY).decide(seen)
        assert watched.decided_at < 29

    def test_bounds_alone_prove_nothing(self, rng):
        bound = metric(limit=None, worst=None, bound=Bound(max=0.1))
        assert judge(rng, bound, **EARLY).decide(run(rng, 30)).decided_at == 29

    def test_nothing_may_be_missing(self, rng):
        seen = run(rng, 30)
        pods = seen[1].samples["error-rate"]["canary"]
        pods["canary-0"] = Count(np.nan, 600.0)
        verdict = judge(rng, **EARLY).decide(seen)
        assert (verdict.verdict, verdict.decided_at) == (Outcome.INCONCLUSIVE, 29)

    def test_half_of_the_intervals_so_far_are_enough(self, rng):
        holed = [
            without(one, "canary") if i % 2 and i < 10 else one
            for i, one in enumerate(run(rng, 30))
        ]
        assert judge(rng, **EARLY).decide(holed).decided_at < 29
        sparse = [without(one, "canary") if i % 3 else one for i, one in enumerate(run(rng, 30))]
        assert judge(rng, **EARLY).decide(sparse).verdict is Outcome.INCONCLUSIVE

    def test_traffic_that_was_not_meant_holds_the_pass_back(self, rng):
        seen = [Interval(one.start, one.end, one.samples, {"canary": 0.5}) for one in run(rng, 30)]
        tracks = {"baseline": Track("a"), "canary": Track("b", weight=0.5)}
        verdict = judge(rng, tracks=tracks, **EARLY).decide(seen)
        assert (verdict.verdict, verdict.decided_at) == (Outcome.INCONCLUSIVE, 29)
        assert "10 % of the requests where 50 % were configured" in verdict.reason

    def test_a_low_score_holds_the_pass_back(self, rng):
        good, bad = (
            intervals(rng, 30, metrics=(name,), tracks={"baseline": 1, "canary": ratio})
            for name, ratio in (("error-rate", 1), ("timeouts", 6))
        )
        seen = [
            Interval(a.start, a.end, {**a.samples, **b.samples})
            for a, b in zip(good, bad, strict=True)
        ]
        aside = metric("timeouts", critical=False, weight=0.7)
        verdict = judge(rng, metric(), aside, **EARLY).decide(seen)
        assert (verdict.verdict, verdict.decided_at) == (Outcome.INCONCLUSIVE, 29)
        assert "below 75" in verdict.reason

    def test_a_shadow_does_not_decide(self, rng):
        tracks = {"baseline": 1, "canary": 1, SHADOW: 6}
        verdict = judge(rng, tracks=dict.fromkeys(tracks, Track("x")), **EARLY).decide(
            intervals(rng, 30, tracks=tracks)
        )
        assert verdict.verdict is Outcome.PASS
        assert verdict.decided_at < 29
        assert verdict.tracks[SHADOW].verdict is Outcome.FAIL


class TestWatchingOn:
    def test_a_regression_after_the_pass_fails_the_run(self, rng):
        verdict = judge(rng, **WATCHED).decide(run(rng, 30, then=20, late=4))
        assert (verdict.verdict, verdict.decided, verdict.proven) == (Outcome.FAIL, True, False)
        assert 30 < verdict.decided_at < 40
        assert verdict.reason.startswith("it had passed after 30 intervals; then: error rate")
        assert verdict.metrics["error-rate"].low > 1.25

    def test_a_good_release_stays_passed(self, rng):
        verdict = judge(rng, **WATCHED).decide(run(rng, 30, then=20))
        assert (verdict.verdict, verdict.decided_at, verdict.watching) == (Outcome.PASS, 29, False)
        assert verdict.proven
        assert verdict.reason.startswith("passed after 30 intervals, and watched for 20 more; ")

    def test_it_says_that_it_watches_until_the_time_is_over(self, rng):
        told = judge(rng, **WATCHED).verdicts(run(rng, 30, then=20))
        assert [one.watching for one in told] == [False] * 29 + [True] * 20 + [False]
        assert {one.decided_at for one in told[29:]} == {29}

    def test_the_time_counts_from_an_early_pass(self, rng):
        told = judge(rng, **EARLY, **WATCHED).verdicts(run(rng, 50))
        passed = next(i for i, one in enumerate(told) if one.decided)
        assert len(told) == passed + 1 + 20
        assert told[-1].decided_at == passed < 29

    def test_a_run_that_does_not_pass_is_not_watched(self, rng):
        seen = [without(one, "canary") if i % 3 else one for i, one in enumerate(run(rng, 50))]
        verdict = judge(rng, **WATCHED).decide(seen)
        assert (verdict.verdict, verdict.decided_at) == (Outcome.INCONCLUSIVE, 29)

    @pytest.mark.parametrize("gone", ["baseline", "canary"])
    def test_what_goes_after_a_pass_leaves_it_passed(self, rng, gone):
        seen = run(rng, 50)
        seen[30:] = [without(one, gone) for one in seen[30:]]
        verdict = judge(rng, **EARLY, **WATCHED).decide(seen)
        assert verdict.verdict is Outcome.PASS
        at_end = judge(rng, **WATCHED).decide(seen)
        assert (at_end.verdict, at_end.decided_at) == (Outcome.PASS, 29)
        assert at_end.metrics["error-rate"].verdict is Outcome.PASS
        assert f"the {gone} vanished: no samples in the last 20 of 50 intervals" in at_end.reason

    def test_a_bound_goes_on_without_a_baseline(self, rng):
        bounded = metric(bound=Bound(max=0.02))
        seen = run(rng, 30, then=20, late=12)
        seen[30:] = [without(one, "baseline") for one in seen[30:]]
        verdict = judge(rng, bounded, **WATCHED).decide(seen)
        assert verdict.verdict is Outcome.FAIL
        assert verdict.decided_at > 29
        assert "at most 2 % allowed: broken" in verdict.reason

    def test_one_promise_is_over_all_of_it(self):
        seen = run(np.random.default_rng(3), 20)
        said = [
            judge(np.random.default_rng(1), duration=minutes * 60.0, **how)
            .look(seen, finished=False)
            .metrics["error-rate"]
            for minutes, how in ((30, WATCHED), (50, {}), (30, {}))
        ]
        watched, as_long, shorter = [(one.evidence, one.threshold, one.low) for one in said]
        assert watched == as_long != shorter


@pytest.mark.parametrize(
    ("changed", "canary", "late"),
    [(EARLY, 1, 1), (WATCHED, 1, 1), *(({**EARLY, **WATCHED}, *pair) for pair in PAIRS)],
)
def test_a_live_run_and_one_decided_at_once_say_the_same_to_the_last_bit(
    rng, changed, canary, late
):
    names = ("error-rate", "timeouts")
    of = {"duration": 900.0, **changed}
    said = judge(rng, metric(), metric("timeouts", weight=2.0), **of)
    seen = run(rng, 15, then=20, canary=canary, late=late, metrics=names)
    looked = list(live(said, seen, looks=15))
    at_once = judge(np.random.default_rng(3), metric(), metric("timeouts", weight=2.0), **of)
    assert at_once.decide(seen, finished=False) == looked[-1]


def test_the_verdicts_after_each_interval_are_those_of_a_live_run(rng):
    said = judge(rng, **EARLY, **WATCHED)
    seen = run(rng, 20, then=20, late=4)
    assert said.verdicts(seen, finished=False) == list(live(said, seen))
