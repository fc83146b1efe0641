"""The estimate of the effect and its confidence sequence, as a person looks at them.

The sequence inverts the evidence that the verdict rests on: a ratio is in it while the same
clipped, tempered and calibrated evidence against it is below the threshold. So its lower end
excludes the limit exactly when the metric fails. It holds at every look at once.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from judge.stats.arms import Arms, Array
from judge.stats.comparison import (
    Comparison,
    Side,
    Terms,
    evidence_above,
    evidence_below,
)
from judge.stats.evidence import Schedule

_TRIED = 10  # ratios on either side of the estimate


@dataclass(frozen=True, slots=True)
class Effect:
    """Effect ratios canary / baseline. None: not known, or no bound."""

    estimate: float | None
    low: float | None
    high: float | None


def effect(comparison: Comparison, terms: Terms) -> Effect:
    """The effect after the last look of a comparison without batch axes."""
    side = comparison.sides[0]
    threshold = float(comparison.threshold) + math.log(terms.alpha / terms.side_alpha)
    plan = _starts_that_matter(comparison, terms)
    centre, error = _centre(side.arms, comparison, plan.starts[-1])
    low = _lower(side, comparison, terms, plan, threshold, centre, error)
    high = _upper(side, comparison, terms, threshold, centre, error)
    low, high = _as_decided(low, high, comparison, terms)
    estimate = _ratio(side.arms, plan.starts[-1])
    if estimate is not None:
        estimate = min(max(estimate, low or 0.0), high or math.inf)
    if side.inverted:
        return Effect(_inverse(estimate), _inverse(high), _inverse(low))
    return Effect(estimate, low, high)


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


def _sums(arms: Arms, start: int) -> tuple[float, float]:
    """Mantel and Haenszel's sums, whose quotient is the common ratio of risks."""
    ours, theirs = arms.treated, arms.reference
    both = ours.total + theirs.total
    share = np.divide(theirs.total, both, out=np.zeros_like(both), where=both > 0)
    above = (ours.events * share)[start:].sum()
    below = (theirs.events * np.where(both > 0, 1.0 - share, 0.0))[start:].sum()
    return float(above), float(below)


def _ratio(arms: Arms, start: int) -> float | None:
    above, below = _sums(arms, start)
    return above / below if below > 0 else None


def _centre(arms: Arms, comparison: Comparison, start: int) -> tuple[float, float]:
    """The ratio around which to search (halves added where a sum is 0) and its standard error."""
    above, below = _sums(arms, start)
    if above == 0 or below == 0:
        above, below = above + 0.5, below + 0.5
    ratio = above / below
    side = comparison.sides[0]
    temper = side.temper.at(np.asarray(1.0))
    ours, theirs = arms.treated, arms.reference
    share = np.where(arms.usable, ours.total * ratio, 0.0)
    share = share / np.where(arms.usable, share + theirs.total, 1.0)
    information = ((ours.events + theirs.events) * share * (1 - share) / temper)[start:].sum()
    pods = 1.0 / ours.pods[-1] + 1.0 / theirs.pods[-1]
    variance = 1.0 / max(float(information), 0.25) + float(comparison.noise.tau) ** 2 * pods
    return ratio, math.sqrt(float(variance))


def _lower(
    side: Side,
    comparison: Comparison,
    terms: Terms,
    plan: Schedule,
    threshold: float,
    centre: float,
    error: float,
) -> float | None:
    """The greatest ratio that is refuted from above; None where none is.

    The limit is among those tried, so that a failing metric's lower end lies beyond it.
    """
    tried = np.append(centre * np.exp(-_distances(error, side)), side.null)
    tried = np.sort(tried)[::-1]
    grown = evidence_above(side, comparison.noise, tried, plan, clip=terms.clip)
    return _crossing(tried, grown[..., -1], threshold)


def _upper(
    side: Side,
    comparison: Comparison,
    terms: Terms,
    threshold: float,
    centre: float,
    error: float,
) -> float | None:
    """The smallest ratio that is refuted from below; None where none is."""
    tried = centre * np.exp(_distances(error, side))
    plan = terms.plan.from_start()
    grown = evidence_below(side, comparison.noise, tried, plan, clip=terms.clip)
    return _crossing(tried, grown[..., -1], threshold)


def _distances(error: float, side: Side) -> Array:
    """How far from the estimate ratios are tried, on a log scale.

    From a fraction of the run's standard error to several of a single interval's: with clipped
    steps a ratio is refuted only if most intervals speak against it.
    """
    return error * np.geomspace(0.3, 8.0 * math.sqrt(side.arms.treated.total.shape[-1]), _TRIED)


def _crossing(tried: Array, grown: Array, threshold: float) -> float | None:
    """Where evidence first reaches the threshold, going outwards; interpolated on a log scale."""
    reached = grown >= threshold
    if not reached.any():
        return None
    i = int(reached.argmax())
    if i == 0:
        return float(tried[0])
    part = (threshold - grown[i - 1]) / (grown[i] - grown[i - 1])
    return float(tried[i - 1] * (tried[i] / tried[i - 1]) ** part)


def _as_decided(
    low: float | None, high: float | None, comparison: Comparison, terms: Terms
) -> tuple[float | None, float | None]:
    """The limit is outside the sequence exactly where the metric fails.

    Searching tries a few ratios and a part of the mixture over starts only, which may miss by a
    hair what the whole evidence says of the limit itself.
    """
    null = comparison.sides[0].null
    failed = float(comparison.log_evidence[..., -1]) >= float(comparison.threshold)
    if not failed:
        return (min(low, null) if low is not None else None), high
    if terms.both and high is not None and high < null:
        return low, min(high, 1.0 / null)
    return max(low or 0.0, null), high


def _inverse(ratio: float | None) -> float | None:
    if ratio is None:
        return None
    return 1.0 / ratio if ratio > 0 else None
