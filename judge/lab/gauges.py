"""Simulated rollouts judged by a gauge: CPU, memory, the length of a queue.

The law: pod i's level in an interval is

    shared_t * own_it * release_t,

in units of its usual level. ``shared_t`` (daily rhythm, shocks) is the same for all pods;
``own_it`` the pod's own, of the same law for canary and baseline pods; ``release_t`` the factor
that the release raises a level by, or for a leak that factor to the power of the hours since its
onset. The scenarios themselves are in `gauge_scenarios`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from judge.lab.fleet import Fleet, Laws
from judge.lab.noise import Array
from judge.lab.rollouts import Setting, at_limit
from judge.stats.comparison import Comparison
from judge.stats.levels import PodLevels, compare_levels
from judge.stats.terms import Terms

EFFECTS = (1.0, 1.2, 1.25, 1.5, 2.0)
SETTINGS = (*at_limit(1.0, calibrated=False), *at_limit(1.25))
HOUR_SECONDS = 3600.0
PART = 10  # rollouts; with calibration they take some 400 MB


@dataclass(frozen=True, slots=True)
class GaugeScenario:
    """A service with a law of trouble; see `rollouts.Scenario`.

    ``own`` and ``shared`` laws multiply the level. With ``leak`` effects are growths an hour, and
    growths are what is judged.
    """

    name: str
    law: str
    fleet: Fleet = field(default_factory=Fleet)
    own: Laws = ()
    shared: Laws = ()
    leak: bool = False
    onset: int = 0
    effects: tuple[float, ...] = EFFECTS
    settings: tuple[Setting, ...] = SETTINGS
    part: int = PART
    calibrated_every: int = 5

    @property
    def interval(self) -> float:
        """Seconds."""
        return self.fleet.interval

    @property
    def looks(self) -> int:
        """Of a run."""
        return self.fleet.looks

    def simulate(self, rng: np.random.Generator, rollouts: int) -> GaugeRollouts:
        """Draw a batch of rollouts."""
        baseline, canary = self.fleet.troubles(self.own, self.shared, rng, rollouts)
        released = np.stack([self.released(effect) for effect in self.effects])
        return GaugeRollouts(
            scenario=self,
            history=PodLevels(baseline[:, : self.fleet.history]),
            baseline=PodLevels(baseline[:, self.fleet.run]),
            canary=PodLevels(canary * released[:, None, :, None]),
        )

    def released(self, effect: float) -> Array:
        """What the release multiplies the level by, (looks,)."""
        since = np.arange(self.looks) - self.onset
        hours = (since + 1.0) * self.interval / HOUR_SECONDS
        return np.where(since < 0, 1.0, effect ** (hours if self.leak else 1.0))


@dataclass(frozen=True, slots=True)
class GaugeRollouts:
    """A batch of rollouts, each with the same history and baseline under every effect.

    ``history`` and ``baseline``: (rollouts, intervals, pods); ``canary``: (effects, rollouts,
    looks, pods).
    """

    scenario: GaugeScenario
    history: PodLevels
    baseline: PodLevels
    canary: PodLevels

    def compare(self, terms: Terms, *, calibrate: bool) -> Comparison:
        """See `rollouts.Rollouts`."""
        run = slice(terms.looks)
        return compare_levels(
            self.history,
            PodLevels(self.canary.values[..., run, :]),
            PodLevels(self.baseline.values[..., run, :]),
            terms,
            slope=self.scenario.leak,
            calibrate=calibrate,
        )
