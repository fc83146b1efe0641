"""The daemon: the beats by which due runs are claimed and looked at, and what is due is sent.

Owned here: the threads, the schedule (APScheduler, in memory) and an orderly end. The rows decide
*what* is done, the beats only *when* to ask, so a process that is killed loses nothing. Beats go
by real time; what is due goes by ``clock``, which may run faster than real time.
"""

from __future__ import annotations

import logging
import os
import random
import secrets
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog
from apscheduler.schedulers.background import BackgroundScheduler
from prometheus_client import CollectorRegistry
from sqlalchemy import Engine

from judge.actions.webhook import send
from judge.actions.worker import PATIENCE, Patience, Send, Worker
from judge.errors import StoreError
from judge.runs.look import Looker
from judge.runs.memory import REMEMBERED, JudgeFactory, Memory
from judge.runs.metrics import RunMetrics
from judge.sources.source import Source
from judge.spec.resolved import ResolvedAnalysis
from judge.store.claims import Claims
from judge.store.outbox import Outbox
from judge.store.run import Run
from judge.store.runs import Runs

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Pace:
    """How the daemon goes about it. Seconds of real time.

    ``poll``: between asking what is due. ``lease``: how long what a process that died had claimed
    waits for the next; renewed every ``renew``, well within it. ``count``: between counting rows
    for the metrics. ``looks`` and ``sends``: how many are carried out at once. ``remembered``: runs
    that are kept in memory between their looks.
    """

    poll: float = 0.25
    lease: float = 30.0
    renew: float = 10.0
    count: float = 5.0
    looks: int = 4
    sends: int = 4
    remembered: int = REMEMBERED


def process_name() -> str:
    """A name that no other process has had: host, process id and a random part."""
    return f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"


class Daemon:
    """Looks at the runs in a database that has been migrated, and sends what they call for.

    ``sources`` gives the source that an analysis's numbers come from, asked at every step;
    ``judge`` a judge calibrated on a history. ``clock`` is the runs' (Unix seconds), ``wall`` the
    machine's. ``metrics`` default to a registry of their own.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        sources: Callable[[ResolvedAnalysis], Source],
        judge: JudgeFactory,
        clock: Callable[[], float] = time.time,
        wall: Callable[[], float] = time.time,
        metrics: RunMetrics | None = None,
        pace: Pace = Pace(),
        patience: Patience = PATIENCE,
        owner: str | None = None,
        rng: random.Random | None = None,
        send: Send = send,
    ) -> None:
        self.metrics = metrics or RunMetrics(CollectorRegistry())
        self._pace = pace
        self._wall = wall
        self._owner = owner or process_name()
        self._runs = Runs(engine, clock=clock)
        self._claims = Claims(engine, clock=clock, wall=wall)
        self._outbox = Outbox(engine, clock=clock, wall=wall)
        rng = rng or random.Random()  # noqa: S311 - spreads retries
        self._looker = Looker(
            self._claims,
            sources=sources,
            memory=Memory(self._claims, judge=judge, remembered=pace.remembered),
            clock=clock,
            metrics=self.metrics,
            rng=rng,
        )
        self._worker = Worker(
            self._outbox,
            wall=wall,
            observer=self.metrics,
            patience=patience,
            lease=pace.lease,
            threads=pace.sends,
            rng=rng,
            send=send,
        )
        self._pool = ThreadPoolExecutor(pace.looks, thread_name_prefix="judge-look")
        self._under_way: set[Future[None]] = set()
        self._stopping = threading.Event()
        self._last_beat: float | None = None
        self._scheduler = _scheduler()

    def start(self) -> None:
        """Begin. Returns at once; the work is done on threads of its own."""
        for name, beat, seconds in (
            ("claim", self._claim, self._pace.poll),
            ("send", self._worker.beat, self._pace.poll),
            ("renew", self._renew, self._pace.renew),
            ("count", self._count, self._pace.count),
        ):
            self._scheduler.add_job(
                self._guarded,
                "interval",
                args=(name, beat),
                seconds=seconds,
                next_run_time=datetime.now(UTC),
                id=name,
            )
        self._scheduler.start()
        _log.info("the daemon watches", owner=self._owner)

    def stop(self, timeout: float) -> bool:
        """End in order: claim nothing more, and give what is under way ``timeout`` s to finish.

        Whatever does not finish is claimed again by the next daemon. Returns whether all did.
        """
        ends = time.monotonic() + timeout
        self._stopping.set()
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)
        self._pool.shutdown(wait=False, cancel_futures=True)
        looked = not wait(self._under_way, max(0.0, ends - time.monotonic())).not_done
        sent = self._worker.stop(max(0.0, ends - time.monotonic()))
        with suppress(StoreError):  # then the leases run out
            self._claims.release(self._owner)
        _log.info("the daemon has stopped", owner=self._owner, finished=looked and sent)
        return looked and sent

    @property
    def alive(self) -> bool:
        """Whether due runs have been asked for lately, as they are while the database answers."""
        allowed = max(10.0, 10 * self._pace.poll)
        return self._last_beat is not None and self._wall() - self._last_beat < allowed

    def _claim(self) -> None:
        self._under_way = {future for future in self._under_way if not future.done()}
        for run in self._claimed(self._pace.looks - len(self._under_way)):
            self._under_way.add(self._pool.submit(self._work, run))
        self._last_beat = self._wall()

    def _claimed(self, limit: int) -> list[Run]:
        if limit <= 0 or self._stopping.is_set():
            return []
        return self._claims.claim(self._owner, limit=limit, lease=self._pace.lease)

    def _work(self, run: Run) -> None:
        """Follow a run, then whatever else is due: many runs must not wait for a beat each."""
        queue = [run]
        while queue:
            self._follow(queue.pop())
            self._guarded("claim", lambda: queue.extend(self._claimed(1)))

    def _follow(self, run: Run) -> None:
        """Step after step, as long as the next is due already."""
        ours: Run | None = run
        while ours is not None and not self._stopping.is_set():
            ours = self._looker.step(ours)

    def _renew(self) -> None:
        if any(not future.done() for future in list(self._under_way)):
            self._claims.renew(self._owner, lease=self._pace.lease)
        self._worker.renew()

    def _count(self) -> None:
        self.metrics.counted(self._runs.count(), self._outbox.count())

    def _guarded(self, name: str, beat: Callable[[], None]) -> None:
        try:
            beat()
        except Exception:  # noqa: BLE001 - the next beat tries again
            self.metrics.beat_failed(name)
            if not self._stopping.is_set():
                _log.exception("a beat failed", beat=name)


def _scheduler() -> BackgroundScheduler:
    # It reports every beat, and warns of each that is skipped while the one before it still runs.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    return BackgroundScheduler(
        timezone=UTC,
        executors={"default": {"type": "threadpool", "max_workers": 4}},
        job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
    )
