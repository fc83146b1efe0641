"""Pods that come and go, and tracks with few of them or none."""

import re

import pytest

from judge.verdict.verdict import Outcome, Promise
from tests.verdict.missing.judged import judged
from tests.verdict.missing.recordings import bundles, holes, pods


class TestBaselineOfOnePod:
    def test_a_good_release_passes_and_what_is_assumed_is_said(self):
        verdict = judged("baseline-of-one-pod", "good")
        assert verdict.verdict is Outcome.PASS
        assert verdict.promise is Promise.UNCALIBRATED
        assert "a single pod in the history" in verdict.reason

    def test_a_bad_one_fails(self):
        assert judged("baseline-of-one-pod", "bad").verdict is Outcome.FAIL

    def test_an_assumed_spread_is_not_told_as_a_measured_one(self):
        assert "the pods differ by 20% for good" not in judged("baseline-of-one-pod", "good").reason


@pytest.mark.parametrize("release", ["good", "bad"])
def test_without_a_baseline_nothing_is_known(release):
    verdict = judged("baseline-of-none", release)
    assert verdict.verdict is Outcome.INCONCLUSIVE
    assert verdict.score is None
    assert re.search(r"baseline.*no data", verdict.reason)


class TestNoHistory:
    """A service that did not exist two minutes before its first run."""

    def test_a_good_release_passes(self):
        assert judged("no-history", "good").verdict is Outcome.PASS

    def test_a_bad_one_fails(self):
        assert judged("no-history", "bad").verdict is Outcome.FAIL

    def test_nothing_was_calibrated(self):
        assert judged("no-history", "good").promise is Promise.UNCALIBRATED

    def test_the_noise_is_assumed_and_that_is_said(self):
        assert "noise assumed, not learned" in judged("no-history", "good").reason


class TestPodsComeAndGo:
    def test_they_do(self):
        seen = pods("pods-come-and-go", "good", "canary")
        assert len(set().union(*seen)) >= 6
        assert max(map(len, seen)) <= 4

    def test_a_good_release_passes(self):
        assert judged("pods-come-and-go", "good").verdict is Outcome.PASS

    def test_a_bad_one_fails(self):
        assert judged("pods-come-and-go", "bad").verdict is Outcome.FAIL


class TestRestarts:
    def test_a_good_release_passes(self):
        assert judged("restarts", "good").verdict is Outcome.PASS

    def test_a_bad_one_fails(self):
        assert judged("restarts", "bad").verdict is Outcome.FAIL

    def test_no_restart_counts_a_life_twice(self):
        for one in bundles("restarts")["good"].intervals:
            for tracks in one.samples["error-rate"].values():
                assert all(count.total < 1200 for count in tracks.values())


class TestScaling:
    """The baseline doubles or shrinks to one pod, the canary goes from one to four and back."""

    @pytest.mark.parametrize(
        ("release", "first", "middle", "last"), [("good", 6, 12, 6), ("good-shrinking", 6, 1, 1)]
    )
    def test_there_are_more_pods_or_fewer(self, release, first, middle, last):
        counts = [len(one) for one in pods("scaling", release, "baseline")]
        assert (counts[0], counts[15], counts[-1]) == (first, middle, last)

    @pytest.mark.parametrize("release", ["good", "good-shrinking"])
    def test_a_good_release_passes(self, release):
        assert judged("scaling", release).verdict is Outcome.PASS

    @pytest.mark.parametrize("release", ["bad", "bad-shrinking"])
    def test_a_bad_one_fails(self, release):
        assert judged("scaling", release).verdict is Outcome.FAIL


class TestTrackVanishes:
    def test_a_canary_that_is_gone_before_half_time_is_not_promoted(self):
        verdict = judged("track-vanishes", "early")
        assert verdict.verdict is Outcome.INCONCLUSIVE
        assert re.search(r"canary vanished: no samples in the last 20 of 30", verdict.reason)

    def test_it_is_gone_until_the_end(self):
        assert holes("track-vanishes", "late", "canary") == list(range(21, 30))
        assert holes("track-vanishes", "lost-baseline", "baseline") == list(range(21, 30))

    def test_one_that_is_gone_at_the_end_is_not_promoted(self):
        verdict = judged("track-vanishes", "late")
        assert verdict.verdict is Outcome.INCONCLUSIVE
        assert re.search(r"canary vanished: no samples in the last 9 of 30 interv", verdict.reason)

    def test_nor_is_one_whose_baseline_is_gone(self):
        verdict = judged("track-vanishes", "lost-baseline")
        assert verdict.verdict is Outcome.INCONCLUSIVE
        assert re.search(r"baseline.*last 9 of 30 intervals", verdict.reason)

    def test_a_bad_one_fails_before_it_is_gone(self):
        assert judged("track-vanishes", "bad").verdict is Outcome.FAIL
