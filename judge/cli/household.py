"""A database with a daemon on it, in this very process: for commands that need no server.

Owned here: opening, migrating, starting, and an orderly end. Promised: when it is left, whatever
was under way is finished or claimable again, and no thread or connection remains. The API is not
here (`judge serve`).
"""

from __future__ import annotations

import io
import logging
import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import structlog

from judge.runs.daemon import Daemon
from judge.sources.source import Source
from judge.spec.resolved import ResolvedAnalysis
from judge.store.database import migrate, open_database
from judge.store.documents import Documents
from judge.store.gates import Gates
from judge.store.local_commands import LocalCommands
from judge.store.rollouts import Rollouts
from judge.store.runs import Runs
from judge.verdict.judging import make_judge

_DRAIN = 10.0
"""Seconds that looks and deliveries have to finish."""


class Household:
    """Owns the daemon, the runs and all else of ``database`` (a URL) while it is entered.

    Nothing is looked at before `start`, so that what should not be can still be taken away.
    """

    def __init__(
        self,
        database: str,
        *,
        sources: Callable[[ResolvedAnalysis], Source],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.database = database
        self._engine = open_database(database)
        self.runs = Runs(self._engine, clock=clock)
        self.commands = LocalCommands(self._engine, clock=clock)
        self.documents = Documents(self._engine, clock=clock)
        self.rollouts = Rollouts(self._engine, clock=clock)
        self.gates = Gates(self._engine, clock=clock)
        self.daemon = Daemon(self._engine, sources=sources, judge=make_judge, clock=clock)

    def __enter__(self) -> Self:
        try:
            migrate(self._engine)
        except BaseException:
            self._engine.dispose()
            raise
        return self

    def start(self) -> None:
        """Have the daemon look at every run of the database that is due."""
        self.daemon.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.daemon.stop(_DRAIN)
        self._engine.dispose()


def log_to_stderr(level: int) -> None:
    """Log from ``level`` on (``logging.ERROR``, say) to whatever standard error is by then.

    A picture on the terminal takes standard error over, and puts what is said there above itself.
    """
    plain = structlog.dev.plain_traceback  # with local variables it would fill screens
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.dev.ConsoleRenderer(colors=False, exception_formatter=plain),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=_stderr_logger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(_Stderr())
    handler.setLevel(level)
    logging.getLogger().handlers[:] = [handler]


def _stderr_logger(*_: Any) -> structlog.PrintLogger:
    return structlog.PrintLogger(sys.stderr)


class _Stderr(io.TextIOBase):
    """Whatever standard error is at the moment of writing."""

    def write(self, text: str) -> int:
        return sys.stderr.write(text)

    def flush(self) -> None:
        sys.stderr.flush()
