"""What a process remembers is only ever a copy of the store."""

from __future__ import annotations

from judge.runs.memory import Memory, Remembered
from judge.store.run import Run
from tests.runs.world import World
from tests.store.given import BEGAN, interval, verdict


def _look(world: World, memory: Memory, run: Run) -> Run:
    known = memory.recall(run)
    seen = interval(run.next_index)
    after = world.claims.record_look(run, seen, verdict(), next_due=BEGAN)
    memory.remember(after, Remembered(known.judge, (*known.intervals, seen)))
    return after


def _running(world: World) -> Run:
    world.start()
    (run,) = world.claim()
    return world.claims.record_history(run, [interval(-1)], delay=1, next_due=BEGAN)


def test_known_run_is_not_read_again(world: World) -> None:
    memory = Memory(world.claims, judge=world.judge)
    run = _look(world, memory, _running(world))
    assert memory.recall(run) is memory.recall(run)
    assert memory.recall(run).intervals == (interval(0),)
    assert world.judge.histories == [1]


def test_run_that_another_has_looked_at_is_read_from_the_store(world: World) -> None:
    ours, theirs = (Memory(world.claims, judge=world.judge) for _ in range(2))
    run = _look(world, ours, _running(world))
    run = _look(world, theirs, run)
    assert ours.recall(run).intervals == (interval(0), interval(1))


def test_only_so_many_are_remembered(world: World) -> None:
    memory = Memory(world.claims, judge=world.judge, remembered=1)
    first = _look(world, memory, _running(world))
    second = _look(world, memory, _running(world))
    memory.recall(second)
    assert world.judge.histories == [1, 1]
    memory.recall(first)
    assert world.judge.histories == [1, 1, 1]


def test_ended_run_is_forgotten(world: World) -> None:
    memory = Memory(world.claims, judge=world.judge)
    run = _look(world, memory, _running(world))
    known = memory.recall(run)
    done = world.claims.record_look(run, interval(1), verdict(), next_due=None)
    memory.remember(done, known)
    memory.recall(run)
    assert world.judge.histories == [1, 1]
