"""Where the requests go, and pods that never get to serve any."""

import re

import pytest

from judge.verdict.verdict import Outcome
from tests.verdict.missing.judged import judged
from tests.verdict.missing.recordings import bundles


class TestZeroErrors:
    """The baseline never failed, so it has no series of errors at all."""

    def test_a_good_release_passes_with_what_was_seen(self):
        verdict = judged("zero-errors", "good")
        assert verdict.verdict is Outcome.PASS
        assert re.search(r"0 of [\d,]+ on the canary, 0 of [\d,]+ on the base", verdict.reason)
        assert verdict.metrics["error-rate"].estimate is None

    def test_a_bad_one_fails_by_how_much_at_least(self):
        verdict = judged("zero-errors", "bad")
        assert verdict.verdict is Outcome.FAIL
        assert re.search(r"0 of [\d,]+ on the baseline, at least [\d.]+ times", verdict.reason)


class TestNoTraffic:
    def test_a_canary_that_gets_no_requests_is_not_judged_and_that_is_the_reason(self):
        verdict = judged("no-traffic", "idle")
        assert verdict.verdict is Outcome.INCONCLUSIVE
        assert "the canary got no requests" in verdict.reason
        assert "check that traffic is routed to the canary" in verdict.reason

    def test_one_without_any_series_has_no_data(self):
        verdict = judged("no-traffic", "silent")
        assert verdict.verdict is Outcome.INCONCLUSIVE
        assert re.search(r"canary.*no data", verdict.reason)

    def test_one_that_gets_no_more_is_not_promoted(self):
        verdict = judged("no-traffic", "drained")
        assert verdict.verdict is Outcome.INCONCLUSIVE
        assert "the canary got no requests in the last 10 of 30 intervals" in verdict.reason


class TestCrashing:
    """kube-state-metrics tells of pods that never serve a request; nothing else does."""

    @pytest.mark.parametrize("release", ["crash-loops", "never-ready", "by-default"])
    def test_a_canary_that_does_not_run_fails_by_it_without_any_request(self, release):
        verdict = judged("crashing", release)
        assert verdict.verdict is Outcome.FAIL
        assert verdict.reason.startswith("crashes")
        assert verdict.metrics["error-rate"].verdict is Outcome.INCONCLUSIVE
        assert not any(
            one.samples["error-rate"].get("canary")
            for one in bundles("crashing")[release].intervals
        )

    @pytest.mark.parametrize(
        ("release", "most"), [("crash-loops", 10), ("never-ready", 10), ("by-default", 50)]
    )
    def test_it_fails_soon_by_what_is_allowed_for_so_long(self, release, most):
        verdict = judged("crashing", release)
        assert verdict.decided_at < 5
        assert f"100 % on the canary, at most {most} % allowed" in verdict.reason

    def test_the_baseline_s_requests_are_not_told_as_none(self):
        told = judged("crashing", "crash-loops").metrics["error-rate"].reason
        assert "0 of 0 on the baseline" not in told
        assert re.search(r"canary.*no data", told)

    def test_one_that_only_starts_slowly_passes(self):
        assert judged("crashing", "slow-start").verdict is Outcome.PASS


class TestWeightsStep:
    """The canary gets 10, 25 and 50 % of the requests, ten minutes each."""

    def test_the_requests_follow_the_weights(self):
        for one in bundles("weights-step")["good"].intervals:
            sent = {
                track: sum(count.total for count in pods.values())
                for track, pods in one.samples["error-rate"].items()
            }
            share = sent["canary"] / sum(sent.values())
            assert share == pytest.approx(one.weights["canary"], abs=0.06)

    def test_a_good_release_passes(self):
        assert judged("weights-step", "good").verdict is Outcome.PASS

    def test_a_bad_one_fails_and_the_evidence_is_carried_on(self):
        assert judged("weights-step", "bad").verdict is Outcome.FAIL

    def test_where_the_requests_do_not_follow_nothing_is_known(self):
        verdict = judged("weights-step", "stuck")
        assert verdict.verdict is Outcome.INCONCLUSIVE
        assert re.search(r"got (9|10)\.\d+ % of the requests where 28\.\d % were", verdict.reason)


class TestShadow:
    def test_a_bad_one_is_judged_apart_and_does_not_fail_the_canary(self):
        verdict = judged("shadow", "bad-shadow")
        assert verdict.verdict is Outcome.PASS
        assert verdict.metrics["error-rate"].verdict is Outcome.PASS
        shadow = verdict.comparisons["shadow"]["error-rate"]
        assert shadow.verdict is Outcome.FAIL
        assert "times the baseline's" in shadow.reason

    def test_a_good_one_does_not_save_a_bad_canary(self):
        verdict = judged("shadow", "bad-canary")
        assert verdict.verdict is Outcome.FAIL
        assert verdict.comparisons["shadow"]["error-rate"].verdict is not Outcome.FAIL
