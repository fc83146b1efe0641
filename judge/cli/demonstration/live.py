"""The live demo: a real Prometheus, an application under load, a release, and the judge.

Owned here: the order of events. First the baseline alone, whose history calibrates the judge; then
the release beside it, with its fault; then the run. All of it ends with the demo.
"""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from judge.cli.demonstration.play import Played, Scene, play
from judge.cli.demonstration.server import DemoServer
from judge.lab.demo.analysis import Schedule, analysis_document
from judge.lab.demo.application import Fault, Shape
from judge.lab.demo.stage import Stage
from judge.sources.prometheus import prometheus_source
from judge.spec.resolved import PrometheusConfig
from judge.spec.units import format_duration
from judge.verdict.verdict import Outcome

_COMING_UP = 5.0
"""Seconds that new pods take until Prometheus has found them."""


@dataclass(frozen=True, slots=True)
class Rollout:
    """What is rolled out, and how it is judged."""

    fault: Fault
    schedule: Schedule
    shape: Shape = field(default_factory=Shape)

    @property
    def name(self) -> str:
        """The analysis's name."""
        return "good-release" if self.fault is Fault.NONE else "bad-release"

    @property
    def title(self) -> str:
        """The run's title."""
        return {
            Fault.NONE: "good release",
            Fault.ERRORS: "bad release: four times the errors",
            Fault.SLOW: "bad release: three times the slow answers",
            Fault.OUTAGE: "bad release: every request fails",
        }[self.fault]

    @property
    def expected(self) -> Outcome:
        """The verdict that is right."""
        return Outcome.PASS if self.fault is Fault.NONE else Outcome.FAIL


def play_live(
    rollout: Rollout,
    *,
    program: str,
    folder: Path,
    console: Console,
    sleep: Callable[[float], None] = time.sleep,
) -> Played:
    """Roll out, live, with the Prometheus ``program``; the database is left in ``folder``."""
    rng = random.Random()  # noqa: S311 (traffic, no secret)
    with (
        tempfile.TemporaryDirectory(prefix="judge-prometheus-") as data,
        Stage(program, Path(data), shape=rollout.shape, rng=rng) as stage,
    ):
        _gather_history(rollout.schedule.history, console=console, sleep=sleep)
        stage.release(rollout.fault)
        sleep(_COMING_UP)
        return _judge(rollout, stage.address, folder=folder, console=console)


def _gather_history(seconds: float, *, console: Console, sleep: Callable[[float], None]) -> None:
    what = f"the baseline is up; gathering {format_duration(seconds)} of its history"
    if not console.is_terminal:
        console.print(what)
    columns = TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn()
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as progress:
        task = progress.add_task(what, total=seconds)
        ends = time.monotonic() + seconds
        while (left := ends - time.monotonic()) > 0:
            sleep(min(0.5, left))
            progress.update(task, completed=seconds - left)


def _judge(rollout: Rollout, address: str, *, folder: Path, console: Console) -> Played:
    with (
        closing(prometheus_source(PrometheusConfig(address=address))) as source,
        DemoServer(folder, sources=lambda _: source) as server,
    ):
        document = analysis_document(
            rollout.name,
            app=rollout.shape.name,
            prometheus=address,
            schedule=rollout.schedule,
            hooks=server.hooks,
        )
        footer = f"live: Prometheus at {address}, the API at {server.address}; Ctrl-C stops"
        scene = Scene(rollout.title, document)
        return play(server, [scene], console=console, footer=footer)[0]
