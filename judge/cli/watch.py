"""``judge watch``: a whole run in the terminal, live, by a daemon of its own.

Exit codes: 0 pass, 1 fail, 2 usage or configuration, 3 inconclusive or not decided in time, 4 could
not judge, or could not do what the verdict sets off; 130 where it was interrupted: the run is
unfinished then, and can be gone on with.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from judge.cli.assignments import set_option
from judge.cli.ci.reaction import Reactions, reaction_options
from judge.cli.ci.reports import Reports, Said, report_options
from judge.cli.ci.step import Step
from judge.cli.invocation import again
from judge.cli.moments import duration, moment

if TYPE_CHECKING:
    from judge.cli.household import Household
    from judge.cli.watching import Wanted, Watch
    from judge.store.run import Run
    from judge.verdict.verdict import Verdict

_OUTPUTS = ("text", "json", "junit", "markdown")


@click.command()
@click.argument("file", required=False, type=click.Path(path_type=Path))
@set_option
@click.option("--prometheus", metavar="URL", help="Ask this server instead of the analysis's.")
@click.option(
    "--started-at",
    callback=moment,
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
@click.option(
    "--timeout",
    callback=duration,
    metavar="DURATION",
    help="Give up after this long, as 45m, with exit code 3; the run is unfinished then.",
)
@click.option("--output", type=click.Choice(_OUTPUTS), default="text", show_default=True)
@report_options
@reaction_options
def watch(
    file: Path | None,
    variables: Mapping[str, str],
    prometheus: str | None,
    started_at: float | None,
    database: str | None,
    resume: str | None,
    timeout: float | None,
    output: str,
    reports: Reports,
    reactions: Reactions,
) -> None:
    """Watch a rollout with the analysis in FILE (YAML or JSON), from now to its verdict.

    Needs no server: the daemon runs in this process, and delivers the webhooks of the analysis.
    With keepWatching it follows a run that has passed to the end of that time.
    Ctrl-C interrupts; the same command goes on from where it was, until the run's time is over.
    The picture is on standard error, the verdict on standard output.

    Exit codes: 0 pass, 1 fail, 2 usage or configuration, 3 inconclusive, 4 could not judge or not
    do what the verdict sets off, 130 interrupted.
    """
    from judge.cli.analysis_file import read_analysis
    from judge.cli.interruption import INTERRUPTED, interrupted_once
    from judge.cli.watching import Wanted, default_database, fingerprint

    if (file is None) == (resume is None):
        raise click.UsageError("give the FILE of an analysis, or --resume RUN --database URL")
    if resume is not None and database is None:
        raise click.UsageError("--resume needs the --database in which the run is")
    step = Step(file.stem if file else f"run {resume}", reports, reactions, file=str(file or ""))
    try:
        with interrupted_once(), step.guarded():
            if file is None:
                wanted = Wanted(database or "", resume=resume)
            else:
                analysis = read_analysis(file, variables=variables, prometheus=prometheus)
                mark = fingerprint(analysis, started_at)
                place = database or default_database(mark)
                wanted = Wanted(place, analysis=analysis, mark=mark, started_at=started_at)
            sys.exit(_run(wanted, step, timeout=timeout, output=output))
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


def _run(wanted: Wanted, step: Step, *, timeout: float | None, output: str) -> int:
    """Take the run to its end and print its verdict; the exit code."""
    import logging
    from contextlib import closing

    from judge.cli.household import Household, log_to_stderr
    from judge.cli.watching import Watch
    from judge.sources.servers import PrometheusServers

    log_to_stderr(logging.ERROR)
    run: Run | None = None
    try:
        with (
            closing(PrometheusServers()) as sources,
            Household(wanted.database, sources=sources) as house,
        ):
            if wanted.analysis is not None:
                sources(wanted.analysis).scrape_interval(wanted.analysis, at=time.time())
            run = wanted.run(house.runs, now=time.time())
            step.name, step.ledger = f"{run.namespace}/{run.name}", house.commands
            house.start()
            watched = Watch(house.runs, run, passed=lambda run: _passed(run, step))
            ended = _show(watched, timeout)
            return _told(watched, house, step, output, timeout=None if ended else timeout)
    except KeyboardInterrupt:
        if not step.concluded:
            click.echo(_interrupted(run, wanted.database), err=True)
        raise


def _show(watched: Watch, timeout: float | None) -> bool:
    """Show the run and then what it sets off; whether it has ended in time."""
    from judge.cli.live.screen import Screen, console_on

    run = watched.run
    footer = f"run {run.id}; Ctrl-C interrupts, the same command goes on"
    missing: list[str] = []
    with Screen([watched.board], console=console_on(sys.stderr), footer=footer) as screen:
        ended = watched.follow(screen, timeout=timeout)
        if ended:
            missing = watched.deliver(screen)
    for one in missing:
        click.echo(one, err=True)
    return ended


def _passed(run: Run, step: Step) -> None:
    """Carry out what a pass sets off while the run is watched on; its end tells how that went."""
    from judge.verdict.verdict import from_document

    if run.verdict is not None:
        said = Said(from_document(run.verdict), run.analysis, run.verdict)
        step.react(said, run=run.id, held=run.held)


def _told(
    watched: Watch, house: Household, step: Step, output: str, *, timeout: float | None
) -> int:
    """Print the verdict; the exit code that it has. ``timeout``: it was not decided in that."""
    from judge.cli.render import render
    from judge.store.run import RunState
    from judge.verdict.verdict import document, from_document

    run = house.runs.get(watched.run.id)
    if watched.board.cancelled and not watched.board.decided:
        return step.no_verdict(f"run {run.id} was cancelled; it has no verdict")
    decided = run.state in (RunState.DONE, RunState.WATCHING, RunState.CANCELLED)
    if timeout is not None:
        click.echo(_given_up(run, timeout, house.database), err=True)
    if decided and run.verdict is not None:
        verdict, written = from_document(run.verdict), run.verdict
    else:
        verdict = _so_far(run, timeout or 0.0)
        written = document(verdict)
    click.echo(render(verdict, run.analysis, output))
    said = Said(verdict, run.analysis, written)
    if watched.blind:
        return step.could_not(said, "Prometheus did not answer as needed, not once")
    return step.conclude(said, run=run.id, held=run.held, decided=decided)


def _so_far(run: Run, timeout: float) -> Verdict:
    """What is said of a run that was given up."""
    import dataclasses

    from judge.spec.units import format_duration
    from judge.verdict.promise import unmeasured
    from judge.verdict.verdict import Outcome, Verdict, from_document

    looks = f"{run.next_index} of {run.analysis.all_looks} looks"
    reason = f"not decided after {format_duration(timeout)}, {looks}"
    if run.verdict is None:
        return Verdict(Outcome.INCONCLUSIVE, reason, None, unmeasured(run.analysis))
    seen = from_document(run.verdict)
    return dataclasses.replace(seen, reason=f"{reason}: {seen.reason}")


def _given_up(run: Run, timeout: float, database: str) -> str:
    from judge.spec.units import format_duration

    return f"given up after {format_duration(timeout)}; {_go_on(run, database)}"


def _interrupted(run: Run | None, database: str) -> str:
    if run is None:
        return "interrupted before a run was started"
    return f"interrupted; {_go_on(run, database)}"


def _go_on(run: Run, database: str) -> str:
    same = again(*sys.argv[1:])
    later = again("watch", "--resume", run.id, "--database", database)
    return (
        f"run {run.id} is unfinished. This goes on from where it was:\n  {same}\n"
        f"and so does this, whenever:\n  {later}"
    )
