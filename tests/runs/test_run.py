"""A run's timing."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judge.runs.run import (
    Window,
    ends,
    history_windows,
    is_last,
    look_due,
    look_window,
    pause,
    settling_delay,
    waits_until,
)
from judge.store.run import HistoryState, Run, RunState
from judge.verdict.verdict import Outcome, Promise, Verdict
from tests.store.given import BEGAN, analysis


def _run(*, started_at: float = BEGAN, next_index: int = 0, **changes: Any) -> Run:
    return Run(
        id="run",
        namespace="shop",
        name="checkout",
        key=None,
        state=RunState.RUNNING,
        analysis=analysis(**changes),
        created_at=started_at,
        started_at=started_at,
        ended_at=None,
        next_index=next_index,
        due_at=started_at,
        verdict=None,
        held=False,
        delay=10.0,
        history=HistoryState.READ,
        attempts=0,
        failing_since=None,
        crashes=0,
        owner="me",
        token=1,
    )


def test_looks_follow_the_warm_up() -> None:
    run = _run(warmup=120.0)
    assert look_window(run, 0) == Window(BEGAN + 120, BEGAN + 180)
    assert look_window(run, 2) == Window(BEGAN + 240, BEGAN + 300)
    assert look_due(run, 2, delay=7.5) == BEGAN + 307.5


@given(
    started_at=st.floats(1e9, 4e9),
    interval=st.floats(0.1, 1e4),
    warmup=st.floats(0, 1e4),
    index=st.integers(0, 5000),
)
def test_no_two_windows_overlap_or_leave_a_gap(
    started_at: float, interval: float, warmup: float, index: int
) -> None:
    run = _run(started_at=started_at, interval=interval, duration=1e5, warmup=warmup)
    assert look_window(run, index).end == look_window(run, index + 1).start
    assert look_window(run, index).start < look_window(run, index).end


@pytest.mark.parametrize(
    ("written", "scraped", "delay"),
    [(None, None, 15.0), (None, 5.0, 6.0), (None, 0.0, 1.0), (3.0, 5.0, 3.0), (0.0, None, 0.0)],
)
def test_samples_settle(written: float | None, scraped: float | None, delay: float) -> None:
    assert settling_delay(analysis(delay=written), scraped) == delay


def test_history_ends_where_the_run_begins() -> None:
    assert history_windows(_run(history=200.0)) == [
        Window(BEGAN - 180, BEGAN - 120),
        Window(BEGAN - 120, BEGAN - 60),
        Window(BEGAN - 60, BEGAN),
    ]
    assert history_windows(_run(history=59.0)) == []


def test_whole_intervals_of_history_are_all_taken_whatever_the_rounding() -> None:
    assert len(history_windows(_run(interval=0.1, duration=1.0, history=0.3))) == 3


def test_last_look() -> None:
    assert [is_last(_run(next_index=index)) for index in (0, 1, 2)] == [False, False, True]


def test_silent_source_is_waited_for() -> None:
    long, short = _run(interval=60.0), _run(interval=10.0, duration=30.0)
    assert waits_until(long, BEGAN, failing_since=BEGAN - 50) == BEGAN + 180
    assert waits_until(short, BEGAN, failing_since=BEGAN - 50) == BEGAN + 120
    assert waits_until(short, BEGAN - 9999, failing_since=BEGAN) == BEGAN + 120


def test_a_run_that_is_judged_at_once_waits_for_nothing() -> None:
    ahead, behind = _run(at_once=True), _run(at_once=True, warmup=-3600.0)
    assert [look_due(ahead, index, delay=10.0) for index in (0, 2)] == [BEGAN, BEGAN]
    assert look_due(behind, 0, delay=10.0) == BEGAN - 3600.0 + 60.0 + 10.0


def test_who_wants_a_run_at_once_waits_the_least_for_a_silent_source() -> None:
    hour = _run(interval=3600.0, duration=3600.0, at_once=True)
    assert waits_until(hour, BEGAN, failing_since=BEGAN) == BEGAN + 120


def test_pauses_double_with_jitter_up_to_a_bound() -> None:
    rng = random.Random(3)
    for attempts, longest in [(0, 1.0), (2, 4.0), (9, 30.0), (9999, 30.0)]:
        pauses = [pause(_run(), attempts, rng=rng) for _ in range(200)]
        assert longest / 2 <= min(pauses) < 0.6 * longest
        assert 0.9 * longest < max(pauses) <= longest


def test_pauses_stay_within_half_an_interval() -> None:
    assert pause(_run(interval=10.0, duration=30.0), 9, rng=random.Random(3)) <= 5


@pytest.mark.parametrize(
    ("index", "decided", "watching", "over"),
    [
        (0, False, False, False),
        (0, True, False, True),
        (0, True, True, False),  # it has passed early, and is watched on
        (2, False, False, True),  # a judge that decides nothing ends with its looks
        (2, True, True, False),
        (4, True, True, True),
    ],
)
def test_a_run_ends_with_its_decision_and_the_looks_after_it(
    index: int, decided: bool, watching: bool, over: bool
) -> None:
    said = Verdict(Outcome.PASS, "", None, Promise.EXACT, decided=decided, watching=watching)
    assert ends(_run(next_index=index, keep_watching=120.0), said) == over
