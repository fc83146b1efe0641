"""The pods of a simulated service, and how long it is looked at before and during a rollout."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from judge.lab.noise import Array, Law, product

Laws = tuple[Law, ...]


@dataclass(frozen=True, slots=True)
class Fleet:
    """Pods, and intervals of ``interval`` seconds: ``history`` of them, then ``looks`` of a run."""

    baseline_pods: int = 9
    canary_pods: int = 1
    interval: float = 60.0
    looks: int = 60
    history: int = 960

    @property
    def run(self) -> slice:
        """The run's intervals, among all."""
        return slice(self.history, None)

    def troubles(
        self, own: Laws, shared: Laws, rng: np.random.Generator, rollouts: int
    ) -> tuple[Array, Array]:
        """What multiplies the baseline's pods in every interval, and the canary's in the run's.

        (rollouts, intervals, pods) each: ``shared`` strikes all pods alike, ``own`` each by itself.
        """
        length = self.history + self.looks
        common = product(shared, rng, (rollouts, length, 1))
        baseline = common * product(own, rng, (rollouts, length, self.baseline_pods))
        canary = common[:, self.run] * product(own, rng, (rollouts, self.looks, self.canary_pods))
        return baseline, canary
