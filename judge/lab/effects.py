"""What a release does to its canary: a factor, an outage, or a slow part of the requests.

Owned here: whether an effect is within a limit, and how it is named in a table and in JSON.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

GOOD = 1.0
OUTAGE = math.inf


@dataclass(frozen=True, slots=True)
class Tail:
    """A ``share`` of the requests takes ``slower`` times as long; the others are as they were."""

    share: float
    slower: float


# A factor of risks, times, levels or growths; infinite where every request fails.
Effect = float | Tail


def is_good(effect: Effect, limit: float) -> bool:
    """Whether a judge with this limit must leave the release alone."""
    return not isinstance(effect, Tail) and effect <= limit


def effect_name(effect: Effect) -> str:
    """As a table's heading."""
    if isinstance(effect, Tail):
        return f"{effect.share:.0%} {effect.slower:g}x"
    return "outage" if effect == OUTAGE else "good" if effect == GOOD else f"{effect:.3g}x"


def effect_value(effect: Effect) -> float | str | dict[str, float]:
    """As JSON: the factor, ``"outage"``, or the share of slow requests and how slow they are."""
    if isinstance(effect, Tail):
        return {"share": effect.share, "slower": effect.slower}
    return "outage" if math.isinf(effect) else effect
