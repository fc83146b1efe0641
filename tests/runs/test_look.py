"""One step of a run at a time: calibrated, looked at, waited for, given up."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import structlog
from structlog.testing import capture_logs

from judge.errors import SourceMalformed, SourceRejected, SourceUnavailable
from judge.runs.look import CRASHES
from judge.spec.resolved import Direction, JudgeName, Kind, Metric, Query, Reading
from judge.stats.samples import Absence
from judge.store.run import Command, EventType, HistoryState, RunState
from tests.runs.world import World
from tests.store.given import BEGAN, analysis

SILENT = SourceUnavailable("prometheus is out of reach")


def test_history_is_read_once_before_the_first_look(world: World) -> None:
    run = world.calibrated(history=300.0, warmup=30.0, delay=None)
    assert world.source.asked == [
        {"start": BEGAN - 300, "end": BEGAN, "tracks": ["baseline"], "thorough": False}
    ]
    assert (run.state, run.history, run.delay) == (RunState.RUNNING, HistoryState.READ, 6.0)
    assert run.due_at == BEGAN + 30 + 60 + 6
    assert [one.start for one in world.claims.history(run)] == [
        BEGAN - 300 + 60 * place for place in range(5)
    ]
    (_, told) = world.runs.events(run.id)
    assert told.type is EventType.HISTORY_READ
    assert (told.data["intervals"], told.data["delay"]) == (5, 6.0)


def test_what_the_history_is_too_little_for_is_told_before_the_first_look(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    # a command that ran before may have made loggers silent, and keep that for good
    structlog.reset_defaults()
    monkeypatch.setattr("judge.runs.look._log", structlog.get_logger())
    with capture_logs() as logs:
        run = world.calibrated(history=300.0)
    (_, told) = world.runs.events(run.id)
    assert told.data["promise"] == "uncalibrated"
    few, single = told.data["shortfalls"]
    assert (few["metric"], few["hopeless"], single["hopeless"]) == ("errors", True, False)
    assert "too few requests: 100 a minute on the baseline" in few["reason"]
    assert [line["why"] for line in logs if line["log_level"] == "warning"] == [few["reason"]]


def test_run_without_history_asks_for_none(world: World) -> None:
    run = world.calibrated(history=0.0)
    assert world.source.asked == []
    assert run.history is HistoryState.READ
    (_, told) = world.runs.events(run.id)
    assert told.data["shortfalls"] == []


def test_run_that_is_judged_at_once_asks_for_no_history_and_looks_there_and_then(
    world: World,
) -> None:
    run = world.start(history=900.0, at_once=True, delay=None)
    (step,) = world.claim()
    for _ in range(4):
        ours = world.looker.step(step)
        step = ours or step
    done = world.runs.get(run.id)
    assert (done.state, done.next_index, done.delay) == (RunState.DONE, 3, 0.0)
    assert [one["end"] for one in world.source.asked] == [BEGAN + 60, BEGAN + 120, BEGAN + 180]
    assert world.clock.now == BEGAN


@pytest.mark.parametrize("history", [0.0, 900.0])
def test_kayentas_judge_promises_nothing_and_misses_nothing(world: World, history: float) -> None:
    run = world.calibrated(judge=JudgeName.KAYENTA, history=history)
    (told,) = [one.data for one in world.runs.events(run.id) if one.type == "history.read"]
    assert (told["promise"], told["shortfalls"]) == ("none", [])
    assert told["intervals"] == history / 60


def test_only_the_first_look_reads_what_a_lookback_reaches_before_the_run(world: World) -> None:
    queries = {"canary": {"values": Query("m", Reading.SERIES)}}
    metric = Metric("m", Kind.SERIES, Direction.EITHER, None, None, queries=queries)
    world.calibrated(metrics=(metric,), judge=JudgeName.KAYENTA, lookback=300.0, history=0.0)
    world.at(BEGAN + 600)
    ours = world.step()
    assert ours is not None
    world.looker.step(ours)
    assert [(one["start"] - BEGAN, one["end"] - BEGAN) for one in world.source.asked] == [
        (0, 60),
        (-240, 0),
        (60, 120),
    ]


def test_look_asks_for_its_window_and_is_judged_on_all_so_far(world: World) -> None:
    run = world.calibrated(history=120.0, delay=10.0)
    assert world.claim() == []
    for index in range(3):
        world.at(BEGAN + 60 * (index + 1) + 10).step()
    assert world.source.asked[-1] == {
        "start": BEGAN + 120,
        "end": BEGAN + 180,
        "tracks": ["baseline", "canary"],
        "thorough": True,
    }
    assert world.judge.looked == [(0, False), (1, False), (2, True)]
    done = world.runs.get(run.id)
    assert (done.state, done.next_index, done.due_at) == (RunState.DONE, 3, None)
    assert done.verdict is not None
    assert done.verdict["verdict"] == "pass"
    assert world.judge.histories == [2]  # calibrated once
    assert world.metric("judge_verdicts_total", verdict="pass") == 1
    assert world.metric("judge_looks_total", result="judged") == 3


def test_conviction_ends_the_run(world: World) -> None:
    run = world.calibrated()
    world.judge.convict_at = 1
    world.at(BEGAN + 1000)
    ours = world.step()
    assert ours is not None
    assert world.looker.step(ours) is None
    done = world.runs.get(run.id)
    assert (done.state, done.next_index) == (RunState.DONE, 2)
    assert world.events(run)[-1] is EventType.FAILED
    assert world.claim() == []


def test_run_that_began_in_the_past_is_still_ours_look_by_look(world: World) -> None:
    world.clock.now = BEGAN + 9999
    run, _ = world.runs.start(analysis(), started_at=BEGAN)
    (ours,) = world.claim()
    steps = 0
    step = world.looker.step(ours)
    while step is not None:
        steps += 1
        step = world.looker.step(step)
    assert steps == 3
    assert world.runs.get(run.id).state is RunState.DONE
    assert world.metric("judge_look_lateness_seconds_count") == 0


def test_restarted_process_judges_the_same_samples(world: World) -> None:
    world.calibrated(history=120.0)
    world.at(BEGAN + 75).step()
    world.looker = world.new_looker()
    world.at(BEGAN + 135).step()
    assert world.judge.histories == [2, 2]
    assert world.judge.judged[1][:1] == world.judge.judged[0]
    assert world.judge.looked == [(0, False), (1, False)]


def test_bounds_that_are_off_by_a_rounding_are_put_right(world: World) -> None:
    """Else the downloaded bundle's intervals would overlap, and replay would refuse it."""
    world.source.off = 1e-7
    run = world.calibrated(history=120.0)
    ours = world.at(BEGAN + 999).step()
    assert ours is not None
    world.looker.step(ours)
    bundle = world.runs.evidence(run.id)
    bounds = [(one["start"], one["end"]) for one in bundle["history"] + bundle["intervals"]]
    assert bounds == [(BEGAN + 60 * i, BEGAN + 60 * (i + 1)) for i in (-2, -1, 0, 1)]


def test_what_is_judged_is_what_is_stored(world: World) -> None:
    run = world.calibrated()
    world.at(BEGAN + 75).step()
    assert world.claims.intervals(world.runs.get(run.id)) == list(world.judge.judged[0])


def test_silent_source_is_asked_again(world: World) -> None:
    run = world.calibrated()
    world.source.errors = [SILENT, SILENT]
    world.at(BEGAN + 70)
    assert world.step() is None
    waiting = world.runs.get(run.id)
    assert (waiting.next_index, waiting.attempts, waiting.failing_since) == (0, 1, BEGAN + 70)
    assert waiting.due_at is not None
    assert BEGAN + 70 < waiting.due_at <= BEGAN + 72
    assert waiting.owner is None
    world.clock.now = waiting.due_at
    world.step()
    assert world.runs.get(run.id).failing_since == BEGAN + 70
    world.clock.forward(30)
    world.step()
    looked = world.runs.get(run.id)
    assert (looked.next_index, looked.attempts, looked.failing_since) == (1, 0, None)
    kinds = world.events(run)
    assert kinds.count(EventType.SOURCE_FAILED) == 1  # told once, not at each attempt
    assert EventType.HOLE not in kinds
    assert world.metric("judge_source_errors_total", error="SourceUnavailable") == 2


def test_source_that_stays_silent_leaves_holes_and_the_run_ends(world: World) -> None:
    run = world.calibrated()
    world.source.errors = [SILENT] * 999
    world.clock.now = BEGAN + 70
    while world.runs.get(run.id).state.active:
        due = world.runs.get(run.id).due_at
        assert due is not None
        world.clock.now = max(world.clock.now, due)
        ours = world.step()
        while ours is not None:
            ours = world.looker.step(ours)
    # the last look was due at 190 s, and three intervals more were waited for
    assert BEGAN + 370 <= world.clock.now <= BEGAN + 401
    assert world.judge.looked == [(0, False), (1, False), (2, True)]
    hole = world.judge.judged[0][0]
    assert hole.samples == {}
    assert hole.absent["errors"] == {
        "baseline": Absence.UNREACHABLE,
        "canary": Absence.UNREACHABLE,
    }
    holes = [one for one in world.runs.events(run.id) if one.type is EventType.HOLE]
    assert [one.data["index"] for one in holes] == [0, 1, 2]
    assert holes[0].data["reason"] == "prometheus is out of reach"
    assert world.metric("judge_looks_total", result="hole") == 3


@pytest.mark.parametrize("error", [SourceRejected("no such metric"), SourceMalformed("HTML")])
def test_source_that_will_never_answer_is_not_asked_again(world: World, error: Exception) -> None:
    run = world.calibrated()
    world.source.errors = [error]
    world.at(BEGAN + 70).step()
    after = world.runs.get(run.id)
    assert (after.next_index, after.due_at) == (1, BEGAN + 130)
    assert after.failing_since is None
    told = [one for one in world.runs.events(run.id) if one.type is EventType.HOLE]
    assert [one.data["reason"] for one in told] == [str(error)]


def test_history_that_is_silent_is_asked_for_again_then_done_without(world: World) -> None:
    run = world.start()
    world.source.errors = [SILENT] * 999
    world.step()
    assert world.runs.get(run.id).history is HistoryState.WANTED
    world.source.errors = [SILENT]
    ours = world.at(BEGAN + 180).step()
    after = world.runs.get(run.id)
    assert (after.state, after.history) == (RunState.RUNNING, HistoryState.MISSING)
    told = world.runs.events(run.id)[-1]
    assert (told.type, told.data["reason"]) == (EventType.HISTORY_MISSING, str(SILENT))
    assert ours is not None
    world.looker.step(ours)
    assert world.judge.histories == [0]


def test_history_that_is_refused_is_done_without_at_once(world: World) -> None:
    run = world.start()
    world.source.errors = [SourceRejected("too long a range")]
    world.step()
    assert world.runs.get(run.id).history is HistoryState.MISSING


def test_what_nobody_foresaw_is_tried_again_then_ends_the_run(world: World) -> None:
    run = world.calibrated()
    world.judge.errors = [ZeroDivisionError("hunter2")] * CRASHES
    world.clock.now = BEGAN + 70
    with capture_logs() as logs:
        for attempt in range(CRASHES):
            waiting = world.runs.get(run.id)
            assert waiting.crashes == attempt
            world.clock.forward(31)
            assert world.step() is None
    assert [line["run"] for line in logs if line.get("exc_info")] == [run.id] * CRASHES
    done = world.runs.get(run.id)
    assert (done.state, done.next_index) == (RunState.DONE, 0)
    assert done.verdict is not None
    assert done.verdict["verdict"] == "inconclusive"
    assert "5 attempts ended in ZeroDivisionError" in done.verdict["reason"]
    kinds = world.events(run)
    assert kinds.count(EventType.CRASHED) == CRASHES
    assert kinds[-1] is EventType.INCONCLUSIVE
    told = [dict(event.data) for event in world.runs.events(run.id)]
    assert "hunter2" not in json.dumps(told)
    assert world.metric("judge_look_crashes_total") == CRASHES


def test_look_that_succeeds_forgets_the_crashes(world: World) -> None:
    run = world.calibrated()
    world.judge.errors = [ZeroDivisionError()]
    world.at(BEGAN + 70).step()
    world.clock.forward(31)
    world.step()
    after = world.runs.get(run.id)
    assert (after.crashes, after.next_index) == (0, 1)


def test_source_that_gives_too_little_is_a_crash(world: World) -> None:
    run = world.calibrated()
    world.source.read = lambda *_, **__: []  # type: ignore[method-assign]
    world.at(BEGAN + 70).step()
    assert world.runs.get(run.id).crashes == 1


@pytest.mark.parametrize("command", [Command.ROLLBACK, Command.CANCEL])
def test_run_ended_by_hand_during_a_look_stays_as_it_was_ended(
    world: World, command: Command
) -> None:
    run = world.calibrated()
    (ours,) = world.at(BEGAN + 70).claim()
    ended = world.runs.steer(run.id, command, by="ada")
    assert world.looker.step(ours) is None
    assert world.runs.get(run.id) == ended
    assert world.claims.intervals(replace(ended, next_index=9)) == []


def test_lateness_is_measured_from_when_a_look_was_due(world: World) -> None:
    world.calibrated()
    world.at(BEGAN + 70 + 2).step()
    assert world.metric("judge_look_lateness_seconds_sum") == 2
    assert world.metric("judge_look_lateness_seconds_count") == 1
