"""What the bench needs of rollouts that are telemetry, simulated or recorded."""

from __future__ import annotations

from typing import Protocol

from judge.lab.rollouts import Setting
from judge.spec.resolved import ResolvedAnalysis
from judge.stats.samples import Interval


class Telemetry(Protocol):
    """Rollouts as the daemon sees them: ``runs`` after each of the ``histories``, in this order."""

    @property
    def histories(self) -> int:
        """How many."""

    @property
    def runs(self) -> int:
        """After each history."""

    @property
    def effects(self) -> int:
        """How many each run has."""

    def history(self, history: int) -> tuple[Interval, ...]:
        """The baseline's, before a run."""

    def run(self, effect: int, rollout: int) -> tuple[Interval, ...]:
        """What a run saw, whose release has this effect; both by number."""

    def analysis(self, setting: Setting, tracks: tuple[str, ...]) -> ResolvedAnalysis:
        """What the tracks are judged by beside the baseline."""
