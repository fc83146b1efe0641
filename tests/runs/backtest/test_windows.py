"""Which windows of the past are judged, and with which history."""

from __future__ import annotations

import pytest

from judge.runs.backtest.windows import Plan, history_of, usual_every, windows
from tests.store.given import analysis

UNTIL = 1_700_000_400.0


def test_windows_end_where_the_backtest_ends_and_begin_within_it() -> None:
    one = analysis(duration=1800.0, warmup=90.0)
    found = windows(one, Plan(UNTIL - 4 * 3600, UNTIL, every=3600.0))
    assert [window.end for window in found] == [UNTIL - 3600.0 * back for back in (3, 2, 1, 0)]
    assert all(window.end - window.start == 1800.0 for window in found)
    assert all(window.start - window.released == 90.0 for window in found)
    assert found[0].released >= UNTIL - 4 * 3600
    assert [window.index for window in found] == [0, 1, 2, 3]


def test_runs_lie_on_one_grid_of_intervals() -> None:
    found = windows(analysis(duration=600.0), Plan(UNTIL - 7200, UNTIL, every=100.0))
    assert {(UNTIL - window.end) % 60.0 for window in found} == {0.0}
    assert len(found) == (7200 - 600) // 120 + 1


def test_neighbours_share_a_judge_for_so_long() -> None:
    plan = Plan(UNTIL - 12 * 3600, UNTIL, every=3600.0, recalibrated=14400.0)
    blocks = [window.block for window in windows(analysis(duration=1800.0), plan)]
    assert blocks == [0] * 4 + [1] * 4 + [2] * 4


def test_a_judge_for_each_run_where_it_is_asked_for() -> None:
    plan = Plan(UNTIL - 5 * 3600, UNTIL, every=3600.0, recalibrated=0.0)
    found = windows(analysis(duration=1800.0), plan)
    assert [window.block for window in found] == [0, 1, 2, 3, 4]
    assert [window.cluster for window in found] == [0, 0, 0, 0, 1]


def test_a_past_shorter_than_a_run_has_no_window() -> None:
    assert windows(analysis(duration=1800.0), Plan(UNTIL - 1799, UNTIL, every=3600.0)) == []


@pytest.mark.parametrize("warmup", [0.0, 90.0, 120.0])
def test_the_history_ends_before_the_release_and_is_as_long_as_a_runs(warmup: float) -> None:
    one = analysis(duration=1800.0, warmup=warmup, history=7200.0)
    plan = Plan(UNTIL - 7200, UNTIL, every=3600.0)
    for window in windows(one, plan):
        start, end = history_of(one, window, plan)
        assert end - start == 7200.0
        assert window.released - 60.0 < end <= window.released


def test_usually_no_two_runs_overlap() -> None:
    assert usual_every(analysis(duration=1800.0)) == 3600.0
    assert usual_every(analysis(duration=7200.0, warmup=120.0)) == 7320.0
