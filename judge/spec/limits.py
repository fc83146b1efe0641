"""The limit and the worst ratio of a metric: their defaults, and what makes no sense.

Owned here: which ratios canary / baseline go with which direction. Not here: how they are judged.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from judge.spec.resolved import Direction

DEFAULT_LIMITS = {Direction.INCREASE: 1.25, Direction.EITHER: 1.25, Direction.DECREASE: 0.8}
FARTHEST_LIMIT = 100.0


@dataclass(frozen=True, slots=True)
class Ratios:
    """Which change is bad, from where on, and how much must not be missed."""

    direction: Direction
    limit: float
    worst: float

    def faults(self) -> Iterator[tuple[str, str]]:
        """What is wrong, as the field's name and a sentence."""
        fault = limit_fault(self.limit, self.direction)
        if fault:
            yield "limit", fault
        elif not _beyond(self.worst, self.limit, self.direction):
            side = "below" if self.direction is Direction.DECREASE else "above"
            yield (
                "worst",
                (f"{self.worst:g} is not beyond the limit; write a ratio {side} {self.limit:g}"),
            )


def ratios(
    direction: Direction | None,
    limit: float | None,
    worst: float | None,
    *,
    default: tuple[Direction, float] | None = None,
) -> Ratios:
    """A metric's ratios, what is None filled in.

    ``default`` is a template's direction and limit; its limit is no one's who judges another
    direction.
    """
    chosen = direction or (default[0] if default else Direction.INCREASE)
    fallback = default[1] if default and default[0] is chosen else DEFAULT_LIMITS[chosen]
    bound = fallback if limit is None else limit
    return Ratios(chosen, bound, default_worst(bound, chosen) if worst is None else worst)


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


def _beyond(worst: float, limit: float, direction: Direction) -> bool:
    return worst < limit if direction is Direction.DECREASE else worst > limit
