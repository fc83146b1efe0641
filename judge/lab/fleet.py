"""The pods of a simulated service, and how long it is looked at before and during a rollout.

Owned here: what troubles the pods in a history and in the runs that share it. Several runs follow
one history: they have its baseline pods with what is theirs for good (`noise.Law.permanent`), and
each run draws everything else afresh, as if every one of them came on a day of its own. The
canary's pods are new ones in each run.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from judge.lab.noise import Array, Law, Shape

Laws = tuple[Law, ...]


@dataclass(frozen=True, slots=True)
class Troubles:
    """What multiplies the pods: ``history`` (histories, intervals, pods); ``baseline`` and
    ``canary`` (rollouts, looks, pods) in the runs, of which ``common`` (rollouts, looks, 1) is what
    strikes all pods alike. The rollouts of one history stand together.
    """

    history: Array
    baseline: Array
    canary: Array
    common: Array


@dataclass(frozen=True, slots=True)
class Fleet:
    """Pods, and intervals of ``interval`` seconds: ``history`` of them, then ``looks`` of a run."""

    baseline_pods: int = 9
    canary_pods: int = 1
    interval: float = 60.0
    looks: int = 60
    history: int = 960

    def troubles(
        self, own: Laws, shared: Laws, rng: np.random.Generator, histories: int, runs: int
    ) -> Troubles:
        """``shared`` laws strike all pods alike, ``own`` each by itself."""
        rollouts = histories * runs
        before, during = (histories, self.history, 1), (rollouts, self.looks, 1)
        past, common = np.ones(before), np.ones(during)
        for law in shared:
            past *= _drawn(law, rng, before)
            common *= law.draw(rng, during)
        history = past * np.ones(self.baseline_pods)
        baseline = common * np.ones(self.baseline_pods)
        canary = common * np.ones(self.canary_pods)
        for law in own:
            drawn = _drawn(law, rng, history.shape)
            history *= drawn
            baseline *= (
                np.repeat(drawn, runs, axis=0) if law.permanent else law.draw(rng, baseline.shape)
            )
            canary *= law.draw(rng, canary.shape)
        return Troubles(history, baseline, canary, common)


def _drawn(law: Law, rng: np.random.Generator, shape: Shape) -> Array:
    """One draw; a history of no intervals still has pods, with what is theirs for good."""
    return law.draw(rng, shape) if shape[1] or law.permanent else np.ones(shape)
