"""The daemon: what is due is done, by one at a time, and it ends in order."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine
from structlog.testing import capture_logs

from judge.runs.daemon import Daemon, Pace, process_name
from judge.spec.resolved import ResolvedAnalysis
from judge.stats.samples import Interval
from judge.store.database import open_database
from judge.store.outbox import DeliveryState
from judge.store.run import RunState
from judge.store.runs import Runs
from judge.verdict.verdict import Verdict
from tests.actions.receiver import receiving
from tests.runs.world import ScriptedJudge, ScriptedSource
from tests.store.given import BEGAN, Clock, analysis, hooks

PACE = Pace(poll=0.01, lease=30, renew=0.05, count=0.02, looks=4, sends=2)
LATER = BEGAN + 9999


class CountingJudge(ScriptedJudge):
    """Counts the looks at each interval, over all daemons that share it."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: Counter[tuple[str, int]] = Counter()

    def __call__(self, analysis: ResolvedAnalysis, history: Sequence[Interval]) -> Any:
        return _One(self, analysis.name)


class _One:
    def __init__(self, all_of_them: CountingJudge, name: str) -> None:
        self._all, self._name = all_of_them, name

    def look(
        self, intervals: Sequence[Interval], *, finished: bool, passed_at: int | None = None
    ) -> Verdict:
        self._all.seen[self._name, len(intervals) - 1] += 1
        return self._all.look(intervals, finished=finished, passed_at=passed_at)


class BlockingSource(ScriptedSource):
    """Answers when it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.under_way, self.let = threading.Event(), threading.Event()

    def read(self, *args: Any, **kwargs: Any) -> list[Interval]:
        self.under_way.set()
        assert self.let.wait(10)
        return super().read(*args, **kwargs)


@contextmanager
def _daemon(engine: Engine, **changes: Any) -> Iterator[Daemon]:
    source = changes.pop("source", ScriptedSource())
    fields: dict[str, Any] = {"judge": ScriptedJudge(), "clock": Clock(LATER), "pace": PACE}
    daemon = Daemon(engine, sources=lambda _: source, **{**fields, **changes})
    daemon.start()
    try:
        yield daemon
    finally:
        daemon.stop(10)


def _until(true: Callable[[], bool]) -> None:
    ends = time.monotonic() + 10
    while not true():
        assert time.monotonic() < ends, "waited in vain"
        time.sleep(0.005)


@pytest.fixture
def runs(engine: Engine) -> Runs:
    return Runs(engine, clock=Clock(LATER))


def _done(runs: Runs, count: int) -> Callable[[], bool]:
    return lambda: runs.count()[RunState.DONE] == count


def test_run_goes_from_start_to_delivery(engine: Engine, runs: Runs) -> None:
    with receiving() as receiver, _daemon(engine) as daemon:
        run, _ = runs.start(analysis(actions=hooks(receiver.url)), started_at=BEGAN)
        _until(lambda: len(receiver.received) == 4)
        _until(
            lambda: daemon.metrics.registry.get_sample_value("judge_runs", {"state": "done"}) == 1
        )
    paths = [one.path for one in receiver.received]
    assert sorted(paths) == ["/interval", "/interval", "/interval", "/pass"]
    assert runs.get(run.id).state is RunState.DONE


def test_every_look_waits_until_it_is_due(engine: Engine) -> None:
    clock = Clock(BEGAN)
    runs = Runs(engine, clock=clock)
    with _daemon(engine, clock=clock):
        run, _ = runs.start(analysis(delay=10.0))
        _until(lambda: runs.get(run.id).state is RunState.RUNNING)
        for index in range(3):
            time.sleep(0.05)
            assert runs.get(run.id).next_index == index
            clock.now = BEGAN + 60 * (index + 1) + 10
            _until(lambda index=index: runs.get(run.id).next_index == index + 1)


def test_two_daemons_look_at_nothing_twice(engine: Engine, runs: Runs, tmp_path: Path) -> None:
    judge = CountingJudge()
    for place in range(12):
        runs.start(analysis(name=f"run-{place}"), started_at=BEGAN)
    with ExitStack() as stack:
        other = open_database(f"sqlite:///{tmp_path}/judge.db")
        stack.callback(other.dispose)
        for each in (engine, other):
            stack.enter_context(_daemon(each, judge=judge))
        _until(_done(runs, 12))
    assert len(judge.seen) == 36
    assert set(judge.seen.values()) == {1}


def test_many_due_runs_do_not_wait_for_a_beat_each(engine: Engine, runs: Runs) -> None:
    for place in range(10):
        runs.start(analysis(name=f"run-{place}"), started_at=BEGAN)
    with _daemon(engine, pace=Pace(poll=60, looks=2)):
        _until(_done(runs, 10))


def test_long_look_keeps_its_lease(engine: Engine, runs: Runs) -> None:
    source, judge = BlockingSource(), CountingJudge()
    runs.start(analysis(), started_at=BEGAN)
    pace = Pace(poll=0.01, lease=0.3, renew=0.05, looks=2)
    with _daemon(engine, source=source, judge=judge, pace=pace):
        assert source.under_way.wait(10)
        time.sleep(0.6)  # two leases
        source.let.set()
        _until(_done(runs, 1))
    assert set(judge.seen.values()) == {1}


def test_long_delivery_keeps_its_lease(engine: Engine, runs: Runs) -> None:
    sent: list[str] = []

    def slow(*_: object, message_id: str, **__: object) -> None:
        sent.append(message_id)
        time.sleep(0.6)

    runs.start(analysis(actions=hooks("http://receiver"), duration=60.0), started_at=BEGAN)
    pace = Pace(poll=0.01, lease=0.3, renew=0.05, sends=4)
    with _daemon(engine, pace=pace, send=slow):
        _until(lambda: len(sent) == 2)
        time.sleep(0.7)
    assert len(sent) == 2


def test_stop_lets_a_look_finish(engine: Engine, runs: Runs) -> None:
    source = BlockingSource()
    run, _ = runs.start(analysis(), started_at=BEGAN)
    with _daemon(engine, source=source) as daemon:
        assert source.under_way.wait(10)
        threading.Timer(0.1, source.let.set).start()
        assert daemon.stop(10)
    after = runs.get(run.id)
    assert after.state is RunState.RUNNING  # the history was read and kept, and no look begun
    assert after.owner is None
    with _daemon(engine):
        _until(_done(runs, 1))


def test_stop_does_not_wait_for_ever(engine: Engine, runs: Runs) -> None:
    source = BlockingSource()
    run, _ = runs.start(analysis(), started_at=BEGAN)
    with _daemon(engine, source=source) as daemon:
        assert source.under_way.wait(10)
        began = time.monotonic()
        assert not daemon.stop(0.1)
        assert time.monotonic() - began < 2
        assert runs.get(run.id).owner is None  # the next daemon may have it at once
        source.let.set()


def test_failing_beat_is_counted_and_the_next_one_works(engine: Engine, runs: Runs) -> None:
    ticks = Clock(LATER)
    broken = threading.Event()

    def clock() -> float:
        if broken.is_set():
            raise RuntimeError("no time")
        return ticks()

    with _daemon(engine, clock=clock) as daemon:
        broken.set()
        failed = lambda: daemon.metrics.registry.get_sample_value(  # noqa: E731
            "judge_beat_failures_total", {"beat": "claim"}
        )
        _until(lambda: (failed() or 0) >= 2)
        broken.clear()
        runs.start(analysis(), started_at=BEGAN)
        _until(_done(runs, 1))


def test_stop_needs_no_database(tmp_path: Path) -> None:
    empty = open_database(f"sqlite:///{tmp_path}/empty.db")
    with capture_logs() as logs, _daemon(empty) as daemon:
        _until(lambda: any(line.get("beat") == "claim" for line in logs))
        assert daemon.stop(5)
    empty.dispose()


def test_daemon_says_whether_it_is_alive(engine: Engine) -> None:
    wall = Clock(5e6)
    daemon = Daemon(
        engine, sources=lambda _: ScriptedSource(), judge=ScriptedJudge(), wall=wall, pace=PACE
    )
    assert not daemon.alive
    daemon.start()
    _until(lambda: daemon.alive)
    daemon.stop(5)
    wall.forward(11)
    assert not daemon.alive


def test_backlog_is_counted(engine: Engine, runs: Runs) -> None:
    def never(*_: object, **__: object) -> None:
        time.sleep(0.5)

    runs.start(analysis(actions=hooks("http://receiver")), started_at=BEGAN)
    with _daemon(engine, send=never) as daemon:
        value = lambda: daemon.metrics.registry.get_sample_value(  # noqa: E731
            "judge_outbox", {"state": DeliveryState.PENDING.value}
        )
        _until(lambda: (value() or 0) >= 3)


def test_no_two_processes_have_one_name() -> None:
    assert process_name() != process_name()
