"""A comparison of two arms, from what is known of each direction to evidence.

Owned here: what a metric's kind must be able to say of a direction in which it can go wrong
(`Side`), and putting directions, starts and calibration together. This code does not know the
kinds: `risks` compares counts, `slowdowns` latencies, `levels` gauges.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from judge.stats.arms import Array
from judge.stats.calibration import FEWEST, raised_apart, raised_threshold, whole
from judge.stats.clips import Asked, Clips, asked
from judge.stats.evidence import Schedule, Steps, mixed
from judge.stats.terms import Terms


class Side(Protocol):
    """One direction of a comparison, told as an increase of the treated arm over the reference.

    Leading axes ``...`` are batches. A decrease is the increase of the exchanged arms.
    """

    @property
    def inverted(self) -> bool:
        """Whether the arms are exchanged: effect ratios are then baseline / canary."""

    @property
    def null(self) -> float:
        """The greatest ratio that is tolerated, at least 1."""

    def failing(self, plan: Schedule, *, clip: float, calibrated: bool = False) -> Steps:
        """What grows log E (..., looks) against "the ratio is at most the limit".

        ``clip`` is the usual one, that tells what error it may make. ``calibrated``: its threshold
        is calibrated, so rare incidents need no tempering.
        """

    def for_a_pass(self, plan: Schedule, *, clip: float) -> Array:
        """log E (..., looks) against "the ratio is at least the worst"."""

    def above(self, tried: Array, plan: Schedule, clips: Clips) -> Array:
        """log E (tried, looks) against "the ratio is at most ``tried``". Without batches."""

    def below(self, tried: Array, plan: Schedule, *, clip: float) -> Array:
        """log E (tried, looks) against "the ratio is at least ``tried``". Without batches."""

    def estimate(self, start: int) -> float | None:
        """The ratio as the intervals from ``start`` on show it. Without batches."""

    def candidates(self, start: int) -> tuple[Array, Array]:
        """Ratios worth trying: below the estimate, descending, and above it, ascending."""

    def pods_needed(self, *, clip: float) -> tuple[int, int | None] | None:
        """Whether lasting differences between pods hide the ratio that must not be missed.

        None where enough data would convict it; else the canary's pods, and how many of them would
        do (None where no number would). Without batches.
        """

    @property
    def continuous(self) -> bool:
        """Whether every ratio can be tested, not just the candidates."""


@dataclass(frozen=True, slots=True)
class Told:
    """One direction of an A/B test: log E (..., looks), and what it must reach (...)."""

    log_evidence: Array
    threshold: Array

    @property
    def shown(self) -> NDArray[np.bool_]:
        """Whether there is a difference in this direction, by each look, (..., looks)."""
        return np.asarray(self.log_evidence >= self.threshold[..., None])


@dataclass(frozen=True, slots=True)
class Comparison:
    """What the data say, after each look.

    ``log_evidence`` and ``log_pass`` (..., looks) are natural logarithms of e-values; the metric
    fails where the former reaches ``threshold`` (...), which calibration has raised by ``raised``
    (...). ``calibrated`` tells whether there was history enough, ``exact`` whether nothing had to
    be tempered or widened. ``by_start`` has, for each of the ``sides``, the evidence of a
    regression from each start, before they are mixed, under the ``clips`` that the threshold goes
    with (the narrow one).

    Of an A/B test (`Terms.gain`) the evidence is that of the direction that is not wanted, and
    ``told`` has that of each of the ``sides``.
    """

    log_evidence: Array
    log_pass: Array
    threshold: Array
    raised: Array
    calibrated: bool
    exact: bool
    sides: tuple[Side, ...]
    by_start: tuple[list[Array], ...]
    clips: Clips
    told: tuple[Told, ...] = ()


@dataclass(frozen=True, slots=True)
class Failing:
    """The evidence of a failure, after each look; fields as in `Comparison`."""

    by_start: tuple[list[Array], ...]
    log_evidence: Array
    threshold: Array
    raised: Array
    clips: Clips
    told: tuple[Told, ...] = ()


def weigh(
    sides: tuple[Side, ...], terms: Terms, raised: Array | None, *, exact: bool
) -> Comparison:
    """The evidence of a run for failing and for passing.

    ``raised`` is what calibration asks, as `raised_by` has it.
    """
    failed = failing(sides, terms, raised)
    return Comparison(
        log_evidence=failed.log_evidence,
        log_pass=passing(sides, terms),
        threshold=failed.threshold,
        raised=failed.raised,
        calibrated=raised is not None,
        exact=exact,
        sides=sides,
        by_start=failed.by_start,
        clips=failed.clips,
        told=failed.told,
    )


def failing(sides: tuple[Side, ...], terms: Terms, raised: Array | None) -> Failing:
    """The evidence of a run for failing, and what it must reach."""
    known = raised is not None
    grown = [side.failing(terms.plan, clip=terms.clip, calibrated=known) for side in sides]
    if terms.ab_test:
        clips = Clips(terms.clip, known)
        by_start = tuple(clips.by_start(one) for one in grown)
        return _bad_side(by_start, terms, raised, clips)
    asks = None if raised is None else Asked.unpacked(raised)
    clips = Clips(terms.clip) if asks is None else asks.clips(terms.clip)
    log_evidence = _both(grown, clips)
    added = np.zeros(log_evidence.shape[:-1]) if asks is None else asks.raised
    by_start = tuple(clips.by_start(one) for one in grown)
    return Failing(by_start, log_evidence, math.log(1.0 / terms.alpha) + added, added, clips)


def passing(sides: tuple[Side, ...], terms: Terms) -> Array:
    """log E (..., looks) against the worst ratio, in every direction; it hangs on no alpha."""
    plan = terms.plan.from_start()
    each = [side.for_a_pass(plan, clip=terms.pass_clip) for side in sides]
    return np.asarray(np.minimum.reduce(each))


def raised_by(
    pseudo: Iterable[tuple[tuple[Side, ...], NDArray[np.bool_]]],
    terms: Terms,
    *,
    overlap: float,
    pods: int,
) -> Array | None:
    """What calibration asks, given pseudo-rollouts in parts: `clips.Asked`, packed, (5, ...).

    ``pods`` play the canary in them.

    Of an A/B test by how much each direction's threshold is raised, (directions, ...).

    Of each part the sides (..., rollouts) and which looks had data on both, (..., rollouts, looks).
    None where fewer than `calibration.FEWEST` pseudo-rollouts had enough.
    """
    parts, counted = [], []
    for sides, usable in pseudo:
        parts.append([side.failing(terms.plan, clip=terms.clip, calibrated=True) for side in sides])
        counted.append(whole(usable))
    told = np.concatenate(counted, axis=-1)
    if told.sum(-1).min(initial=told.shape[-1]) < FEWEST:
        return None
    directions = [Steps.together(each) for each in zip(*parts, strict=True)]
    beyond = raised_apart if terms.shift else raised_threshold

    def raising(values: Array, alpha: float) -> Array:
        return beyond(values, alpha=alpha, overlap=overlap)

    error = terms.convicting_alpha
    if terms.ab_test:
        clips = Clips(terms.clip, calibrated=True)
        apart = np.stack([clips.grown(one).max(-1) for one in directions])
        return raising(np.where(told, apart, np.nan), error)

    def highest(clips: Clips) -> Array:
        return np.where(told, _both(directions, clips).max(-1), np.nan)

    return asked(highest, raising, usual=terms.clip, error=error, pods=pods).packed


def threshold_raise(raised: Array, terms: Terms) -> Array:
    """By how much a threshold is raised, (...), given what calibration asks (`raised_by`)."""
    return raised[terms.bad_side] if terms.ab_test else Asked.unpacked(raised).raised


def _bad_side(
    by_start: tuple[list[Array], ...], terms: Terms, raised: Array | None, clips: Clips
) -> Failing:
    """Of an A/B test: each direction against its own threshold; the one not wanted convicts."""
    each = np.stack([mixed(starts, terms.plan) for starts in by_start])
    added = np.zeros(each.shape[:-1]) if raised is None else raised
    needed = math.log(1.0 / terms.convicting_alpha) + added
    told = tuple(Told(grown, reached) for grown, reached in zip(each, needed, strict=True))
    bad = terms.bad_side
    return Failing(by_start, each[bad], needed[bad], np.asarray(added[bad]), clips, told)


def _both(directions: Sequence[Steps], clips: Clips) -> Array:
    """The mean of what the directions say."""
    each = np.stack([clips.grown(one) for one in directions])
    return np.asarray(np.logaddexp.reduce(each) - math.log(len(each)))
