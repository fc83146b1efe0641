"""Two variants that the same pods serve: an A/B test whose variant is a label of the series.

Here a pod is compared with itself. Given all the events of a pod in an interval, how many fell on
the treated variant hangs on the ratio and on the pod's own split alone: whatever the pod's rate is,
it cancels, pod by pod, so lasting differences between pods are no noise and need no history.

Owned here: that comparison as a `comparison.Side`, and its noise, `running_phi`, which is learned
from the test itself: by how much the difference between the variants moves from one stretch of
time to the next. Promised: what is said of an interval hangs on earlier ones alone. Not here:
visits of one visitor on different days; no count can tell those from different visitors.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import special

from judge.stats.arms import Arm, Arms, Array
from judge.stats.clips import Clips
from judge.stats.comparison import Comparison, weigh
from judge.stats.counts import HIGH_RATE, Tempering, likelihood
from judge.stats.dispersion import (
    ASSUMED_PHI,
    ASSUMED_TAU,
    FEWEST_DEGREES,
    UPPER,
    Dispersion,
    assumed,
)
from judge.stats.evidence import Alternatives, Likelihood, Schedule, Steps, mixed, steps
from judge.stats.small_effects import small_alternatives
from judge.stats.spread import none
from judge.stats.terms import Terms

HOUR = 3600.0
TEN_MINUTES = 600.0
LONG_TEST = 24 * HOUR
LONGER = 6  # times as long are the stretches that show what goes on for hours
FEWEST_LONGER = 10  # degrees of freedom of these; they are an estimate and no bound
FEWEST_EVENTS = 5.0  # of both variants in a stretch of time that shall tell of the noise
_FARTHEST = 1e4
_TRIED = 14  # ratios on either side of the estimate


@dataclass(frozen=True, slots=True)
class PodSums:
    """The likelihood of all pods: the sum over ``pods`` of what each says."""

    pods: tuple[Likelihood, ...]

    def curve(self, ratios: Array, null: Array) -> Array:
        """See `evidence.Likelihood`."""
        first, *others = self.pods
        grown = first.curve(ratios, null)
        for one in others:
            grown = grown + one.curve(ratios, null)
        return grown


@dataclass(frozen=True, slots=True)
class WithinPods:
    """One direction of a comparison within pods; see `comparison.Side`.

    ``arms`` (pods, intervals) are exchanged where ``inverted``.
    """

    arms: Arms
    noise: Dispersion
    temper: Tempering
    null: float
    worst: float
    inverted: bool
    nearest: float
    continuous: bool = True

    def failing(self, plan: Schedule, *, clip: float, calibrated: bool = False) -> Steps:
        """See `comparison.Side`."""
        return self._above(np.asarray(self.null), plan)

    def for_a_pass(self, plan: Schedule, *, clip: float) -> Array:
        """See `comparison.Side`."""
        return self.below(np.asarray(self.worst), plan, clip=clip)

    def above(self, tried: Array, plan: Schedule, clips: Clips) -> Array:
        """See `comparison.Side`."""
        return clips.grown(self._above(tried, plan))

    def below(self, tried: Array, plan: Schedule, *, clip: float) -> Array:
        """See `comparison.Side`."""
        beyond = small_alternatives(np.zeros_like(tried), nearest=self.nearest, up=False)
        return mixed(self._tested(tried, beyond, plan).clipped(clip), plan)

    def _above(self, null: Array, plan: Schedule) -> Steps:
        rate = float(self.noise.rate)
        rate = rate if rate > 0 else 1.0 / _FARTHEST
        farthest = np.minimum(1.0 / (rate * null), _FARTHEST)
        beyond = small_alternatives(farthest, nearest=self.nearest)
        return self._tested(null, beyond, plan)

    def _tested(self, null: Array, beyond: Alternatives, plan: Schedule) -> Steps:
        each = tuple(
            likelihood(one, self.noise, self.temper, inverted=self.inverted)
            for one in by_pod(self.arms)
        )
        return steps(PodSums(each), null, beyond, none(null.shape), plan)

    def pods_needed(self, *, clip: float) -> tuple[int, int | None] | None:
        """None: there are no differences between pods here."""
        return None

    def estimate(self, start: int) -> float | None:
        """Mantel and Haenszel's common ratio of risks over pods and intervals."""
        above, below = (float(one[start:].sum()) for one in common_ratio(self.arms))
        return above / below if below > 0 else None

    def candidates(self, start: int) -> tuple[Array, Array]:
        """See `comparison.Side`: half the test's standard error to so many that clips are few."""
        above, below = (float(one[start:].sum()) for one in common_ratio(self.arms))
        if above == 0 or below == 0:
            above, below = above + 0.5, below + 0.5
        ratio = above / below
        _, variance = residuals(self.arms, np.full(self.arms.treated.total.shape[-1], ratio))
        temper = self.temper.at(np.asarray(1.0))
        error = 1.0 / math.sqrt(max(float((variance / temper)[start:].sum()), 0.25))
        looks = len(variance)
        distances = error * np.geomspace(0.5, 8.0 * looks**0.25, _TRIED)
        return ratio * np.exp(-distances), ratio * np.exp(distances)


def by_pod(arms: Arms) -> list[Arms]:
    """The pods apart, each (intervals,)."""

    def one(arm: Arm, i: int) -> Arm:
        return Arm(arm.events[i], arm.total[i], arm.pods[i])

    return [Arms(one(arms.treated, i), one(arms.reference, i)) for i in range(len(arms.usable))]


def weigh_within_pods(arms: Arms, terms: Terms, *, rate: float | None) -> tuple[Comparison, bool]:
    """The evidence of an A/B test (`Terms.gain`) on counts (pods, intervals) of both variants.

    And whether its noise is learned by now; until it is, much is assumed.

    ``rate`` of events is the history's; without one (None) the first interval with traffic tells
    it, and where it is high that interval is left out of the evidence.
    """
    if rate is None:
        rate, arms = _first_rate(arms)
    phi, learned = running_phi(arms, interval=terms.interval, looks=terms.looks, rate=rate)
    noise = replace(assumed((), rate), tau=np.zeros(()))
    temper = Tempering(np.asarray(2.0), phi - 1.0)  # 1 + null (2 - 1) (phi - 1)
    sides = tuple(
        WithinPods(
            arms.swapped() if inverted else arms,
            noise,
            temper,
            null,
            worst,
            inverted,
            terms.nearest or worst,
        )
        for inverted, null, worst in terms.directions
    )
    return weigh(sides, terms, None, exact=False), bool(learned[-1:].any())


def _first_rate(arms: Arms) -> tuple[float, Arms]:
    any_pod = arms.usable.any(0)
    if not any_pod.any():
        return math.nan, arms
    at = int(any_pod.argmax())
    rate = float(arms.reference.events[:, at].sum() / arms.reference.total[:, at].sum())
    if rate <= HIGH_RATE:
        return rate, arms
    return rate, Arms(_without(arms.treated, at), _without(arms.reference, at))


def _without(arm: Arm, at: int) -> Arm:
    events, total = arm.events.copy(), arm.total.copy()
    events[:, at] = total[:, at] = 0.0
    return Arm(events, total, arm.pods)


def common_ratio(arms: Arms) -> tuple[Array, Array]:
    """Numerator and denominator of Mantel and Haenszel's ratio by interval, (intervals,) each."""
    ours, theirs = arms.treated, arms.reference
    both = np.where(arms.usable, ours.total + theirs.total, 1.0)
    above = np.where(arms.usable, ours.events * theirs.total / both, 0.0).sum(0)
    below = np.where(arms.usable, theirs.events * ours.total / both, 0.0).sum(0)
    return above, below


def residuals(arms: Arms, ratio: Array) -> tuple[Array, Array]:
    """By interval, (intervals,): the treated events beyond those expected, and their variance.

    Under a ``ratio`` (intervals,) of risks, given all events of a pod; with independent visits.
    """
    ours, theirs = arms.treated, arms.reference
    whole = np.where(arms.usable, theirs.total + ratio * ours.total, 0.0)
    share = np.where(arms.usable, ratio * ours.total / np.where(arms.usable, whole, 1.0), 0.0)
    events = np.where(arms.usable, ours.events + theirs.events, 0.0)
    # the reference's risk, all pods together
    risk = np.minimum(events.sum(0) / np.maximum(whole.sum(0), 1.0), 1.0)
    kept = np.maximum(1.0 - risk * ((1.0 - share) * ratio + share), 1e-6)
    beyond = np.where(arms.usable, ours.events - events * share, 0.0).sum(0)
    return beyond, (events * share * (1.0 - share) * kept).sum(0)


def running_phi(
    arms: Arms, *, interval: float, looks: int, rate: float
) -> tuple[Array, NDArray[np.bool_]]:
    """By how much the difference varies more than independent visits would, (intervals,).

    What is known before each interval, at least 1: an upper bound (80 %) from stretches of an hour
    (ten minutes in tests of less than a day), or what stretches of six hours (one hour) show, where
    that is more, and more than chance has it four times in five. What it is above 1 grows with the
    visits, so where there are more than there were so far, so is the estimate: a quiet night says
    little of the day. Until there is enough, of which the second array tells, (intervals,), it is
    4, or what a difference that wanders by 20 % makes of so many visits at this ``rate`` of events.
    """
    seconds = HOUR if looks * interval >= LONG_TEST else TEN_MINUTES
    volume = _volume(arms)
    statistic, degrees, usual = _recursive(arms, volume, max(1, round(seconds / interval)))
    learned = degrees >= FEWEST_DEGREES
    bound = statistic / special.chdtri(np.maximum(degrees, 1.0), UPPER)
    estimate = statistic / np.maximum(degrees, 1.0)
    statistic, degrees, _ = _recursive(arms, volume, max(1, round(LONGER * seconds / interval)))
    chance = special.chdtri(np.maximum(degrees, 1.0), 1.0 - UPPER)
    enough = (degrees >= FEWEST_LONGER) & (statistic > chance)
    longer = np.where(enough, statistic / np.maximum(degrees, 1.0), 1.0)
    grown = np.maximum(volume / np.where(usual > 0, usual, np.inf), 1.0)
    here = 1.0 + np.maximum(np.maximum(estimate, longer) - 1.0, 0.0) * grown
    events = volume * (rate if np.isfinite(rate) else 0.0)
    unknown = np.maximum(ASSUMED_PHI, 1.0 + ASSUMED_TAU**2 * events)
    return np.where(learned, np.maximum(bound, here), unknown), learned


def _volume(arms: Arms) -> Array:
    """The visits that tell of the difference, by interval: n m / (n + m), over the pods' sum."""
    ours, theirs = arms.treated.total, arms.reference.total
    both = np.where(arms.usable, ours + theirs, 1.0)
    return np.asarray(np.where(arms.usable, ours * theirs / both, 0.0).sum(0))


def _recursive(arms: Arms, volume: Array, length: int) -> tuple[Array, Array, Array]:
    """The sum of squared recursive residuals and their number, as known before each interval.

    One for each stretch of ``length`` intervals: how far it is from the ratio of those before it,
    over what is expected of independent visits (Brown, Durbin and Evans 1975). And the mean of the
    ``volume`` of their intervals. (intervals,) each.
    """
    above, below = common_ratio(arms)
    intervals = len(above)
    known = np.zeros((3, intervals))
    statistic, degrees, information, seen = 0.0, 0, 0.0, 0.0
    for first in range(0, intervals, length):
        within = slice(first, first + length)
        known[:, within] = np.array([[statistic], [degrees], [seen / max(degrees, 1)]])
        stretch = _stretch(arms, within)
        ratio = (above[:first].sum() + 0.5) / (below[:first].sum() + 0.5)
        beyond, variance = residuals(stretch, np.full(stretch.usable.shape[-1], ratio))
        own = float(variance.sum())
        if own <= 0 or _events(stretch) < FEWEST_EVENTS:
            continue
        if information > 0:
            statistic += float(beyond.sum()) ** 2 / (own * (1.0 + own / information))
            degrees += 1
            seen += float(volume[within].mean())
        information += own
    return known[0], known[1], known[2]


def _stretch(arms: Arms, within: slice) -> Arms:
    def part(arm: Arm) -> Arm:
        return Arm(arm.events[:, within], arm.total[:, within], arm.pods[:, within])

    return Arms(part(arms.treated), part(arms.reference))


def _events(arms: Arms) -> float:
    return float((arms.treated.events + arms.reference.events).sum())
