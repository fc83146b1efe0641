"""``judge plan``: what a run will see, from the service's own history, before anything is deployed.

Exit codes: 0 planned, 2 usage or configuration, or nothing to plan on, 4 Prometheus is out of
reach.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from judge.cli.assignments import set_option
from judge.cli.backtesting.inputs import is_bundle, moment_option
from judge.spec.units import UnitError, parse_share

if TYPE_CHECKING:
    from judge.verdict.planning.plan import Plan, Wish

MOST_PODS = 1000


def _share(_ctx: click.Context, _param: click.Parameter, text: str | None) -> float | None:
    """A share of the requests, such as 10%."""
    if text is None:
        return None
    try:
        share = parse_share(text)
    except UnitError as error:
        raise click.BadParameter(str(error)) from error
    if not 0.0 < share < 1.0:
        raise click.BadParameter(f"{text} leaves one track without requests; write it as 10%")
    return share


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--prometheus", metavar="URL", help="Ask this server instead of the analysis's.")
@click.option(
    "--at",
    callback=moment_option,
    metavar="TIME",
    help="When the run would begin; by default now, once settled.",
)
@click.option(
    "--canary-pods",
    type=click.IntRange(1, MOST_PODS),
    help="How many pods the canary will have; by default what its weight is worth, or one.",
)
@click.option(
    "--weight",
    callback=_share,
    metavar="SHARE",
    help="The canary's share of the requests; by default the analysis's, or one pod's.",
)
@set_option
@click.option("--output", type=click.Choice(["text", "json"]), default="text", show_default=True)
def plan(
    file: Path,
    prometheus: str | None,
    at: float | None,
    canary_pods: int | None,
    weight: float | None,
    variables: Mapping[str, str],
    output: str,
) -> None:
    """Plan the analysis in FILE (YAML or JSON, or an evidence bundle) on the service's history.

    How long until a regression is seen, the smallest that the run can see, whether a good release
    passes proven, and what one more canary pod or more traffic would buy.
    """
    from judge.cli.planning.document import document
    from judge.cli.planning.report import report
    from judge.verdict.planning.plan import Wish

    wish = Wish(canary_pods, weight)
    if is_bundle(file):
        if prometheus is not None or at is not None or variables:
            raise click.UsageError(
                "a bundle brings its history and variables: leave --prometheus, --at and --set out"
            )
        made = _recorded(file, wish)
    else:
        made = _asked(file, prometheus, at, variables, wish)
    click.echo(json.dumps(document(made)) if output == "json" else report(made))


def _recorded(file: Path, wish: Wish) -> Plan:
    from judge.runs.planning import plan_recorded
    from judge.sources.recording import read_bundle

    bundle = read_bundle(file)
    with _progress() as done:
        return plan_recorded(bundle.analysis, bundle.history, wish=wish, done=done)


def _asked(
    file: Path,
    prometheus: str | None,
    at: float | None,
    variables: Mapping[str, str],
    wish: Wish,
) -> Plan:
    from judge.cli.analysis_file import read_analysis
    from judge.runs import planning
    from judge.runs.once import settled
    from judge.sources.prometheus import prometheus_source

    analysis = read_analysis(file, variables=variables, prometheus=prometheus)
    with prometheus_source(analysis.prometheus) as source, _progress() as done:
        begins = settled(analysis, source, now=time.time()) if at is None else at
        return planning.plan(analysis, source, at=begins, wish=wish, done=done)


@contextmanager
def _progress() -> Iterator[Callable[[str, float], None]]:
    """A bar on the terminal, a metric at a time; nothing where nobody sees it."""
    if not sys.stderr.isatty():
        yield lambda _metric, _part: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = TextColumn("{task.description:24}"), BarColumn(), TimeElapsedColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("reading the history", total=1.0)

        def done(metric: str, part: float) -> None:
            progress.update(task, description=f"planning {metric}", completed=part)

        yield done
