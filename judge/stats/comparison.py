"""A comparison of counts, from the pods' counts to evidence: what the daemon and the lab both run.

Owned here: putting together dispersion, likelihood, evidence and calibration for the directions in
which a metric can go wrong. A decrease is tested as an increase with the arms exchanged. Words and
verdicts are not made here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from judge.stats.arms import Arm, Arms, Array, PodCounts, paired
from judge.stats.calibration import group_size, pseudo_rollouts, raised_threshold, stride
from judge.stats.counts import HIGH_RATE, Tempering, likelihood, tempering
from judge.stats.dispersion import Dispersion, assumed, dispersion
from judge.stats.evidence import (
    CLIP_DIVISOR,
    Alternatives,
    Schedule,
    Spread,
    alternatives,
    log_evidence,
    mixed,
    schedule,
)

_FARTHEST = 1e4


@dataclass(frozen=True, slots=True)
class Terms:
    """What a comparison is judged by.

    ``limit`` and ``worst`` are ratios canary / baseline: above 1 where an increase is bad, below 1
    where a decrease is; with ``both``, above 1 and read in both directions. ``alpha`` and ``beta``
    are this comparison's shares of the promises; ``interval`` is in seconds, ``looks`` their
    planned number.
    """

    limit: float
    worst: float
    alpha: float
    beta: float
    interval: float
    looks: int
    both: bool = False

    def __post_init__(self) -> None:
        if not (0 < self.alpha < 1 and 0 < self.beta < 1 and self.limit > 0 and self.worst > 0):
            raise ValueError(f"impossible terms: {self}")

    @property
    def plan(self) -> Schedule:
        """The blocks and starts of these looks."""
        return schedule(interval=self.interval, looks=self.looks)

    @property
    def clip(self) -> float:
        """The most that one block adds to the evidence of a failure."""
        return math.log(1.0 / self.side_alpha) / CLIP_DIVISOR

    @property
    def side_alpha(self) -> float:
        """A direction's share of alpha."""
        return self.alpha / 2.0 if self.both else self.alpha


@dataclass(frozen=True, slots=True)
class Side:
    """One direction of a comparison, told as an increase of ``arms.treated``.

    ``null`` and ``worst`` are above or at 1; ``inverted`` says that effect ratios here are
    baseline / canary.
    """

    arms: Arms
    temper: Tempering
    null: float
    worst: float
    inverted: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """What the data say, after each look.

    ``log_evidence`` and ``log_pass`` (..., looks) are natural logarithms of e-values; the metric
    fails where the former reaches ``threshold`` (...), which calibration has raised by ``raised``
    (...). ``calibrated`` tells whether there was history enough. ``by_start`` has, for each of the
    ``sides``, the evidence of a regression from each start, before they are mixed.
    """

    log_evidence: Array
    log_pass: Array
    threshold: Array
    raised: Array
    calibrated: bool
    noise: Dispersion
    sides: tuple[Side, ...]
    by_start: tuple[list[Array], ...]


def compare(
    history: PodCounts | None,
    canary: PodCounts,
    baseline: PodCounts,
    terms: Terms,
    *,
    calibrate: bool = True,
) -> Comparison:
    """Judge a run's counts against its baseline's; all arrays (..., intervals, pods)."""
    arms = paired(canary, baseline)
    noise = learn(history, terms)
    if noise is None or history is None:
        noise, arms = unlearned(arms)
        return weigh(arms, noise, terms, None)
    raised = (
        calibration(history, noise, terms, canary_pods=usual_pods(canary)) if calibrate else None
    )
    return weigh(arms, noise, terms, raised)


def learn(history: PodCounts | None, terms: Terms) -> Dispersion | None:
    """The noise as the baseline's history has it; None without one."""
    if history is None or not history.events.size:
        return None
    return dispersion(history, interval=terms.interval)


def unlearned(arms: Arms) -> tuple[Dispersion, Arms]:
    """What is assumed of the noise without a history, and the counts that may then be used.

    The rate comes from the first interval with traffic. It chooses the likelihood, so where it is
    high that interval is left out of the evidence.
    """
    reference, usable = arms.reference, arms.usable
    first = usable & (usable.cumsum(-1) == 1)
    events, total = (reference.events * first).sum(-1), (reference.total * first).sum(-1)
    rate = np.divide(events, total, out=np.zeros_like(total), where=total > 0)
    noise = replace(assumed(rate.shape), rate=np.where(rate > HIGH_RATE, rate, np.nan))
    spent = first & (rate > HIGH_RATE)[..., None]
    return noise, Arms(_without(arms.treated, spent), _without(arms.reference, spent))


def _without(arm: Arm, spent: NDArray[np.bool_]) -> Arm:
    return replace(
        arm, events=np.where(spent, 0.0, arm.events), total=np.where(spent, 0.0, arm.total)
    )


def usual_pods(canary: PodCounts) -> int:
    """The number of pods that the canary usually has, over all of a batch."""
    present = (canary.filled().total > 0).sum(-1)
    return int(np.median(present[present > 0])) if (present > 0).any() else 1


def calibration(
    history: PodCounts, noise: Dispersion, terms: Terms, *, canary_pods: int
) -> Array | None:
    """By how much the threshold must be raised, (...); None where the history is too short."""
    intervals, pods = history.events.shape[-2:]
    arms = pseudo_rollouts(history, looks=terms.looks, group=group_size(canary_pods, pods))
    if arms is None:
        return None
    each = noise.batched()
    evidence = _fail_evidence(_fail_by_start(sides(arms, each, terms), each, terms), terms)
    overlap = stride(intervals, pods, terms.looks) / terms.looks
    return raised_threshold(evidence.max(-1), alpha=terms.alpha, overlap=overlap)


def weigh(arms: Arms, noise: Dispersion, terms: Terms, raised: Array | None) -> Comparison:
    """The evidence of a run for failing and for passing."""
    directions = sides(arms, noise, terms)
    by_start = _fail_by_start(directions, noise, terms)
    added = np.zeros(arms.treated.total.shape[:-1]) if raised is None else raised
    return Comparison(
        log_evidence=_fail_evidence(by_start, terms),
        log_pass=_pass_evidence(directions, noise, terms),
        threshold=math.log(1.0 / terms.alpha) + added,
        raised=added,
        calibrated=raised is not None,
        noise=noise,
        sides=directions,
        by_start=by_start,
    )


def sides(arms: Arms, noise: Dispersion, terms: Terms) -> tuple[Side, ...]:
    """The directions in which these counts can go wrong."""
    temper = tempering(noise, arms.treated.total, arms.treated.pods)
    up = Side(arms, temper, terms.limit, terms.worst, inverted=False)
    if terms.both:
        return up, Side(arms.swapped(), temper, terms.limit, terms.worst, inverted=True)
    if terms.worst < 1.0:
        return (Side(arms.swapped(), temper, 1 / terms.limit, 1 / terms.worst, inverted=True),)
    return (up,)


def spread(side: Side, noise: Dispersion, clip: float) -> Spread:
    """The pods' lasting differences as this comparison's ratio shows them.

    They are cut where a twentieth of the error that the evidence may make lies beyond.
    """
    error = math.exp(-clip * CLIP_DIVISOR)
    arms = side.arms
    pods = np.sqrt(1.0 / arms.treated.pods + 1.0 / arms.reference.pods)
    return Spread(noise.tau[..., None] * pods, noise.degrees, beyond=error / 20.0)


def pods_needed(comparison: Comparison, terms: Terms) -> tuple[int, int | None] | None:
    """Whether lasting differences between pods hide the ratio that must not be missed.

    None where enough data would convict it; else the canary's pods, and how many of them would do
    (None where no number would). For a comparison without batch axes.
    """
    side, noise = comparison.sides[0], comparison.noise
    hidden = spread(side, noise, terms.clip)
    wanted = math.log(side.worst / side.null)
    if float(hidden.reach) <= wanted:
        return None
    canary = side.arms.reference if side.inverted else side.arms.treated
    baseline = side.arms.treated if side.inverted else side.arms.reference
    pods, others = float(canary.pods[-1]), float(baseline.pods[-1])
    quantile = float(hidden.reach / max(hidden.tau.max(-1), 1e-6))
    room = (wanted / (quantile * float(noise.tau))) ** 2 - 1.0 / others
    return max(1, round(pods)), math.ceil(1.0 / room) if room > 0 else None


def evidence_above(
    side: Side, noise: Dispersion, null: Array, plan: Schedule, *, clip: float
) -> Array:
    """log E (..., looks) against "the ratio is at most ``null``" (...)."""
    return mixed(evidence_by_start(side, noise, null, plan, clip=clip), plan)


def evidence_by_start(
    side: Side, noise: Dispersion, null: Array, plan: Schedule, *, clip: float
) -> list[Array]:
    """The same for each moment at which the regression may begin, before they are mixed."""
    rate = np.where(np.nan_to_num(noise.rate) > 0, noise.rate, 1.0 / _FARTHEST)
    beyond = alternatives(np.minimum(1.0 / (rate * null), _FARTHEST))
    return _tested(side, noise, null, beyond, plan, clip)


def evidence_below(
    side: Side, noise: Dispersion, null: Array, plan: Schedule, *, clip: float
) -> Array:
    """log E (..., looks) against "the ratio is at least ``null``" (...)."""
    beyond = alternatives(np.zeros_like(null), up=False)
    return mixed(_tested(side, noise, null, beyond, plan, clip), plan)


def _tested(
    side: Side,
    noise: Dispersion,
    null: Array,
    beyond: Alternatives,
    plan: Schedule,
    clip: float,
) -> list[Array]:
    model = likelihood(side.arms, noise, side.temper)
    return log_evidence(model, null, beyond, spread(side, noise, clip), plan, clip=clip)


def _fail_by_start(
    directions: tuple[Side, ...], noise: Dispersion, terms: Terms
) -> tuple[list[Array], ...]:
    return tuple(
        evidence_by_start(
            side, noise, np.full(noise.phi.shape, side.null), terms.plan, clip=terms.clip
        )
        for side in directions
    )


def _fail_evidence(by_start: tuple[list[Array], ...], terms: Terms) -> Array:
    """The mean of what the directions say."""
    each = [mixed(starts, terms.plan) for starts in by_start]
    return np.asarray(np.logaddexp.reduce(each) - math.log(len(each)))


def _pass_evidence(directions: tuple[Side, ...], noise: Dispersion, terms: Terms) -> Array:
    clip = math.log(1.0 / terms.beta) / CLIP_DIVISOR
    plan = terms.plan.from_start()
    each = [
        evidence_below(side, noise, np.full(noise.phi.shape, side.worst), plan, clip=clip)
        for side in directions
    ]
    return np.asarray(np.minimum.reduce(each))
