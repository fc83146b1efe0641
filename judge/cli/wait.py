"""``judge wait``: waits for a run's verdict and exits with it."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from typing import Any

import click

from judge.cli.ci.reaction import Reactions, reaction_options
from judge.cli.ci.reports import Reports, Said, report_options
from judge.cli.ci.step import Step
from judge.cli.client import Client, output_option, server_options
from judge.cli.moments import duration


@click.command()
@click.argument("run_id", metavar="RUN")
@click.option(
    "--timeout",
    callback=duration,
    metavar="DURATION",
    help="Give up waiting after this long, as 45m; the run goes on.",
)
@click.option(
    "--to-the-end",
    is_flag=True,
    help="Wait on while a run that has passed is watched on.",
)
@output_option
@report_options
@reaction_options
@server_options
def wait(
    run_id: str,
    timeout: float | None,
    to_the_end: bool,
    output: str,
    reports: Reports,
    reactions: Reactions,
    server: str,
    token: str | None,
) -> None:
    """Wait for the verdict of RUN. A restart of the server is waited through.

    A run with keepWatching that has passed is not waited for any longer: what comes after the
    promotion can go on. With --to-the-end it is, and may still fail.

    Exit codes: 0 pass, 1 fail, 2 usage, 3 inconclusive or still undecided after --timeout, 4 where
    the server stays out of reach or what the verdict sets off could not be done, 130 interrupted.
    """
    from judge.cli.interruption import interrupted_once

    step = Step(f"run {run_id}", reports, reactions)
    with interrupted_once(), step.guarded(), Client(server, token) as client:
        sys.exit(wait_and_tell(client, run_id, step, output, timeout, to_the_end=to_the_end))


def wait_and_tell(
    client: Client,
    run_id: str,
    step: Step,
    output: str,
    timeout: float | None,
    *,
    to_the_end: bool = False,
) -> int:
    """Wait for the run, print it, and carry out what its verdict sets off; the exit code.

    Where a run is waited for to its end, what its pass sets off is not left until then.
    """
    from judge.cli.run_report import print_run

    began = time.monotonic()
    run = wait_for(client, run_id, timeout=timeout, to_the_end=to_the_end and not step.reactions)
    if to_the_end and step.reactions and run["state"] == "watching":
        step.react(_said(run), run=run_id, held=run["held"])
        left = None if timeout is None else max(0.0, timeout - (time.monotonic() - began))
        run = wait_for(client, run_id, timeout=left, to_the_end=True)
    print_run(run, output)
    return step.conclude(_said(run), run=run_id, held=run["held"])


def _said(run: Mapping[str, Any]) -> Said:
    from judge.spec.resolved import Mode, ResolvedAnalysis
    from judge.verdict.verdict import from_document

    analysis = ResolvedAnalysis(run["name"], (), namespace=run["namespace"], mode=Mode(run["mode"]))
    return Said(from_document(run), analysis, run)


def wait_for(
    client: Client, run_id: str, *, timeout: float | None, to_the_end: bool = False
) -> Mapping[str, Any]:
    """The run when it is decided, or after ``timeout`` seconds; progress on a terminal.

    ``to_the_end``: when it is no longer looked at.
    """
    from rich.console import Console

    from judge.cli.following import DECIDED, FINAL, follow
    from judge.cli.run_report import progress, untestable
    from judge.spec.units import format_duration

    states = FINAL if to_the_end else DECIDED
    told: set[str] = set()
    with Console(stderr=True).status(f"waiting for run {run_id}") as status:

        def seen(run: Mapping[str, Any]) -> None:
            status.update(progress(run))
            for reason in untestable(run):
                if reason not in told:
                    told.add(reason)
                    click.echo(f"cannot be tested: {reason}", err=True)

        run = follow(client, run_id, timeout=timeout, seen=seen, states=states)
    if run["state"] not in states and timeout is not None:
        so_far = "passed, and watched still" if run["state"] in DECIDED else "not decided"
        click.echo(f"{so_far} after {format_duration(timeout)}; the run goes on", err=True)
    return run
