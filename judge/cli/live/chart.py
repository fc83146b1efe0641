"""A metric's picture in a few lines of text: the effect over time, against its limit.

Each column is a look: a dot for the estimate, a band for the interval around it, on a logarithmic
axis of ratios canary / baseline, with the limit drawn across. Owned here: the cells. Pure.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from rich.text import Text

from judge.cli.live.board import Point, narrow

LABEL = 6
"""Columns that the axis takes."""

_LOWEST, _HIGHEST = 1 / 64, 4096.0


@dataclass(frozen=True, slots=True)
class Glyphs:
    """The characters of a chart."""

    dot: str = "●"
    band: str = "░"
    limit: str = "╌"
    axis: str = "┤"
    full: str = "━"
    empty: str = "╌"


UNICODE = Glyphs()
ASCII = Glyphs(dot="o", band=":", limit="-", axis="|", full="#", empty=".")


def chart(
    points: Sequence[Point], *, looks: int, limit: float, width: int, height: int, glyphs: Glyphs
) -> list[Text]:
    """``height`` lines of at most ``width`` columns: the points of up to ``looks`` looks."""
    scale = _Scale.around(points, limit, height)
    columns = max(1, width - LABEL - 1)
    cells = [[" "] * columns for _ in range(height)]
    styles = [[""] * columns for _ in range(height)]
    shown = {column: point for point in points for column in _columns(point, columns, looks)}
    for column in range(columns):
        drawn = {scale.row(limit): (glyphs.limit, "yellow")}
        if column in shown:
            drawn = _band(shown[column], scale, glyphs) | drawn | _dot(shown[column], scale, glyphs)
        for row, (glyph, style) in drawn.items():
            cells[row][column], styles[row][column] = glyph, style
    labels = scale.labels(limit)
    return [
        _line(f"{labels.get(row, ''):>{LABEL}}{glyphs.axis}", cells[row], styles[row])
        for row in range(height)
    ]


def meter(share: float, *, width: int, glyphs: Glyphs) -> str:
    """A bar of ``width`` columns, ``share`` of it full."""
    full = round(min(1.0, max(0.0, share)) * width)
    return glyphs.full * full + glyphs.empty * (width - full)


def beyond(point: Point) -> bool:
    """Whether the whole interval is on the bad side of the limit."""
    if point.limit is None:
        return False
    if point.difference:
        return point.difference == "worse"
    if point.limit >= 1:
        return point.low is not None and point.low > point.limit
    return point.high is not None and point.high < point.limit


@dataclass(frozen=True, slots=True)
class _Scale:
    """A logarithmic axis from ``bottom`` to ``top`` on ``height`` rows, the top one being 0."""

    bottom: float
    top: float
    height: int

    @classmethod
    def around(cls, points: Sequence[Point], limit: float, height: int) -> _Scale:
        """Room for a halving and an eightfold increase, and more where estimates went there.

        Where the limit is 1 (an A/B test) and the last interval lies near it, room for that.
        """
        if limit == 1.0 and points and narrow(points[-1]):
            return cls(0.8, 1.25, height)
        seen = [one.estimate for one in points if one.estimate] + [limit]
        bottom = min(0.5, 2.0 ** math.floor(math.log2(max(_LOWEST, min(seen)))))
        top = max(8.0, 2.0 ** math.ceil(math.log2(min(_HIGHEST, max(seen)))))
        return cls(bottom, top, height)

    def row(self, ratio: float) -> int:
        """The row of a ratio, clipped to the axis."""
        clipped = min(self.top, max(self.bottom, ratio))
        share = math.log(self.top / clipped) / math.log(self.top / self.bottom)
        return round(share * (self.height - 1))

    def labels(self, limit: float) -> dict[int, str]:
        """What stands beside the rows: the limit, the ends, and 1x where there is room."""
        found: dict[int, str] = {}
        for ratio in (limit, 1.0, self.top, self.bottom, 2.0, 4.0):
            found.setdefault(self.row(ratio), f"{ratio:g}x")
        return found


def _columns(point: Point, columns: int, looks: int) -> range:
    """The columns of one look: at least one, so that the last look is never invisible."""
    first = min(columns - 1, point.look * columns // looks)
    return range(first, max(first + 1, (point.look + 1) * columns // looks))


def _band(point: Point, scale: _Scale, glyphs: Glyphs) -> dict[int, tuple[str, str]]:
    """The cells of one look's interval, by row."""
    if point.estimate is None:
        return {}
    top = 0 if point.high is None else scale.row(point.high)
    bottom = scale.height - 1 if point.low is None else scale.row(point.low)
    return dict.fromkeys(range(top, bottom + 1), (glyphs.band, _style(point)))


def _dot(point: Point, scale: _Scale, glyphs: Glyphs) -> dict[int, tuple[str, str]]:
    """The cell of one look's estimate, by row."""
    if point.estimate is None:
        return {}
    return {scale.row(point.estimate): (glyphs.dot, f"bold {_style(point)}")}


def _style(point: Point) -> str:
    return "red" if beyond(point) else "cyan"


def _line(label: str, cells: Sequence[str], styles: Sequence[str]) -> Text:
    line = Text(no_wrap=True, overflow="crop").append(label, style="dim")
    for style, run in groupby(zip(cells, styles, strict=True), key=lambda cell: cell[1]):
        line.append("".join(glyph for glyph, _ in run), style=style)
    return line
