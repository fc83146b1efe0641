"""``judge watch``: a whole run in the terminal, live, by a daemon of its own.

Exit codes: 0 pass, 1 fail, 2 usage or configuration, 3 inconclusive, 4 could not judge; 130 where
it was interrupted: the run is unfinished then, and can be gone on with.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from judge.cli.assignments import set_option
from judge.cli.invocation import again

if TYPE_CHECKING:
    from judge.cli.watching import Watch
    from judge.spec.resolved import ResolvedAnalysis
    from judge.store.run import Run
    from judge.store.runs import Runs

COULD_NOT_JUDGE = 4
_OUTPUTS = ("text", "json", "junit", "markdown")


def _moment(_ctx: click.Context, _param: click.Parameter, value: str | None) -> float | None:
    """Unix seconds of a time: written so, or as ISO 8601, in UTC where it names no zone."""
    if value is None:
        return None
    if value.replace(".", "", 1).isdecimal():
        return float(value)
    try:
        at = datetime.fromisoformat(value)
    except ValueError as error:
        raise click.BadParameter(
            f"{value!r} is no time; write 2026-05-04T12:30:00Z or Unix seconds"
        ) from error
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


@click.command()
@click.argument("file", required=False, type=click.Path(path_type=Path))
@set_option
@click.option("--prometheus", metavar="URL", help="Ask this server instead of the analysis's.")
@click.option(
    "--started-at",
    callback=_moment,
    metavar="TIME",
    help="When the rollout began, where that is not now; what lies behind is caught up with.",
)
@click.option(
    "--database",
    metavar="URL",
    help="Where the run is kept, as sqlite:///FILE.  [default: a file of this command's own in "
    "~/.local/state/judge]",
)
@click.option("--resume", metavar="RUN", help="Go on with this run of --database.")
@click.option("--output", type=click.Choice(_OUTPUTS), default="text", show_default=True)
def watch(
    file: Path | None,
    variables: Mapping[str, str],
    prometheus: str | None,
    started_at: float | None,
    database: str | None,
    resume: str | None,
    output: str,
) -> None:
    """Watch a rollout with the analysis in FILE (YAML or JSON), from now to its verdict.

    Needs no server: the daemon runs in this process, and delivers the webhooks of the analysis.
    With keepWatching it follows a run that has passed to the end of that time.
    Ctrl-C interrupts; the same command goes on from where it was, until the run's time is over.
    The picture is on standard error, the verdict on standard output.

    Exit codes: 0 pass, 1 fail, 2 usage or configuration, 3 inconclusive, 4 could not judge, 130
    interrupted.
    """
    from judge.cli.analysis_file import read_analysis
    from judge.cli.watching import default_database, fingerprint

    if (file is None) == (resume is None):
        raise click.UsageError("give the FILE of an analysis, or --resume RUN --database URL")
    if file is None:
        if database is None:
            raise click.UsageError("--resume needs the --database in which the run is")
        sys.exit(_run(None, "", database, resume=resume, started_at=None, output=output))
    analysis = read_analysis(file, variables=variables, prometheus=prometheus)
    mark = fingerprint(analysis, started_at)
    place = database or default_database(mark)
    sys.exit(_run(analysis, mark, place, resume=None, started_at=started_at, output=output))


def _run(
    analysis: ResolvedAnalysis | None,
    mark: str,
    database: str,
    *,
    resume: str | None,
    started_at: float | None,
    output: str,
) -> int:
    """Take the run to its end and print its verdict; the exit code."""
    import logging
    from contextlib import closing

    from judge.cli.household import Household, log_to_stderr
    from judge.cli.interruption import INTERRUPTED, interrupted_once
    from judge.cli.watching import Watch, begin
    from judge.sources.servers import PrometheusServers

    log_to_stderr(logging.ERROR)
    run: Run | None = None
    try:
        with (
            interrupted_once(),
            closing(PrometheusServers()) as sources,
            Household(database, sources=sources) as house,
        ):
            if analysis is None:
                run = house.runs.get(resume or "")
            else:
                sources(analysis).scrape_interval(analysis, at=time.time())
                run = begin(house.runs, analysis, mark=mark, started_at=started_at, now=time.time())
            house.start()
            watched = Watch(house.runs, run)
            _show(watched)
            return _told(watched, house.runs, output)
    except KeyboardInterrupt:
        click.echo(_interrupted(run, database), err=True)
        return INTERRUPTED


def _show(watched: Watch) -> None:
    from judge.cli.live.screen import Screen, console_on

    run = watched.run
    footer = f"run {run.id}; Ctrl-C interrupts, the same command goes on"
    with Screen([watched.board], console=console_on(sys.stderr), footer=footer) as screen:
        watched.follow(screen)
        missing = watched.deliver(screen)
    for one in missing:
        click.echo(one, err=True)


def _told(watched: Watch, runs: Runs, output: str) -> int:
    """Print the verdict; the exit code that it has."""
    from judge.cli.render import render
    from judge.cli.run_report import EXIT_CODES
    from judge.verdict.verdict import from_document

    run = runs.get(watched.run.id)
    if run.verdict is None or (watched.board.cancelled and not watched.board.decided):
        click.echo(f"run {run.id} was cancelled; it has no verdict", err=True)
        return COULD_NOT_JUDGE
    click.echo(render(from_document(run.verdict), run.analysis, output))
    if watched.blind:
        click.echo("Prometheus did not answer as needed, not once", err=True)
        return COULD_NOT_JUDGE
    return EXIT_CODES[run.verdict["verdict"]]


def _interrupted(run: Run | None, database: str) -> str:
    if run is None:
        return "interrupted before a run was started"
    same = again(*sys.argv[1:])
    later = again("watch", "--resume", run.id, "--database", database)
    return (
        f"interrupted; run {run.id} is unfinished. This goes on from where it was:\n  {same}\n"
        f"and so does this, whenever:\n  {later}"
    )
