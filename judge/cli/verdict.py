"""``judge verdict``: judge a finished window of a rollout once, from its Prometheus.

Exit codes: 0 pass, 1 fail, 2 usage or configuration, 3 inconclusive, 4 could not judge.
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
from judge.cli.sequences import check_form, render_by_look, sequence_option
from judge.spec.units import UnitError, parse_duration
from judge.verdict.verdict import Outcome

if TYPE_CHECKING:
    from judge.runs.once import Judged

EXIT_CODES = {Outcome.PASS: 0, Outcome.FAIL: 1, Outcome.INCONCLUSIVE: 3}
OUTPUTS = ("text", "json", "junit", "markdown")


def _moment(ctx: click.Context, param: click.Parameter, value: str | None) -> float | None:
    """Unix seconds of a time: written so, or as ISO 8601, in UTC where it names no zone."""
    if value is None:
        return None
    try:
        at = float(value) if value.replace(".", "", 1).isdecimal() else _iso(value)
    except ValueError as error:
        raise click.BadParameter(
            f"{value!r} is no time; write 2026-05-04T12:30:00Z or Unix seconds"
        ) from error
    if not 0 <= at <= time.time():
        raise click.BadParameter(f"{value!r} is not in the past; a window must be finished")
    return at


def _duration(ctx: click.Context, param: click.Parameter, value: str | None) -> float | None:
    """Seconds of a duration such as 30m."""
    if value is None:
        return None
    try:
        return parse_duration(value)
    except UnitError as error:
        raise click.BadParameter(str(error)) from error


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--at",
    callback=_moment,
    metavar="TIME",
    help="Where the window ends; by default now, once settled.",
)
@click.option(
    "--lookback",
    callback=_duration,
    metavar="DURATION",
    help="How long the window is, as 30m; by default the analysis's duration.",
)
@set_option
@click.option("--prometheus", metavar="URL", help="Ask this server instead of the analysis's.")
@click.option("--output", type=click.Choice(OUTPUTS), default="text", show_default=True)
@sequence_option
@click.option(
    "--evidence-out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the evidence bundle there (gzipped where it ends in .gz), for judge replay.",
)
def verdict(
    file: Path,
    at: float | None,
    lookback: float | None,
    variables: Mapping[str, str],
    prometheus: str | None,
    output: str,
    sequence: bool,
    evidence_out: Path | None,
) -> None:
    """Judge a finished window with the analysis in FILE (YAML or JSON).

    Exit codes: 0 pass, 1 fail, 2 usage or configuration, 3 inconclusive, 4 could not judge.
    """
    from judge.cli.analysis_file import read_analysis
    from judge.runs.once import judge_window, settled
    from judge.sources.prometheus import prometheus_source

    check_form(output, sequence=sequence)
    analysis = read_analysis(file, variables=variables, prometheus=prometheus)
    if lookback is not None and lookback < analysis.interval:
        raise click.BadParameter(
            f"shorter than one interval of the analysis ({analysis.interval:g} s)",
            param_hint="--lookback",
        )
    with prometheus_source(analysis.prometheus) as source:
        end = settled(analysis, source, now=time.time()) if at is None else at
        by_look = sequence or evidence_out is not None
        judged = judge_window(analysis, source, end=end, lookback=lookback, by_look=by_look)
    if evidence_out is not None:
        _write_evidence(evidence_out, judged)
    told = judged.told if sequence else ()
    click.echo(render_by_look(judged.verdict, told, judged.analysis, output))
    sys.exit(EXIT_CODES[judged.verdict.verdict])


def _write_evidence(path: Path, judged: Judged) -> None:
    import gzip
    import json

    from judge.sources.recording import bundle_document
    from judge.verdict.verdict import document

    bundle = bundle_document(
        judged.analysis, judged.history, judged.intervals, [document(one) for one in judged.told]
    )
    data = json.dumps(bundle, allow_nan=False).encode()
    try:
        path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    except OSError as error:
        raise click.BadParameter(
            f"cannot be written: {error}", param_hint="--evidence-out"
        ) from error


def _iso(text: str) -> float:
    at = datetime.fromisoformat(text)
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
