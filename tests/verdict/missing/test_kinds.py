"""The same holes in latency, memory and CPU."""

import math
import re

import pytest

from judge.stats.samples import Histogram, Level
from judge.verdict.verdict import Outcome
from tests.verdict.missing.judged import judged
from tests.verdict.missing.recordings import bundles, holes, pods


@pytest.mark.parametrize("name", ["latency-holes", "native-latency-holes"])
class TestLatency:
    """Histograms, classic and native; scrapes fail, pods restart, one of the baseline dies."""

    def test_the_holes_are_there_and_nothing_counts_twice(self, name):
        seen = pods(name, "good", "canary", "latency")
        assert {"good-0"} <= seen[0] - seen[5]
        usual = sum(one.total for one in totals(name)[0])
        for track in totals(name):
            # three minutes of a pod come at once where its scrapes failed
            assert all(one.total < usual for one in track)

    def test_a_good_release_passes(self, name):
        verdict = judged(name, "good")
        assert verdict.verdict is Outcome.PASS
        assert "a 2-fold slowdown is ruled out" in verdict.reason

    def test_a_bad_one_fails_with_how_much_slower_it_is(self, name):
        verdict = judged(name, "bad")
        assert verdict.verdict is Outcome.FAIL
        assert verdict.metrics["latency"].estimate == pytest.approx(2.2, rel=0.15)
        assert re.search(r"latency 2\.\d times the baseline's", verdict.reason)


def totals(name: str) -> list[list[Histogram]]:
    """A track's histograms of one interval, for every one of a good release's."""
    return [
        [sample for sample in track.values() if isinstance(sample, Histogram)]
        for one in bundles(name)["good"].intervals
        for track in one.samples.get("latency", {}).values()
    ]


class TestMemory:
    """A gauge with failed scrapes; on each track a pod dies for good."""

    def test_the_dead_pod_is_not_read_on(self):
        seen = pods("memory-holes", "good", "canary", "memory")
        assert "good-dies-0" in seen[12]
        assert not any("good-dies-0" in one for one in seen[15:])

    def test_a_good_release_passes(self):
        assert judged("memory-holes", "good").verdict is Outcome.PASS

    def test_a_bad_one_fails_with_its_level(self):
        verdict = judged("memory-holes", "bad")
        assert verdict.verdict is Outcome.FAIL
        assert verdict.metrics["memory"].estimate == pytest.approx(1.6, rel=0.1)

    def test_a_canary_that_is_gone_is_not_promoted(self):
        assert holes("memory-holes", "gone", "canary", "memory")[-9:] == list(range(21, 30))
        verdict = judged("memory-holes", "gone")
        assert verdict.verdict is Outcome.INCONCLUSIVE
        assert "the canary vanished: no samples in the last 10 of 30 intervals" in verdict.reason


class TestMemoryNotFinite:
    @pytest.mark.parametrize(("release", "value"), [("nan", math.nan), ("infinite", math.inf)])
    def test_it_never_passes_and_names_the_pod(self, release, value):
        pod = f"{release}-broken-0"
        at_13 = bundles("memory-not-finite")[release].intervals[12].samples["memory"]["canary"][pod]
        assert str(at_13) == str(Level(value))
        verdict = judged("memory-not-finite", release)
        assert verdict.verdict is Outcome.INCONCLUSIVE
        assert f"NaN or infinite samples from {pod}" in verdict.reason

    def test_a_bad_release_fails_all_the_same(self):
        assert judged("memory-not-finite", "bad").verdict is Outcome.FAIL


class TestCpu:
    """Seconds of CPU by the second, from counters that begin again with each restart."""

    def test_a_restart_makes_no_burst(self):
        for one in bundles("cpu-restarts")["good"].intervals:
            for track in one.samples["cpu"].values():
                assert all(0 <= sample.value < 0.8 for sample in track.values())

    def test_a_good_release_passes(self):
        assert judged("cpu-restarts", "good").verdict is Outcome.PASS

    def test_a_bad_one_fails(self):
        verdict = judged("cpu-restarts", "bad")
        assert verdict.verdict is Outcome.FAIL
        assert verdict.metrics["cpu"].estimate == pytest.approx(1.6, rel=0.1)
