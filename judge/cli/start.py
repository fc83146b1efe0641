"""``judge start``: starts a run on a server, of an analysis in a file or one stored there."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from judge.cli.assignments import set_option
from judge.cli.client import Client, server_options


@click.command()
@click.argument("analysis")
@set_option
@click.option("--key", help="Names the rollout: the same key gets the run that it started before.")
@click.option("--wait", is_flag=True, help="Wait for the verdict, and exit as judge wait does.")
@click.option(
    "--timeout", help="With --wait: give up waiting after this long, as 45m; the run goes on."
)
@click.option("--output", type=click.Choice(["text", "json"]), default="text", show_default=True)
@server_options
def start(
    analysis: str,
    variables: dict[str, str],
    key: str | None,
    wait: bool,
    timeout: str | None,
    output: str,
    server: str,
    token: str | None,
) -> None:
    """Start a run of ANALYSIS: a file (YAML or JSON), or the name of one stored on the server."""
    from judge.cli.run_report import exit_code, print_run
    from judge.cli.wait import wait_for

    body: dict[str, Any] = {"analysis": _document(analysis), "variables": variables}
    if key is not None:
        body["key"] = key
    with Client(server, token) as client:
        run = client.post("/api/v1/runs", body)["data"]
        if wait:
            click.echo(f"run {run['id']}", err=True)
            run = wait_for(client, run["id"], timeout=timeout)
            print_run(run, output)
            sys.exit(exit_code(run))
    if output == "json":
        click.echo(json.dumps(run, indent=2))
    else:
        click.echo(run["id"])


def _document(analysis: str) -> Any:
    """The file's document; a word that can be no file is a stored analysis's name."""
    from judge.spec.written import read_written

    path = Path(analysis)
    if not path.suffix and "/" not in analysis and not path.exists():
        return analysis
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise click.UsageError(f"cannot read {analysis}: {exc}") from exc
    return read_written(text, source=analysis).data
