"""The limit and the worst ratio of a metric: their defaults, and what makes no sense.

Owned here: which ratios canary / baseline go with which direction. Not here: how they are judged.
"""

from __future__ import annotations

from judge.spec.resolved import Direction

DEFAULT_LIMITS = {Direction.INCREASE: 1.25, Direction.EITHER: 1.25, Direction.DECREASE: 0.8}
FARTHEST_LIMIT = 100.0
AB_LIMIT = 1.0  # an A/B test asks for any difference
AB_MARGIN = 1.05
SMALLEST_MARGIN = 1.001


def default_worst(limit: float, direction: Direction) -> float:
    """The ratio that must not be missed, where nobody named one.

    It is the limit's cube, and at least 2 (at most 0.5 where a decrease is bad).
    """
    if direction is Direction.DECREASE:
        return min(limit**3, 0.5)
    return max(limit**3, 2.0)


def limit_fault(limit: float, direction: Direction) -> str:
    """What is wrong with ``limit``, or ""."""
    if direction is Direction.DECREASE and limit > 1:
        return (
            f"{limit:g} is above 1, but a decrease is what is bad; write a ratio of at most 1, "
            "such as 0.8 (down to four fifths of the baseline's)"
        )
    if direction is not Direction.DECREASE and limit < 1:
        return (
            f"{limit:g} is below 1, but an increase is what is bad; write a ratio of at least 1, "
            "such as 1.25 (up to a quarter more than the baseline's)"
        )
    if not 1 / FARTHEST_LIMIT <= limit <= FARTHEST_LIMIT:
        return f"{limit:g} would let nearly everything pass; write a ratio nearer to 1"
    return ""


def margin_fault(margin: float, limit: float) -> str:
    """What is wrong with an A/B test's ``margin`` beside its ``limit``, or ""."""
    if margin < 1:
        return (
            f"{margin:g} is below 1, but a margin holds in both directions; write a ratio above 1, "
            f"such as {1 / margin:.3g}"
        )
    if margin <= limit:
        return f"{margin:g} is not beyond the limit; write a ratio above {limit:g}"
    if margin < SMALLEST_MARGIN * limit:
        return (
            f"{margin:g} is too small a difference for any test; write {SMALLEST_MARGIN:g} times "
            "the limit or more"
        )
    return ""


def worst_fault(worst: float, limit: float, direction: Direction) -> str:
    """What is wrong with ``worst`` beside ``limit``, or ""."""
    down = direction is Direction.DECREASE
    if worst < limit if down else worst > limit:
        return ""
    side = "below" if down else "above"
    return f"{worst:g} is not beyond the limit; write a ratio {side} {limit:g}"
