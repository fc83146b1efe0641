"""What strict mode does otherwise on one pair of arrays: the holes of Kayenta's judge, closed.

Owned here: infinities, sides that vanished, too few values, an interval that no unit can change.
docs/kayenta-judge.md lists each with what Kayenta does. What is strict of a whole run's score is
`scoring`'s.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from judge.spec.resolved import Direction
from judge.stats.arms import Array
from judge.stats.pairwise import location_shift
from judge.stats.ranks import Shift
from judge.verdict.kayenta.labels import Label

SLACK = 1e-9
"""Relative: what the rounding of another unit moves off a threshold still counts as at it."""
_PLENTY = 30


@dataclass(frozen=True, slots=True)
class Infinite:
    """Both sides without infinities; ``found`` is what those of the canary alone say."""

    experiment: Array
    control: Array
    found: Label | None = None


def infinite(experiment: Array, control: Array, direction: Direction) -> Infinite:
    """The sides with infinities as missing values, and what they say.

    An infinity of the canary's in a bad direction is a finding where the baseline has none of its
    sign. Where the baseline has them too, a division by nothing say, they say nothing.
    """
    endless = np.isinf(experiment), np.isinf(control)
    if not (endless[0].any() or endless[1].any()):
        return Infinite(experiment, control)
    found = None
    if direction is not Direction.DECREASE and _alone(experiment, control, math.inf):
        found = Label.HIGH
    elif direction is not Direction.INCREASE and _alone(experiment, control, -math.inf):
        found = Label.LOW
    return Infinite(
        np.where(endless[0], math.nan, experiment), np.where(endless[1], math.nan, control), found
    )


def _alone(experiment: Array, control: Array, value: float) -> bool:
    """Whether the canary has the value and the baseline, which has others, has not."""
    there = bool(np.isfinite(control).any())
    return there and bool((experiment == value).any()) and not bool((control == value).any())


def infinite_reason(name: str, label: Label) -> str:
    """Why infinities are a finding."""
    sign = "+Inf" if label is Label.HIGH else "-Inf"
    return f"{name} was classified as {label}: the canary was {sign}, the baseline never"


def vanished(values: Array) -> bool:
    """Whether nothing was measured: there is nothing then that zeros could stand in for."""
    return not bool((~np.isnan(values)).any())


def too_few(ours: int, theirs: int, confidence: float) -> bool:
    """Whether not even sides that do not overlap could reach ``confidence``: the exact test."""
    return 1.0 - _surest(ours, theirs) > (1.0 - confidence) * (1.0 + SLACK)


def _surest(ours: int, theirs: int) -> float:
    """How sure the exact two-sided test can be at most: where the sides do not overlap."""
    if min(ours, theirs) >= _PLENTY:
        return 1.0
    return 1.0 - min(1.0, 2.0 / float(math.comb(ours + theirs, ours)))


def few_reason(name: str, ours: int, theirs: int, confidence: float) -> str:
    """Why so few values tell nothing."""
    return (
        f"Too little data for {name}: {ours} values against {theirs} can be "
        f"{_surest(ours, theirs):.0%} sure at most, {confidence:.0%} is asked"
    )


def exact_shift(experiment: Array, control: Array, confidence: float) -> Shift:
    """The interval itself, of which Kayenta's search finds a point within 1e-4 of any unit."""
    low, high, estimate = location_shift(experiment, control, confidence=confidence)
    return Shift(low=low, high=high, estimate=estimate)


def least(found: Shift, experiment: Array, control: Array, tolerance: float) -> float:
    """What a shift must lie beyond; a hair more than the tolerance, for the rounding of units."""
    largest = max(float(np.abs(experiment).max()), float(np.abs(control).max()))
    return tolerance * abs(found.estimate) + SLACK * largest
