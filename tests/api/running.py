"""A whole Judge on a loopback port for a test: store, daemon, app and listener, none of it fake.

Only Prometheus is: `Traffic` makes up counts from the time, so that every read of an interval says
the same. The clock stands still until a test moves it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from judge.api.app import create_app
from judge.api.listener import Listener, address_of, bind
from judge.runs.daemon import Daemon, Pace
from judge.runs.metrics import RunMetrics
from judge.settings import Settings
from judge.sources.source import Source
from judge.spec.resolved import PrometheusConfig, ResolvedAnalysis
from judge.stats.samples import Count, Interval
from judge.store.database import migrate, open_database
from judge.store.documents import Documents
from judge.store.gates import Gates
from judge.store.rollouts import Rollouts
from judge.store.runs import Runs
from judge.verdict.sequential import SequentialJudge

BEGIN = 1_790_000_040.0


@dataclass
class Clock:
    """Unix seconds that a test sets."""

    now: float = BEGIN

    def __call__(self) -> float:
        return self.now


@dataclass
class Traffic:
    """A source: nine baseline pods and one canary pod, whose share of errors is ``canary``.

    ``fails``, where set, is raised instead; ``gate``, where set, is waited for first.
    """

    canary: float = 0.005
    fails: Exception | None = None
    gate: threading.Event | None = None
    reads: list[tuple[float, float]] = field(default_factory=list)

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
        if self.gate is not None:
            self.gate.wait(20)
        if self.fails is not None:
            raise self.fails
        self.reads.append((start, end))
        return [
            self._interval(analysis, start + i * step, step, tracks)
            for i in range(round((end - start) / step))
        ]

    def scrape_interval(self, analysis: ResolvedAnalysis, *, at: float) -> float | None:
        return 5.0

    def _interval(
        self, analysis: ResolvedAnalysis, start: float, step: float, tracks: Sequence[str]
    ) -> Interval:
        rng = np.random.default_rng(round(start))
        made = {
            "baseline": {f"b{i}": _count(rng, 0.005) for i in range(9)},
            "canary": {"c0": _count(rng, self.canary)},
        }
        wanted = {track: made[track] for track in tracks}
        return Interval(start, start + step, {one.name: wanted for one in analysis.metrics})


def _count(rng: np.random.Generator, share: float) -> Count:
    return Count(float(rng.binomial(600, share)), 600.0)


def document(**spec: Any) -> dict[str, Any]:
    """An analysis as a caller sends it, with ``spec`` laid over."""
    name = spec.pop("name", "checkout")
    namespace = spec.pop("namespace", "shop")
    return {
        "apiVersion": "judge/v1",
        "kind": "Analysis",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "prometheus": {"address": "http://127.0.0.1:9"},
            "tracks": {
                "baseline": {"selector": 'app="checkout",track="stable"'},
                "canary": {"selector": 'app="checkout",track="canary"'},
            },
            "interval": "1m",
            "duration": "10m",
            "delay": "0s",
            "history": "3h",
            "metrics": [{"name": "error-rate", "template": "http-error-rate"}],
            **spec,
        },
    }


@dataclass(frozen=True)
class Server:
    """What a test has of a running Judge."""

    url: str
    http: httpx.Client
    runs: Runs
    clock: Clock
    traffic: Traffic
    listener: Listener
    registry: CollectorRegistry


@contextmanager
def running(
    folder: Path,
    *,
    daemon: bool = True,
    prometheus: Mapping[str, PrometheusConfig] | None = None,
    sources: Callable[[ResolvedAnalysis], Source] | None = None,
    **settings: Any,
) -> Iterator[Server]:
    """A Judge with its database in ``folder``; ``daemon`` says whether runs are looked at.

    ``sources`` are those to ask in the place of its `Traffic`.
    """
    clock, traffic, registry = Clock(), Traffic(), CollectorRegistry()
    asked = sources or (lambda _analysis: traffic)
    read = Settings(database=f"sqlite:///{folder / 'judge.db'}", port=0, **settings)
    with ExitStack() as stack:
        # Its log would be among what the test's own command prints: they share a process.
        stack.enter_context(capture_logs())
        engine = open_database(read.database)
        stack.callback(engine.dispose)
        migrate(engine)
        watching = Daemon(
            engine,
            sources=asked,
            judge=SequentialJudge,
            clock=clock,
            metrics=RunMetrics(registry),
            pace=Pace(poll=0.05, count=0.2),
        )
        if daemon:
            watching.start()
            stack.callback(watching.stop, 10)
        runs = Runs(engine, clock=clock)
        app = create_app(
            settings=read,
            runs=runs,
            documents=Documents(engine, clock=clock),
            rollouts=Rollouts(engine, clock=clock),
            gates=Gates(engine, clock=clock),
            daemon=watching if daemon else None,
            sources=asked,
            prometheus=prometheus or {},
            registry=registry,
            clock=clock,
        )
        listening = bind(read.host, read.port)
        listener = Listener(app, drain=5)
        thread = threading.Thread(target=listener.run, args=([listening],))
        thread.start()
        stack.callback(thread.join, 20)
        stack.callback(listener.stop)
        url = address_of(listening)
        http = stack.enter_context(httpx.Client(base_url=url, timeout=20, trust_env=False))
        yield Server(url, http, runs, clock, traffic, listener, registry)


def until(condition: Callable[[], Any], *, seconds: float = 20) -> Any:
    """What ``condition`` gives once it is true; fails where that takes too long."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"not so within {seconds} s")


def start(server: Server, **more: Any) -> dict[str, Any]:
    """Start a run of `document`; what the server says of it."""
    answer = server.http.post("/api/v1/runs", json={"analysis": document(), **more})
    assert answer.status_code in (200, 201), answer.text
    data: dict[str, Any] = answer.json()["data"]
    return data


def look(server: Server, run_id: str, *, looks: int) -> dict[str, Any]:
    """Let so many more looks be taken, or fewer where the run ends; what is said then."""
    for wanted in range(server.runs.get(run_id).next_index + 1, 1 + looks):
        if not server.runs.get(run_id).state.active:
            break
        server.clock.now = max(server.clock.now, BEGIN + 60.0 * wanted)
        until(lambda: _looked(server, run_id, wanted))  # noqa: B023
    data: dict[str, Any] = server.http.get(f"/api/v1/runs/{run_id}").json()["data"]
    return data


def _looked(server: Server, run_id: str, wanted: int) -> bool:
    run = server.runs.get(run_id)
    return run.next_index >= wanted or not run.state.active
