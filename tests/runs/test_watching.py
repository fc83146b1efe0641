"""A run that has passed is looked at on: by the schedule, through outages, and to an end."""

from __future__ import annotations

import json

from structlog.testing import capture_logs

from judge.errors import SourceUnavailable
from judge.runs.look import CRASHES
from judge.sources.recording import bundle_from
from judge.store.run import EventType, RunState
from judge.verdict.sequential import SequentialJudge
from judge.verdict.verdict import document
from tests.runs.test_evidence import NEVER, NoisySource
from tests.runs.world import World
from tests.store.given import BEGAN


def _looks(world: World, count: int) -> None:
    for _ in range(count):
        world.clock.forward(60)
        world.step()


def test_a_passed_run_is_looked_at_for_so_long(world: World) -> None:
    world.judge.after = 2
    run = world.calibrated(keep_watching=120.0)
    world.at(BEGAN + 10)
    _looks(world, 3)
    passed = world.runs.get(run.id)
    assert (passed.state, passed.due_at) == (RunState.WATCHING, BEGAN + 240 + 10)
    assert world.metric("judge_verdicts_total", verdict="pass") == 1
    _looks(world, 2)
    done = world.runs.get(run.id)
    assert (done.state, done.next_index) == (RunState.DONE, 5)
    assert world.events(run)[-1] is EventType.WATCHED
    assert world.metric("judge_verdicts_total", verdict="pass") == 1
    assert world.claim() == []


def test_the_time_counts_from_an_early_pass(world: World) -> None:
    world.judge.after, world.judge.pass_at = 1, 0
    run = world.calibrated(keep_watching=60.0, early_pass=True)
    world.at(BEGAN + 10)
    _looks(world, 2)
    assert world.runs.get(run.id).state is RunState.DONE


def test_a_failure_while_watching_ends_the_run(world: World) -> None:
    world.judge.after, world.judge.convict_at = 2, 3
    run = world.calibrated(keep_watching=120.0)
    world.at(BEGAN + 10)
    _looks(world, 4)
    done = world.runs.get(run.id)
    assert (done.state, done.next_index) == (RunState.DONE, 4)
    told = [kind for kind in world.events(run) if kind is not EventType.LOOKED]
    assert told[-2:] == [EventType.PASSED, EventType.FAILED]
    assert world.metric("judge_verdicts_total", verdict="fail") == 1


def test_a_judge_that_would_watch_for_ever_does_not(world: World) -> None:
    world.judge.after = 99
    run = world.calibrated(keep_watching=120.0)
    world.at(BEGAN + 10)
    _looks(world, 5)
    assert world.runs.get(run.id).state is RunState.DONE


def test_an_outage_while_watching_leaves_holes_and_the_pass(world: World) -> None:
    world.judge.after = 2
    run = world.calibrated(keep_watching=120.0)
    world.at(BEGAN + 10)
    _looks(world, 3)
    world.source.errors = [SourceUnavailable("silent")] * 999
    while world.runs.get(run.id).state.active:
        due = world.runs.get(run.id).due_at
        assert due is not None
        world.clock.now = max(world.clock.now, due)
        ours = world.step()
        while ours is not None:
            ours = world.looker.step(ours)
    done = world.runs.get(run.id)
    assert done.verdict is not None
    assert (done.state, done.verdict["verdict"], done.next_index) == (RunState.DONE, "pass", 5)
    assert world.events(run).count(EventType.HOLE) == 2


def test_what_nobody_foresaw_ends_the_watching_and_not_the_pass(world: World) -> None:
    world.judge.after = 2
    run = world.calibrated(keep_watching=120.0)
    world.at(BEGAN + 10)
    _looks(world, 3)
    world.judge.errors = [ZeroDivisionError()] * CRASHES
    world.clock.forward(60)
    with capture_logs():
        for _ in range(CRASHES):
            world.clock.forward(31)
            assert world.step() is None
    done = world.runs.get(run.id)
    assert done.verdict is not None
    assert (done.state, done.verdict["verdict"], done.verdict["decidedAt"]) == (
        RunState.DONE,
        "pass",
        2,
    )
    assert "watched no further: Judge could not take look 4" in done.verdict["reason"]
    assert world.events(run)[-1] is EventType.WATCHED
    assert world.metric("judge_verdicts_total", verdict="inconclusive") == 0


def test_evidence_of_a_watched_run_gives_its_verdicts_again(world: World) -> None:
    """Each look by a process that remembers nothing, and the bundle judged at once."""
    source = NoisySource(canary_rate=0.02, silent_at=BEGAN + 60, strange_at=NEVER)
    changes = {"early_pass": True, "keep_watching": 240.0}
    run = world.start(duration=60.0 * 14, history=3600.0, **changes)
    world.source, world.judge = source, SequentialJudge
    run = world.carried_out(run)
    assert run.verdict is not None
    assert (run.state, run.verdict["verdict"]) == (RunState.DONE, "pass")
    passed_at = run.verdict["decidedAt"]
    assert run.next_index == passed_at + 1 + 4
    assert passed_at < 13
    bundle = world.runs.evidence(run.id)
    read = bundle_from(json.loads(json.dumps({**bundle, "verdicts": []})))
    again = SequentialJudge(read.analysis, read.history)
    told = again.verdicts(read.intervals, finished=False)
    assert [document(one) for one in told] == bundle["verdicts"]
    at_once = SequentialJudge(read.analysis, read.history).decide(read.intervals, finished=False)
    assert document(at_once) == run.verdict
