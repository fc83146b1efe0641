"""The estimate of the effect and its confidence sequence, as a person looks at them.

The sequence inverts the evidence that the verdict rests on: a ratio is in it while the same
clipped, tempered and calibrated evidence against it is below the threshold. So its lower end
excludes the limit exactly when the metric fails. It holds at every look at once.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from judge.stats.arms import Array
from judge.stats.clips import Clips
from judge.stats.comparison import Comparison, Side
from judge.stats.evidence import Schedule, mixed
from judge.stats.terms import Terms

_HAIR = 1e-9  # more than what rounding of 1 / ratio changes


@dataclass(frozen=True, slots=True)
class Effect:
    """Effect ratios canary / baseline. None: not known, or no bound."""

    estimate: float | None
    low: float | None
    high: float | None


def effect(comparison: Comparison, terms: Terms) -> Effect:
    """The effect after the last look of a comparison without batch axes."""
    side = comparison.sides[0]
    reached = _thresholds(comparison, terms)
    plan = _starts_that_matter(comparison, terms)
    below, above = side.candidates(plan.starts[-1])
    low = _lower(side, below, plan, comparison.clips, reached[0])
    high = _upper(side, above, terms, reached[1])
    low, high = _as_decided(low, high, comparison, terms)
    estimate = side.estimate(plan.starts[-1])
    if estimate is not None:
        estimate = min(max(estimate, low or 0.0), high or math.inf)
    if side.inverted:
        return Effect(_inverse(estimate), _inverse(high), _inverse(low))
    return Effect(estimate, low, high)


def _thresholds(comparison: Comparison, terms: Terms) -> tuple[float, float]:
    """What the evidence against a ratio must reach for the lower end, and for the upper one."""
    if terms.ab_test:
        up, down = (float(one.threshold) for one in comparison.told)
        return up, down
    both = float(comparison.threshold) + math.log(terms.alpha / terms.side_alpha)
    return both, both


def _starts_that_matter(comparison: Comparison, terms: Terms) -> Schedule:
    """The first start and the one with the most evidence; a part of a mixture is a bound for it."""
    plan = terms.plan
    weighted = [
        math.log(weight) + float(one[-1])
        for weight, one in zip(plan.weights, comparison.by_start[0], strict=True)
    ]
    best = int(np.argmax(weighted))
    if best == 0 or weighted[best] <= 0:
        return Schedule(plan.block, plan.starts[:1], plan.weights[:1])
    return Schedule(
        plan.block,
        (plan.starts[0], plan.starts[best]),
        (plan.weights[0], plan.weights[best]),
    )


def _lower(
    side: Side, tried: Array, plan: Schedule, clips: Clips, threshold: float
) -> float | None:
    """The greatest ratio that is refuted from above; None where none is.

    The limit is among those tried, so that a failing metric's lower end lies beyond it.
    """

    def against(ratios: Array) -> Array:
        return side.above(ratios, plan, clips)

    if not side.continuous:
        return _farthest_kept(tried, against, threshold)
    tried = np.sort(np.append(tried, side.null))[::-1]
    return _crossing(tried, against(tried)[..., -1], threshold)


def _upper(side: Side, tried: Array, terms: Terms, threshold: float) -> float | None:
    """The smallest ratio that is refuted from below; None where none is."""
    plan = terms.plan.from_start()
    if not side.continuous:
        return _farthest_kept(tried, lambda one: side.below(one, plan, clip=terms.clip), threshold)
    grown = side.below(tried, plan, clip=terms.clip)[..., -1]
    return _crossing(tried, grown, threshold)


def _farthest_kept(
    tried: Array, evidence: Callable[[Array], Array], threshold: float
) -> float | None:
    """The first of ``tried``, going outwards, that is refuted; all beyond it are too.

    Each costs much, so they are tried in growing leaps, and then between the last two.
    """

    def refuted(index: int) -> bool:
        return bool(evidence(tried[index : index + 1])[0, -1] >= threshold)

    kept, leap = -1, 0
    while leap < len(tried) and not refuted(leap):
        kept, leap = leap, 2 * leap + 1
    first = min(leap, len(tried))
    if first == len(tried) and (not first or kept == first - 1 or not refuted(first - 1)):
        return None
    while first - kept > 1:
        middle = (kept + first) // 2
        kept, first = (kept, middle) if refuted(middle) else (middle, first)
    return float(tried[first])


def _crossing(tried: Array, grown: Array, threshold: float) -> float | None:
    """Where evidence first reaches the threshold, going outwards; interpolated on a log scale."""
    reached = grown >= threshold
    if not reached.any():
        return None
    i = int(reached.argmax())
    if i == 0:
        return float(tried[i])
    part = (threshold - grown[i - 1]) / (grown[i] - grown[i - 1])
    return float(tried[i - 1] * (tried[i] / tried[i - 1]) ** part)


def _as_decided(
    low: float | None, high: float | None, comparison: Comparison, terms: Terms
) -> tuple[float | None, float | None]:
    """The limit is outside the sequence exactly where the metric fails.

    Searching tries a few ratios and a part of the mixture over starts only, which may miss by a
    hair what the whole evidence says of the limit itself.
    """
    up, down = _shown(comparison, terms)
    low = _outside(low, comparison.sides[0].null, up)
    if len(comparison.sides) > 1:
        high = _inverse(_outside(_inverse(high), comparison.sides[1].null, down))
    return low, high


def _shown(comparison: Comparison, terms: Terms) -> tuple[bool, bool]:
    """Whether the limit is refuted from above, and, with two directions, from below."""
    if terms.ab_test:
        up, down = (bool(one.shown[..., -1]) for one in comparison.told)
        return up, down
    failed = float(comparison.log_evidence[..., -1]) >= float(comparison.threshold)
    if not (failed and terms.both):
        return failed, False
    above, below = (mixed(starts, terms.plan)[..., -1] for starts in comparison.by_start)
    return bool(above >= below), bool(above < below)


def _outside(end: float | None, null: float, out: bool) -> float | None:
    """A lower end that leaves the limit outside, by a hair at least, only where it is ``out``."""
    if out:
        return max(end or 0.0, null * (1.0 + _HAIR))
    return min(end, null * (1.0 - _HAIR)) if end is not None else None


def _inverse(ratio: float | None) -> float | None:
    if ratio is None:
        return None
    return 1.0 / ratio if ratio > 0 else None
