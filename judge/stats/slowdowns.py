"""The comparison of latencies: by which factor requests of the canary are slower.

Null hypothesis: the canary is at most rho times slower, in stochastic order: for every b, its share
of requests above rho b is at most the baseline's above b. It is tested at a handful of boundaries
in the baseline's tail, each a comparison of counts at ratio 1 (`risks`), whose e-values are
averaged: a shift of all requests is seen, and so is a slow tail that a quantile would miss. Only
boundaries of buckets can be tested, so the slowdown that is tested is the nearest representable
one (`boundaries`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from judge.stats.arms import Arms, Array, paired
from judge.stats.boundaries import Pairs, pairs, representable
from judge.stats.calibration import Draw, draw, group_size, pseudo_rollouts
from judge.stats.clips import Clips
from judge.stats.comparison import Comparison, Side, raised_by, weigh
from judge.stats.evidence import Schedule, Steps
from judge.stats.histograms import PodHistograms, merged, quantile
from judge.stats.risks import RiskSide, risk_side, usual_pods
from judge.stats.tail_noise import TailNoise, learn_tails, shares_on, unlearned_tails
from judge.stats.terms import Terms


def compare_histograms(
    history: PodHistograms | None,
    canary: PodHistograms,
    baseline: PodHistograms,
    terms: Terms,
    *,
    calibrate: bool = True,
) -> Comparison | None:
    """Judge a run's histograms against its baseline's; counts (..., intervals, pods, bounds).

    ``terms.limit`` is the slowdown that is tolerated. None where no pair of bounds can test it.
    """
    noise = learn_tails(history, interval=terms.interval)
    raised = None
    if noise is not None and history is not None and calibrate:
        pods = usual_pods(canary.total())
        raised = tail_calibration(history, noise, terms, canary_pods=pods)
    return weigh_histograms(canary, baseline, noise, terms, raised)


def weigh_histograms(
    canary: PodHistograms,
    baseline: PodHistograms,
    noise: TailNoise | None,
    terms: Terms,
    raised: Array | None,
) -> Comparison | None:
    """The evidence of a run's histograms; None where no pair of bounds can test the limit.

    Without learned noise (None) it is assumed, and the first intervals, until there were `OPENING`
    requests, choose the bounds and are left out of the evidence.
    """
    if noise is None:
        noise, canary, baseline = unlearned_tails(canary, baseline)
    sides = slowdown_sides(canary, baseline, noise, terms)
    if any(side.pairs(side.asked) is None for side in sides):
        return None
    noises = [side.noise.at(side.bounds[side.tested.reference]) for side in sides]
    exact = all((one.phi == 1.0).all() and (one.tau == 0.0).all() for one in noises)
    return weigh(sides, terms, raised, exact=exact)


def slowdown_sides(
    canary: PodHistograms, baseline: PodHistograms, noise: TailNoise, terms: Terms
) -> tuple[SlowdownSide, ...]:
    """The directions in which these histograms can go wrong."""
    return tuple(
        SlowdownSide(
            canary if not inverted else baseline,
            baseline if not inverted else canary,
            noise,
            null,
            worst,
            inverted,
        )
        for inverted, null, worst in terms.directions
    )


@dataclass(frozen=True, slots=True)
class SlowdownSide:
    """One direction of a comparison of histograms; see `comparison.Side`.

    ``asked`` and ``worst`` are slowdowns as the user wrote them, at least 1.
    """

    treated: PodHistograms
    reference: PodHistograms
    noise: TailNoise
    asked: float
    worst: float
    inverted: bool
    continuous: bool = False

    @property
    def bounds(self) -> Array:
        """The bounds of both tracks, (bounds,)."""
        return self.reference.bounds

    def pairs(self, slowdown: float, *, at_most: bool = True) -> Pairs | None:
        """The bounds at which a slowdown is tested."""
        return pairs(self.bounds, shares_on(self.bounds, self.noise), slowdown, at_most=at_most)

    @property
    def tested(self) -> Pairs:
        """The bounds at which the limit is tested."""
        chosen = self.pairs(self.asked)
        if chosen is None:
            raise ValueError(f"no bounds can test a slowdown of {self.asked:g}")
        return chosen

    @property
    def null(self) -> float:
        """The limit that is really tested: the strictest of the pairs of bounds."""
        return self.tested.strictest

    def failing(self, plan: Schedule, *, clip: float, calibrated: bool = False) -> Steps:
        """See `comparison.Side`."""
        return self._risks(self.tested).failing(plan, clip=clip, calibrated=calibrated)

    def for_a_pass(self, plan: Schedule, *, clip: float) -> Array:
        """See `comparison.Side`.

        Where no bounds can test the worst, the greatest slowdown below it that they can is ruled
        out in its place, and the worst with it; nothing is shown where there is none.
        """
        every = representable(self.bounds, shares_on(self.bounds, self.noise))
        tried = np.append(every[(every > self.null) & (every < self.worst)], self.worst)
        for slowdown in tried[::-1]:
            chosen = self.pairs(float(slowdown), at_most=False)
            if chosen is not None:
                return self._risks(chosen).for_a_pass(plan, clip=clip)
        return np.zeros(self.treated.counts.shape[:-2])

    def above(self, tried: Array, plan: Schedule, clips: Clips) -> Array:
        """See `comparison.Side`."""

        def one(risks: RiskSide) -> Array:
            return risks.above(np.ones(risks.noise.phi.shape), plan, clips)

        return self._each(tried, one, at_most=True)

    def below(self, tried: Array, plan: Schedule, *, clip: float) -> Array:
        """See `comparison.Side`."""

        def one(risks: RiskSide) -> Array:
            return risks.for_a_pass(plan, clip=clip)

        return self._each(tried, one, at_most=False)

    def _each(self, tried: Array, one: Callable[[RiskSide], Array], *, at_most: bool) -> Array:
        found = [self.pairs(float(slowdown), at_most=at_most) for slowdown in tried]
        nothing = np.zeros(self.treated.counts.shape[:-2])
        return np.array([nothing if each is None else one(self._risks(each)) for each in found])

    def _risks(self, chosen: Pairs) -> RiskSide:
        """The counts above the bounds of each pair, as tests whose e-values are averaged."""
        arms = self.arms(chosen)
        noise = self.noise.at(self.bounds[chosen.reference])
        turned = arms.swapped() if self.inverted else arms
        return risk_side(turned, noise, inverted=self.inverted, averaged=True)

    def arms(self, chosen: Pairs) -> Arms:
        """The counts above the bounds of each pair, (tests, ..., looks)."""
        return paired(self.treated.beyond(chosen.treated), self.reference.beyond(chosen.reference))

    def estimate(self, start: int) -> float | None:
        """The slowdown that brings the tails together, averaged over the bounds on a log scale.

        Each counts by the evidence in it, so a slow tail is not averaged away by a fast middle.
        """
        chosen = self.tested.reference
        ours, theirs = merged(self.treated, start), merged(self.reference, start)
        known = np.isfinite(ours)
        found = np.array(
            [_slowdown(self.bounds, known, ours, theirs, int(bound)) for bound in chosen]
        )
        told = np.isfinite(found) & (found > 0)
        if not told.any():
            return None
        weights = np.exp(self._excess(start) - self._excess(start).max())[told]
        return float(np.exp(np.average(np.log(found[told]), weights=weights)))

    def _excess(self, start: int) -> Array:
        """How strongly each bound speaks against "no slower": about its log-likelihood ratio."""
        chosen = self.tested.reference
        arms = paired(self.treated.beyond(chosen), self.reference.beyond(chosen))
        (p, n), (q, m) = (
            _risk(arm.events[:, start:], arm.total[:, start:])
            for arm in (arms.treated, arms.reference)
        )
        variance = p * (1 - p) / n + q * (1 - q) / m
        phi = self.noise.at(self.bounds[chosen]).phi
        return np.square(p - q) / np.maximum(variance, 1e-12) / phi / 2.0

    def candidates(self, start: int) -> tuple[Array, Array]:
        """See `comparison.Side`: the slowdowns that the bounds can represent, nearest first."""
        centre = self.estimate(start) or 1.0
        every = representable(self.bounds, shares_on(self.bounds, self.noise))
        return every[every <= centre][::-1], every[every > centre]

    def pods_needed(self, *, clip: float) -> tuple[int, int | None] | None:
        """See `comparison.Side`; not known of latencies."""
        return None


def _risk(events: Array, total: Array) -> tuple[Array, Array]:
    """Risks and totals of several intervals together, (tests,)."""
    whole = np.maximum(total.sum(-1), 1.0)
    return events.sum(-1) / whole, whole


def _slowdown(
    bounds: Array, known: NDArray[np.bool_], ours: Array, theirs: Array, at: int
) -> float:
    """Our quantile over the bound ``at``, at the share of theirs that lies within it."""
    if not (ours[-1] > 0 and theirs[-1] > 0 and np.isfinite(theirs[at])):
        return math.nan
    share = float(theirs[at] / theirs[-1])
    return quantile(bounds[known], ours[known], share) / float(bounds[at])


def usable_looks(side: Side) -> NDArray[np.bool_]:
    """At which looks (looks,) some pair of bounds could compare both tracks."""
    if not isinstance(side, SlowdownSide):
        raise TypeError(f"{side} compares no histograms")
    return np.asarray(side.arms(side.tested).usable.any(0))


def tail_calibration(
    history: PodHistograms, noise: TailNoise, terms: Terms, *, canary_pods: int
) -> Array | None:
    """By how much the threshold must be raised, (...); None where the history is too short."""
    intervals, pods = history.counts.shape[-3:-1]
    group = group_size(canary_pods, pods)
    drawn = draw(intervals, pods, looks=terms.looks, group=group, shift=terms.shift)
    shares = shares_on(history.bounds, noise)
    tested = [(inverted, pairs(history.bounds, shares, null)) for inverted, null, _ in
              terms.directions]  # fmt: skip
    told = [(inverted, chosen) for inverted, chosen in tested if chosen is not None]
    if drawn is None or len(told) < len(tested):
        return None

    def pseudo() -> Iterator[tuple[tuple[RiskSide, ...], NDArray[np.bool_]]]:
        for part in drawn.chunks():
            sides = tuple(
                _pseudo_side(part, history, noise, chosen, inverted=inverted)
                for inverted, chosen in told
            )
            yield sides, np.asarray(sides[0].arms.usable.any(0))

    return raised_by(pseudo(), terms, overlap=drawn.overlap, pods=group)


def _pseudo_side(
    drawn: Draw, history: PodHistograms, noise: TailNoise, chosen: Pairs, *, inverted: bool
) -> RiskSide:
    """A release that is exactly as slow as the limit allows.

    As many of its requests lie above the one bound of a pair as else lie above the other.
    """
    arms = pseudo_rollouts(drawn, history.beyond(chosen.reference))
    each = noise.at(history.bounds[chosen.reference]).batched()
    return risk_side(arms, each, inverted=inverted, averaged=True)
