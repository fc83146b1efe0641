"""The live demo's stage: the application under load, and a Prometheus that watches it.

Owned here: bringing both up and taking both down, in a folder that the caller owns. Promised: when
the stage is left, however, nothing of it runs any more.
"""

from __future__ import annotations

import contextlib
import random
from pathlib import Path
from types import TracebackType
from typing import Self

from judge.lab.demo.application import Application, Fault, Shape
from judge.lab.demo.prometheus import LocalPrometheus


class Stage:
    """Enter it to have the baseline under load and scraped; `release` brings the new version."""

    def __init__(self, program: str, folder: Path, *, shape: Shape, rng: random.Random) -> None:
        self._application = Application(shape, rng=rng)
        self._prometheus = LocalPrometheus(program, folder)
        self._ending = contextlib.ExitStack()

    @property
    def address(self) -> str:
        """Prometheus's address."""
        return self._prometheus.address

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as ending:
            ending.callback(self._application.stop)
            self._application.start()
            ending.callback(self._prometheus.stop)
            self._prometheus.start()
            self._prometheus.watch(self._application.targets())
            self._ending = ending.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ending.close()

    def release(self, fault: Fault) -> None:
        """Deploy the new version, with ``fault`` in it, beside the old one."""
        self._application.release(fault)
        self._prometheus.watch(self._application.targets())
