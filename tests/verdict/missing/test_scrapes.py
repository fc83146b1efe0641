"""What a scraper misses or gets wrong of pods that are well."""

import math
import re

import pytest

from judge.stats.samples import Absence
from judge.verdict.verdict import Outcome
from tests.verdict.missing.judged import judged
from tests.verdict.missing.recordings import bundles, holes


class TestScrapeHoles:
    def test_they_are_in_the_recording_on_both_tracks(self):
        for track in ("baseline", "canary"):
            assert {5, 14} <= set(holes("scrape-holes", "good", track))
            assert len(holes("scrape-holes", "blind", track)) >= 22
        before = [not one.samples for one in bundles("scrape-holes")["good"].history]
        assert 5 <= sum(before) <= 10

    def test_a_good_release_passes_proven(self):
        verdict = judged("scrape-holes", "good")
        assert verdict.verdict is Outcome.PASS
        assert "a 2-fold increase is ruled out" in verdict.reason

    def test_a_bad_one_fails(self):
        verdict = judged("scrape-holes", "bad")
        assert verdict.verdict is Outcome.FAIL
        assert "times the baseline's" in verdict.reason

    def test_where_most_of_a_run_is_missing_nothing_is_known(self):
        verdict = judged("scrape-holes", "blind")
        assert verdict.verdict is Outcome.INCONCLUSIVE
        assert "7 of 30 intervals had data on both tracks, a pass takes 15" in verdict.reason

    def test_where_the_end_of_a_run_is_missing_nothing_is_promoted(self):
        assert holes("scrape-holes", "dark", "canary")[-9:] == list(range(21, 30))
        verdict = judged("scrape-holes", "dark")
        assert verdict.verdict is Outcome.INCONCLUSIVE
        assert "last 9 of 30 intervals" in verdict.reason


class TestErrorSeriesLost:
    """The baseline's error series are missing from some scrapes; its requests are not."""

    def test_a_good_release_is_not_blamed_for_it(self):
        assert judged("error-series-lost", "good").verdict is Outcome.PASS

    def test_a_bad_one_fails(self):
        assert judged("error-series-lost", "bad").verdict is Outcome.FAIL

    def test_what_was_missed_is_counted_when_the_series_are_back(self):
        def failed(release, track):
            return sum(
                count.events
                for one in bundles("error-series-lost")[release].intervals
                for count in one.samples["error-rate"][track].values()
            )

        # three canaries' worth of pods, with the same rate of errors and nothing missing
        assert failed("good", "baseline") == pytest.approx(3 * failed("good", "canary"), rel=0.15)

    def test_where_they_stay_away_there_is_a_hole_in_both_parts(self):
        assert holes("error-series-lost", "for-good", "baseline") == list(range(10, 30))
        for one in bundles("error-series-lost")["for-good"].intervals[10:]:
            assert one.absent == {"error-rate": {"baseline": Absence.UNRELIABLE}}

    def test_where_they_stay_away_a_good_release_is_not_rolled_back(self):
        verdict = judged("error-series-lost", "for-good")
        assert verdict.verdict is Outcome.INCONCLUSIVE
        assert re.search(r"baseline.*(no data|unreliable|vanished)", verdict.reason)


class TestSeriesVanish:
    """Of two handlers' series one vanishes, in some pods for good and in others for a while."""

    def test_a_good_release_passes(self):
        assert judged("series-vanish", "good").verdict is Outcome.PASS

    def test_a_bad_one_fails(self):
        assert judged("series-vanish", "bad").verdict is Outcome.FAIL

    def test_what_was_counted_does_not_fall_or_leap(self):
        """One series' end is no reset: its sum would count as the whole of a new life."""
        for one in bundles("series-vanish")["good"].intervals:
            for pod, count in one.samples["error-rate"]["baseline"].items():
                assert 200 < count.total < 8000, pod


class TestClocksDiffer:
    """The canary's own timestamps lag by 40 s, the baseline's lead by 25 s, amid an incident."""

    def test_a_good_release_passes(self):
        assert judged("clocks-differ", "good").verdict is Outcome.PASS

    def test_a_bad_one_fails(self):
        assert judged("clocks-differ", "bad").verdict is Outcome.FAIL

    def test_a_clock_too_far_behind_to_be_seen_is_no_data(self):
        verdict = judged("clocks-differ", "behind")
        assert verdict.verdict is Outcome.INCONCLUSIVE
        assert re.search(r"canary.*no data", verdict.reason)

    def test_nobody_claims_that_it_got_no_requests(self):
        assert "got no requests" not in judged("clocks-differ", "behind").reason


class TestCounterResets:
    """All pods of a track begin their counters again at once, between two scrapes."""

    def test_a_good_release_passes(self):
        assert judged("counter-resets", "good").verdict is Outcome.PASS

    def test_a_bad_one_fails(self):
        assert judged("counter-resets", "bad").verdict is Outcome.FAIL

    def test_a_reset_costs_less_than_two_scrapes(self):
        totals = [
            sum(count.total for count in one.samples["error-rate"]["baseline"].values())
            for one in bundles("counter-resets")["good"].intervals
        ]
        assert min(totals) > 0.5 * max(totals)


class TestNotFinite:
    @pytest.mark.parametrize(
        ("release", "pod", "value"),
        [
            ("nan", "nan-broken-0", math.nan),
            ("infinite", "infinite-broken-0", math.inf),
            ("baseline", "broken-baseline-nan-0", math.nan),
        ],
    )
    def test_it_never_passes_and_names_the_pod(self, release, pod, value):
        verdict = judged("not-finite", release)
        assert verdict.verdict is Outcome.INCONCLUSIVE
        assert f"NaN or infinite samples from {pod}" in verdict.reason
        track = "baseline" if release == "baseline" else "canary"
        assert any(
            str(one.samples["error-rate"][track][pod].total) in (str(value), "nan")
            for one in bundles("not-finite")[release].intervals
            if pod in one.samples["error-rate"][track]
        )

    def test_a_bad_release_fails_all_the_same(self):
        assert judged("not-finite", "bad").verdict is Outcome.FAIL

    def test_in_the_history_it_is_a_hole(self):
        assert judged("not-finite", "mended").verdict is Outcome.PASS

    @pytest.mark.parametrize("release", ["nan", "baseline", "infinite"])
    def test_once_it_is_over_nothing_counts_twice(self, release):
        for one in bundles("not-finite")[release].intervals:
            for track in one.samples["error-rate"].values():
                totals = [count.total for count in track.values() if math.isfinite(count.total)]
                assert max(totals, default=0) < 3000
