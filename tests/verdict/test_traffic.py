from dataclasses import replace

import numpy as np
import pytest

from judge.spec.resolved import Bound, Query, Reading
from judge.stats.samples import Count
from judge.verdict.sequential import SequentialJudge
from judge.verdict.verdict import Outcome
from tests.verdict.rollouts import analysis, intervals, metric


def run(looks=30, *, weights=(0.1,) * 30, seed=2, changed=None, **drawn):
    rng = np.random.default_rng(seed)
    before = intervals(rng, 480, tracks={"baseline": 1.0})
    after = intervals(rng, looks, start=1e6, **drawn)
    after = [replace(one, weights={"canary": w}) for one, w in zip(after, weights, strict=True)]
    return before, [changed(i, one) for i, one in enumerate(after)] if changed else after


def judged(before, after, *metrics):
    return SequentialJudge(analysis(*metrics), before).decide(after)


def resized(factor):
    """The canary's requests times ``factor(i)``; the share of errors stays."""

    def change(i, one):
        samples = one.samples["error-rate"]
        canary = {
            pod: Count(count.events * factor(i), count.total * factor(i))
            for pod, count in samples["canary"].items()
        }
        return replace(one, samples={"error-rate": {**samples, "canary": canary}})

    return change


def test_the_configured_share_passes():
    assert judged(*run()).verdict is Outcome.PASS


def test_another_share_is_inconclusive_and_told_with_both_figures():
    verdict = judged(*run(changed=resized(lambda _: 0.2)))
    assert verdict.verdict is Outcome.INCONCLUSIVE
    assert "got 2.17 % of the requests where 10 % were configured" in verdict.reason
    assert not verdict.proven


def test_a_little_off_is_tolerated():
    assert judged(*run(changed=resized(lambda _: 1.15))).verdict is Outcome.PASS


def test_weights_that_step_are_followed_and_the_evidence_goes_on():
    steps = (0.1,) * 10 + (0.25,) * 10 + (0.5,) * 10
    sized = resized(lambda i: 9 * steps[i] / (1 - steps[i]))
    verdict = judged(*run(weights=steps, changed=sized))
    assert (verdict.verdict, verdict.proven) == (Outcome.PASS, True)
    unmoved = judged(*run(weights=steps))
    assert unmoved.verdict is Outcome.INCONCLUSIVE
    bad = judged(*run(weights=steps, changed=sized, tracks={"baseline": 1.0, "canary": 2.0}))
    assert bad.verdict is Outcome.FAIL
    assert bad.decided_at > 0


def test_a_canary_that_nothing_is_sent_to_is_inconclusive():
    verdict = judged(*run(changed=resized(lambda _: 0.0)))
    assert verdict.verdict is Outcome.INCONCLUSIVE
    assert verdict.reason.startswith("the canary got no requests in 30 intervals, the baseline")


def test_traffic_that_ended_does_not_pass():
    verdict = judged(*run(changed=resized(lambda i: 1.0 if i < 24 else 0.0)))
    assert verdict.verdict is Outcome.INCONCLUSIVE
    assert "no requests in the last 6 of 30 intervals" in verdict.reason


def test_traffic_that_was_taken_away_again_is_no_fault():
    """After a promotion the canary's weight is 0."""
    weights = (0.1,) * 20 + (0.0,) * 10
    drained = resized(lambda i: 1.0 if i < 20 else 0.0)
    assert judged(*run(weights=weights, changed=drained)).verdict is Outcome.PASS


def test_a_canary_without_traffic_that_never_gets_ready_fails_by_it():
    """Readiness needs no requests."""
    part = Query("ready", Reading.GAUGE)
    crashes = metric(
        "crashes",
        limit=1.5,
        worst=3.4,
        queries={"canary": {"events": part, "total": part}},
        bound=Bound(max=0.1, lasting=120.0),
    )
    before, after = run(changed=resized(lambda _: 0.0))
    pods = {"baseline": {f"b{k}": Count(0, 1) for k in range(9)}, "canary": {"c": Count(1, 1)}}
    with_pods = [replace(one, samples={**one.samples, "crashes": pods}) for one in after]
    verdict = judged(before, with_pods, metric(), crashes)
    assert verdict.verdict is Outcome.FAIL
    assert verdict.decided_at == 1
    assert "100 % on the canary, at most 10 % allowed: broken" in verdict.reason


class TestBoundOnCounts:
    """`max` on a share of requests: an e-process inside the promise."""

    @pytest.mark.parametrize(
        ("ratio", "said"), [(1.0, Outcome.PASS), (1.5, Outcome.PASS), (6.0, Outcome.FAIL)]
    )
    def test_it_is_tested_whatever_the_baseline_does(self, ratio, said):
        only = metric(limit=None, worst=None, bound=Bound(max=0.01))
        both = {"baseline": ratio, "canary": ratio}
        verdict = judged(*run(tracks=both), only)
        assert verdict.verdict is said
        bound = verdict.metrics["error-rate"].bound
        assert bound.promised
        assert (bound.evidence >= bound.threshold) == (said is Outcome.FAIL)
        assert "at most 1 % allowed" in verdict.reason

    def test_beside_a_comparison_each_has_half_of_the_share(self):
        both = metric(bound=Bound(max=0.01))
        verdict = judged(*run(tracks={"baseline": 6.0, "canary": 6.0}), both)
        assert verdict.verdict is Outcome.FAIL
        told = verdict.metrics["error-rate"]
        assert told.evidence < told.threshold
        assert told.bound.threshold == pytest.approx(np.log(1 / (0.01 * 0.5)))

    def test_at_the_bound_a_release_is_kept(self):
        only = metric(limit=None, worst=None, bound=Bound(max=0.005))
        failed = [judged(*run(seed=seed), only).verdict is Outcome.FAIL for seed in range(20)]
        assert sum(failed) <= 1

    def test_a_share_that_must_not_fall(self):
        only = metric(limit=None, worst=None, bound=Bound(min=0.05))
        assert judged(*run(rate=0.06), only).verdict is Outcome.PASS
        assert judged(*run(rate=0.01), only).verdict is Outcome.FAIL
