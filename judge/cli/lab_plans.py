"""``judge lab --plans``: whether what `judge plan` foresees is what the lab measures.

Owned here: which scenarios and settings are gone over, and the lines. Not here: planning and
measuring (`judge.lab.plan_accuracy`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import click

from judge.lab.counts import CountScenario
from judge.lab.gauges import GaugeScenario
from judge.lab.latencies import LatencyScenario
from judge.lab.plan_accuracy import Accuracy, accuracies
from judge.lab.rollouts import Scenario, Setting
from judge.lab.scenarios import chosen

NAMED = (
    "independent",
    "overdispersed",
    "own-incidents",
    "three-noisy-pods",
    "half-split",
    "high-rate-noisy",
    "latency",
    "latency-wandering",
    "gauge-0.8",
    "leak-0.8",
)
RUNS = 15  # after each history
ROLLOUTS = 240


def plans(names: tuple[str, ...], *, rollouts: int, seed: int, output: str) -> None:
    """Print planned times against measured ones, a line for each effect that is a bad one."""
    found = []
    for one in _measured(chosen(names or NAMED), rollouts, seed):
        found.append(one)
        if output == "text":
            click.echo(line(one))
    if output == "json":
        click.echo(json.dumps([document(one) for one in found]))
    else:
        click.echo(summary(found))


def _measured(scenarios: tuple[Scenario, ...], rollouts: int, seed: int) -> Iterator[Accuracy]:
    for scenario in scenarios:
        simulated = isinstance(scenario, CountScenario | LatencyScenario | GaugeScenario)
        if not simulated or scenario.onset:
            continue
        for setting in settings_of(scenario):
            runs = min(RUNS, rollouts)
            histories = max(1, rollouts // runs)
            yield from accuracies(scenario, setting, histories=histories, runs=runs, seed=seed)


def settings_of(scenario: Scenario) -> list[Setting]:
    """Those in which the judge is calibrated, as a run is."""
    return [setting for setting in scenario.settings if setting.calibrated]


def line(one: Accuracy) -> str:
    """One effect, in words."""
    setting = f"{one.setting.alpha:.0%}, limit {one.setting.limit:.3g}, {one.looks} looks"
    told = "" if one.right else "  more than a factor of 1.5 apart"
    return (
        f"{one.scenario:20} {setting:26} {one.effect:4.3g}x, {one.share:4.0%} by: "
        f"planned {_look(one.planned)} ({one.planned_share:.0%}), "
        f"measured {_look(one.measured)} ({one.measured_share:.0%}){told}"
    )


def summary(found: list[Accuracy]) -> str:
    """How many of the times are right."""
    timed = [one for one in found if one.ratio == one.ratio]
    right = sum(one.right for one in timed)
    return (
        f"{right} of {len(timed)} planned times are within a factor of 1.5 of what is measured; in "
        f"{len(found) - len(timed)} more cases too few runs see it on either side"
    )


def document(one: Accuracy) -> dict[str, Any]:
    """As JSON; times in looks, null where too few runs see it."""
    return {
        "scenario": one.scenario,
        **asdict(one.setting),
        "looks": one.looks,
        "effect": one.effect,
        "share": one.share,
        "planned": _finite(one.planned),
        "measured": _finite(one.measured),
        "plannedShare": one.planned_share,
        "measuredShare": one.measured_share,
        "right": one.right,
    }


def _finite(look: float) -> float | None:
    return look if look < float("inf") else None


def _look(look: float) -> str:
    return "   -" if _finite(look) is None else f"{look:4.3g}"
