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
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from judge.stats.arms import LEAST, Arms, Array, PodCounts, paired
from judge.stats.boundaries import Pairs, pairs, representable
from judge.stats.calibration import Draw, draw, group_size, pseudo_rollouts, stride
from judge.stats.comparison import Comparison, Side, raised_by, weigh
from judge.stats.counts import tempering
from judge.stats.dispersion import Dispersion, assumed, dispersion
from judge.stats.evidence import Schedule
from judge.stats.risks import RiskSide, usual_pods
from judge.stats.terms import Terms

FEWEST_ABOVE = 20.0  # requests above a bound, for it to be tested
TESTED_SHARES = (0.003, 0.8)  # of the requests above it
OPENING = 1000.0  # requests that choose the bounds where there is no history
ASSUMED_SCALE = 0.1  # log-sd of pods' own scales where nothing tells of it
BLOCK_SECONDS = (600.0, 1800.0)  # latencies wander for longer than errors do


@dataclass(frozen=True, slots=True)
class PodHistograms:
    """Requests by how long they took: cumulative increments by interval and pod.

    ``bounds`` (bounds,) ascend and end with infinity; ``counts`` (..., intervals, pods, bounds),
    NaN where a count is not known at a bound; the last is the total, NaN for a hole.
    """

    bounds: Array
    counts: Array

    def beyond(self, at: NDArray[np.intp]) -> PodCounts:
        """Requests above the bounds with the indices ``at`` (tests,): (tests, ..., pods)."""
        total = self.counts[..., -1]
        events = total[..., None] - self.counts[..., at]
        events = np.ascontiguousarray(np.moveaxis(events, -1, 0))
        return PodCounts(events, np.broadcast_to(total, events.shape))

    def total(self) -> PodCounts:
        """All requests, as events and total alike."""
        return PodCounts(self.counts[..., -1], self.counts[..., -1])

    def pooled(self) -> Array:
        """The share of all requests above each bound, (bounds,); NaN where it is not known.

        A bound counts as known where it is so for every request.
        """
        total = self.counts[..., -1]
        whole = np.nansum(total)
        seen = (np.nan_to_num(total) > 0)[..., None]
        unknown = (seen & ~np.isfinite(self.counts)).any(tuple(range(self.counts.ndim - 1)))
        above = whole - np.nansum(self.counts, axis=tuple(range(self.counts.ndim - 1)))
        share = above / whole if whole > LEAST else np.full(len(self.bounds), np.nan)
        return np.where(unknown, np.nan, share)


@dataclass(frozen=True, slots=True)
class TailNoise:
    """What the history says of the requests above some of its bounds.

    ``bounds`` (bounds,), ``shares`` (bounds,) of requests above them (NaN: not to be tested), and
    ``noise`` with the leading axis bounds.
    """

    bounds: Array
    shares: Array
    noise: Dispersion
    learned: bool

    def at(self, bounds: Array) -> Dispersion:
        """The noise at these bounds."""
        index = np.searchsorted(self.bounds, bounds * (1 - 1e-9))
        return Dispersion(
            *(
                np.asarray(getattr(self.noise, name))[index]
                for name in ("phi", "tau", "degrees", "rate", "volume", "learned")
            )
        )


def learn_tails(history: PodHistograms | None, *, interval: float) -> TailNoise | None:
    """The noise above every bound that a test may stand on; None without a history.

    ``interval`` in seconds.
    """
    if history is None or not history.counts.size or not np.nansum(history.counts[..., -1]):
        return None
    shares = tail_shares(history)
    at = np.flatnonzero(np.isfinite(shares))
    if not at.size:
        return None
    noise = dispersion(history.beyond(at), interval=interval, blocks=BLOCK_SECONDS)
    assumed_tau = ASSUMED_SCALE * _elasticity(history.bounds[at], shares[at])
    wider = np.maximum(noise.tau, assumed_tau.reshape(-1, *(1 for _ in noise.tau.shape[1:])))
    noise = replace(noise, tau=np.where(noise.learned, noise.tau, wider))
    return TailNoise(history.bounds[at], shares[at], noise, learned=True)


def _elasticity(bounds: Array, shares: Array) -> Array:
    """By how much the share above a bound changes with the scale: -d log share / d log bound."""
    if len(bounds) < 2:
        return np.ones(len(bounds))
    return np.asarray(np.maximum(-np.gradient(np.log(shares), np.log(bounds)), 1.0))


def tail_shares(histograms: PodHistograms) -> Array:
    """The shares above the bounds that a test may stand on, NaN for the others, (bounds,)."""
    shares = histograms.pooled()
    enough = shares * np.nansum(histograms.counts[..., -1]) >= FEWEST_ABOVE
    tail = (shares >= TESTED_SHARES[0]) & (shares <= TESTED_SHARES[1])
    fine = (histograms.bounds > 0) & np.isfinite(histograms.bounds)
    return np.where(enough & tail & fine, shares, np.nan)


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
    sides = tuple(
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
    if any(side.pairs(side.asked) is None for side in sides):
        return None
    noises = [side.noise.at(side.bounds[side.tested.reference]) for side in sides]
    exact = all((one.phi == 1.0).all() and (one.tau == 0.0).all() for one in noises)
    return weigh(sides, terms, raised, exact=exact)


def unlearned_tails(
    canary: PodHistograms, baseline: PodHistograms
) -> tuple[TailNoise, PodHistograms, PodHistograms]:
    """Assumed noise, and the histograms without the intervals that chose the bounds."""
    seen = np.nansum(baseline.counts[..., -1], axis=-1)
    enough = seen.reshape(-1, seen.shape[-1]).mean(0).cumsum() >= OPENING
    first = int(enough.argmax()) if enough.any() else len(enough) - 1
    chosen = PodHistograms(baseline.bounds, baseline.counts[..., : first + 1, :, :])
    shares = tail_shares(chosen)
    batch = baseline.counts.shape[:-3]
    noise = assumed((len(shares), *batch))
    rate = np.broadcast_to(shares.reshape(-1, *(1 for _ in batch)), noise.phi.shape)
    noise = Dispersion(noise.phi, noise.tau, noise.degrees, rate, noise.volume, noise.learned)
    told = TailNoise(baseline.bounds, shares, noise, learned=False)
    return told, _without(canary, first), _without(baseline, first)


def _without(histograms: PodHistograms, interval: int) -> PodHistograms:
    counts = histograms.counts.copy()
    counts[..., : interval + 1, :, :] = np.nan
    return PodHistograms(histograms.bounds, counts)


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
        return pairs(self.bounds, _on(self.bounds, self.noise), slowdown, at_most=at_most)

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

    def fail_by_start(self, plan: Schedule, *, clip: float) -> list[Array]:
        """See `comparison.Side`."""
        return self._risks(self.tested).fail_by_start(plan, clip=clip)

    def for_a_pass(self, plan: Schedule, *, clip: float) -> Array:
        """See `comparison.Side`.

        Where no bounds can test the worst, the greatest slowdown below it that they can is ruled
        out in its place, and the worst with it; nothing is shown where there is none.
        """
        every = representable(self.bounds, _on(self.bounds, self.noise))
        tried = np.append(every[(every > self.null) & (every < self.worst)], self.worst)
        for slowdown in tried[::-1]:
            chosen = self.pairs(float(slowdown), at_most=False)
            if chosen is not None:
                return self._risks(chosen).for_a_pass(plan, clip=clip)
        return np.zeros(self.treated.counts.shape[:-2])

    def above(self, tried: Array, plan: Schedule, *, clip: float) -> Array:
        """See `comparison.Side`."""

        def one(risks: RiskSide) -> Array:
            return risks.above(np.ones(risks.noise.phi.shape), plan, clip=clip)

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
        temper = tempering(noise, arms.treated.total, arms.treated.pods)
        return RiskSide(arms, noise, temper, 1.0, 1.0, self.inverted, averaged=True)

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
        every = representable(self.bounds, _on(self.bounds, self.noise))
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


def merged(histograms: PodHistograms, start: int = 0) -> Array:
    """All pods' and intervals' requests from ``start`` on together, (bounds,).

    NaN at bounds that were not known for all of them.
    """
    counts = histograms.counts[..., start:, :, :]
    axes = tuple(range(counts.ndim - 1))
    there = np.isfinite(counts[..., -1:])
    unknown = (there & ~np.isfinite(counts)).any(axes)
    return np.where(unknown, np.nan, np.where(np.isfinite(counts), counts, 0.0).sum(axes))


def known_counts(histograms: PodHistograms) -> tuple[Array, Array]:
    """The bounds at which all requests are known, and how many took at most so long."""
    counts = merged(histograms)
    known = np.isfinite(counts)
    return histograms.bounds[known], counts[known]


def usable_looks(side: Side) -> NDArray[np.bool_]:
    """At which looks (looks,) some pair of bounds could compare both tracks."""
    if not isinstance(side, SlowdownSide):
        raise TypeError(f"{side} compares no histograms")
    return np.asarray(side.arms(side.tested).usable.any(0))


def quantile(bounds: Array, counts: Array, share: float) -> float:
    """Where ``share`` (0 to 1) of the requests lies below, linear within a bucket as in PromQL.

    ``counts`` (bounds,) are cumulative. NaN without requests; the greatest finite bound where it
    lies beyond.
    """
    total = float(counts[-1]) if len(counts) else 0.0
    if not total > 0:
        return math.nan
    rank = share * total
    index = int(np.searchsorted(counts, rank))
    if index >= len(bounds) - 1:
        return float(bounds[-2]) if len(bounds) > 1 else math.nan
    low = float(bounds[index - 1]) if index else 0.0
    before = float(counts[index - 1]) if index else 0.0
    inside = float(counts[index]) - before
    part = (rank - before) / inside if inside > 0 else 1.0
    return low + (float(bounds[index]) - low) * part


def tail_calibration(
    history: PodHistograms, noise: TailNoise, terms: Terms, *, canary_pods: int
) -> Array | None:
    """By how much the threshold must be raised, (...); None where the history is too short."""
    intervals, pods = history.counts.shape[-3:-1]
    drawn = draw(intervals, pods, looks=terms.looks, group=group_size(canary_pods, pods))
    shares = _on(history.bounds, noise)
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

    overlap = stride(intervals, pods, terms.looks) / terms.looks
    return raised_by(pseudo(), terms, overlap=overlap)


def _pseudo_side(
    drawn: Draw, history: PodHistograms, noise: TailNoise, chosen: Pairs, *, inverted: bool
) -> RiskSide:
    slow, plain = history.beyond(chosen.treated), history.beyond(chosen.reference)
    playing, resting = (plain, slow) if inverted else (slow, plain)
    arms = pseudo_rollouts(drawn, resting, playing=playing)
    each = noise.at(history.bounds[chosen.reference]).batched()
    temper = tempering(each, arms.treated.total, arms.treated.pods)
    turned = arms.swapped() if inverted else arms
    return RiskSide(turned, each, temper, 1.0, 1.0, inverted, averaged=True)


def _on(bounds: Array, noise: TailNoise) -> Array:
    """The history's shares at the run's bounds, NaN at bounds that it does not know."""
    index = np.minimum(np.searchsorted(noise.bounds, bounds * (1 - 1e-9)), len(noise.bounds) - 1)
    same = np.isclose(noise.bounds[index], bounds, rtol=1e-9, atol=0.0)
    return np.where(same, noise.shares[index], np.nan)
