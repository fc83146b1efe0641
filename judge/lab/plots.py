"""The plots of the lab's page, as inline SVG.

Owned here: where things are drawn. Colours and sizes of text are the page's (`page.html`). Strips
are as wide as their place, in percents, so that text keeps its size; curves are drawn in a box.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

LEAST, MOST = 0.0001, 1.0  # shares that a strip reaches to, on a log scale
TICKS = (0.0001, 0.001, 0.01, 0.05, 0.2, 1.0)
WIDTH, HEIGHT = 340.0, 210.0
LEFT, RIGHT, TOP, BOTTOM = 42.0, 54.0, 8.0, 30.0
SHADES = 6
LINE = 12.0  # the height of a label


@dataclass(frozen=True, slots=True)
class Mark:
    """A share on a strip: ``style`` is a class; a bar reaches to ``upper``; ``said`` on hover.

    ``shape``: ``dot``, ``ring``, ``diamond`` or ``cross``; ``height`` in percents from the top.
    """

    share: float
    style: str
    said: str
    shape: str = "dot"
    upper: float | None = None
    height: float = 50.0


@dataclass(frozen=True, slots=True)
class Curve:
    """Shares by look from 1; ``shade`` of 0 to 5; ``style`` is "", ``theirs`` or ``known``."""

    shares: Sequence[float]
    shade: int
    style: str
    said: str
    label: str = ""


def strip(marks: Sequence[Mark], promised: Sequence[float], *, log: bool = True) -> str:
    """Shares side by side on one line."""
    ticks = TICKS if log else (0.0, 0.25, 0.5, 0.75, 1.0)
    lines = [_upright(_place(tick, log), "grid") for tick in ticks]
    lines += [_upright(_place(share, log), "promise") for share in promised]
    return f"<svg role='img'>{''.join(lines)}{''.join(_mark(one, log) for one in marks)}</svg>"


def axis(*, log: bool = True) -> str:
    """The shares of a strip, in words."""
    ticks = TICKS if log else (0.0, 0.25, 0.5, 0.75, 1.0)
    texts = []
    for number, tick in enumerate(ticks):
        anchor = "start" if number == 0 else "end" if number == len(ticks) - 1 else "middle"
        below = "≤ " if log and number == 0 else ""
        texts.append(
            f"<text x='{_place(tick, log):.2f}%' y='80%' text-anchor='{anchor}'>"
            f"{below}{100 * tick:g} %</text>"
        )
    return f"<svg aria-hidden='true'>{''.join(texts)}</svg>"


def sample(shape: str, style: str) -> str:
    """A mark for a legend."""
    return f"<svg aria-hidden='true'>{_shape(shape, style, 50.0)}</svg>"


def curves(drawn: Sequence[Curve], minutes: float) -> str:
    """Shares over ``minutes``, of which each curve's looks are equal parts."""
    parts = [_frame(minutes)]
    parts += [_curve(one) for one in drawn]
    parts += _labels(drawn)
    return (
        f"<svg viewBox='0 0 {WIDTH:g} {HEIGHT:g}' role='img' "
        f"aria-label='share rolled back over minutes'>{''.join(parts)}</svg>"
    )


def _place(share: float, log: bool) -> float:
    """Percents from the left."""
    if not log:
        return 100.0 * share
    inside = min(max(share, LEAST), MOST)
    return 100.0 * math.log(inside / LEAST) / math.log(MOST / LEAST)


def _upright(x: float, style: str) -> str:
    return f"<line class='{style}' x1='{x:.2f}%' x2='{x:.2f}%' y1='0' y2='100%'/>"


def _mark(one: Mark, log: bool) -> str:
    at, bar, y = _place(one.share, log), "", one.height
    if one.upper is not None:
        end = _place(one.upper, log)
        bar = _line(f"{one.style} bar", (at, end), (y, y))
        bar += _line(f"{one.style} cap", (end, end), (y - 12.0, y + 12.0))
    return f"<g><title>{escape(one.said)}</title>{bar}{_shape(one.shape, one.style, at, y)}</g>"


def _line(style: str, x: tuple[float, float], y: tuple[float, float]) -> str:
    """In percents."""
    ends = f"x1='{x[0]:.2f}%' x2='{x[1]:.2f}%' y1='{y[0]:g}%' y2='{y[1]:g}%'"
    return f"<line class='{style}' {ends}/>"


def _shape(shape: str, style: str, x: float, y: float = 50.0) -> str:
    """A mark in its place, in percents."""
    if shape in ("dot", "ring"):
        fill = " fill-opacity='0' stroke-width='2'" if shape == "ring" else ""
        return f"<circle class='{style}' cx='{x:.2f}%' cy='{y:g}%' r='4'{fill}/>"
    path = "M0,-5L5,0L0,5L-5,0Z" if shape == "diamond" else "M-4,-4L4,4M-4,4L4,-4"
    inner = f"<path class='{style}' d='{path}'/>"
    return f"<svg x='{x:.2f}%' y='{y:g}%' width='1' height='1' overflow='visible'>{inner}</svg>"


def _x(part: float) -> float:
    return LEFT + part * (WIDTH - LEFT - RIGHT)


def _y(share: float) -> float:
    return TOP + (1.0 - share) * (HEIGHT - TOP - BOTTOM)


def _frame(minutes: float) -> str:
    parts = []
    for share in (0.0, 0.5, 1.0):
        y = _y(share)
        parts.append(f"<line class='grid' x1='{LEFT}' x2='{_x(1):g}' y1='{y:g}' y2='{y:g}'/>")
        parts.append(
            f"<text x='{LEFT - 5:g}' y='{y + 4:g}' text-anchor='end'>{100 * share:g}%</text>"
        )
    every = next(step for step in (5, 10, 15, 30, 60, 120, 1e9) if minutes / step <= 6)
    for tick in range(0, int(minutes) + 1, int(every)):
        anchor = "start" if tick == 0 else "middle"
        unit = " min" if tick + every > minutes else ""
        parts.append(
            f"<text x='{_x(tick / minutes):.1f}' y='{HEIGHT - 12:g}' "
            f"text-anchor='{anchor}'>{tick}{unit}</text>"
        )
    return "".join(parts)


def _curve(one: Curve) -> str:
    points = [(0.0, 0.0), *((look + 1, share) for look, share in enumerate(one.shares))]
    whole = max(len(one.shares), 1)
    path = " ".join(f"{_x(look / whole):.1f},{_y(share):.1f}" for look, share in points)
    return (
        f"<polyline class='line e{one.shade} {one.style}' points='{path}'>"
        f"<title>{escape(one.said)}</title></polyline>"
    )


def _labels(drawn: Sequence[Curve]) -> list[str]:
    """Names at the ends of the lines, moved apart so that none lies on another."""
    named = sorted(
        (one for one in drawn if one.label), key=lambda one: (-one.shares[-1], -one.shade)
    )
    texts, last = [], -LINE
    heights = []
    for one in named:
        last = max(_y(one.shares[-1]) + 4.0, last + LINE)
        heights.append(last)
    floor = HEIGHT - BOTTOM + 4.0
    for place in range(len(heights) - 1, -1, -1):
        heights[place] = min(heights[place], floor - LINE * (len(heights) - 1 - place))
    for one, y in zip(named, heights, strict=True):
        texts.append(f"<text x='{_x(1) + 4:g}' y='{y:.1f}'>{escape(one.label)}</text>")
    return texts
