"""A level that climbs and falls back, as memory does between two collections of garbage."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from judge.lab.noise import Array, Shape


@dataclass(frozen=True, slots=True)
class Sawtooth:
    """Factors that climb from 1 - ``height`` to 1 + ``height`` in a period, and fall back at once.

    A pod's ``period`` is so many intervals, give or take a fifth; each pod has a period and a phase
    of its own. The factors' variance is height ** 2 / 3.
    """

    height: float
    period: float

    @property
    def permanent(self) -> bool:
        """A pod has another phase in each run."""
        return False

    @property
    def mean(self) -> float:
        """1."""
        return 1.0

    def draw(self, rng: np.random.Generator, shape: Shape) -> Array:
        """Factors of the shape (rollouts, intervals, pods)."""
        rollouts, intervals, pods = shape
        phase = rng.random((rollouts, 1, pods))
        period = self.period * rng.uniform(0.8, 1.2, (rollouts, 1, pods))
        climbed = (phase + np.arange(intervals)[:, None] / period) % 1.0
        return 1.0 + self.height * (2.0 * climbed - 1.0)
