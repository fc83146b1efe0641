"""``judge backtest``: the analysis replayed on the past, before it is trusted with a release.

Exit codes: 0 done, 2 usage or configuration, 4 nothing could be judged; 130 interrupted: the same
command goes on from where it was.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from judge.cli.assignments import set_option
from judge.cli.backtesting.inputs import (
    duration_option,
    is_bundle,
    moment_option,
    moments_option,
    recorded,
    rollouts_in,
    since_of,
)

if TYPE_CHECKING:
    from judge.runs.backtest.backtest import Backtested, Wanted
    from judge.runs.backtest.windows import Plan
    from judge.sources.source import Source
    from judge.spec.resolved import ResolvedAnalysis

SINCE = "7d"
EARLIEST = 1.3e9  # Unix seconds: what lies before was meant otherwise, as a number of days say
COULD_NOT_JUDGE = 4
_OUTPUTS = ("text", "json", "markdown")


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--since",
    metavar="DURATION|TIME",
    help=f"From when on: 7d before the end, or a time.  [default: {SINCE}; all of a bundle]",
)
@click.option(
    "--until", callback=moment_option, metavar="TIME", help="Up to when; by default now, settled."
)
@click.option(
    "--every",
    callback=duration_option,
    metavar="DURATION",
    help="How far apart runs begin.  [default: 1h, or a run's length where that is longer]",
)
@click.option(
    "--recalibrate",
    callback=duration_option,
    metavar="DURATION",
    help="For how long runs share a calibration.  [default: 4h]",
)
@click.option(
    "--canary-pods",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="How many pods play the canary at once.",
)
@click.option(
    "--splits",
    type=click.IntRange(min=1),
    default=10,
    show_default=True,
    help="In how many splits of a run's pods, at most.",
)
@click.option(
    "--rollout",
    "rollouts",
    multiple=True,
    callback=moments_option,
    metavar="TIME",
    help="When a rollout began: judge that one too. Repeatable.",
)
@click.option(
    "--rollouts",
    "rollouts_file",
    type=click.Path(path_type=Path),
    help="A file of such times, one a line.",
)
@click.option("--find-rollouts", is_flag=True, help="Judge those that Prometheus knows of.")
@click.option("--prometheus", metavar="URL", help="Ask this server instead of the analysis's.")
@set_option
@click.option(
    "--state",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Keep what was found there, to go on from.  [default: a file in ~/.local/state/judge, "
    "until the backtest is done]",
)
@click.option("--output", type=click.Choice(_OUTPUTS), default="text", show_default=True)
def backtest(file: Path, state: Path | None, output: str, **options: Any) -> None:
    """Replay the analysis in FILE (YAML or JSON) on its service's past.

    FILE may also be an evidence bundle: its history is gone over then. Good releases are pods of
    the baseline that play the canary against the others. Interrupted, the same command goes on.

    Exit codes: 0 done, 2 usage or configuration, 4 nothing could be judged, 130 interrupted.
    """
    from judge.cli.backtesting.document import document
    from judge.cli.backtesting.report import markdown, text
    from judge.cli.interruption import INTERRUPTED, interrupted_once

    try:
        with interrupted_once():
            found = _backtested(file, state, options)
    except KeyboardInterrupt:
        click.echo("interrupted; the same command goes on from here", err=True)
        sys.exit(INTERRUPTED)
    forms: dict[str, Callable[[Backtested], str]] = {
        "text": text,
        "markdown": markdown,
        "json": lambda one: json.dumps(document(one), allow_nan=False),
    }
    click.echo(forms[output](found))
    if not (found.figures and found.figures.judged) and not any(
        one.outcome for one in found.rollouts
    ):
        sys.exit(COULD_NOT_JUDGE)


def _backtested(file: Path, state: Path | None, options: Mapping[str, Any]) -> Backtested:
    from judge.runs.backtest.backtest import Wanted

    given = list(options["rollouts"])
    if options["rollouts_file"] is not None:
        given += rollouts_in(options["rollouts_file"])
    wanted = Wanted(tuple(sorted(set(given))), options["find_rollouts"])
    if is_bundle(file):
        return _of_bundle(file, state, options, wanted)
    return _of_prometheus(file, state, options, wanted)


def _of_bundle(
    file: Path, state: Path | None, options: Mapping[str, Any], wanted: Wanted
) -> Backtested:
    if wanted.any or options["variables"] or options["prometheus"]:
        raise click.UsageError(
            "a bundle has no rollouts, variables or server; leave out --rollout, --rollouts, "
            "--find-rollouts, --set and --prometheus, or give an analysis"
        )
    past = recorded(file)
    until = past.end if options["until"] is None else options["until"]
    steps = round((past.end - until) / past.analysis.interval)
    until = past.end - max(steps, 0) * past.analysis.interval
    since = past.start if options["since"] is None else since_of(options["since"], until)

    def plan() -> Plan:
        return _plan(past.analysis, options, since=since, until=until)

    return _run(past.analysis, past.source, state, options, wanted, plan)


def _of_prometheus(
    file: Path, state: Path | None, options: Mapping[str, Any], wanted: Wanted
) -> Backtested:
    from judge.cli.analysis_file import read_analysis
    from judge.cli.backtesting.words import stamp
    from judge.runs.once import settled
    from judge.sources.prometheus import prometheus_source

    analysis = read_analysis(file, variables=options["variables"], prometheus=options["prometheus"])
    with prometheus_source(analysis.prometheus) as source:

        def plan() -> Plan:
            now = time.time()
            until = options["until"]
            if until is not None and until > now:
                raise click.BadParameter("lies in the future", param_hint="--until")
            if until is None:
                until = settled(analysis, source, now=now) // analysis.interval * analysis.interval
            since = since_of(options["since"] or SINCE, until)
            if since < EARLIEST:
                raise click.BadParameter(
                    f"{options['since']!r} lies before {stamp(EARLIEST)}, when there was no "
                    "Prometheus; write a duration such as 7d, or a time",
                    param_hint="--since",
                )
            return _plan(analysis, options, since=since, until=until)

        return _run(analysis, source, state, options, wanted, plan)


def _plan(
    analysis: ResolvedAnalysis, options: Mapping[str, Any], *, since: float, until: float
) -> Plan:
    from judge.runs.backtest.windows import RECALIBRATED, Plan, usual_every, windows
    from judge.spec.units import format_duration

    if options["every"] == 0:
        raise click.BadParameter(
            "is 0; write how far apart runs begin, as 1h", param_hint="--every"
        )
    found = Plan(
        since=since,
        until=until,
        every=options["every"] or usual_every(analysis),
        recalibrated=RECALIBRATED if options["recalibrate"] is None else options["recalibrate"],
        playing=options["canary_pods"],
        splits=options["splits"],
    )
    if not windows(analysis, found):
        run = format_duration(analysis.warmup + analysis.all_looks * analysis.interval)
        raise click.BadParameter(
            f"no whole run ({run}, warm-up included) fits between it and the end; begin earlier",
            param_hint="--since",
        )
    return found


def _run(
    analysis: ResolvedAnalysis,
    source: Source,
    state: Path | None,
    options: Mapping[str, Any],
    wanted: Wanted,
    plan: Callable[[], Plan],
) -> Backtested:
    """Run it, or go on with it; what only served that is taken away when it is done."""
    from judge import __version__
    from judge.runs.backtest.backtest import backtest as run
    from judge.runs.backtest.backtest import check_judge
    from judge.runs.backtest.journal import Journal, fingerprint

    check_judge(analysis)
    said = {
        name: str(options[name])
        for name in ("since", "until", "every", "recalibrate", "canary_pods", "splits")
    }
    said |= {"rollouts": repr(wanted), "version": __version__}
    mark = fingerprint(analysis, said)
    path = state or _default_state(mark)
    with Journal(path, mark) as journal:
        begun = journal.plan
        if begun is not None:
            click.echo(f"going on with the backtest in {path}", err=True)
        planned = begun or plan()
        _check_given(wanted, planned)
        if begun is None:
            journal.begin(planned)
        with _progress() as progress:
            found = run(
                analysis,
                source,
                planned,
                journal,
                wanted=wanted,
                now=time.time(),
                progress=progress,
            )
        journal.forget_samples()
        if state is None:
            journal.remove()
    return found


def _check_given(wanted: Wanted, plan: Plan) -> None:
    from judge.cli.backtesting.words import stamp

    for at in wanted.given:
        if not plan.since <= at < plan.until:
            raise click.BadParameter(
                f"{stamp(at)} UTC does not lie between {stamp(plan.since)} and "
                f"{stamp(plan.until)}; begin earlier with --since, or end later with --until",
                param_hint="--rollout",
            )


def _default_state(mark: str) -> Path:
    """A file for the command with this fingerprint, in the user's state folder."""
    import os

    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state) / "judge" / f"backtest-{mark}.jsonl"


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None]]:
    """A bar on standard error, where that is a terminal."""
    if not sys.stderr.isatty():
        yield lambda done, whole: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    ) as bar:
        task = bar.add_task("replaying the past", total=None)
        yield lambda done, whole: bar.update(task, completed=done, total=whole)
