"""``judge verdict``: judge a window of a rollout once, from its Prometheus.

Exit codes: 0 pass, 1 fail, 2 usage or configuration, 3 inconclusive, 4 could not judge, or could
not do what the verdict sets off; 130 interrupted.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from judge.cli.assignments import set_option
from judge.cli.ci.reaction import Reactions, reaction_options
from judge.cli.ci.reports import Reports, Said, report_options
from judge.cli.ci.step import Step
from judge.cli.ci.window import Asked
from judge.cli.moments import duration, moment
from judge.cli.sequences import check_form, document_by_look, render_by_look, sequence_option
from judge.verdict.verdict import Verdict, document

if TYPE_CHECKING:
    from judge.runs.once import Judged
    from judge.spec.resolved import ResolvedAnalysis

OUTPUTS = ("text", "json", "junit", "markdown")


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--at",
    callback=moment,
    metavar="TIME",
    help="Where the window ends; by default now, once settled.",
)
@click.option(
    "--started-at",
    callback=moment,
    metavar="TIME",
    help="Where the rollout began, in place of --at: the window is what a run would look at.",
)
@click.option(
    "--lookback",
    callback=duration,
    metavar="DURATION",
    help="How long the window is, as 30m; by default the analysis's duration.",
)
@click.option(
    "--wait",
    is_flag=True,
    help="Wait for the window's end and its samples, then judge. Without --at and --started-at "
    "the rollout begins now.",
)
@click.option(
    "--timeout",
    callback=duration,
    metavar="DURATION",
    help="With --wait: give up after this long, as 45m, with exit code 3.",
)
@set_option
@click.option("--prometheus", metavar="URL", help="Ask this server instead of the analysis's.")
@click.option("--output", type=click.Choice(OUTPUTS), default="text", show_default=True)
@report_options
@sequence_option
@click.option(
    "--evidence-out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the evidence bundle there (gzipped where it ends in .gz), for judge replay.",
)
@reaction_options
def verdict(
    file: Path,
    at: float | None,
    started_at: float | None,
    lookback: float | None,
    wait: bool,
    timeout: float | None,
    variables: Mapping[str, str],
    prometheus: str | None,
    output: str,
    reports: Reports,
    reactions: Reactions,
    sequence: bool,
    evidence_out: Path | None,
) -> None:
    """Judge a window once with the analysis in FILE (YAML or JSON).

    The window is over, or waited for with --wait.

    Exit codes: 0 pass, 1 fail, 2 usage or configuration, 3 inconclusive, 4 could not judge or not
    do what the verdict sets off, 130 interrupted.
    """
    from judge.cli.analysis_file import read_analysis
    from judge.cli.interruption import interrupted_once

    check_form(output, sequence=sequence)
    asked = Asked(at, started_at, lookback, wait, timeout)
    step = Step(file.stem, reports, reactions, file=str(file))
    with interrupted_once(), step.guarded():
        _check_folder(evidence_out)
        analysis = read_analysis(file, variables=variables, prometheus=prometheus)
        asked.check(analysis, now=time.time())
        judged = _judged(analysis, asked, by_look=sequence or evidence_out is not None)
        if isinstance(judged, Verdict):
            click.echo(render_by_look(judged, (), analysis, output))
            sys.exit(step.conclude(Said(judged, analysis, document(judged))))
        if evidence_out is not None and _write_evidence(evidence_out, judged):
            step.evidence = evidence_out
        told = judged.told if sequence else ()
        click.echo(render_by_look(judged.verdict, told, judged.analysis, output))
        said = Said(judged.verdict, judged.analysis, document_by_look(judged.verdict, told))
        sys.exit(step.conclude(said))


def _judged(analysis: ResolvedAnalysis, asked: Asked, *, by_look: bool) -> Judged | Verdict:
    """What was judged once the window was over, or what is said where it was not waited for."""
    from judge.cli.ci.window import PATIENCE, not_yet, patiently, wait_until
    from judge.runs.once import judge_window, settled
    from judge.runs.run import settling_delay
    from judge.sources.prometheus import prometheus_source

    now, patience = time.time(), 0.0
    with prometheus_source(analysis.prometheus) as source:
        end = asked.end(analysis, now=now)
        if asked.wait and end is not None:
            # Asked at the start, so that a wait for a Prometheus out of reach is not begun.
            scrape = source.scrape_interval(analysis, at=now)
            ready = end + settling_delay(analysis, scrape)
            if not wait_until(ready, timeout=asked.timeout):
                return not_yet(analysis, ready, asked.timeout or 0.0)
            patience = PATIENCE if asked.timeout is None else min(PATIENCE, asked.timeout)
        if end is None:
            end = settled(analysis, source, now=now)
        judge = partial(
            judge_window, analysis, source, end=end, lookback=asked.lookback, by_look=by_look
        )
        return patiently(judge, patience=patience)


def _check_folder(path: Path | None) -> None:
    """Say early that the evidence has no place to be written to."""
    if path is not None and not path.resolve().parent.is_dir():
        raise click.BadParameter(
            f"{path} cannot be written: its folder is not there", param_hint="--evidence-out"
        )


def _write_evidence(path: Path, judged: Judged) -> bool:
    """Whether it could be written; the verdict stands without it."""
    import gzip
    import json

    from judge.sources.recording import bundle_document

    bundle = bundle_document(
        judged.analysis, judged.history, judged.intervals, [document(one) for one in judged.told]
    )
    data = json.dumps(bundle, allow_nan=False).encode()
    try:
        path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    except OSError as error:
        click.echo(f"--evidence-out: {path} cannot be written: {error.strerror}", err=True)
        return False
    return True
