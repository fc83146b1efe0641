"""An A/B test through the judge: better, worse, no difference that matters, or not known yet."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest

from judge.spec.resolved import Direction, Risk, Track
from judge.stats.samples import Count, Interval
from judge.verdict.sequential import SequentialJudge
from judge.verdict.verdict import Difference, Outcome, Promise, document, from_document
from tests.verdict.rollouts import analysis, metric

HOUR = 3600.0
HOURS = 72
UP, DOWN = Direction.INCREASE, Direction.DECREASE


@pytest.fixture
def rng():
    return np.random.default_rng(1)


def conversion(better=UP, **changed):
    limits = {"direction": Direction.EITHER, "limit": 1.0, "worst": 1.05}
    return metric("conversion", **{**limits, "better": better, **changed})


def test_of(*metrics, **changed):
    settings = {"interval": HOUR, "duration": HOURS * HOUR, "risk": Risk(0.05, 0.05)}
    return analysis(*(metrics or (conversion(),)), **{**settings, **changed})


test_of.__test__ = False


def visits(
    rng, ratio=1.0, *, hours=HOURS, rate=0.05, each=8000, pods=3, share=0.5, name="conversion",
    own_pods=False, start=0.0, after=0,
):  # fmt: skip
    """Hours of both variants in pods that differ; the ratio holds from hour ``after`` on."""
    rates = rate * np.linspace(0.8, 1.2, pods)

    def count(part, risk):
        total = rng.poisson(each / pods * part)
        return Count(float(rng.binomial(total, risk)), float(total))

    def tracks(hour):
        now = ratio if hour >= after else 1.0
        return {
            track: {
                f"{track}-{k}" if own_pods else f"pod-{k}": count(part, rates[k] * effect)
                for k in range(pods)
            }
            for track, part, effect in (("baseline", 1 - share, 1.0), ("canary", share, now))
        }

    return [
        Interval(start + HOUR * i, start + HOUR * (i + 1), {name: tracks(i)}) for i in range(hours)
    ]


def decided(run, of=None, history=()):
    return SequentialJudge(of or test_of(), list(history)).decide(run)


def answer(verdict):
    return verdict.metrics["conversion"].difference


def test_one_that_is_better_passes_at_the_end(rng):
    verdict = decided(visits(rng, 1.12))
    one = verdict.metrics["conversion"]
    assert (verdict.verdict, one.difference) == (Outcome.PASS, Difference.BETTER)
    assert verdict.proven
    assert verdict.decided_at == HOURS - 1
    assert 1.0 <= one.low < one.estimate < one.high
    assert one.evidence < one.threshold
    assert "times the baseline's, between" in verdict.reason
    assert verdict.reason.endswith(": better")


def test_one_that_is_worse_fails_as_soon_as_that_is_known(rng):
    verdict = decided(visits(rng, 0.88))
    one = verdict.metrics["conversion"]
    assert (verdict.verdict, one.difference) == (Outcome.FAIL, Difference.WORSE)
    assert verdict.decided_at < HOURS - 1
    assert one.high <= 1.0
    assert one.evidence >= one.threshold == pytest.approx(math.log(40))
    assert verdict.reason.endswith(": worse")


def test_no_difference_that_matters_passes_and_says_how_small_it_is(rng):
    verdict = decided(visits(rng, 1.0, each=30_000))
    one = verdict.metrics["conversion"]
    assert (verdict.verdict, one.difference) == (Outcome.PASS, Difference.NONE)
    assert verdict.proven
    assert 1 / 1.05 < one.low < 1.0 < one.high < 1.05
    assert verdict.reason.endswith(": no difference larger than 5 %")


def test_one_that_found_nothing_is_inconclusive_and_says_how_long_it_may_take(rng):
    verdict = decided(visits(rng, 1.0, each=3000))
    assert (verdict.verdict, answer(verdict)) == (Outcome.INCONCLUSIVE, None)
    assert not verdict.proven
    assert "not known whether better, worse, or no different by 5 %" in verdict.reason
    assert "times as long may tell" in verdict.reason


def test_where_less_is_better_the_answers_are_the_other_way_round(rng):
    run = visits(rng, 0.88)
    assert answer(decided(run, test_of(conversion(DOWN)))) is Difference.BETTER
    more = decided(visits(rng, 1.12), test_of(conversion(DOWN)))
    assert (more.verdict, answer(more)) == (Outcome.FAIL, Difference.WORSE)


def test_better_by_less_than_the_margin_is_both(rng):
    verdict = decided(visits(rng, 1.06, each=60_000), test_of(conversion(worst=1.15)))
    assert answer(verdict) is Difference.BETTER
    assert verdict.reason.endswith(": better, but by less than 15 %")


def test_a_limit_is_a_difference_that_need_not_be_told(rng):
    of = test_of(conversion(limit=1.05, worst=1.3))
    small, large = decided(visits(rng, 0.97, each=20_000), of), decided(visits(rng, 0.7), of)
    assert answer(small) is Difference.NONE
    assert answer(large) is Difference.WORSE
    assert large.reason.endswith(": worse by more than 5 %")


def test_a_variant_that_gets_worse_late_still_fails(rng):
    verdict = decided(visits(rng, 0.6, after=36))
    assert (verdict.verdict, answer(verdict)) == (Outcome.FAIL, Difference.WORSE)
    assert verdict.decided_at > 36


def test_it_ends_early_where_asked_once_it_has_its_answer(rng):
    of = test_of(early_pass=True)
    better, alike = decided(visits(rng, 1.15), of), decided(visits(rng, 1.0, each=60_000), of)
    assert (better.verdict, answer(better)) == (Outcome.PASS, Difference.BETTER)
    assert (alike.verdict, answer(alike)) == (Outcome.PASS, Difference.NONE)
    assert max(better.decided_at, alike.decided_at) < HOURS - 1


@pytest.mark.parametrize("ratio", [0.9, 1.0, 1.12])
def test_looking_once_more_and_deciding_at_once_say_the_same_to_the_last_bit(rng, ratio):
    run = visits(rng, ratio)
    for i, one in enumerate(run):  # a pod that comes and one that goes
        gone = "pod-0" if i > 50 else "pod-2" if i < 20 else ""
        for pods in one.samples["conversion"].values():
            pods.pop(gone, None)
    live = SequentialJudge(test_of(), [])
    for looks in range(1, HOURS + 1):
        said = live.look(run[:looks], finished=looks == HOURS)
        if said.decided:
            break
    assert decided(run) == said


def test_before_its_end_the_document_has_the_answer_as_soon_as_there_is_one(rng):
    run = visits(rng, 1.15)
    judge = SequentialJudge(test_of(), [])
    told = [answer(judge.look(run[:looks], finished=False)) for looks in range(4, 40, 5)]
    assert told[0] is None
    assert told[-1] is Difference.BETTER


def test_its_document_is_read_again(rng):
    verdict = decided(visits(rng, 1.12))
    written = json.loads(json.dumps(document(verdict)))
    assert written["metrics"]["conversion"]["difference"] == "better"
    assert from_document(written).metrics == verdict.metrics
    del written["metrics"]["conversion"]["difference"]  # as it was stored before there were any
    assert from_document(written).metrics["conversion"].difference is None


class TestItsShareOfThePromise:
    def test_half_of_it_convicts(self, rng):
        of = test_of(conversion(), metric("errors"))
        verdict = SequentialJudge(of, []).look(visits(rng, hours=3), finished=False)
        assert verdict.metrics["conversion"].threshold == pytest.approx(math.log(4 / 0.05))

    def test_better_conversions_do_not_help_to_fail_a_run(self, rng):
        run = visits(rng, 1.5)
        for one, other in zip(run, visits(rng, 1.0, name="errors"), strict=True):
            one.samples["errors"] = other.samples["errors"]
        verdict = decided(run, test_of(conversion(), metric("errors", limit=1.05, worst=1.3)))
        assert verdict.verdict is Outcome.PASS
        assert answer(verdict) is Difference.BETTER

    def test_a_guard_beside_it_fails_the_run_whatever_the_answer_is(self, rng):
        run = visits(rng, 1.5)
        for one, other in zip(run, visits(rng, 6.0, name="errors"), strict=True):
            one.samples["errors"] = other.samples["errors"]
        verdict = decided(run, test_of(conversion(), metric("errors")))
        assert verdict.verdict is Outcome.FAIL
        assert verdict.reason.startswith("errors")

    def test_one_that_is_not_critical_may_stay_without_an_answer(self, rng):
        run = visits(rng, 1.0, each=3000)
        for one, other in zip(run, visits(rng, 1.0, name="errors"), strict=True):
            one.samples["errors"] = other.samples["errors"]
        of = test_of(conversion(critical=False, weight=0.5), metric("errors"))
        verdict = decided(run, of)
        assert verdict.verdict is Outcome.PASS
        assert verdict.metrics["conversion"].verdict is Outcome.INCONCLUSIVE


class TestPods:
    def test_the_same_pods_need_no_history(self, rng):
        verdict = decided(visits(rng, 1.12))
        assert verdict.promise is Promise.UNCALIBRATED
        assert "noise" not in verdict.reason

    def test_a_test_too_short_to_learn_the_noise_says_so(self, rng):
        of = test_of(duration=4 * HOUR)
        verdict = decided(visits(rng, 2.0, hours=4), of)
        assert answer(verdict) is Difference.BETTER
        assert "the test is too short to tell how visits vary" in verdict.reason

    def test_without_a_pod_label_all_of_a_track_is_one_pod(self, rng):
        run = visits(rng, 1.12, pods=1)
        nameless = [
            replace(one, samples={"conversion": {track: {"": pods["pod-0"]} for track, pods
                                                 in one.samples["conversion"].items()}})
            for one in run
        ]  # fmt: skip
        assert answer(decided(nameless)) is answer(decided(run)) is Difference.BETTER

    def test_a_variant_that_few_pods_have_seen_yet_shares_them_all_the_same(self, rng):
        run = visits(rng, 1.12, pods=4)
        first = run[0].samples["conversion"]["canary"]
        for pod in list(first)[1:]:
            del first[pod]
        assert answer(decided(run)) is Difference.BETTER

    def test_pods_of_their_own_differ_for_all_that_is_known(self, rng):
        verdict = decided(visits(rng, 1.12, own_pods=True))
        assert answer(verdict) is None
        assert "cannot convict a difference of 5 %" in verdict.reason
        assert "as long may tell" not in verdict.reason

    def test_pods_of_their_own_that_are_known_to_be_alike_will_do(self, rng):
        of = test_of(duration=24 * HOUR)
        rates = {f"baseline-{k}": 0.05 for k in range(12)}

        def hours(start, count, tracks):
            return [
                Interval(start + HOUR * i, start + HOUR * (i + 1), {"conversion": {
                    track: {pod: Count(float(rng.binomial(4000, risk)), 4000.0)
                            for pod, risk in pods.items()}
                    for track, pods in tracks.items()
                }})
                for i in range(count)
            ]  # fmt: skip

        history = hours(-500 * HOUR, 500, {"baseline": rates})
        canary = {f"canary-{k}": 0.06 for k in range(12)}
        run = hours(0.0, 24, {"baseline": rates, "canary": canary})
        verdict = decided(run, of, history)
        assert answer(verdict) is Difference.BETTER
        assert verdict.promise in (Promise.EXACT, Promise.CALIBRATED)


class TestTooLittle:
    def test_half_of_the_hours_must_be_there(self, rng):
        run = visits(rng, 1.3)
        for one in run[20:50]:
            del one.samples["conversion"]["canary"]
        verdict = decided(run[:50], test_of())
        assert (verdict.verdict, answer(verdict)) == (Outcome.INCONCLUSIVE, None)

    def test_a_variant_that_nobody_saw_has_no_answer(self):
        nothing = [Interval(HOUR * i, HOUR * (i + 1), {}) for i in range(HOURS)]
        verdict = decided(nothing, test_of(tracks={"baseline": Track(""), "canary": Track("")}))
        assert (verdict.verdict, answer(verdict)) == (Outcome.INCONCLUSIVE, None)
        assert "no data" in verdict.reason

    def test_a_split_that_was_not_meant_is_no_answer_to_rest_on(self, rng):
        run = [replace(one, weights={"canary": 0.5}) for one in visits(rng, 1.12, share=0.3)]
        verdict = decided(run)
        assert verdict.verdict is Outcome.INCONCLUSIVE
        assert "50 % were configured" in verdict.reason
