"""Where boards are shown: a picture kept up to date on a terminal, plain lines elsewhere."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live

from judge.cli.live.board import Board
from judge.cli.live.lines import Lines
from judge.cli.live.panel import Boards

FRAMES = 8
"""Pictures a second, at most."""


class Screen:
    """Shows ``boards`` while it is entered; leaves the terminal whole however it is left."""

    def __init__(self, boards: list[Board], *, console: Console, footer: str = "") -> None:
        self._console = console
        self._lines = Lines(boards, write=self._write)
        self._live: Live | None = None
        if console.is_terminal:
            picture = Boards(boards, footer=footer)
            self._live = Live(
                picture, console=console, refresh_per_second=FRAMES, vertical_overflow="crop"
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
        """The boards have changed. A picture follows by itself; lines are written now."""
        if self._live is None:
            self._lines.show()

    def _write(self, line: str) -> None:
        encoding = self._console.encoding
        known = line.encode(encoding, "replace").decode(encoding)
        self._console.print(known, soft_wrap=True, markup=False, highlight=False)
