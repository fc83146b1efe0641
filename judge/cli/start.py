"""``judge start``: starts a run on a server, of an analysis in a file or one stored there."""

from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from judge.cli.assignments import set_option
from judge.cli.ci.reaction import Reactions, reaction_options
from judge.cli.ci.reports import Reports, report_options
from judge.cli.ci.step import Step
from judge.cli.client import Client, server_options
from judge.cli.moments import duration
from judge.errors import Issue, ServerError, SpecError

if TYPE_CHECKING:
    from judge.spec.written import Written


@click.command()
@click.argument("analysis")
@set_option
@click.option("--key", help="Names the rollout: the same key gets the run that it started before.")
@click.option("--wait", is_flag=True, help="Wait for the verdict, and exit as judge wait does.")
@click.option(
    "--timeout",
    callback=duration,
    metavar="DURATION",
    help="With --wait: give up waiting after this long, as 45m; the run goes on.",
)
@click.option("--output", type=click.Choice(["text", "json"]), default="text", show_default=True)
@report_options
@reaction_options
@server_options
def start(
    analysis: str,
    variables: dict[str, str],
    key: str | None,
    wait: bool,
    timeout: float | None,
    output: str,
    reports: Reports,
    reactions: Reactions,
    server: str,
    token: str | None,
) -> None:
    """Start a run of ANALYSIS: a file (YAML or JSON), or the name of one stored on the server.

    The files and commands of a verdict go with --wait.
    """
    from judge.cli.interruption import interrupted_once
    from judge.cli.wait import wait_and_tell

    if not wait and (timeout is not None or reports or reactions):
        raise click.UsageError("--timeout, the files and the commands of a verdict need --wait")
    path = Path(analysis)
    step = Step(path.stem, reports, reactions, file=analysis if path.is_file() else "")
    with interrupted_once(), step.guarded(), Client(server, token) as client:
        run = _started(client, analysis, variables, key)
        if wait:
            click.echo(f"run {run['id']}", err=True)
            sys.exit(wait_and_tell(client, run["id"], step, output, timeout))
    click.echo(json.dumps(run, indent=2) if output == "json" else run["id"])


def _started(client: Client, analysis: str, variables: dict[str, str], key: str | None) -> Any:
    """The run. What the server finds wrong in a file is told with its line."""
    written = _written(analysis)
    body: dict[str, Any] = {
        "analysis": written.data if written else analysis,
        "variables": variables,
        **({} if key is None else {"key": key}),
    }
    try:
        return client.post("/api/v1/runs", body)["data"]
    except ServerError as error:
        if written is None or not error.issues:
            raise
        raise SpecError([_placed(written, issue) for issue in error.issues]) from error


def _written(analysis: str) -> Written | None:
    """What is in the file; None for a word that is none: the name of a stored analysis."""
    from judge.spec.written import read_written

    path = Path(analysis)
    if not path.suffix and "/" not in analysis and not path.is_file():
        return None
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise click.UsageError(f"cannot read {analysis}: {exc}") from exc
    return read_written(text, source=analysis)


def _placed(written: Written, issue: Issue) -> Issue:
    """The issue with its line and column, or those of the nearest thing around it."""
    from judge.spec.written import dotted

    places = {dotted(path): path for path in (*written.values, *written.keys)}
    near = issue.path
    while near and near not in places:
        near = near.rpartition(".")[0]
    if not near:
        return issue
    return dataclasses.replace(written.issue(places[near], issue.message), path=issue.path)
