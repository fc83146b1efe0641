"""The confidence sequences of a verdict's metrics, drawn: a chart each, over all looks.

Owned here: which metrics are drawn and what stands above and below. The cells are `live.chart`'s,
the numbers those of a document with sequences (`judge.verdict.sequence`).
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Console
from rich.text import Text

from judge.cli.live.board import Point, kayenta_point, ratio_words
from judge.cli.live.chart import ASCII, LABEL, UNICODE, chart

ROWS = 9
WIDTH = 100  # where standard output is no terminal
NARROWEST = 30

Document = Mapping[str, Any]


def charts(said: Document, *, looks: int | None = None) -> str:
    """The charts of all metrics that were ever compared, one under another; "" without any.

    ``looks`` is how many the whole axis has: those that were taken, where nobody says.
    """
    terminal = sys.stdout.isatty()
    sink = io.StringIO()
    encoding = (sys.stdout.encoding or "ascii").lower()
    console = Console(
        file=sink, force_terminal=terminal, width=None if terminal else WIDTH, highlight=False
    )
    for line in _lines(
        said, looks, max(NARROWEST, console.width), ascii_only="utf" not in encoding
    ):
        console.print(line, no_wrap=True, overflow="crop", crop=True)
    return "\n".join(line.rstrip() for line in sink.getvalue().splitlines())


def _lines(said: Document, looks: int | None, width: int, *, ascii_only: bool) -> Iterator[Text]:
    for title, metric in _metrics(said):
        points = _points(metric)
        limit = metric["limit"]
        if limit is None or not any(point.estimate is not None for point in points):
            continue
        yield Text()
        yield Text.assemble((f"{title}  ", "bold"), ratio_words(points[-1]))
        glyphs = ASCII if ascii_only else UNICODE
        whole = max(looks or 0, len(points))
        yield from chart(points, looks=whole, limit=limit, width=width, height=ROWS, glyphs=glyphs)
        yield Text(f"{'look':>{LABEL}} 1 to {whole}; the limit is {limit:.3g}x", style="dim")


def _metrics(said: Document) -> Iterator[tuple[str, Document]]:
    """Every metric with what it is called; each track's, where there are several."""
    comparisons = said.get("comparisons")
    if not comparisons:
        yield from said["metrics"].items()
        return
    for track, one in comparisons.items():
        for name, metric in one["metrics"].items():
            yield f"{track}: {name}", metric


def _points(metric: Document) -> list[Point]:
    """A metric's looks; those before which it was not told of have no estimate."""
    by_look = metric["sequence"]
    if metric.get("kayenta"):
        return [kayenta_point(look, metric, one) for look, one in enumerate(by_look["estimate"])]
    return [
        Point(
            look,
            by_look["estimate"][look],
            by_look["low"][look],
            by_look["high"][look],
            metric["limit"],
            by_look["evidence"][look],
            metric["threshold"],
            metric["verdict"],
            bool(metric["proven"]),
        )
        for look in range(len(by_look["estimate"]))
    ]
