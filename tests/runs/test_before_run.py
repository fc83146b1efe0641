"""What a lookback reaches before a run: read with its first interval, and placed before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from judge.runs.before_run import joined
from judge.runs.tracks import read_tracks
from judge.spec.resolved import JudgeName, ResolvedAnalysis
from judge.stats.samples import Count, Interval, Pods, Series
from tests.servers.analyses import analysis, error_rate, series

START = 1_700_000_000.0
STEP = 60.0


class Ticking:
    """A source of series whose values are the times that they are of; from ``since`` on."""

    def __init__(self, since: float = 0.0) -> None:
        self.since = since
        self.asked: list[tuple[float, float, tuple[str, ...], tuple[str, ...]]] = []

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
        names = tuple(metric.name for metric in analysis.metrics)
        self.asked.append((start - START, end - START, tuple(tracks), names))
        return [
            self._interval(start + i * step, step, tracks, names)
            for i in range(round((end - start) / step))
        ]

    def scrape_interval(self, analysis: ResolvedAnalysis, *, at: float) -> float | None:
        return None

    def _interval(
        self, start: float, length: float, tracks: Sequence[str], names: Sequence[str]
    ) -> Interval:
        at = [k * STEP for k in range(int(length / STEP) + 1) if start + k * STEP >= self.since]
        values = Series(tuple(at), tuple(start + one - START for one in at))
        pods: dict[str, Pods] = {"error-rate": {"a": Count(1.0, 100.0)}}
        said: Pods = {"{}": values} if at else {}
        found = {name: pods.get(name, said) for name in names}
        samples = {name: dict.fromkeys(tracks, one) for name, one in found.items() if one}
        return Interval(start, start + length, samples)


def going_back(lookback: float, *metrics: str, offset: float = 0.0) -> ResolvedAnalysis:
    kinds = {"values": series(), "error-rate": error_rate(), "apart": series("apart", lasts=600.0)}
    asked = analysis(*(kinds[name] for name in metrics or ("values",)), interval=120.0)
    return replace(asked, judge=JudgeName.KAYENTA, lookback=lookback, baseline_offset=offset)


def values(interval: Interval, metric: str = "values", track: str = "canary") -> Series:
    one = interval.samples[metric][track]["{}"]
    assert isinstance(one, Series)
    return one


def test_the_first_interval_has_all_of_its_window_and_the_others_their_own() -> None:
    source = Ticking()
    first, second = read_tracks(source, going_back(300.0), start=START, intervals=2, opens=True)
    assert values(first).at == (-180.0, -120.0, -60.0, 0.0, 60.0, 120.0)
    assert values(first).values == values(first).at
    assert values(second).values == (120.0, 180.0, 240.0)
    assert (first.start, first.end) == (START, START + 120.0)
    assert source.asked == [
        (0.0, 240.0, ("baseline", "canary"), ("values",)),
        (-180.0, 0.0, ("baseline", "canary"), ("values",)),
    ]


@pytest.mark.parametrize(
    ("lookback", "metrics", "opens"),
    [
        pytest.param(0.0, ("values",), True, id="back to the run's start"),
        pytest.param(120.0, ("values",), True, id="an interval"),
        pytest.param(300.0, ("values",), False, id="a later look"),
        pytest.param(300.0, ("error-rate",), True, id="no series"),
        pytest.param(300.0, ("apart",), True, id="a window of its own"),
    ],
)
def test_nothing_is_read_twice_where_nothing_lies_before(
    lookback: float, metrics: tuple[str, ...], *, opens: bool
) -> None:
    source = Ticking()
    read_tracks(source, going_back(lookback, *metrics), start=START, intervals=2, opens=opens)
    assert source.asked == [(0.0, 240.0, ("baseline", "canary"), metrics)]


def test_other_kinds_are_as_they_were() -> None:
    source = Ticking()
    asked = going_back(300.0, "error-rate", "values")
    (first,) = read_tracks(source, asked, start=START, intervals=1, opens=True)
    assert first.samples["error-rate"]["canary"] == {"a": Count(1.0, 100.0)}
    assert values(first).at[0] == -180.0
    assert source.asked[1][3] == ("values",)


@pytest.mark.parametrize(
    ("since", "at"),
    [
        (START - 70.0, (-60.0, 0.0, 60.0, 120.0)),
        (START + 50.0, (60.0, 120.0)),
    ],
)
def test_where_there_was_nothing_before_there_is_nothing(
    since: float, at: tuple[float, ...]
) -> None:
    (first,) = read_tracks(Ticking(since), going_back(300.0), start=START, intervals=1, opens=True)
    assert values(first).at == at


def test_what_only_was_there_before_is_kept() -> None:
    class Ended(Ticking):
        def _interval(
            self, start: float, length: float, tracks: Sequence[str], names: Sequence[str]
        ) -> Interval:
            if start >= START:
                return Interval(start, start + length, {})
            return super()._interval(start, length, tracks, names)

    (first,) = read_tracks(Ended(), going_back(240.0), start=START, intervals=1, opens=True)
    assert values(first).at == (-120.0, -60.0, 0.0)


def test_the_baseline_with_an_offset_goes_back_from_its_own_time() -> None:
    source = Ticking()
    asked = going_back(300.0, offset=86_400.0)
    (first,) = read_tracks(source, asked, start=START, intervals=1, opens=True)
    assert source.asked[2:] == [
        (-180.0, 0.0, ("canary",), ("values",)),
        (-86_580.0, -86_400.0, ("baseline",), ("values",)),
    ]
    before = values(first, track="baseline")
    assert before.at == (-180.0, -120.0, -60.0, 0.0, 60.0, 120.0)
    assert before.values == tuple(at - 86_400.0 for at in before.at)


def test_a_point_that_both_have_is_the_first_intervals_own() -> None:
    before = Interval(0.0, 60.0, {"values": {"canary": {"{}": Series((0.0, 60.0), (1.0, 2.0))}}})
    own = Interval(60.0, 120.0, {"values": {"canary": {"{}": Series((0.0, 60.0), (3.0, 4.0))}}})
    assert values(joined(own, before)) == Series((-60.0, 0.0, 60.0), (1.0, 3.0, 4.0))
