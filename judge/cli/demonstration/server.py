"""The demo's server: the real daemon and API on a new database, and a receiver for its webhooks.

Owned here: one folder with all of it: the database and the key that signs the webhooks. Promised:
when it is left, nothing of it runs any more; the folder stays.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from prometheus_client import CollectorRegistry

from judge.api.app import create_app
from judge.cli.demonstration.served import Served
from judge.cli.household import Household
from judge.lab.demo.analysis import Hooks
from judge.lab.demo.receiver import Receiver, new_secret
from judge.settings import Settings
from judge.sources.source import Source
from judge.spec.resolved import ResolvedAnalysis


class DemoServer:
    """Everything that a run takes, while it is entered; ``clock`` is the runs'."""

    def __init__(
        self,
        folder: Path,
        *,
        sources: Callable[[ResolvedAnalysis], Source],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._folder = folder
        self._sources = sources
        self._clock = clock
        self._ending = ExitStack()
        self.database = f"sqlite:///{folder / 'judge.db'}"
        self.address = ""
        secret = new_secret(os.urandom)
        self._secret_file = folder / "webhook-key"
        self._secret_file.write_text(secret)
        self._secret_file.chmod(0o600)
        self.receiver = Receiver(secret)

    @property
    def hooks(self) -> Hooks:
        """Who is to be told of decisions."""
        return Hooks(self.receiver.address, self._secret_file)

    def __enter__(self) -> Self:
        with ExitStack() as ending:
            ending.enter_context(self.receiver)
            household = Household(self.database, sources=self._sources, clock=self._clock)
            ending.enter_context(household)
            # What the environment sets is meant for a server of the user's own.
            settings = Settings.model_construct(database=self.database)
            app = create_app(
                settings=settings,
                runs=household.runs,
                documents=household.documents,
                rollouts=household.rollouts,
                gates=household.gates,
                daemon=household.daemon,
                sources=self._sources,
                prometheus={},
                registry=CollectorRegistry(),
                clock=self._clock,
            )
            self.address = ending.enter_context(Served(app)).address
            household.start()
            self._ending = ending.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ending.close()
