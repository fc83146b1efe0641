"""``judge lab``: how often the judge and its peers are wrong, on simulated rollouts."""

from __future__ import annotations

import json
import sys

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from judge.lab import bench, figures, tables
from judge.lab.judging_cost import judging_cost
from judge.lab.look_cost import look_cost
from judge.lab.scenarios import SCENARIOS, chosen

ROLLOUTS = 2000
QUICK_ROLLOUTS = 200
FILE_WIDTH = 132


@click.command()
@click.option(
    "--rollouts", type=click.IntRange(min=1), help=f"Simulated rollouts a cell.  [{ROLLOUTS}]"
)
@click.option("--quick", is_flag=True, help=f"{QUICK_ROLLOUTS} rollouts, without calibration.")
@click.option("--scenario", "names", multiple=True, help="Only this one; may be repeated.")
@click.option("--list", "listing", is_flag=True, help="List the scenarios and end.")
@click.option("--figures", "costs", is_flag=True, help="Measure what judging costs, and end.")
@click.option("--jobs", type=click.IntRange(1, 64), default=2, show_default=True)
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True)
@click.option("--output", type=click.Choice(["text", "json"]), default="text", show_default=True)
def lab(
    rollouts: int | None,
    quick: bool,
    names: tuple[str, ...],
    listing: bool,
    costs: bool,
    jobs: int,
    seed: int,
    output: str,
) -> None:
    """Measure the judge and its peers on simulated rollouts.

    The figures depend on the seed and the number of rollouts, not on the number of jobs.
    """
    if listing:
        _list(output)
    elif costs:
        _costs(output)
    else:
        count = rollouts or (QUICK_ROLLOUTS if quick else ROLLOUTS)
        plan = bench.Plan(chosen(names), count, seed, calibrated=not quick)
        _measure(plan, jobs, output)


def _list(output: str) -> None:
    if output == "json":
        click.echo(json.dumps({name: one.law for name, one in SCENARIOS.items()}))
        return
    for name, one in SCENARIOS.items():
        click.echo(f"{name:20} {one.law}")


def _costs(output: str) -> None:
    with Console(stderr=True).status("Judging 1,000 bundles, and a run look by look"):
        costs = figures.replay_cost(), look_cost(), judging_cost()
    if output == "json":
        click.echo(json.dumps(figures.document(*costs)))
    else:
        click.echo("\n".join(map(str, costs)))


def _measure(plan: bench.Plan, jobs: int, output: str) -> None:
    console = _console()
    tallies: bench.Tallies = {}
    left = {scenario.name: plan.rollouts for scenario in plan.scenarios}
    with _progress() as progress:
        task = progress.add_task("", total=plan.rollouts * len(plan.scenarios))
        for part, more in bench.run(plan, jobs=jobs):
            bench.add(tallies, more)
            left[part.scenario] -= part.rollouts
            progress.update(task, advance=part.rollouts, description=part.scenario)
            if output == "text" and not left[part.scenario]:
                progress.stop()
                console.print(tables.table(plan, SCENARIOS[part.scenario], tallies))
                progress.start()
    if output == "json":
        click.echo(json.dumps(tables.document(plan, tallies)))
    else:
        found = tables.breaches(plan, tallies)
        lines = ["Broken promises:", *found] if found else ["No promise is broken."]
        console.print("\n".join(lines))


def _console() -> Console:
    """A terminal as wide as it is; a file as wide as a table."""
    return Console() if sys.stdout.isatty() else Console(width=FILE_WIDTH)


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description:18}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
