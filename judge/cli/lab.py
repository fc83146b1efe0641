"""``judge lab``: how often the judge and its peers are wrong, on simulated rollouts."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from judge.cli import lab_plans
from judge.errors import Issue, SpecError
from judge.lab import bench, figures, tables
from judge.lab.document import document, tallies_of
from judge.lab.judging_cost import judging_cost
from judge.lab.look_cost import look_cost
from judge.lab.page import page as lab_page
from judge.lab.ranks_cost import ranks_costs
from judge.lab.rollouts import Scenario
from judge.lab.scenarios import SCENARIOS, chosen

ROLLOUTS = 5000
QUICK_ROLLOUTS = 200
FILE_WIDTH = 152


@click.command()
@click.option(
    "--rollouts", type=click.IntRange(min=1), help=f"Simulated rollouts a cell.  [{ROLLOUTS}]"
)
@click.option("--quick", is_flag=True, help=f"{QUICK_ROLLOUTS} rollouts: a few minutes.")
@click.option("--scenario", "names", multiple=True, help="Only this one; may be repeated.")
@click.option("--list", "listing", is_flag=True, help="List the scenarios and end.")
@click.option("--figures", "costs", is_flag=True, help="Measure what judging costs, and end.")
@click.option(
    "--plans", is_flag=True, help="Hold judge plan's times against measured ones, and end."
)
@click.option("--jobs", type=click.IntRange(1, 64), default=2, show_default=True)
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True)
@click.option("--output", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option(
    "--json-out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the document here too, scenario by scenario.",
)
@click.option(
    "--page",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write a page with plots here, scenario by scenario.",
)
@click.option("--resume", is_flag=True, help="Go on where the file of --json-out ends.")
def lab(
    rollouts: int | None,
    quick: bool,
    names: tuple[str, ...],
    listing: bool,
    costs: bool,
    plans: bool,
    jobs: int,
    seed: int,
    output: str,
    json_out: Path | None,
    page: Path | None,
    resume: bool,
) -> None:
    """Measure the judge and its peers on simulated rollouts.

    The figures depend on the seed and the number of rollouts, not on the number of jobs.
    """
    if listing:
        _list(output)
    elif costs:
        _costs(output)
    elif plans:
        lab_plans.plans(names, rollouts=rollouts or lab_plans.ROLLOUTS, seed=seed, output=output)
    else:
        count = rollouts or (QUICK_ROLLOUTS if quick else ROLLOUTS)
        files = _Files(json_out, page)
        plan = bench.Plan(chosen(names), count, seed)
        _measure(plan, jobs, output, files, files.before(plan) if resume else {})


@dataclass(frozen=True, slots=True)
class _Files:
    """Where the document and the page go, as they grow; None for nowhere."""

    json: Path | None
    page: Path | None

    def before(self, plan: bench.Plan) -> bench.Tallies:
        """What was measured before; nothing where there is no file yet."""
        if self.json is None:
            message = "needs the file to go on from; name it with --json-out"
            raise SpecError([Issue("--resume", message)])
        if not self.json.exists():
            return {}
        try:
            return tallies_of(json.loads(self.json.read_text()), plan)
        except (ValueError, LookupError, TypeError, AttributeError) as exc:
            message = f"{self.json} is no document of the lab; remove it, or name another"
            raise SpecError([Issue("--json-out", message)]) from exc

    def write(self, found: dict[str, Any]) -> None:
        """At once: a reader never finds half a file."""
        if self.json is not None:
            _replace(self.json, json.dumps(found))
        if self.page is not None:
            _replace(self.page, lab_page(found))


def _replace(path: Path, text: str) -> None:
    beside = path.with_name(path.name + ".part")
    beside.write_text(text)
    os.replace(beside, path)


def _list(output: str) -> None:
    if output == "json":
        click.echo(json.dumps({name: one.law for name, one in SCENARIOS.items()}))
        return
    for name, one in SCENARIOS.items():
        click.echo(f"{name:20} {one.law}")


def _costs(output: str) -> None:
    with Console(stderr=True).status("Judging 1,000 bundles, and a run look by look"):
        costs = figures.replay_cost(), look_cost(), judging_cost()
        ranks = ranks_costs()
    if output == "json":
        click.echo(json.dumps(figures.document(*costs, *ranks)))
    else:
        click.echo("\n".join(map(str, (*costs, *ranks))))


def _measure(
    plan: bench.Plan, jobs: int, output: str, files: _Files, before: bench.Tallies
) -> None:
    console = _console()
    done = [one for one in plan.scenarios if tables.by_name(one, before)]
    tallies = dict(before)
    with _progress() as progress:
        bar = _bar(progress, plan)
        for scenario in done:
            bar.advance(scenario, bench.sizes(scenario, plan.rollouts).rollouts)
            _show(plan, scenario, tallies, console if output == "text" else None, progress)
        for scenario, found in _measured(plan, done, jobs, bar):
            tallies |= found
            _show(plan, scenario, found, console if output == "text" else None, progress)
            files.write(document(plan, tallies))
    whole = document(plan, tallies)
    files.write(whole)
    if output == "json":
        click.echo(json.dumps(whole))
        return
    said = [one["said"] for one in whole["breaches"]]
    console.print("\n".join(["Not reached:", *said] if said else ["Every promise is kept."]))


def _measured(
    plan: bench.Plan, done: list[Scenario], jobs: int, bar: _Bar
) -> Iterator[tuple[Scenario, bench.Tallies]]:
    """The tallies of each scenario, when all of its parts are done."""
    left = tuple(one for one in plan.scenarios if one not in done)
    found: dict[str, bench.Tallies] = {one.name: {} for one in left}
    missing = {one.name: bench.sizes(one, plan.rollouts).histories for one in left}
    for part, more in bench.run(replace(plan, scenarios=left), jobs=jobs):
        name = part.scenario.name
        bench.add(found[name], more)
        missing[name] -= part.sizes.histories
        bar.advance(part.scenario, part.sizes.rollouts)
        if not missing[name]:
            yield part.scenario, found.pop(name)


def _show(
    plan: bench.Plan,
    scenario: Scenario,
    tallies: bench.Tallies,
    console: Console | None,
    progress: Progress,
) -> None:
    if console is not None:
        progress.stop()
        console.print(tables.table(plan, scenario, tallies))
        progress.start()


@dataclass(frozen=True, slots=True)
class _Bar:
    """Progress in rollouts."""

    progress: Progress
    task: TaskID

    def advance(self, scenario: Scenario, rollouts: int) -> None:
        """So many more are done."""
        self.progress.update(self.task, advance=rollouts, description=scenario.name)


def _bar(progress: Progress, plan: bench.Plan) -> _Bar:
    whole = sum(bench.sizes(one, plan.rollouts).rollouts for one in plan.scenarios)
    return _Bar(progress, progress.add_task("", total=whole))


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
