"""The lab's figures as people and programs read them: a table a scenario, and a JSON document.

A cell says what share was rolled back and the median time it took, in minutes after the onset.
Where the release is good the share comes with its standard error, and is marked where it is above
what was promised (`!`, or `✗` where chance does not explain it). ``proven`` are the good
releases that passed proven by the end of the run (and the median minutes that it took), ``wrongly``
the releases with the worst effect that were called proven at any look.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from rich import box
from rich.table import Table

from judge.lab.bench import Cell, Plan, Tallies
from judge.lab.contender import BETA, AnyContender
from judge.lab.contenders import contenders
from judge.lab.effects import GOOD, Effect, effect_name, effect_value, is_good
from judge.lab.rollouts import Scenario
from judge.lab.tally import Tally, binomial_bounds

BEYOND_CHANCE = 0.998  # confidence of the interval that must lie above a promise to break it


def broken(one: AnyContender, effect: Effect, tally: Tally) -> bool:
    """Whether more good releases were rolled back than promised, beyond chance."""
    promised = one.alpha is not None and is_good(effect, one.limit)
    return promised and tally.bounds(BEYOND_CHANCE)[0] > (one.alpha or 0.0)


def table(plan: Plan, scenario: Scenario, tallies: Tallies) -> Table:
    """One scenario's table, a row a contender."""
    title = f"{scenario.name}: {scenario.law}"
    drawn = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD)
    drawn.add_column("% rolled back (minutes)")
    for effect in scenario.effects:
        drawn.add_column(effect_name(effect), justify="right")
    drawn.add_column("% proven", justify="right")
    drawn.add_column("wrongly", justify="right")
    minutes = scenario.interval / 60.0
    for one in _judges(plan, scenario):
        cells = [tallies[Cell(scenario.name, one.name, effect)] for effect in scenario.effects]
        shown = [
            _shown(one, effect, tally, scenario.onset, minutes)
            for effect, tally in zip(scenario.effects, cells, strict=True)
        ]
        drawn.add_row(one.name, *shown, *_proven(scenario, one, cells))
    return drawn


def breaches(plan: Plan, tallies: Tallies) -> list[str]:
    """The promises of this judge that were broken, a line each."""
    return [
        f"{scenario.name}: {one.name} rolls back {tally.share:.1%} of good releases "
        f"({effect_name(effect)})"
        for scenario in plan.scenarios
        for one in _judges(plan, scenario)
        if one.ours
        for effect in scenario.effects
        for tally in [tallies[Cell(scenario.name, one.name, effect)]]
        if broken(one, effect, tally)
    ]


def document(plan: Plan, tallies: Tallies) -> dict[str, Any]:
    """The same as JSON; a median that was not reached is null, an outage's effect ``"outage"``."""
    return {
        "seed": plan.seed,
        "rollouts": plan.rollouts,
        "scenarios": {one.name: one.law for one in plan.scenarios},
        "cells": [
            _record(scenario, one, effect, tallies[Cell(scenario.name, one.name, effect)])
            for scenario in plan.scenarios
            for one in _judges(plan, scenario)
            for effect in scenario.effects
        ],
    }


def _judges(plan: Plan, scenario: Scenario) -> list[AnyContender]:
    """Those who were measured on a scenario."""
    return [one for one in contenders(scenario, calibrated=plan.calibrated) if one.sees(scenario)]


def _record(scenario: Scenario, one: AnyContender, effect: Effect, tally: Tally) -> dict[str, Any]:
    low, high = tally.bounds()
    minutes = scenario.interval / 60.0
    proves = tally.proven is not None
    return {
        "scenario": scenario.name,
        "judge": one.name,
        "alpha": one.alpha,
        "limit": one.limit,
        "calibrated": one.calibrated,
        "looks": one.looks or scenario.looks,
        "effect": effect_value(effect),
        "rollouts": tally.rollouts,
        "rolledBack": tally.rollbacks,
        "probability": tally.share,
        "standardError": tally.standard_error,
        "low": low,
        "high": high,
        "medianMinutes": _finite(tally.median(scenario.onset) * minutes),
        "byFourthLook": tally.by(scenario.onset + 4),
        "proven": (tally.proven or 0) / tally.rollouts if proves else None,
        "provenMedianMinutes": _finite(tally.early_median * minutes) if proves else None,
        "broken": broken(one, effect, tally),
    }


def _shown(one: AnyContender, effect: Effect, tally: Tally, onset: int, minutes: float) -> str:
    share = _percent(tally.share)
    if is_good(effect, one.limit):
        text = f"{share} ±{100 * tally.standard_error:.1f}"
        if broken(one, effect, tally):
            return f"[bold red]{text} ✗[/]"
        over = one.alpha is not None and tally.share > one.alpha
        return f"[yellow]{text} ![/]" if over else text
    return f"{share} ({_minutes(tally.median(onset) * minutes)})"


def _proven(scenario: Scenario, one: AnyContender, cells: Sequence[Tally]) -> tuple[str, str]:
    """Good releases that passed proven, with the minutes it took; and the worst ones that did."""
    by_effect = dict(zip(scenario.effects, cells, strict=True))
    good, bad = by_effect[GOOD], by_effect.get(one.worst)
    if good.proven is None:
        return "", ""
    median = good.early_median * scenario.interval / 60.0
    share = f"{_percent(good.proven / good.rollouts)} ({_minutes(median)})"
    if bad is None or bad.early is None or scenario.onset:
        return share, ""  # before a late onset a proof is right
    early = int(bad.early[1:].sum())
    wrong = _percent(early / bad.rollouts)
    over = binomial_bounds(early, bad.rollouts, BEYOND_CHANCE)[0] > BETA
    return share, f"[bold red]{wrong} ✗[/]" if over else wrong


def _percent(share: float) -> str:
    return "100" if share == 1.0 else f"{100 * share:.1f}"


def _minutes(median: float) -> str:
    return "-" if math.isinf(median) else f"{median:.0f}"


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
