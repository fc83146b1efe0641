"""Simulated rollouts judged by a gauge: CPU, memory, the length of a queue.

The law: pod i's level in an interval is

    shared_t * own_it * release_t,

in units of its usual level. ``shared_t`` (daily rhythm, shocks) is the same for all pods;
``own_it`` the pod's own, of the same law for canary and baseline pods; ``release_t`` the factor
that the release raises a level by, or for a leak that factor to the power of the hours since its
onset. The scenarios themselves are in `gauge_scenarios`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from judge.lab.fleet import Fleet, Laws
from judge.lab.noise import Array
from judge.lab.rollouts import Learned, Setting, at_limit, first_runs, remembered
from judge.stats.comparison import Side
from judge.stats.level_noise import LevelNoise
from judge.stats.levels import (
    PodLevels,
    learn_levels,
    level_arms,
    level_calibration,
    level_sides,
)
from judge.stats.terms import Terms

EFFECTS = (1.0, 1.2, 1.25, 1.5, 2.0)
SETTINGS = at_limit(1.25)
HOUR_SECONDS = 3600.0


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
    sharing: float = 1.0
    portion: float = 1.0

    @property
    def interval(self) -> float:
        """Seconds."""
        return self.fleet.interval

    @property
    def looks(self) -> int:
        """Of a run."""
        return self.fleet.looks

    def simulate(self, rng: np.random.Generator, histories: int, runs: int = 1) -> GaugeRollouts:
        """Draw a batch of rollouts: so many histories, and so many runs after each."""
        trouble = self.fleet.troubles(self.own, self.shared, rng, histories, runs)
        released = np.stack([self.released(effect) for effect in self.effects])
        return GaugeRollouts(
            scenario=self,
            histories=histories,
            runs=runs,
            history=PodLevels(trouble.history),
            baseline=PodLevels(trouble.baseline),
            canary=PodLevels(trouble.canary * released[:, None, :, None]),
        )

    def released(self, effect: float) -> Array:
        """What the release multiplies the level by, (looks,)."""
        since = np.arange(self.looks) - self.onset
        hours = (since + 1.0) * self.interval / HOUR_SECONDS
        return np.where(since < 0, 1.0, effect ** (hours if self.leak else 1.0))


@dataclass(frozen=True, slots=True)
class GaugeRollouts:
    """A batch of rollouts, each with the same baseline under every effect.

    ``history`` (histories, intervals, pods), ``baseline`` (rollouts, looks, pods); ``canary``
    (effects, rollouts, looks, pods). The ``runs`` rollouts of one history stand together.
    """

    scenario: GaugeScenario
    histories: int
    runs: int
    history: PodLevels
    baseline: PodLevels
    canary: PodLevels

    def first(self, runs: int) -> GaugeRollouts:
        """See `rollouts.Rollouts`."""
        chosen = first_runs(self.histories, self.runs, runs)
        return replace(
            self,
            runs=runs,
            baseline=PodLevels(self.baseline.values[chosen]),
            canary=PodLevels(self.canary.values[:, chosen]),
        )

    def learn(self, history: int, terms: Terms, *, calibrate: bool) -> Learned[LevelNoise]:
        """See `rollouts.Rollouts`."""
        past = PodLevels(self.history.values[history : history + 1, remembered(terms)])
        slope = self.scenario.leak
        noise = learn_levels(past, interval=terms.interval, floor=0.0, slope=slope)
        if noise is None or not calibrate:
            return Learned(noise, None)
        pods = self.scenario.fleet.canary_pods
        return Learned(
            noise, level_calibration(past, noise, terms, floor=0.0, slope=slope, canary_pods=pods)
        )

    def sides(
        self,
        effects: NDArray[np.intp],
        rollouts: NDArray[np.intp],
        terms: Terms,
        learned: Learned[LevelNoise],
    ) -> tuple[Side, ...]:
        """See `rollouts.Rollouts`. Raises ValueError without a history."""
        if learned.noise is None:
            raise ValueError(f"{self.scenario.name} needs a history")
        run = slice(terms.looks)
        arms = level_arms(
            PodLevels(self.canary.values[effects, rollouts, run]),
            PodLevels(self.baseline.values[rollouts, run]),
            floor=0.0,
        )
        return level_sides(arms, learned.noise, terms, slope=self.scenario.leak)
