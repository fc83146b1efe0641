"""Where boards are shown: a picture kept up to date on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType
from typing import Self, TextIO

from rich.console import Console
from rich.live import Live

from judge.cli.live.board import Board
from judge.cli.live.lines import Lines
from judge.cli.live.panel import Boards

_FRAME = 0.1
"""Seconds between two pictures, at least."""


def console_on(file: TextIO) -> Console:
    """A console that takes ``file`` for a terminal where it is one, whatever FORCE_COLOR says."""
    return Console(file=file, force_terminal=file.isatty(), highlight=False)


class Screen:
    """Shows ``boards`` while it is entered; leaves the terminal whole however it is left.

    Draws only when it is told to `show`, in the caller's thread: nobody else touches the boards.
    """

    def __init__(
        self,
        boards: list[Board],
        *,
        console: Console,
        footer: str = "",
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._console = console
        self._monotonic = monotonic
        self._drawn = float("-inf")
        self._lines = Lines(boards, write=self._write)
        self._live: Live | None = None
        if console.is_interactive:
            picture = Boards(boards, footer=footer)
            self._live = Live(
                picture, console=console, auto_refresh=False, vertical_overflow="crop"
            )

    def __enter__(self) -> Self:
        if self._live is not None:
            self._live.start(refresh=True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def show(self) -> None:
        """Bring what is shown up to date, unless that was done a moment ago."""
        if self._live is None:
            self._lines.show()
        elif self._monotonic() - self._drawn >= _FRAME:
            self._live.refresh()
            self._drawn = self._monotonic()

    def _write(self, line: str) -> None:
        encoding = self._console.encoding
        known = line.encode(encoding, "replace").decode(encoding)
        self._console.print(known, soft_wrap=True, markup=False, highlight=False)
