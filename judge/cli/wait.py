"""``judge wait``: waits for a run's verdict and exits with it."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import click

from judge.cli.client import Client, output_option, server_options


@click.command()
@click.argument("run_id", metavar="RUN")
@click.option("--timeout", help="Give up waiting after this long, as 45m; the run goes on.")
@output_option
@server_options
def wait(run_id: str, timeout: str | None, output: str, server: str, token: str | None) -> None:
    """Wait for the verdict of RUN. A restart of the server is waited through.

    Exit code: 0 pass, 1 fail, 3 inconclusive or still undecided after --timeout, 4 where the
    server stays out of reach.
    """
    from judge.cli.run_report import exit_code, print_run

    with Client(server, token) as client:
        run = wait_for(client, run_id, timeout=timeout)
    print_run(run, output)
    sys.exit(exit_code(run))


def wait_for(client: Client, run_id: str, *, timeout: str | None) -> Mapping[str, Any]:
    """The run when it has ended, or after ``timeout`` (a duration); progress on a terminal."""
    from rich.console import Console

    from judge.cli.following import FINAL, follow
    from judge.cli.run_report import progress, untestable
    from judge.spec.units import UnitError, parse_duration

    try:
        seconds = None if timeout is None else parse_duration(timeout)
    except UnitError as exc:
        raise click.UsageError(f"--timeout: {exc}") from exc
    told: set[str] = set()
    with Console(stderr=True).status(f"waiting for run {run_id}") as status:

        def seen(run: Mapping[str, Any]) -> None:
            status.update(progress(run))
            for reason in untestable(run):
                if reason not in told:
                    told.add(reason)
                    click.echo(f"cannot be tested: {reason}", err=True)

        run = follow(client, run_id, timeout=seconds, seen=seen)
    if run["state"] not in FINAL:
        click.echo(f"not decided after {timeout}; the run goes on", err=True)
    return run
