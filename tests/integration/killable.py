"""A daemon that kills itself: what the kill test starts, again and again, as a process.

`live` is the whole life of one daemon. It numbers every commit that changed something and every
piece that is sent over a socket, each before and after, and dies by SIGKILL at the one that its
plan names. A point is named by what is committed or sent, and the how-manieth it is of its name,
so that its name does not hang on how the daemon's threads take turns.
"""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import requests
from sqlalchemy import Engine, event

from judge.runs.daemon import Daemon, Pace
from judge.sources.recording import interval_from
from judge.spec.resolved import Actions, ResolvedAnalysis, Webhook
from judge.stats.samples import Interval
from judge.store.database import migrate, open_database
from judge.store.outbox import DeliveryState
from judge.store.run import EventType, Run
from judge.store.runs import Runs
from judge.verdict.verdict import MetricVerdict, Outcome, Promise, Verdict
from tests.store.given import BEGAN, analysis

RUN = "the-run"
LOOKS, AFTER = 2, 1  # it passes at the second look, and fails at the one after
PACE = Pace(poll=0.02, lease=60, renew=20, count=60, looks=1, sends=1)
LONGEST_LIFE = 30.0  # seconds


@dataclass(frozen=True)
class Plan:
    """One life: its database, the loopback server of its numbers and webhooks, and its death.

    ``later`` is how far the machine's clock is ahead, in seconds: enough, and the leases of the
    dead have run out.
    """

    database: str
    server: str
    later: float = 0.0
    die_at: str | None = None
    points: str | None = None  # the file in which the points are written down


class Points:
    """Counts the points that are passed, and ends the process at the chosen one."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._passed: Counter[str] = Counter()
        self._lock = threading.Lock()

    def around(self, name: str, act: Callable[[], Any]) -> Any:
        with self._lock:
            self._passed[name] += 1
            point = f"{name} #{self._passed[name]}"
        self._pass(f"before {point}")
        done = act()
        self._pass(f"after {point}")
        return done

    def _pass(self, point: str) -> None:
        if point == self._plan.die_at:
            os.kill(os.getpid(), signal.SIGKILL)
        if self._plan.points is not None:
            with self._lock, open(self._plan.points, "a") as file:
                file.write(point + "\n")


def watch_sends(points: Points) -> None:
    """Pass a point around everything that this process sends."""
    really = socket.socket.sendall
    ours = threading.local()

    def sendall(self: socket.socket, data: Any, *more: Any) -> Any:
        head = re.match(rb"(GET|POST) (\S+) HTTP", bytes(data))
        ours.name = f"send {head[0].decode()}" if head else f"{ours.name} body"
        return points.around(ours.name, lambda: really(self, data, *more))

    socket.socket.sendall = sendall  # type: ignore[method-assign,assignment]


def watch_commits(engine: Engine, points: Points) -> None:
    """Pass a point around every commit that changed something, named by what it changed.

    But for the renewal of a lease: when it comes hangs on the clock, and it changes that alone.
    """
    really = engine.dialect.do_commit

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        info = connection.connection.info
        info["changes"], info["written"] = _changes(connection.connection), []

    @event.listens_for(engine, "after_cursor_execute")
    def executed(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        written = re.match(r"INSERT INTO \w+|UPDATE \w+ SET \w+|CREATE TABLE", statement)
        if written:
            connection.connection.info["written"].append(written[0])

    def do_commit(connection: Any) -> None:
        written = connection.info["written"]
        renews = all(one.endswith("SET lease_until") for one in written)
        if _changes(connection) == connection.info["changes"] or renews:
            really(connection)
        else:
            points.around(f"commit {', '.join(written)}", lambda: really(connection))

    engine.dialect.do_commit = do_commit  # type: ignore[method-assign]


def _changes(connection: Any) -> int:
    return int(connection.dbapi_connection.total_changes)


class Remote:
    """Numbers from the loopback server, one request for each reading.

    What comes after the pass is read only when ``told`` says that the pass is out: else it would
    hang on how threads take turns whether it is sent or withdrawn.
    """

    def __init__(self, server: str, *, told: Callable[[], bool]) -> None:
        self._server = server
        self._told = told

    def read(
        self, analysis: ResolvedAnalysis, *, start: float, end: float, step: float, **_: Any
    ) -> list[Interval]:
        while start >= BEGAN + LOOKS * step and not self._told():
            time.sleep(0.005)
        count = round((end - start) / step)
        query = {"start": start, "step": step, "count": count}
        answer = requests.get(f"{self._server}/samples", params=query, timeout=10)
        answer.raise_for_status()
        return [interval_from(document) for document in answer.json()]

    def scrape_interval(self, analysis: ResolvedAnalysis, *, at: float) -> float | None:
        return 5.0


class Adding:
    """A judge whose verdict is a sum over all that it was given: nothing can go amiss unseen."""

    def __init__(self, analysis: ResolvedAnalysis, history: Sequence[Interval]) -> None:
        self._looks = analysis.all_looks
        self._before = _weighed(history)

    def look(
        self, intervals: Sequence[Interval], *, finished: bool, passed_at: int | None = None
    ) -> Verdict:
        total = self._before + _weighed(intervals)
        passes = finished and passed_at is None
        outcome = Outcome.PASS if passes else Outcome.FAIL if finished else Outcome.INCONCLUSIVE
        index = len(intervals) - 1
        metric = MetricVerdict(outcome, f"{len(intervals)} seen", estimate=total)
        return Verdict(
            outcome,
            f"{total} in {[one.start for one in intervals]}",
            100.0 * len(intervals) / self._looks,
            Promise.EXACT,
            decided=finished,
            decided_at=index if finished else None,
            watching=passes,
            metrics={"errors": metric},
            comparisons={"canary": {"errors": metric}},
        )


def _weighed(intervals: Sequence[Interval]) -> float:
    """Each interval with a weight of its own, so that no swap goes unseen."""
    return sum(
        (place + 1) * count.events
        for place, interval in enumerate(intervals)
        for tracks in interval.samples.values()
        for pods in tracks.values()
        for count in pods.values()
    )


def live(plan: Plan) -> None:
    """Start the run or find it, and see to it until nothing is left to do."""
    points = Points(plan)
    watch_sends(points)
    engine = open_database(plan.database)
    watch_commits(engine, points)
    migrate(engine)
    runs = Runs(engine, clock=time.time, new_id=lambda: RUN)
    run, _ = runs.start(_analysis(plan.server), key="rollout", started_at=BEGAN)
    daemon = Daemon(
        engine,
        sources=lambda _: Remote(plan.server, told=lambda: _passed(runs, run)),
        judge=Adding,
        wall=lambda: time.time() + plan.later,
        pace=PACE,
    )
    daemon.start()
    ends = time.monotonic() + LONGEST_LIFE
    while not _settled(runs, run) and time.monotonic() < ends:
        time.sleep(0.01)
    daemon.stop(5)
    engine.dispose()


def _analysis(server: str) -> ResolvedAnalysis:
    actions = Actions(
        on_interval=(Webhook(f"{server}/hooks/interval"),),
        on_fail=(Webhook(f"{server}/hooks/fail"), Webhook(f"{server}/hooks/page")),
        on_pass=(Webhook(f"{server}/hooks/pass"),),
    )
    return analysis(
        duration=LOOKS * 60.0,
        keep_watching=AFTER * 60.0,
        delay=None,
        history=300.0,
        actions=actions,
    )


def _passed(runs: Runs, run: Run) -> bool:
    """Whether the pass is out, and that is written down."""
    return any(
        sent.type is EventType.PASSED and sent.state is DeliveryState.DELIVERED
        for sent in runs.outbox(run.id)
    )


def _settled(runs: Runs, run: Run) -> bool:
    if runs.get(run.id).state.active:
        return False
    return all(sent.state is not DeliveryState.PENDING for sent in runs.outbox(run.id))


def samples(query: dict[str, list[str]]) -> str:
    """What the loopback server answers to `Remote`: a function of time alone."""
    start, step, count = (float(query[name][0]) for name in ("start", "step", "count"))
    return json.dumps([_sample(start + place * step, step) for place in range(int(count))])


def _sample(start: float, step: float) -> dict[str, Any]:
    seed = int(start) // 60
    return {
        "start": start,
        "end": start + step,
        "samples": {
            "errors": {
                "canary": {"pod-a": {"events": seed % 17, "total": 100 + seed % 7}},
                "baseline": {"pod-b": {"events": seed % 13, "total": 900 + seed % 11}},
            }
        },
    }
