"""The lab's figures as JSON, and tallies out of it again.

The document says of each cell the figures that people ask for and, under ``counts``, the sums that
they are made of, so that a measurement that was cut short can go on where it stood.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from dataclasses import asdict, astuple
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from judge.lab import promises, tables
from judge.lab.bench import Cell, Plan, Tallies, sizes
from judge.lab.contender import AnyContender
from judge.lab.effects import Effect, effect_value
from judge.lab.promises import Breach
from judge.lab.rollouts import Scenario
from judge.lab.shares import Share
from judge.lab.tally import Histogram, Tally

FORMAT = "judge-lab/1"
MEASURED = ("stats", "verdict", "lab")  # the rooms whose code makes the figures


def document(plan: Plan, tallies: Tallies) -> dict[str, Any]:
    """What was measured; a median that was not reached is null, an outage's effect ``"outage"``.

    Scenarios without tallies are left out.
    """
    measured = tuple(one for one in plan.scenarios if tables.by_name(one, tallies))
    whole = Plan(measured, plan.rollouts, plan.seed)
    return {
        "format": FORMAT,
        "code": code(),
        "seed": plan.seed,
        "rollouts": plan.rollouts,
        "scenarios": {one.name: _scenario(one, plan.rollouts) for one in measured},
        "cells": [record for one in measured for record in _records(one, tallies)],
        "breaches": [_breach(one) for one in tables.breaches(whole, tallies)],
    }


def tallies_of(found: dict[str, Any], plan: Plan) -> Tallies:
    """The tallies of those of the plan's scenarios that a document has as a whole.

    None of a document that was measured with another seed, number of rollouts or code. Raises
    ValueError for what is no document of the lab, of this format.
    """
    if found.get("format") != FORMAT:
        raise ValueError(f"the format is {found.get('format')!r}, not {FORMAT!r}")
    told: Tallies = {}
    measured = (found.get("seed"), found.get("rollouts"), found.get("code"))
    if measured != (plan.seed, plan.rollouts, code()):
        return told
    cells = {(one["scenario"], one["judge"], _key(one["effect"])): one for one in found["cells"]}
    for scenario in plan.scenarios:
        wanted = {
            Cell(scenario.name, one.name, effect): cells.get(
                (scenario.name, one.name, _key(effect_value(effect)))
            )
            for one in tables.judges(scenario)
            for effect in scenario.effects
        }
        if all(wanted.values()):
            told |= {cell: _tally(one["counts"]) for cell, one in wanted.items() if one}
    return told


@cache
def code() -> str:
    """A hash of the code that the figures come from, as this process found it."""
    judge = Path(__file__).parents[1]
    files = sorted(path for room in MEASURED for path in (judge / room).rglob("*.py"))
    whole = hashlib.sha256()
    for path in files:
        whole.update(path.relative_to(judge).as_posix().encode() + b"\0" + path.read_bytes())
    return whole.hexdigest()


def _key(effect: Any) -> str:
    return repr(effect)


def _scenario(scenario: Scenario, rollouts: int) -> dict[str, Any]:
    return {
        "law": scenario.law,
        "interval": scenario.interval,
        "looks": scenario.looks,
        "onset": scenario.onset,
        **asdict(sizes(scenario, rollouts)),
    }


def _records(scenario: Scenario, tallies: Tallies) -> Iterator[dict[str, Any]]:
    for one in tables.judges(scenario):
        for effect in scenario.effects:
            yield _record(scenario, one, effect, tallies[Cell(scenario.name, one.name, effect)])


def _record(scenario: Scenario, one: AnyContender, effect: Effect, tally: Tally) -> dict[str, Any]:
    minutes = scenario.interval / 60.0
    half_an_hour = round(promises.PROVEN_BY_SECONDS / scenario.interval)
    share, alpha = tally.rolled_back, promises.false_rollbacks_allowed(scenario, one, effect)
    proves = tally.proven is not None
    return {
        "scenario": scenario.name,
        "judge": one.name,
        "ours": one.ours,
        "alpha": one.alpha,
        "limit": one.limit,
        "calibrated": one.calibrated,
        "looks": one.looks or scenario.looks,
        "effect": effect_value(effect),
        "rollouts": share.trials,
        "histories": share.clusters,
        "rolledBack": share.hits,
        "probability": share.value,
        "standardError": share.standard_error,
        "designEffect": share.design_effect,
        "upper": share.upper(),
        "promised": alpha,
        "medianMinutes": _finite(tally.median(scenario.onset) * minutes),
        "byFourthLook": tally.by(scenario.onset + 4),
        "proven": None if tally.proven is None else tally.proven.value,
        "provenBy30Minutes": tally.shown_by(half_an_hour) if proves else None,
        "provenMedianMinutes": _finite(tally.early_median * minutes) if proves else None,
        "wrongPasses": _wrong_passes(scenario, one, effect, tally),
        "kept": None if alpha is None else promises.kept(share, alpha),
        "broken": alpha is not None and promises.doubtless(share, alpha),
        "counts": _counts(tally),
    }


def _wrong_passes(
    scenario: Scenario, one: AnyContender, effect: Effect, tally: Tally
) -> dict[str, Any] | None:
    beta = promises.wrong_passes_allowed(scenario, one, effect)
    if beta is None or tally.shown is None:
        return None
    return {
        "rollouts": tally.shown.trials,
        "probability": tally.shown.value,
        "standardError": tally.shown.standard_error,
        "upper": tally.shown.upper(),
        "promised": beta,
        "kept": promises.kept(tally.shown, beta),
    }


def _breach(one: Breach) -> dict[str, Any]:
    return {
        "scenario": one.scenario,
        "judge": one.contender,
        "effect": effect_value(one.effect),
        "what": one.what,
        "measured": _finite(one.measured),
        "allowed": _finite(one.allowed),
        "doubtless": one.doubtless,
        "said": str(one),
    }


def _counts(tally: Tally) -> dict[str, Any]:
    """The sums; histograms up to the last look that was counted."""
    return {
        "looks": tally.looks.tolist(),
        "rolledBack": astuple(tally.rolled_back),
        "proven": tally.proven and astuple(tally.proven),
        "early": None if tally.early is None else tally.early.tolist(),
        "shown": tally.shown and astuple(tally.shown),
    }


def _tally(counts: dict[str, Any]) -> Tally:
    def share(name: str) -> Share | None:
        return None if counts[name] is None else Share(*counts[name])

    return Tally(
        _histogram(counts["looks"]),
        share("rolledBack") or Share(),
        share("proven"),
        None if counts["early"] is None else _histogram(counts["early"]),
        share("shown"),
    )


def _histogram(counts: list[int]) -> Histogram:
    return np.asarray(counts, dtype=np.int64)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
