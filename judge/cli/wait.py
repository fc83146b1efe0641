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
@click.option(
    "--to-the-end",
    is_flag=True,
    help="Wait on while a run that has passed is watched on.",
)
@output_option
@server_options
def wait(
    run_id: str,
    timeout: str | None,
    to_the_end: bool,
    output: str,
    server: str,
    token: str | None,
) -> None:
    """Wait for the verdict of RUN. A restart of the server is waited through.

    A run with keepWatching that has passed is not waited for any longer: what comes after the
    promotion can go on. With --to-the-end it is, and may still fail.

    Exit code: 0 pass, 1 fail, 3 inconclusive or still undecided after --timeout, 4 where the
    server stays out of reach.
    """
    from judge.cli.run_report import exit_code, print_run

    with Client(server, token) as client:
        run = wait_for(client, run_id, timeout=timeout, to_the_end=to_the_end)
    print_run(run, output)
    sys.exit(exit_code(run))


def wait_for(
    client: Client, run_id: str, *, timeout: str | None, to_the_end: bool = False
) -> Mapping[str, Any]:
    """The run when it is decided, or after ``timeout`` (a duration); progress on a terminal.

    ``to_the_end``: when it is no longer looked at.
    """
    from rich.console import Console

    from judge.cli.following import DECIDED, FINAL, follow
    from judge.cli.run_report import progress, untestable
    from judge.spec.units import UnitError, parse_duration

    try:
        seconds = None if timeout is None else parse_duration(timeout)
    except UnitError as exc:
        raise click.UsageError(f"--timeout: {exc}") from exc
    states = FINAL if to_the_end else DECIDED
    told: set[str] = set()
    with Console(stderr=True).status(f"waiting for run {run_id}") as status:

        def seen(run: Mapping[str, Any]) -> None:
            status.update(progress(run))
            for reason in untestable(run):
                if reason not in told:
                    told.add(reason)
                    click.echo(f"cannot be tested: {reason}", err=True)

        run = follow(client, run_id, timeout=seconds, seen=seen, states=states)
    if run["state"] not in states:
        so_far = "passed, and watched still" if run["state"] in DECIDED else "not decided"
        click.echo(f"{so_far} after {timeout}; the run goes on", err=True)
    return run
