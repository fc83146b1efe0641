"""Which hours each track is read from, and how a history becomes one arm."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import pytest

from judge.errors import SpecError
from judge.runs.once import judge_window
from judge.runs.one_arm import Arms
from judge.runs.tracks import PART, read_past, read_tracks
from judge.spec.resolved import BASELINE, ResolvedAnalysis
from judge.stats.samples import Absence, Count, Histogram, Interval, Level, Pods
from judge.verdict.verdict import Outcome, Promise
from tests.servers.analyses import analysis

DAY = 86_400.0
BESIDE = dataclasses.replace(analysis(), duration=1800.0, history=8 * 3600.0)
APART = dataclasses.replace(BESIDE, baseline_offset=DAY, history=8 * DAY)
RELEASE = 1_700_000_000.0


class Clockwork:
    """A source whose every sample tells when it was: two pods with the minute as their total."""

    def __init__(self, *, hole: float = 0.0) -> None:
        self.asked: list[tuple[float, int, tuple[str, ...], bool]] = []
        self.hole = hole

    def read(
        self,
        analysis: ResolvedAnalysis,
        *,
        start: float,
        end: float,
        step: float,
        tracks: Sequence[str],
        thorough: bool,
    ) -> list[Interval]:
        intervals = round((end - start) / step)
        self.asked.append((start, intervals, tuple(tracks), thorough))
        return [self._at(start + i * step, step, tracks) for i in range(intervals)]

    def _at(self, start: float, step: float, tracks: Sequence[str]) -> Interval:
        if start == self.hole:
            absent = {"error-rate": dict.fromkeys(tracks, Absence.NO_DATA)}
            return Interval(start, start + step, {}, absent=absent)
        pod = Count(10.0, 1000.0 + start % 100)
        samples = {"error-rate": {track: {"a": pod, "b": pod} for track in tracks}}
        return Interval(start, start + step, samples, dict.fromkeys(tracks, 0.5))

    def scrape_interval(self, analysis: ResolvedAnalysis, *, at: float) -> float | None:
        return None


def test_tracks_side_by_side_are_read_at_once() -> None:
    source = Clockwork()
    read_tracks(source, BESIDE, start=RELEASE, intervals=3)
    assert source.asked == [(RELEASE, 3, ("baseline", "canary"), True)]


def test_a_baseline_with_an_offset_is_read_that_much_earlier_and_placed_beside() -> None:
    source = Clockwork(hole=RELEASE + 60 - DAY)
    first, second = read_tracks(source, APART, start=RELEASE, intervals=2)
    assert source.asked == [
        (RELEASE, 2, ("canary",), True),
        (RELEASE - DAY, 2, ("baseline",), True),
    ]
    assert (first.start, first.end) == (RELEASE, RELEASE + 60)
    told = first.samples["error-rate"]
    assert told["canary"]["a"] == Count(10.0, 1000.0 + RELEASE % 100)
    assert told["baseline"]["a"] == Count(10.0, 1000.0 + (RELEASE - DAY) % 100)
    assert first.weights == {}
    assert set(second.samples["error-rate"]) == {"canary"}
    assert second.absent == {"error-rate": {"baseline": Absence.NO_DATA}}


def test_a_long_history_is_read_in_parts_that_are_one_arm_each() -> None:
    source = Clockwork()
    found = read_past(source, APART, start=RELEASE - 5 * DAY, intervals=5 * 1440)
    assert [asked[:2] for asked in source.asked] == [
        (RELEASE - 5 * DAY, PART),
        (RELEASE - 3 * DAY, PART),
        (RELEASE - DAY, 1440),
    ]
    assert all(asked[2:] == ((BASELINE,), False) for asked in source.asked)
    assert [one.start for one in found] == [RELEASE - 5 * DAY + 60 * i for i in range(5 * 1440)]
    assert found[0].samples == {
        "error-rate": {BASELINE: {"pods-1": Count(20.0, 2000.0 + 2 * (RELEASE % 100))}}
    }
    assert read_past(source, APART, start=RELEASE, intervals=0) == []
    by_pod = read_past(source, BESIDE, start=RELEASE, intervals=1)
    assert set(by_pod[0].samples["error-rate"][BASELINE]) == {"a", "b"}


def test_a_finished_window_is_judged_before_and_after() -> None:
    judged = judge_window(APART, Clockwork(), end=RELEASE + 1800)
    assert judged.verdict.verdict is Outcome.PASS
    assert judged.verdict.promise is Promise.EMPIRICAL
    assert len(judged.history) == 8 * 1440
    assert judged.history[-1].end == RELEASE


def test_a_window_that_reaches_back_to_its_own_baseline_is_refused() -> None:
    near = dataclasses.replace(APART, baseline_offset=2700.0, warmup=300.0)
    with pytest.raises(SpecError, match=r"a window of 1h reaches back .* make it 40m or less"):
        judge_window(near, Clockwork(), end=RELEASE, lookback=3600.0)
    assert judge_window(near, Clockwork(), end=RELEASE, lookback=2400.0).verdict


def intervals(*pods: Pods) -> list[Interval]:
    return [
        Interval(60.0 * at, 60.0 * at + 60.0, {"m": {BASELINE: each}} if each else {})
        for at, each in enumerate(pods)
    ]


def arms(*pods: Pods) -> list[Pods]:
    return [one.samples.get("m", {}).get(BASELINE, {}) for one in Arms().of(intervals(*pods))]


def test_an_arm_is_called_otherwise_when_none_of_its_first_pods_is_left() -> None:
    one = Level(1.0)
    told = arms({"a": one, "b": one}, {"b": one, "c": one}, {}, {"c": one}, {"c": one, "a": one})
    assert [next(iter(each), "") for each in told] == ["pods-1", "pods-1", "", "pods-2", "pods-2"]


def test_the_pods_of_every_kind_are_added_up_and_what_is_no_number_left_out() -> None:
    assert arms({"a": Level(1.0), "b": Level(4.0), "c": Level(math.nan)}) == [
        {"pods-1": Level(2.5)}
    ]
    assert arms({"a": Count(1.0, 5.0), "b": Count(math.inf, 5.0)}) == [{"pods-1": Count(1.0, 5.0)}]
    assert arms({"a": Count(math.nan, 5.0)}) == [{}]
    same = Histogram((0.1, math.inf), (1.0, 4.0), 2.0)
    assert arms({"a": same, "b": same}) == [{"pods-1": Histogram((0.1, math.inf), (2.0, 8.0), 4.0)}]


def test_histograms_of_several_layouts_are_added_where_all_of_them_are_known() -> None:
    fine = Histogram((0.1, 0.2, 0.4, math.inf), (1.0, 2.0, 3.0, 4.0))
    coarse = Histogram((0.2, math.inf), (5.0, 5.0))
    (told,) = arms({"a": fine, "b": coarse})
    whole = told["pods-1"]
    assert isinstance(whole, Histogram)
    # nothing of the coarse one lies above 0.2, and how much of it below 0.1 nobody knows
    assert (whole.bounds, whole.counts) == ((0.2, 0.4, math.inf), (7.0, 8.0, 9.0))
