"""The lab's figures as people read them: a table a scenario, and what was not reached.

A cell says what share was rolled back and the median time it took, in minutes after the onset.
Where the release is good it is the share, its standard error and its upper 95 % bound, marked `!`
where the bound is above 1.3 times what was promised, and `✗` where chance does not explain that.
``proven`` are the good releases that passed proven by the end of the run, and by half an hour;
``wrongly`` the releases with the worst effect that were called proven at any look.
"""

from __future__ import annotations

import math

from rich import box
from rich.table import Table

from judge.lab import promises
from judge.lab.bench import Plan, Tallies, sizes
from judge.lab.contender import AnyContender
from judge.lab.contenders import contenders
from judge.lab.effects import GOOD, Effect, effect_name, is_good
from judge.lab.promises import Breach, ByEffect, ByName
from judge.lab.rollouts import Scenario
from judge.lab.shares import Share
from judge.lab.tally import Tally


def judges(scenario: Scenario) -> tuple[AnyContender, ...]:
    """Those who are measured on a scenario."""
    return tuple(one for one in contenders(scenario) if one.sees(scenario))


def by_name(scenario: Scenario, tallies: Tallies) -> ByName:
    """One scenario's tallies by contender and effect."""
    found: dict[str, dict[Effect, Tally]] = {}
    for cell, tally in tallies.items():
        if cell.scenario == scenario.name:
            found.setdefault(cell.contender, {})[cell.effect] = tally
    return found


def table(plan: Plan, scenario: Scenario, tallies: Tallies) -> Table:
    """One scenario's table, a row a contender."""
    size = sizes(scenario, plan.rollouts)
    title = (
        f"{scenario.name}: {scenario.law}\n{size.rollouts} rollouts after {size.histories} "
        f"histories; what is not promised on {size.histories * size.few}"
    )
    drawn = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD)
    drawn.add_column("% rolled back (minutes)")
    for effect in scenario.effects:
        drawn.add_column(effect_name(effect), justify="right")
    for heading in ("% proven", "by 30 min", "wrongly"):
        drawn.add_column(heading, justify="right")
    found = by_name(scenario, tallies)
    for one in judges(scenario):
        shown = [_shown(scenario, one, effect, tally) for effect, tally in found[one.name].items()]
        drawn.add_row(one.name, *shown, *_proven(scenario, one, found[one.name]))
    return drawn


def breaches(plan: Plan, tallies: Tallies) -> list[Breach]:
    """Every figure that this judge did not reach, of the scenarios that were measured."""
    return [
        breach
        for scenario in plan.scenarios
        for breach in promises.breaches(scenario, judges(scenario), by_name(scenario, tallies))
    ]


def _shown(scenario: Scenario, one: AnyContender, effect: Effect, tally: Tally) -> str:
    share = tally.rolled_back
    if is_good(effect, one.limit):
        return _held(share, promises.false_rollbacks_allowed(scenario, one, effect))
    minutes = tally.median(scenario.onset) * scenario.interval / 60.0
    return f"{_percent(share.value)} ({_minutes(minutes)})"


def _held(share: Share, promised: float | None) -> str:
    """A share that should be small, with its error and its bound."""
    text = f"{_percent(share.value)} ±{100 * share.standard_error:.1f}"
    if promised is None:
        return text
    text += f" <{100 * share.upper():.1f}"
    if promises.doubtless(share, promised):
        return f"[bold red]{text} ✗[/]"
    return text if promises.kept(share, promised) else f"[yellow]{text} ![/]"


def _proven(scenario: Scenario, one: AnyContender, found: ByEffect) -> tuple[str, str, str]:
    """Good releases that passed proven, at the end and by 30 min; and the worst ones that did."""
    good, bad = found[GOOD], found.get(one.worst)
    if good.proven is None:
        return "", "", ""
    minutes = good.early_median * scenario.interval / 60.0
    share = f"{_percent(good.proven.value)} ({_minutes(minutes)})"
    by = round(promises.PROVEN_BY_SECONDS / scenario.interval)
    in_time = _percent(good.shown_by(by))
    beta = promises.wrong_passes_allowed(scenario, one, one.worst)
    if bad is None or bad.shown is None or scenario.onset:
        return share, in_time, ""
    return share, in_time, _held(bad.shown, beta)


def _percent(share: float) -> str:
    return "100" if share == 1.0 else f"{100 * share:.1f}"


def _minutes(median: float) -> str:
    return "-" if math.isinf(median) else f"{median:.0f}"
