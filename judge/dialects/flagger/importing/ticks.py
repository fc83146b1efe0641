"""How long Flagger takes over a release: its interval and its ticks.

Owned here: Flagger's durations, and the ticks from pre-rollout, with which a run begins, to the
first call of confirm-promotion. Promised: as many as Flagger takes where no check fails. Not here:
what an analysis is made of them. Source: Flagger 1.44, observed tick by tick.
"""

from __future__ import annotations

import enum
import math
import re
from dataclasses import dataclass

from judge.dialects.flagger.importing.canary import KUBERNETES, Analysis

DEFAULT_INTERVAL = 60.0
SHORTEST_INTERVAL = 10.0
ALL = 100
KUBERNETES_ITERATIONS = 10

_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
_PART = re.compile(r"([0-9]+\.?[0-9]*|\.[0-9]+)(ms|us|µs|ns|[hms])")


class Strategy(enum.Enum):
    """How traffic moves to the canary."""

    CANARY = "canary"
    BLUE_GREEN = "blue/green"
    AB_TEST = "A/B test"


@dataclass(frozen=True, slots=True)
class Ticks:
    """The strategy, and how many ticks lie between pre-rollout and confirm-promotion.

    None where Flagger never promotes: it has no step to go on by.
    """

    strategy: Strategy
    count: int | None


def seconds(text: str) -> float | None:
    """The seconds of a duration as Go writes it (``1m30s``, ``1.5h``); None of anything else."""
    if not text or _PART.sub("", text):
        return None
    return sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(text))


def interval_of(analysis: Analysis) -> float:
    """Seconds between two ticks: a minute where nothing usable is written, 10 at the least."""
    found = seconds(analysis.interval)
    return DEFAULT_INTERVAL if found is None else max(found, SHORTEST_INTERVAL)


def ticks_of(analysis: Analysis, provider: str) -> Ticks:
    """The ticks of a release with ``provider``, the mesh or ingress that moves the traffic."""
    iterations, match = max(analysis.iterations, 0), analysis.match
    if provider == KUBERNETES:
        # Services alone move no share of the traffic: Flagger makes it a blue/green release.
        iterations, match = iterations or KUBERNETES_ITERATIONS, ()
    if iterations:
        return Ticks(Strategy.AB_TEST if match else Strategy.BLUE_GREEN, iterations)
    steps = _steps(analysis)
    mirrored = 1 if analysis.mirror else 0
    return Ticks(Strategy.CANARY, steps and steps + mirrored)


def _steps(analysis: Analysis) -> int | None:
    """The ticks in which the canary's share grows."""
    most, weights = _most(analysis), analysis.step_weights
    if not 0 < most <= ALL:
        return None
    if analysis.step_weight > 0:
        return math.ceil(most / analysis.step_weight)
    if not weights or weights[0] <= 0:
        return None
    return next(i for i, weight in enumerate(weights, 1) if weight >= most)


def _most(analysis: Analysis) -> int:
    """The share at which the canary is promoted, in percent."""
    if analysis.step_weights:
        return min(analysis.step_weights[-1], ALL)
    return analysis.max_weight if analysis.max_weight > 0 else ALL
