"""A run as the client commands print it, from the document that the server answers."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

Document = Mapping[str, Any]

EXIT_CODES = {"pass": 0, "fail": 1, "inconclusive": 3}
_STYLES = {"pass": "bold green", "fail": "bold red", "inconclusive": "bold yellow"}
_WIDTH = 100  # where standard output is no terminal


def print_run(run: Document, output: str) -> None:
    """Print one run to standard output, as ``text`` or ``json``."""
    if output == "json":
        click.echo(json.dumps(run, indent=2))
        return
    console = _console()
    console.print(_headline(run))
    console.print(Text(run["reason"]))
    for track, metrics in _comparisons(run).items():
        if metrics:
            console.print(_metrics_table(track, metrics))


def print_runs(runs: Sequence[Document], output: str) -> None:
    """Print many, a line each."""
    if output == "json":
        click.echo(json.dumps(list(runs), indent=2))
        return
    if not runs:
        click.echo("no runs")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("run", "analysis", "state", "verdict", "looks", "started"):
        table.add_column(heading, no_wrap=True)
    for run in runs:
        table.add_row(
            run["id"],
            f"{run['namespace']}/{run['name']}",
            run["state"],
            _verdict(run),
            f"{run['looks']}/{run['looksPlanned']}",
            _time(run["startedAt"]),
        )
    _console().print(table)


def exit_code(run: Document) -> int:
    """0 pass, 1 fail, 3 inconclusive."""
    return EXIT_CODES[run["verdict"]]


def progress(run: Document) -> str:
    """Where a run is, in a few words."""
    return f"{run['name']}: look {run['looks']} of {run['looksPlanned']}, {run['reason']}"


def _headline(run: Document) -> Text:
    score = "" if run["score"] is None else f", score {run['score']:.0f}"
    held = ", held" if run["held"] else ""
    return Text.assemble(
        _verdict(run),
        f"  {run['namespace']}/{run['name']}  run {run['id']}, {run['state']}{held}, "
        f"look {run['looks']} of {run['looksPlanned']}{score}",
    )


def _comparisons(run: Document) -> dict[str, Document]:
    if run.get("comparisons"):
        return {track: one["metrics"] for track, one in run["comparisons"].items()}
    return {"": run["metrics"]}


def _metrics_table(track: str, metrics: Document) -> Table:
    table = Table(title=track or None, title_justify="left", box=None, pad_edge=False)
    for heading in ("metric", "verdict", "times the baseline's", "limit", "evidence", "needs"):
        table.add_column(heading, header_style="bold")
    for name, metric in metrics.items():
        table.add_row(
            name,
            _verdict(metric),
            _range(metric),
            _number(metric["limit"]),
            _number(metric["evidence"]),
            _number(metric["threshold"]),
        )
    return table


def _verdict(document: Document) -> Text:
    word = document["verdict"]
    proven = " (proven)" if word == "pass" and document["proven"] else ""
    return Text(word.upper() + proven, style=_STYLES[word])


def _range(metric: Document) -> str:
    if metric["estimate"] is None:
        return "not known"
    between = f"{_number(metric['low'])} to {_number(metric['high'])}"
    return f"{_number(metric['estimate'])}  ({between})"


def _number(value: float | None) -> str:
    return "?" if value is None else f"{value:.3g}"


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def _console() -> Console:
    return Console() if sys.stdout.isatty() else Console(width=_WIDTH)
