"""A run drawn in a panel: a progress bar, and for each metric a line, a chart and its evidence.

Owned here: the layout, fitted to the terminal's size: charts lie side by side where it is wide,
shrink where it is low, and go where there is no room. No line is ever wrapped.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.panel import Panel
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from judge.cli.live.board import ANSWERS, STYLES, WORDS, Board, Point, evidence_words, ratio_words
from judge.cli.live.chart import ASCII, UNICODE, Glyphs, beyond, chart, meter

WIDE = 104
"""Columns from which metrics stand side by side."""

SMALLEST, LARGEST = 4, 9
"""Rows of a chart, from and to."""

_BESIDE = 2
_BORDER = 4  # columns
_FRAME = 5  # rows of a panel beside its metrics: border, progress, reason, what followed
_EVIDENCE = 16
_PROGRESS = 26


@dataclass(frozen=True, slots=True)
class _Layout:
    """How the panels are drawn: ``rows`` of a chart, 0 for none; ``brief`` is a line a metric."""

    width: int
    wide: bool
    rows: int
    brief: bool
    glyphs: Glyphs


class Boards:
    """Some runs under one another, as one picture of at most the terminal's height."""

    def __init__(self, boards: Sequence[Board], *, footer: str = "") -> None:
        self._boards = boards
        self.footer = footer

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        layout = self._layout(options.max_width, console.height, ascii_only=options.ascii_only)
        parts: list[RenderableType] = [_panel(board, layout) for board in self._boards]
        parts += [_clipped(self.footer, "dim")] if self.footer else []
        segments = console.render(Group(*parts), options)
        yield from map(_in_ascii, segments) if options.ascii_only else segments

    def _layout(self, width: int, height: int, *, ascii_only: bool) -> _Layout:
        wide = width >= WIDE
        charts = sum(_stacked(board, wide=wide) for board in self._boards)
        framed = sum(_FRAME + len(board.others) for board in self._boards)
        spare = height - 1 - bool(self.footer) - framed - 2 * charts
        rows = min(LARGEST, spare // max(1, charts))
        glyphs = ASCII if ascii_only else UNICODE
        return _Layout(width, wide, rows if rows >= SMALLEST else 0, spare < 0, glyphs)


def _stacked(board: Board, *, wide: bool) -> int:
    """How many metrics of a board stand under one another."""
    metrics = max(1, len(board.points))
    return -(-metrics // _BESIDE) if wide else metrics


def _panel(board: Board, layout: _Layout) -> Panel:
    parts: list[RenderableType] = [_progress(board, layout)]
    if board.points:
        parts.append(_metrics(board, layout))
    parts += [_other(track, metrics) for track, metrics in board.others.items()]
    parts.append(_clipped(board.reason, STYLES.get(board.outcome, "dim")))
    parts += [_clipped(board.afterwards, "dim")] if board.afterwards else []
    body = Table.grid(expand=True)
    body.add_column(no_wrap=True, overflow="ellipsis")
    for part in parts:
        body.add_row(part)
    style = STYLES.get(board.outcome, "none")
    return Panel(
        body, title=_title(board), title_align="left", border_style=style, width=layout.width
    )


def _metrics(board: Board, layout: _Layout) -> Table:
    beside = _BESIDE if layout.wide and len(board.points) > 1 else 1
    table = Table.grid(expand=True, padding=(0, 1, 0, 0))
    for _ in range(beside):
        table.add_column(ratio=1, no_wrap=True, overflow="crop")
    width = (layout.width - _BORDER) // beside - 2
    cells = [_metric(board, name, width, layout) for name in board.points]
    for first in range(0, len(cells), beside):
        table.add_row(*cells[first : first + beside])
    return table


def _title(board: Board) -> Text:
    title = Text(board.title, style="bold")
    if board.outcome:
        title.append(f"  {WORDS[board.outcome]}", style=f"bold {STYLES[board.outcome]}")
    if board.watching:
        title.append("  watching on", style="dim")
    return title


def _progress(board: Board, layout: _Layout) -> Text:
    words = f" look {board.looked} of {board.looks}, {_clock(board.looked * board.interval)}"
    room = max(10, layout.width - _BORDER - _PROGRESS)
    bar = meter(board.looked / board.looks, width=room, glyphs=layout.glyphs)
    return _clipped("", "none").append(bar, style=STYLES.get(board.outcome, "cyan")).append(words)


def _metric(board: Board, name: str, width: int, layout: _Layout) -> Table:
    cell = Table.grid()
    cell.add_column(no_wrap=True, overflow="crop")
    for line in _metric_lines(board, name, width, layout):
        cell.add_row(line)
    return cell


def _metric_lines(board: Board, name: str, width: int, layout: _Layout) -> Iterator[Text]:
    last = board.points[name][-1]
    said = _clipped(f"{name}  ", "bold").append(ratio_words(last), style=_style(last))
    if layout.brief and last.label:
        yield said
        return
    if layout.brief:
        yield said.append(f"  evidence {evidence_words(last)}", style="dim")
        return
    yield said
    if layout.rows and last.limit is not None:
        yield from chart(
            board.points[name],
            looks=board.looks,
            limit=last.limit,
            width=width,
            height=layout.rows,
            glyphs=layout.glyphs,
        )
    if not last.label:
        yield _evidence(last, layout.glyphs)


def _evidence(last: Point, glyphs: Glyphs) -> Text:
    share = (last.evidence or 0.0) / last.threshold if last.threshold else 0.0
    line = _clipped("evidence ", "dim")
    line.append(meter(share, width=_EVIDENCE, glyphs=glyphs), style=_style(last))
    line.append(f" {evidence_words(last)}")
    good = ANSWERS.get(last.difference, "proven good")
    return line.append(f"  {good}", style="green") if last.proven else line


def _other(track: str, metrics: dict[str, Point]) -> Text:
    said = "; ".join(f"{name} {ratio_words(point)}" for name, point in metrics.items())
    return _clipped(f"{track}: {said}", "dim")


def _style(point: Point) -> str:
    return "red" if beyond(point) or point.verdict == "fail" else "cyan"


def _clipped(words: str, style: str) -> Text:
    return Text(words, style=style, no_wrap=True, overflow="ellipsis")


def _in_ascii(segment: Segment) -> Segment:
    """The same in characters that an ASCII terminal has, one for one: names may hold others."""
    text = segment.text.replace("…", ".").encode("ascii", "replace").decode("ascii")
    return Segment(text, segment.style, segment.control)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"
