"""The comparison of counts: two arms' risks, from the pods' counts to evidence.

Owned here: putting together dispersion, likelihood and the pods' spread for each direction. Also
what a histogram becomes: with ``averaged``, axis 0 holds several tests of one thing.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from judge.stats.arms import Arm, Arms, Array, PodCounts, paired
from judge.stats.calibration import draw, group_size, pseudo_rollouts
from judge.stats.clips import Clips
from judge.stats.comparison import Comparison, raised_by, weigh
from judge.stats.counts import HIGH_RATE, Temper, likelihood, pair_tempering
from judge.stats.dispersion import Dispersion, assumed, dispersion
from judge.stats.evidence import (
    CLIP_DIVISOR,
    NEAREST,
    Alternatives,
    Schedule,
    Steps,
    alternatives,
    mixed,
    steps,
)
from judge.stats.small_effects import small_alternatives
from judge.stats.spread import FARTHEST, Spread, lasting, pods_for
from judge.stats.terms import Terms

_FARTHEST = 1e4
# a pod that is a tenth slower for good may have thrice the requests beyond a bound in the tail
FARTHEST_TAIL = 1e3
_TRIED = 10  # ratios on either side of the estimate


@dataclass(frozen=True, slots=True)
class RiskSide:
    """One direction of a comparison of counts; see `comparison.Side`.

    ``arms`` (..., intervals) are exchanged where ``inverted``; with ``averaged`` their axis 0 are
    tests, whose e-values are averaged before they are clipped.
    """

    arms: Arms
    noise: Dispersion
    temper: Temper
    null: float
    worst: float
    inverted: bool
    averaged: bool = False
    continuous: bool = True
    nearest: float | None = None  # of an A/B test, whose effects are small
    calibrated_temper: Temper | None = None  # where calibration has raised the threshold

    def failing(self, plan: Schedule, *, clip: float, calibrated: bool = False) -> Steps:
        """See `comparison.Side`."""
        null = np.full(self.noise.phi.shape, self.null)
        return self._above(null, plan, clip, calibrated=calibrated)

    def for_a_pass(self, plan: Schedule, *, clip: float) -> Array:
        """See `comparison.Side`."""
        return self.below(np.full(self.noise.phi.shape, self.worst), plan, clip=clip)

    def above(self, tried: Array, plan: Schedule, clips: Clips) -> Array:
        """See `comparison.Side`."""
        return clips.grown(self._above(tried, plan, clips.usual, calibrated=clips.calibrated))

    def below(self, tried: Array, plan: Schedule, *, clip: float) -> Array:
        """See `comparison.Side`."""
        beyond = self._beyond(np.zeros_like(tried), up=False)
        return mixed(self._tested(tried, beyond, plan, clip, self.temper).clipped(clip), plan)

    def _above(self, null: Array, plan: Schedule, clip: float, *, calibrated: bool) -> Steps:
        rate = np.where(np.nan_to_num(self.noise.rate) > 0, self.noise.rate, 1.0 / _FARTHEST)
        farthest = np.minimum(1.0 / (rate * null), _FARTHEST)
        temper = self.calibrated_temper if calibrated else None
        beyond = self._beyond(farthest, up=True)
        return self._tested(null, beyond, plan, clip, temper or self.temper)

    def _beyond(self, farthest: Array, *, up: bool) -> Alternatives:
        if self.nearest is not None:
            return small_alternatives(farthest, nearest=self.nearest, up=up)
        return alternatives(farthest, nearest=self._nearest, up=up)

    @property
    def _nearest(self) -> float:
        """The smallest alternative: of a share of successes a fiftieth is much."""
        return (
            1.02 if (np.nan_to_num(self.noise.rate) > 0.5).any() and not self.averaged else NEAREST
        )

    def _tested(
        self, null: Array, beyond: Alternatives, plan: Schedule, clip: float, temper: Temper
    ) -> Steps:
        model = likelihood(self.arms, self.noise, temper, inverted=self.inverted)
        spread = self.spread(clip)
        found = steps(model, null, beyond, spread, plan, averaged=self.averaged)
        pods = (self.arms.reference if self.inverted else self.arms.treated).pods
        return replace(found, pods=pods[0] if self.averaged else pods)

    def spread(self, clip: float) -> Spread:
        """The pods' lasting differences as this comparison's ratio shows them.

        They are cut where a twentieth of the error that the evidence may make lies beyond.
        """
        error = math.exp(-clip * CLIP_DIVISOR)
        pods = np.sqrt(1.0 / self.arms.treated.pods + 1.0 / self.arms.reference.pods)
        farthest = FARTHEST_TAIL if self.averaged else FARTHEST
        return lasting(
            self.noise.tau, self.noise.degrees, pods, beyond=error / 20.0, farthest=farthest
        )

    def at_limit(self) -> RiskSide:
        """The same where the treated arm has as many times the events as the limit allows.

        What multiplies a pod's rate is multiplied exactly; chance itself comes out larger than it
        would be, which is on the safe side.
        """
        ours = self.arms.treated
        events = np.minimum(ours.events * self.null, ours.total)
        return replace(self, arms=replace(self.arms, treated=replace(ours, events=events)))

    def pods_needed(self, *, clip: float) -> tuple[int, int | None] | None:
        """See `comparison.Side`."""
        ours, theirs = self.arms.treated.pods[-1], self.arms.reference.pods[-1]
        canary, baseline = (theirs, ours) if self.inverted else (ours, theirs)
        wanted = math.log(self.worst / self.null)
        return pods_for(wanted, self.spread(clip), canary, baseline)

    def estimate(self, start: int) -> float | None:
        """Mantel and Haenszel's common ratio of risks; None where the reference has no event."""
        above, below = self._sums(start)
        return above / below if below > 0 else None

    def candidates(self, start: int) -> tuple[Array, Array]:
        """See `comparison.Side`: a fraction of the run's standard error to several of a look's.

        With clipped steps a ratio is refuted only if most intervals speak against it.
        """
        centre, error = self._centre(start)
        looks = self.arms.treated.total.shape[-1]
        distances = error * np.geomspace(0.3, 8.0 * math.sqrt(looks), _TRIED)
        return centre * np.exp(-distances), centre * np.exp(distances)

    def _sums(self, start: int) -> tuple[float, float]:
        """The sums whose quotient is the estimate."""
        ours, theirs = self.arms.treated, self.arms.reference
        both = ours.total + theirs.total
        share = np.divide(theirs.total, both, out=np.zeros_like(both), where=both > 0)
        above = (ours.events * share)[start:].sum()
        below = (theirs.events * np.where(both > 0, 1.0 - share, 0.0))[start:].sum()
        return float(above), float(below)

    def _centre(self, start: int) -> tuple[float, float]:
        """The ratio to search around (halves added where a sum is 0) and its standard error."""
        above, below = self._sums(start)
        if above == 0 or below == 0:
            above, below = above + 0.5, below + 0.5
        ratio = above / below
        temper = self.temper.at(np.asarray(1.0))
        ours, theirs = self.arms.treated, self.arms.reference
        share = np.where(self.arms.usable, ours.total * ratio, 0.0)
        share = share / np.where(self.arms.usable, share + theirs.total, 1.0)
        events = ours.events + theirs.events
        information = (events * share * (1 - share) / temper)[start:].sum()
        pods = 1.0 / ours.pods[-1] + 1.0 / theirs.pods[-1]
        variance = 1.0 / max(float(information), 0.25) + float(self.noise.tau) ** 2 * pods
        return ratio, math.sqrt(float(variance))


def compare_counts(
    history: PodCounts | None,
    canary: PodCounts,
    baseline: PodCounts,
    terms: Terms,
    *,
    calibrate: bool = True,
) -> Comparison:
    """Judge a run's counts against its baseline's; all arrays (..., intervals, pods)."""
    arms = paired(canary, baseline)
    noise = learn(history, interval=terms.interval)
    if noise is None or history is None:
        return weigh_counts(arms, None, terms, None)
    raised = (
        calibration(history, noise, terms, canary_pods=usual_pods(canary)) if calibrate else None
    )
    return weigh_counts(arms, noise, terms, raised)


def learn(history: PodCounts | None, *, interval: float) -> Dispersion | None:
    """The noise as the baseline's history has it; None without one. ``interval`` in seconds."""
    if history is None or not history.events.size:
        return None
    return dispersion(history, interval=interval)


def weigh_counts(
    arms: Arms, noise: Dispersion | None, terms: Terms, raised: Array | None
) -> Comparison:
    """The evidence of a run's counts; without learned noise (None) what is assumed of it."""
    if noise is None:
        noise, arms = unlearned(arms)
    exact = bool((noise.phi == 1.0).all() and (noise.tau == 0.0).all())
    return weigh(sides(arms, noise, terms), terms, raised, exact=exact)


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
    group = group_size(canary_pods, pods)
    drawn = draw(intervals, pods, looks=terms.looks, group=group, shift=terms.shift)
    if drawn is None:
        return None
    each = noise.batched()

    def pseudo() -> Iterator[tuple[tuple[RiskSide, ...], NDArray[np.bool_]]]:
        for chosen in drawn.chunks():
            arms = pseudo_rollouts(chosen, history)
            yield tuple(one.at_limit() for one in sides(arms, each, terms)), arms.usable

    return raised_by(pseudo(), terms, overlap=drawn.overlap, pods=group)


def sides(arms: Arms, noise: Dispersion, terms: Terms) -> tuple[RiskSide, ...]:
    """The directions in which these counts can go wrong."""
    return tuple(
        risk_side(arms, noise, null, worst, inverted=inverted, nearest=terms.nearest)
        for inverted, null, worst in terms.directions
    )


def risk_side(
    arms: Arms,
    noise: Dispersion,
    null: float = 1.0,
    worst: float = 1.0,
    *,
    inverted: bool,
    averaged: bool = False,
    nearest: float | None = None,
) -> RiskSide:
    """One direction of a comparison of canary and baseline."""
    turned = arms.swapped() if inverted else arms
    temper, usual = (
        pair_tempering(noise, turned, inverted=inverted, calibrated=calibrated)
        for calibrated in (False, True)
    )
    return RiskSide(
        turned,
        noise,
        temper,
        null,
        worst,
        inverted,
        averaged,
        nearest=nearest,
        calibrated_temper=usual,
    )
