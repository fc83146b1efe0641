"""A run in plain lines, for a pipe or a log: one every few looks, and one for the verdict."""

from __future__ import annotations

from collections.abc import Callable

from judge.cli.live.board import WORDS, Board, Point, evidence_words, ratio_words

LINES = 10
"""Lines that a whole run takes, about, beside its verdict."""


class Lines:
    """Prints what is new on some boards whenever it is shown them."""

    def __init__(self, boards: list[Board], *, write: Callable[[str], None]) -> None:
        self._boards = boards
        self._write = write
        self._said: dict[int, int] = {}
        self._closed: dict[int, str] = {}
        self._followed: dict[int, str] = {}

    def show(self) -> None:
        """Write the lines that are due."""
        for index, board in enumerate(self._boards):
            step = max(1, board.looks // LINES)
            if board.looked >= self._said.get(index, 0) + step:
                self._said[index] = board.looked
                self._write(_progress(board))
            if board.outcome and self._closed.get(index) != board.outcome:
                self._closed[index] = board.outcome
                self._write(f"{board.title}: {WORDS[board.outcome]}: {board.reason}")
            if board.afterwards and board.afterwards != self._followed.get(index):
                self._followed[index] = board.afterwards
                self._write(f"{board.title}: {board.afterwards}")


def _progress(board: Board) -> str:
    metrics = "; ".join(f"{name} {_words(points[-1])}" for name, points in board.points.items())
    return f"{board.title}: look {board.looked} of {board.looks}: {metrics}"


def _words(point: Point) -> str:
    if point.label:
        return ratio_words(point)
    return f"{ratio_words(point)}, evidence {evidence_words(point)}"
