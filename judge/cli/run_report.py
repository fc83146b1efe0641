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

from judge.cli.render import render
from judge.spec.resolved import ResolvedAnalysis
from judge.verdict.verdict import from_document

Document = Mapping[str, Any]

_WIDTH = 120  # where standard output is no terminal


def print_run(run: Document, output: str) -> None:
    """Print one run to standard output, in one of the forms of `judge.cli.render`."""
    if output == "json":
        click.echo(json.dumps(run, indent=2))
        return
    if output == "text":
        held = ", held" if run["held"] else ""
        click.echo(
            f"run {run['id']}, {run['state']}{held}, "
            f"look {run['looks']} of {run['looksPlanned']}, started {_time(run['startedAt'])}"
        )
    analysis = ResolvedAnalysis(run["name"], (), namespace=run["namespace"])
    click.echo(render(from_document(run), analysis, output))
    if output == "text" and any("sequence" in one for one in run["metrics"].values()):
        from judge.cli.sequence_chart import charts

        drawn = charts(run, looks=run["looksPlanned"])
        if drawn:
            click.echo(drawn)


def print_runs(runs: Sequence[Document], output: str) -> None:
    """Print many, a line each."""
    if output == "json":
        click.echo(json.dumps(list(runs), indent=2))
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("run", "analysis", "state", "verdict", "looks", "started"):
        table.add_column(heading, no_wrap=True)
    for run in runs:
        table.add_row(
            run["id"],
            f"{run['namespace']}/{run['name']}",
            run["state"] + (", held" if run["held"] else ""),
            run["verdict"] + (" (proven)" if run["proven"] else ""),
            f"{run['looks']}/{run['looksPlanned']}",
            _time(run["startedAt"]),
        )
    console = Console() if sys.stdout.isatty() else Console(width=_WIDTH)
    console.print(table if runs else "no runs")


def untestable(run: Document) -> list[str]:
    """Why metrics of the run will end inconclusive as they are, as far as that is known."""
    return [one["reason"] for one in run.get("shortfalls") or () if one["hopeless"]]


def progress(run: Document) -> str:
    """Where a run is, in a few words."""
    return f"{run['name']}: look {run['looks']} of {run['looksPlanned']}, {run['reason']}"


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
