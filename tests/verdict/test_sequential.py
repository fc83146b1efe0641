import math

import numpy as np
import pytest

from judge.spec.resolved import Direction, Query, Reading, Risk, ScoreThresholds, Track
from judge.stats.samples import Absence, Count, Interval
from judge.verdict.sequential import SequentialJudge
from judge.verdict.verdict import Outcome, Promise
from tests.verdict.rollouts import analysis, history, intervals, metric


@pytest.fixture
def rng():
    return np.random.default_rng(1)


def decide(rng, tracks, *, of=None, before=None, **changed):
    of = of or analysis()
    judge = SequentialJudge(of, history(rng) if before is None else before)
    return judge.decide(intervals(rng, of.looks, tracks=tracks, **changed))


def test_a_good_release_passes_proven_with_its_promise(rng):
    verdict = decide(rng, {"baseline": 1, "canary": 1})
    assert verdict.verdict is Outcome.PASS
    assert verdict.proven
    assert verdict.score == 100
    assert verdict.promise in (Promise.CALIBRATED, Promise.EXACT)
    assert verdict.decided_at == 29
    assert "a 2-fold increase is ruled out" in verdict.reason


def test_a_bad_release_fails_early_with_figures_and_the_limit(rng):
    verdict = decide(rng, {"baseline": 1, "canary": 4})
    one = verdict.metrics["error-rate"]
    assert verdict.verdict is Outcome.FAIL
    assert verdict.score == 0
    assert verdict.decided_at < 10
    assert one.evidence >= one.threshold >= math.log(100)
    assert 1.25 <= one.low < one.estimate < one.high
    assert "times the baseline's, between" in verdict.reason
    assert "limit 1.25" in verdict.reason


def test_until_the_end_it_is_not_known_yet(rng):
    judge = SequentialJudge(analysis(), history(rng))
    verdict = judge.look(intervals(rng, 5), finished=False)
    assert verdict.verdict is Outcome.INCONCLUSIVE
    assert not verdict.decided
    assert verdict.decided_at is None
    assert "not known yet after 5 of 30 intervals" in verdict.reason


def test_looking_once_more_and_deciding_at_once_say_the_same_to_the_last_bit(rng):
    of = analysis(metric("error-rate"), metric("timeouts", weight=2.0))
    before = history(rng, metrics=("error-rate", "timeouts"))
    run = intervals(
        rng, 30, tracks={"baseline": 1, "canary": 2}, metrics=("error-rate", "timeouts")
    )
    live = SequentialJudge(of, before)
    for looks in range(1, 31):
        said = live.look(run[:looks], finished=looks == 30)
        if said.decided:
            break
    assert SequentialJudge(of, before).decide(run) == said


def test_no_history_is_uncalibrated_and_says_that_the_noise_is_assumed(rng):
    verdict = decide(rng, {"baseline": 1, "canary": 1.4}, before=[], rate=0.001)
    assert verdict.promise is Promise.UNCALIBRATED
    assert "noise assumed, not learned (no history)" in verdict.reason


def test_a_single_canary_pod_among_unequal_pods_is_told_how_many_would_do(rng):
    ratios = dict(zip("abcdefghi", np.exp(0.35 * rng.standard_normal(9)), strict=True))
    before = [
        Interval(
            60.0 * i,
            60.0 * i + 60,
            {
                "error-rate": {
                    "baseline": {
                        pod: Count(float(rng.binomial(600, 0.005 * ratio)), 600.0)
                        for pod, ratio in ratios.items()
                    }
                }
            },
        )
        for i in range(480)
    ]
    verdict = decide(rng, {"baseline": 1, "canary": 1.3}, before=before)
    assert verdict.verdict is Outcome.PASS
    assert not verdict.proven
    assert "for good, so 1 canary pod cannot convict a 2-fold increase" in verdict.reason
    assert "could" in verdict.reason


class TestTooLittle:
    def test_half_of_the_intervals_must_be_usable(self, rng):
        holed = intervals(rng, 30)
        for i, one in enumerate(holed):
            if i % 3:
                del one.samples["error-rate"]["canary"]
        verdict = SequentialJudge(analysis(), history(rng)).decide(holed)
        assert verdict.verdict is Outcome.INCONCLUSIVE
        assert verdict.decided
        assert "10 of 30 intervals had data on both tracks, a pass takes 15" in verdict.reason
        assert "(canary without samples: 20 x no data)" in verdict.reason

    def test_a_run_too_short_to_convict_does_not_pass_a_total_outage(self, rng):
        of = analysis(duration=120.0)
        verdict = decide(rng, {"baseline": 1, "canary": 200}, of=of)
        assert verdict.verdict is Outcome.INCONCLUSIVE
        assert "2 of 2 intervals had data on both tracks, a pass takes 3" in verdict.reason

    def test_a_few_requests_are_not_enough(self, rng):
        verdict = decide(rng, {"baseline": 1, "canary": 1}, requests=1)
        assert verdict.verdict is Outcome.INCONCLUSIVE
        assert "the canary had 30 requests, a pass takes 50" in verdict.reason

    def test_without_any_errors_many_requests_are(self, rng):
        clean = decide(rng, {"baseline": 1, "canary": 1}, rate=0.0)
        assert clean.verdict is Outcome.PASS
        assert not clean.proven
        assert "0 of 18,000 on the canary" in clean.reason

    def test_pods_are_counted_otherwise_than_requests(self, rng):
        total = Query("kube_pod_status_ready", Reading.GAUGE)
        crashing = metric("crashes", queries={"canary": {"events": total, "total": total}})
        of = analysis(crashing)
        run = intervals(rng, 30, metrics=("crashes",), requests=1, rate=0.0)
        verdict = SequentialJudge(of, []).decide(run)
        assert verdict.verdict is Outcome.PASS

    def test_why_samples_are_missing_is_told(self, rng):
        missing = {"error-rate": {"canary": Absence.UNREACHABLE}}
        run = [Interval(60.0 * i, 60.0 * i + 60, {}, absent=missing) for i in range(30)]
        verdict = SequentialJudge(analysis(), history(rng)).decide(run)
        assert verdict.verdict is Outcome.INCONCLUSIVE
        assert "30 x unreachable" in verdict.reason

    def test_little_data_can_still_convict(self, rng):
        run = intervals(rng, 30, tracks={"baseline": 1, "canary": 200})
        few = run[:4] + [Interval(one.start, one.end, {}) for one in run[4:]]
        assert SequentialJudge(analysis(), history(rng)).decide(few).verdict is Outcome.FAIL


@pytest.mark.parametrize("broken", [math.nan, math.inf], ids=["nan", "inf"])
@pytest.mark.parametrize("track", ["canary", "baseline"])
def test_a_critical_metric_never_passes_on_nan_or_infinity(rng, broken, track):
    run = intervals(rng, 30)
    run[11].samples["error-rate"][track][f"{track}-0"] = Count(broken, 600.0)
    verdict = SequentialJudge(analysis(), history(rng)).decide(run)
    assert verdict.verdict is Outcome.INCONCLUSIVE
    assert f"NaN or infinite samples from {track}-0" in verdict.reason


class TestSeveralMetrics:
    NAMES = ("errors", "timeouts", "retries")

    def of(self, **changed):
        return analysis(*(metric(name) for name in self.NAMES), **changed)

    def test_their_weights_share_the_promise(self, rng):
        of = analysis(metric("errors", weight=3.0), metric("timeouts"))
        verdict = SequentialJudge(of, []).look(
            intervals(rng, 3, metrics=("errors", "timeouts")), finished=False
        )
        thresholds = {name: one.threshold for name, one in verdict.metrics.items()}
        assert thresholds["errors"] == pytest.approx(math.log(100 / 0.75))
        assert thresholds["timeouts"] == pytest.approx(math.log(100 / 0.25))

    def test_one_that_is_bad_fails_the_run_and_is_named(self, rng):
        run = intervals(rng, 30, metrics=self.NAMES)
        worse = intervals(rng, 30, tracks={"baseline": 1, "canary": 5}, metrics=("timeouts",))
        for one, other in zip(run, worse, strict=True):
            one.samples["timeouts"] = other.samples["timeouts"]
        verdict = SequentialJudge(self.of(), history(rng, metrics=self.NAMES)).decide(run)
        assert verdict.verdict is Outcome.FAIL
        assert verdict.reason.startswith("timeouts")
        assert verdict.metrics["errors"].verdict is not Outcome.FAIL
        assert verdict.score == pytest.approx(66.67)

    def test_together_they_can_fail_where_none_does_alone(self, rng):
        run = intervals(rng, 60, tracks={"baseline": 1, "canary": 1.9}, metrics=self.NAMES)
        of = self.of(duration=3600.0)
        judge = SequentialJudge(of, history(rng, metrics=self.NAMES))
        verdict = judge.decide(run)
        mean = sum(math.exp(one.evidence) / 3 for one in verdict.metrics.values())
        assert verdict.verdict is Outcome.FAIL
        assert mean >= 100

    def test_one_that_is_not_critical_lowers_the_score_only(self, rng):
        of = analysis(metric("errors", weight=3.0), metric("retries", critical=False))
        run = intervals(rng, 30, metrics=("errors", "retries"))
        worse = intervals(rng, 30, tracks={"baseline": 1, "canary": 6}, metrics=("retries",))
        for one, other in zip(run, worse, strict=True):
            one.samples["retries"] = other.samples["retries"]
        verdict = SequentialJudge(of, history(rng, metrics=("errors", "retries"))).decide(run)
        assert verdict.verdict is Outcome.PASS
        assert verdict.score == 75
        assert verdict.metrics["retries"].verdict is Outcome.FAIL
        assert "failed without being critical: retries" in verdict.reason

    def test_a_score_below_marginal_fails_and_between_the_two_is_inconclusive(self, rng):
        def run(passing, marginal):
            of = analysis(
                metric("errors"),
                metric("retries", critical=False, weight=2.0),
                score=ScoreThresholds(passing, marginal),
            )
            one = intervals(rng, 30, metrics=("errors", "retries"))
            worse = intervals(rng, 30, tracks={"baseline": 1, "canary": 8}, metrics=("retries",))
            for good, bad in zip(one, worse, strict=True):
                good.samples["retries"] = bad.samples["retries"]
            return SequentialJudge(of, history(rng, metrics=("errors", "retries"))).decide(one)

        assert run(75, 50).verdict is Outcome.FAIL
        assert run(75, 50).decided_at < 29
        between = run(75, 30)
        assert between.verdict is Outcome.INCONCLUSIVE
        assert between.reason.startswith("score 33.33, below 75: retries")

    def test_one_that_is_observed_counts_for_nothing(self, rng):
        of = analysis(metric("errors"), metric("retries", observe=True))
        run = intervals(rng, 30, metrics=("errors", "retries"))
        worse = intervals(rng, 30, tracks={"baseline": 1, "canary": 8}, metrics=("retries",))
        for good, bad in zip(run, worse, strict=True):
            good.samples["retries"] = bad.samples["retries"]
        verdict = SequentialJudge(of, history(rng, metrics=("errors", "retries"))).decide(run)
        assert verdict.verdict is Outcome.PASS
        assert verdict.score == 100
        assert verdict.metrics["retries"].verdict is Outcome.FAIL
        assert verdict.metrics["errors"].threshold == pytest.approx(math.log(100), abs=1.0)


class TestShadow:
    def of(self):
        return analysis(
            tracks={name: Track(f'track="{name}"') for name in ("baseline", "canary", "shadow")}
        )

    def test_it_is_judged_apart_and_never_fails_the_canary(self, rng):
        verdict = decide(rng, {"baseline": 1, "canary": 1, "shadow": 6}, of=self.of())
        assert verdict.verdict is Outcome.PASS
        assert verdict.comparisons["shadow"]["error-rate"].verdict is Outcome.FAIL
        assert verdict.metrics is verdict.comparisons["canary"]

    def test_without_a_canary_it_is_what_the_run_is_about(self, rng):
        of = analysis(tracks={name: Track("") for name in ("baseline", "shadow")})
        assert decide(rng, {"baseline": 1, "shadow": 6}, of=of).verdict is Outcome.FAIL


def test_a_decrease_is_bad_where_the_metric_says_so(rng):
    of = analysis(metric("conversions", direction=Direction.DECREASE, limit=0.8, worst=0.5))
    before = history(rng, metrics=("conversions",), rate=0.03)
    judge = SequentialJudge(of, before)
    fallen = judge.decide(
        intervals(
            rng, 30, tracks={"baseline": 1, "canary": 0.3}, metrics=("conversions",), rate=0.03
        )
    )
    risen = judge.decide(
        intervals(rng, 30, tracks={"baseline": 1, "canary": 2}, metrics=("conversions",), rate=0.03)
    )
    assert fallen.verdict is Outcome.FAIL
    assert fallen.metrics["conversions"].high < 0.8
    assert risen.verdict is Outcome.PASS


def test_a_smaller_risk_takes_longer(rng):
    run = intervals(rng, 30, tracks={"baseline": 1, "canary": 2.5})
    before = history(rng)
    at = [
        SequentialJudge(analysis(risk=Risk(alpha, 0.05)), before).decide(run).decided_at
        for alpha in (0.05, 0.0001)
    ]
    assert at[0] < at[1]


def test_nothing_at_all_is_inconclusive():
    verdict = SequentialJudge(analysis(), []).decide([])
    assert verdict.verdict is Outcome.INCONCLUSIVE
    assert verdict.decided
    assert verdict.score is None
