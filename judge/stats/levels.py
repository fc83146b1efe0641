"""The comparison of gauges: how high two tracks' levels are, or how fast they grow.

A look's datum is d = log(mean over the treated pods) - log(mean over the reference pods). Its
log-likelihood ratio is the normal one with the long-run variance of such differences, as the
baseline's own pods have it (`level_noise`): ten minutes that go up together are one piece of
evidence, not ten. A leak is a difference of slopes: the same with what each d adds to the mean of
those before it, which no constant difference between the tracks touches.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from judge.stats.arms import Array
from judge.stats.calibration import draw, group_size
from judge.stats.clips import Clips
from judge.stats.comparison import Comparison, raised_by, weigh
from judge.stats.evidence import (
    CLIP_DIVISOR,
    Schedule,
    Steps,
    alternatives,
    mixed,
    steps,
)
from judge.stats.level_noise import LevelNoise, assumed_level, level_noise, moves
from judge.stats.spread import Spread, lasting, none, pods_for
from judge.stats.terms import Terms

LEAP = 0.25  # of a log level within one interval: a process that began anew,
LEAP_STEPS = 6.0  # if it is that many times what pods usually move by
NEAREST = 1.05  # the smallest alternative; gauges of quiet services tell so little apart
HOUR = 3600.0
_TRIED = 10


@dataclass(frozen=True, slots=True)
class PodLevels:
    """Levels by pod, (..., intervals, pods), NaN for a hole."""

    values: Array

    def logs(self, floor: float) -> Array:
        """Logarithms, the floor added; NaN also for what has none."""
        raised = self.values + floor
        fine = np.isfinite(raised) & (raised > 0)
        return np.where(fine, np.log(np.where(fine, raised, 1.0)), np.nan)

    def mean(self, floor: float = 0.0) -> tuple[Array, Array]:
        """The mean over the pods that are there, NaN where there are none, and their number."""
        raised = self.values + floor
        fine = np.isfinite(raised) & (raised >= 0)
        pods = fine.sum(-1)
        sums = np.where(fine, raised, 0.0).sum(-1)
        return np.where(pods > 0, sums / np.maximum(pods, 1), np.nan), pods


@dataclass(frozen=True, slots=True)
class LevelArms:
    """The log difference of two tracks by interval, NaN for a hole, and the tracks' pods.

    ``leap`` is the farthest that a pod moved away from all the others since the interval before, as
    a log level; infinite where pods came or went.
    """

    difference: Array
    treated: Array
    reference: Array
    leap: Array

    @property
    def usable(self) -> NDArray[np.bool_]:
        """Which intervals had a level on both tracks."""
        return np.isfinite(self.difference)

    def swapped(self) -> LevelArms:
        """The same with the roles exchanged."""
        return LevelArms(-self.difference, self.reference, self.treated, self.leap)


def level_arms(treated: PodLevels, reference: PodLevels, *, floor: float) -> LevelArms:
    """Both tracks of pods (..., intervals, pods) -> (..., intervals)."""
    (ours, k_ours), (theirs, k_theirs) = treated.mean(floor), reference.mean(floor)
    fine = (ours > 0) & (theirs > 0)
    log = np.log(np.where(fine, ours, 1.0)) - np.log(np.where(fine, theirs, 1.0))
    return LevelArms(
        np.where(fine, log, np.nan),
        np.maximum(k_ours, 1.0),
        np.maximum(k_theirs, 1.0),
        _leap(treated.logs(floor), reference.logs(floor)),
    )


def _leap(treated: Array, reference: Array) -> Array:
    """The greatest step of a pod apart from all the others', (..., intervals); 0 at the first."""
    (ours, k_ours), (theirs, k_theirs) = moves(treated), moves(reference)
    pods = np.maximum(k_ours.sum(-1) + k_theirs.sum(-1), 1)
    mean = ((ours.sum(-1) + theirs.sum(-1)) / pods)[..., None]
    far = [
        np.where(there, np.abs(moved - mean), 0.0).max(-1, initial=0.0)
        for moved, there in ((ours, k_ours), (theirs, k_theirs))
    ]
    other = _others_than_before(treated) | _others_than_before(reference)
    leap = np.where(other, np.inf, np.maximum(*far))
    return np.concatenate([np.zeros((*leap.shape[:-1], 1)), leap], axis=-1)


def _others_than_before(logs: Array) -> NDArray[np.bool_]:
    """Whether a pod came or went since the interval before, (..., intervals - 1)."""
    seen = np.isfinite(logs)
    return np.asarray((seen[..., 1:, :] != seen[..., :-1, :]).any(-1))


@dataclass(frozen=True, slots=True)
class NormalSteps:
    """A `Likelihood`: ``datum`` ~ Normal(``weight`` x log ratio, ``variance``), (..., intervals).

    An interval with weight 0 says nothing.
    """

    datum: Array
    weight: Array
    variance: Array

    def curve(self, ratios: Array, null: Array) -> Array:
        """See `evidence.Likelihood.curve`."""
        log_null = np.log(null)[..., None]
        step = np.log(ratios) - log_null
        left = (self.datum - self.weight * log_null)[..., None]
        moved = self.weight[..., None] * step[..., None, :]
        return np.asarray((left - moved / 2.0) * moved / self.variance[..., None])


@dataclass(frozen=True, slots=True)
class LevelSide:
    """One direction of a comparison of gauges; see `comparison.Side`."""

    arms: LevelArms
    steps: NormalSteps
    noise: LevelNoise
    null: float
    worst: float
    inverted: bool
    slope: bool
    continuous: bool = True

    def failing(self, plan: Schedule, *, clip: float, calibrated: bool = False) -> Steps:
        """See `comparison.Side`."""
        return self._tested(self._everywhere(self.null), plan, clip, up=True)

    def for_a_pass(self, plan: Schedule, *, clip: float) -> Array:
        """See `comparison.Side`."""
        return self.below(self._everywhere(self.worst), plan, clip=clip)

    def above(self, tried: Array, plan: Schedule, clips: Clips) -> Array:
        """See `comparison.Side`."""
        return clips.grown(self._tested(tried, plan, clips.usual, up=True))

    def below(self, tried: Array, plan: Schedule, *, clip: float) -> Array:
        """See `comparison.Side`."""
        return mixed(self._tested(tried, plan, clip, up=False).clipped(clip), plan)

    def _everywhere(self, ratio: float) -> Array:
        return np.full(self.noise.variance.shape, ratio)

    def _tested(self, null: Array, plan: Schedule, clip: float, *, up: bool) -> Steps:
        beyond = alternatives(np.zeros_like(null), up=up, nearest=NEAREST)
        found = steps(self.steps, null, beyond, self.spread(clip), plan)
        return replace(found, pods=self.arms.reference if self.inverted else self.arms.treated)

    def spread(self, clip: float) -> Spread:
        """The pods' lasting differences of level; of slopes there are none: a pod restarts."""
        error = math.exp(-clip * CLIP_DIVISOR)
        pods = np.sqrt(1.0 / self.arms.treated + 1.0 / self.arms.reference)
        if self.slope:
            return none(self.noise.tau.shape)
        return lasting(self.noise.tau, self.noise.degrees, pods, beyond=error / 20.0)

    def pods_needed(self, *, clip: float) -> tuple[int, int | None] | None:
        """See `comparison.Side`."""
        ours, theirs = self.arms.treated[-1], self.arms.reference[-1]
        canary, baseline = (theirs, ours) if self.inverted else (ours, theirs)
        wanted = math.log(self.worst / self.null)
        return pods_for(wanted, self.spread(clip), canary, baseline)

    def estimate(self, start: int) -> float | None:
        """The ratio by least squares; None where nothing was seen."""
        centre, information = self._fitted(start)
        return math.exp(centre) if information > 0 else None

    def candidates(self, start: int) -> tuple[Array, Array]:
        """See `comparison.Side`."""
        centre, information = self._fitted(start)
        looks = self.steps.datum.shape[-1]
        pods = 0.0 if self.slope else 1.0 / self.arms.treated[-1] + 1.0 / self.arms.reference[-1]
        error = math.sqrt(1.0 / max(information, 1e-3) + float(self.noise.tau) ** 2 * pods)
        distances = np.minimum(error * np.geomspace(0.3, 8.0 * math.sqrt(looks), _TRIED), 20.0)
        return np.exp(centre - distances), np.exp(centre + distances)

    def _fitted(self, start: int) -> tuple[float, float]:
        """The log ratio that fits best, and the information in it (one over its variance)."""
        steps = self.steps
        information = float((np.square(steps.weight) / steps.variance)[start:].sum())
        if information <= 0:
            return 0.0, 0.0
        sums = float((steps.weight * steps.datum / steps.variance)[start:].sum())
        return sums / information, information


def compare_levels(
    history: PodLevels | None,
    canary: PodLevels,
    baseline: PodLevels,
    terms: Terms,
    *,
    floor: float = 0.0,
    slope: bool = False,
    calibrate: bool = True,
) -> Comparison:
    """Judge a run's gauges against its baseline's; all arrays (..., intervals, pods)."""
    arms = level_arms(canary, baseline, floor=floor)
    noise = learn_levels(history, interval=terms.interval, floor=floor, slope=slope)
    raised = None
    if noise is not None and history is not None and calibrate:
        pods = usual_level_pods(canary)
        raised = level_calibration(
            history, noise, terms, floor=floor, slope=slope, canary_pods=pods
        )
    return weigh_levels(arms, noise, terms, raised, slope=slope)


def learn_levels(
    history: PodLevels | None, *, interval: float, floor: float, slope: bool
) -> LevelNoise | None:
    """The noise as the baseline's history has it; None without one. ``interval`` in seconds."""
    if history is None or not history.values.size:
        return None
    return level_noise(history.logs(floor), interval=interval, slopes=slope)


def usual_level_pods(canary: PodLevels) -> int:
    """The number of pods that the canary usually has, over all of a batch."""
    present = canary.mean()[1]
    return int(np.median(present[present > 0])) if (present > 0).any() else 1


def weigh_levels(
    arms: LevelArms, noise: LevelNoise | None, terms: Terms, raised: Array | None, *, slope: bool
) -> Comparison:
    """The evidence of a run's gauges; without learned noise (None) what is assumed of it."""
    if noise is None:
        noise = assumed_level(arms.difference.shape[:-1], interval=terms.interval)
    sides = level_sides(arms, noise, terms, slope=slope)
    return weigh(sides, terms, raised, exact=False)


def level_calibration(
    history: PodLevels,
    noise: LevelNoise,
    terms: Terms,
    *,
    floor: float,
    slope: bool,
    canary_pods: int,
) -> Array | None:
    """By how much the threshold must be raised, (...); None where the history is too short."""
    intervals, pods = history.values.shape[-2:]
    group = group_size(canary_pods, pods)
    drawn = draw(intervals, pods, looks=terms.looks, group=group, shift=terms.shift)
    if drawn is None:
        return None
    each = noise.batched()

    def pseudo() -> Iterator[tuple[tuple[LevelSide, ...], NDArray[np.bool_]]]:
        for chosen in drawn.chunks():
            playing = PodLevels(chosen.playing(history.values))
            resting = PodLevels(chosen.resting(history.values))
            arms = level_arms(playing, resting, floor=floor)
            sides = level_sides(arms, each, terms, slope=slope, at_limit=True)
            yield sides, arms.usable

    return raised_by(pseudo(), terms, overlap=drawn.overlap, pods=group)


def level_sides(
    arms: LevelArms, noise: LevelNoise, terms: Terms, *, slope: bool, at_limit: bool = False
) -> tuple[LevelSide, ...]:
    """The directions in which these gauges can go wrong.

    With ``at_limit`` the treated track is taken to be higher, or to grow faster, by the limit.
    """
    found = []
    for inverted, null, worst in terms.directions:
        turned = arms.swapped() if inverted else arms
        if at_limit:
            turned = _raised(turned, null, slope=slope, interval=terms.interval)
        variance = noise.variance[..., None] * (1.0 / turned.treated + 1.0 / turned.reference)
        steps = (
            growing_steps(turned, variance, noise.step, interval=terms.interval)
            if slope
            else level_steps(turned, variance)
        )
        found.append(LevelSide(turned, steps, noise, null, worst, inverted, slope))
    return tuple(found)


def _raised(arms: LevelArms, ratio: float, *, slope: bool, interval: float) -> LevelArms:
    """The same with the treated track higher by a ratio, or growing by it in an hour."""
    hours = np.arange(arms.difference.shape[-1]) * interval / HOUR
    added = math.log(ratio) * (hours if slope else 1.0)
    return replace(arms, difference=arms.difference + added)


def level_steps(arms: LevelArms, variance: Array) -> NormalSteps:
    """The differences themselves; holes weigh nothing."""
    usable = arms.usable
    datum = np.where(usable, arms.difference, 0.0)
    return NormalSteps(datum, usable.astype(float), np.broadcast_to(variance, datum.shape))


def growing_steps(arms: LevelArms, variance: Array, step: Array, *, interval: float) -> NormalSteps:
    """What each difference adds to the mean of those before it, in units of a growth by the hour.

    The recursive residuals of Brown, Durbin & Evans (1975) around a constant: independent, with
    equal variances, and free of the constant. Where pods come, go or restart (a ``step`` is what
    one usually moves by) the constant changes, and the residuals begin anew.
    """
    usable = arms.usable
    value = np.where(usable, arms.difference, 0.0)
    time = np.broadcast_to(np.arange(value.shape[-1]) * interval / HOUR, value.shape)
    datum, weight = np.zeros_like(value), np.zeros_like(value)
    count, sums, times = (np.zeros(value.shape[:-1]) for _ in range(3))
    kept = np.maximum(LEAP, LEAP_STEPS * step)
    for now in range(value.shape[-1]):
        if now:
            same = arms.leap[..., now] <= kept
            count, sums, times = (np.where(same, one, 0.0) for one in (count, sums, times))
        told = usable[..., now] & (count > 0)
        before = np.maximum(count, 1.0)
        scale = np.sqrt(1.0 + 1.0 / before)
        datum[..., now] = np.where(told, (value[..., now] - sums / before) / scale, 0.0)
        weight[..., now] = np.where(told, (time[..., now] - times / before) / scale, 0.0)
        seen = usable[..., now]
        count, sums = count + seen, sums + value[..., now]
        times = times + np.where(seen, time[..., now], 0.0)
    return NormalSteps(datum, weight, np.broadcast_to(variance, value.shape))
