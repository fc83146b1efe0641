"""What the bench needs of a scenario and of its rollouts, whatever their kind of metric.

Owned here: these two interfaces, and the settings in which this judge is measured. `counts`,
`latencies` and `gauges` have the simulations.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from judge.lab.effects import Effect
from judge.stats.comparison import Comparison
from judge.stats.terms import Terms

ALPHAS = (0.05, 0.01)


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting of this judge.

    ``looks``: the length of its runs, None for all looks. ``calibrated``: measured with calibration
    too, not only before it.
    """

    alpha: float
    limit: float = 1.0
    looks: int | None = None
    calibrated: bool = True


def at_limit(limit: float, *, calibrated: bool = True) -> tuple[Setting, ...]:
    """Settings at this limit, one for every alpha."""
    return tuple(Setting(alpha, limit, calibrated=calibrated) for alpha in ALPHAS)


class Rollouts(Protocol):
    """A batch of simulated rollouts: every effect on the same history and baseline."""

    def compare(self, terms: Terms, *, calibrate: bool) -> Comparison:
        """Judge every rollout, with the code that the daemon runs, over ``terms.looks`` looks.

        The comparison's batches are (effects, rollouts).
        """


class Scenario(Protocol):
    """A service with a law of trouble, and what is released to it.

    ``effects`` begin with a good release's; ``onset`` is the interval of the run at which a
    regression begins; ``interval`` is in seconds, ``looks`` their number in a run. ``settings`` of
    this judge are measured on it, ``part`` rollouts at a time, which bounds the memory; calibration
    on every so many parts (``calibrated_every``), which bounds the time.
    """

    @property
    def name(self) -> str:
        """As the command takes it."""

    @property
    def law(self) -> str:
        """What is simulated, in words."""

    @property
    def effects(self) -> tuple[Effect, ...]:
        """What releases do."""

    @property
    def onset(self) -> int:
        """In intervals of the run."""

    @property
    def interval(self) -> float:
        """Seconds."""

    @property
    def looks(self) -> int:
        """Of a run."""

    @property
    def settings(self) -> tuple[Setting, ...]:
        """Of this judge."""

    @property
    def part(self) -> int:
        """Rollouts."""

    @property
    def calibrated_every(self) -> int:
        """Parts."""

    def simulate(self, rng: np.random.Generator, rollouts: int) -> Rollouts:
        """Draw a batch of rollouts."""
