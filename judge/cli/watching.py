"""A run in this process, from its start or from where it was, to its end.

Owned here: which run a command means (a new one, or the one that it left unfinished), following it
on a board, and waiting for what its verdict sets off. The daemon does the work (`household`).
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import click

from judge.cli.live.board import Board
from judge.cli.live.screen import Screen
from judge.errors import SettingsError
from judge.spec.document import to_document
from judge.spec.resolved import ResolvedAnalysis
from judge.store.outbox import Delivery, DeliveryState
from judge.store.run import Command, EventType, Run, RunState
from judge.store.runs import Runs

_GLANCE = 0.2  # seconds between looks into the store
_GRACE = 300.0  # seconds after a run's planned end in which the same command still means it
_DELIVERING = 60.0  # seconds for which deliveries are waited for
_NAME = "judge watch"


def fingerprint(analysis: ResolvedAnalysis, started_at: float | None) -> str:
    """What makes two commands the same one: 16 hexadecimal digits."""
    said = json.dumps([to_document(analysis), started_at], sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def default_database(mark: str, *, environ: Mapping[str, str] = os.environ) -> str:
    """The URL of the database of the command with this fingerprint, in the user's state folder.

    Each command has a file of its own, so that none goes on with another's run. Raises
    `SettingsError` where the folder cannot be made.
    """
    state = environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    folder = Path(state) / "judge"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise SettingsError(
            f"the run's database cannot be put in {folder}: {exc.strerror}; say where with "
            "--database sqlite:///FILE"
        ) from exc
    return f"sqlite:///{folder / f'watch-{mark}.db'}"


def begin(
    runs: Runs, analysis: ResolvedAnalysis, *, mark: str, started_at: float | None, now: float
) -> Run:
    """The run that a command means: the one that it left unfinished, or a new one.

    A run whose time is over belongs to an earlier rollout: it is cancelled, since nobody waits for
    it any more. With ``started_at`` the rollout is a particular one, and always gone on with.
    """
    if started_at is not None:
        return runs.start(analysis, key=mark, started_at=started_at)[0]
    for run in _unfinished(runs, analysis, mark):
        if now < _planned_end(run) + _GRACE:
            return run
        runs.steer(run.id, Command.CANCEL, by=_NAME)
    return runs.start(analysis, key=f"{mark}-{now:.0f}")[0]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which run of ``database`` (a URL) a command means: ``resume``, or one of ``analysis``."""

    database: str
    resume: str | None = None
    analysis: ResolvedAnalysis | None = None
    mark: str = ""
    started_at: float | None = None

    def run(self, runs: Runs, *, now: float) -> Run:
        """That run, begun now where there is none. Raises NotFound for one to be resumed."""
        if self.analysis is None:
            return runs.get(self.resume or "")
        return begin(runs, self.analysis, mark=self.mark, started_at=self.started_at, now=now)


def _unfinished(runs: Runs, analysis: ResolvedAnalysis, mark: str) -> list[Run]:
    found = runs.find(namespace=analysis.namespace, name=analysis.name)
    return [run for run in found if run.state.active and (run.key or "").startswith(mark)]


def _planned_end(run: Run) -> float:
    return run.started_at + run.analysis.warmup + run.analysis.all_looks * run.analysis.interval


@dataclass
class Watch:
    """Follows one run on a board; what it cannot test is said once, on standard error.

    ``passed`` is told of a run that has passed and is looked at still.
    """

    runs: Runs
    run: Run
    passed: Callable[[Run], None] = lambda _run: None
    board: Board = field(init=False)
    holes: int = 0
    _after: int = 0

    def __post_init__(self) -> None:
        analysis = self.run.analysis
        title = f"{analysis.namespace}/{analysis.name}"
        self.board = Board(title, analysis.all_looks, analysis.interval)

    @property
    def blind(self) -> bool:
        """Whether the source never once answered."""
        return 0 < self.board.looked <= self.holes

    def follow(
        self,
        screen: Screen,
        *,
        timeout: float | None = None,
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> bool:
        """Show the run until it has ended, for ``timeout`` seconds at most; whether it has."""
        ends = None if timeout is None else monotonic() + timeout
        while True:
            self._take(screen)
            screen.show()
            if self.board.ended:
                return True
            if ends is not None and monotonic() >= ends:
                return False
            sleep(_GLANCE)

    def _take(self, screen: Screen) -> None:
        """Put what is new on the board; a pass is shown even where a failure has come since."""
        for event in self.runs.events(self.run.id, after=self._after):
            self._after = event.id
            self.holes += event.type is EventType.HOLE
            self.board.take(event.type, event.data)
            if event.type is EventType.PASSED:
                screen.show()
                self._tell_pass()
            for short in event.data.get("shortfalls", ()):
                if short["hopeless"]:
                    click.echo(f"cannot be tested: {short['reason']}", err=True)

    def _tell_pass(self) -> None:
        """Unless a failure has come since: what a pass sets off is overtaken then."""
        run = self.runs.get(self.run.id)
        if run.state is RunState.WATCHING:
            self.passed(run)

    def deliver(self, screen: Screen, *, sleep: Callable[[float], None] = time.sleep) -> list[str]:
        """Wait until what the verdict sets off is out; what is not, in words."""
        deadline = time.monotonic() + _DELIVERING
        while True:
            sent = self.runs.outbox(self.run.id)
            pending = [one for one in sent if one.state is DeliveryState.PENDING]
            self.board.afterwards = _deliveries(sent)
            screen.show()
            if not pending or time.monotonic() >= deadline:
                return [_undelivered(one) for one in sent if one.state not in _SETTLED]
            sleep(_GLANCE)


_DELIVERED = DeliveryState.DELIVERED
_SETTLED = (_DELIVERED, DeliveryState.WITHDRAWN)


def _deliveries(sent: list[Delivery]) -> str:
    due = [one for one in sent if one.state is not DeliveryState.WITHDRAWN]
    if not due:
        return ""
    delivered = sum(one.state is _DELIVERED for one in due)
    return f"webhooks delivered: {delivered} of {len(due)}"


def _undelivered(delivery: Delivery) -> str:
    return f"webhook of {delivery.type} {delivery.state}: {delivery.error or 'not sent yet'}"
