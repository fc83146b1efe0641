"""Simulated rollouts judged by latency: histograms of service times.

The law: pod i's requests in an interval are Poisson with its share of the traffic, and each takes
a lognormal time whose median is

    median * shared_t * own_it * release_t,

so that the counts of its buckets are independent Poisson ones. ``shared_t`` is the same for all
pods; ``own_it`` the pod's own, of the same law for canary and baseline pods; ``release_t`` what
the release does: it makes every request slower by a factor, or a part of them by a larger one.
Before the rollout the baseline's pods have all of the traffic. The scenarios themselves are in
`latency_scenarios`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from scipy import special

from judge.lab.effects import Effect, Tail
from judge.lab.fleet import Fleet, Laws
from judge.lab.noise import Array
from judge.lab.rollouts import Learned, Setting, at_limit, first_runs, remembered
from judge.stats.comparison import Side
from judge.stats.histograms import PodHistograms
from judge.stats.slowdowns import slowdown_sides, tail_calibration
from judge.stats.tail_noise import TailNoise, learn_tails
from judge.stats.terms import Terms

# Buckets of a native histogram of schema 3, which grow by 2 ** (1/8), from 31 ms to 1 s.
NATIVE = (*(2.0 ** (index / 8.0) for index in range(-40, 1)), math.inf)
# The defaults of Prometheus's client libraries, in seconds.
CLASSIC = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, math.inf)
LIMIT = 2.0 ** (2 / 8)  # 1.19: what these native buckets make of a limit of 1.2
EFFECTS = (1.0, LIMIT, 1.2, 1.35, 1.5, 2.0, Tail(share=0.02, slower=8.0))
SETTINGS = at_limit(LIMIT)
BRIEF = at_limit(LIMIT, looks=30)  # as an analysis has it; a quarter of the work
SHARING = 2.0  # seven tests in place of one make a calibration the dearer


@dataclass(frozen=True, slots=True)
class LatencyScenario:
    """A service with a law of trouble; see `rollouts.Scenario`.

    ``requests`` per second in total, of which the canary gets ``share``; times are lognormal with
    ``median`` seconds and ``log_sd``, counted in buckets up to ``bounds``. ``own`` and ``shared``
    laws multiply the median.
    """

    name: str
    law: str
    fleet: Fleet = field(default_factory=Fleet)
    requests: float = 100.0
    share: float = 0.1
    median: float = 0.1
    log_sd: float = 0.3
    bounds: tuple[float, ...] = NATIVE
    own: Laws = ()
    shared: Laws = ()
    onset: int = 0
    effects: tuple[Effect, ...] = EFFECTS
    settings: tuple[Setting, ...] = SETTINGS
    sharing: float = SHARING
    portion: float = 1.0

    @property
    def interval(self) -> float:
        """Seconds."""
        return self.fleet.interval

    @property
    def looks(self) -> int:
        """Of a run."""
        return self.fleet.looks

    def simulate(self, rng: np.random.Generator, histories: int, runs: int = 1) -> LatencyRollouts:
        """Draw a batch of rollouts: so many histories, and so many runs after each."""
        fleet = self.fleet
        trouble = fleet.troubles(self.own, self.shared, rng, histories, runs)
        requests = self.requests * fleet.interval
        a_pod = requests * (1.0 - self.share) / fleet.baseline_pods
        released = np.stack([self._released(trouble.canary, effect) for effect in self.effects])
        return LatencyRollouts(
            scenario=self,
            histories=histories,
            runs=runs,
            history=self._drawn(rng, requests / fleet.baseline_pods, self.within(trouble.history)),
            baseline=self._drawn(rng, a_pod, self.within(trouble.baseline)),
            canary=self._drawn(rng, requests * self.share / fleet.canary_pods, released),
        )

    def within(self, slower: Array, effect: Effect = 1.0) -> Array:
        """The share of requests within each bound, (..., bounds), ``slower`` (...) than usual."""
        if isinstance(effect, Tail):
            struck = self.within(slower * effect.slower)
            return (1.0 - effect.share) * self.within(slower) + effect.share * struck
        medians = np.log(self.median * effect * slower)[..., None]
        return np.asarray(special.ndtr((np.log(self.bounds) - medians) / self.log_sd))

    def _released(self, slower: Array, effect: Effect) -> Array:
        late = np.arange(slower.shape[1])[:, None, None] >= self.onset
        return np.where(late, self.within(slower, effect), self.within(slower))

    def _drawn(self, rng: np.random.Generator, requests: float, within: Array) -> PodHistograms:
        buckets = np.diff(within, axis=-1, prepend=0.0)
        drawn = rng.poisson(requests * np.maximum(buckets, 0.0))
        return PodHistograms(np.asarray(self.bounds), drawn.cumsum(-1).astype(float))


@dataclass(frozen=True, slots=True)
class LatencyRollouts:
    """A batch of rollouts, each with the same baseline under every effect.

    ``history`` (histories, intervals, pods, bounds), ``baseline`` (rollouts, looks, pods, bounds);
    ``canary`` (effects, rollouts, looks, pods, bounds). The ``runs`` rollouts of one history stand
    together.
    """

    scenario: LatencyScenario
    histories: int
    runs: int
    history: PodHistograms
    baseline: PodHistograms
    canary: PodHistograms

    def first(self, runs: int) -> LatencyRollouts:
        """See `rollouts.Rollouts`."""
        chosen = first_runs(self.histories, self.runs, runs)
        bounds = self.history.bounds
        return replace(
            self,
            runs=runs,
            baseline=PodHistograms(bounds, self.baseline.counts[chosen]),
            canary=PodHistograms(bounds, self.canary.counts[:, chosen]),
        )

    def learn(self, history: int, terms: Terms, *, calibrate: bool) -> Learned[TailNoise]:
        """See `rollouts.Rollouts`."""
        kept = (slice(history, history + 1), remembered(terms))
        past = PodHistograms(self.history.bounds, self.history.counts[kept])
        noise = learn_tails(past, interval=terms.interval)
        if noise is None or not calibrate:
            return Learned(noise, None)
        pods = self.scenario.fleet.canary_pods
        return Learned(noise, tail_calibration(past, noise, terms, canary_pods=pods))

    def sides(
        self,
        effects: NDArray[np.intp],
        rollouts: NDArray[np.intp],
        terms: Terms,
        learned: Learned[TailNoise],
    ) -> tuple[Side, ...]:
        """See `rollouts.Rollouts`. Raises ValueError where no bounds can test the limit."""
        if learned.noise is None:
            raise ValueError(f"{self.scenario.name} needs a history")
        run, bounds = slice(terms.looks), self.history.bounds
        sides = slowdown_sides(
            PodHistograms(bounds, self.canary.counts[effects, rollouts, run]),
            PodHistograms(bounds, self.baseline.counts[rollouts, run]),
            learned.noise,
            terms,
        )
        if any(side.pairs(side.asked) is None for side in sides):
            raise ValueError(f"the buckets of {self.scenario.name} cannot test {terms.limit:g}")
        return sides

    @staticmethod
    def quantile(times: PodHistograms, share: float) -> Array:
        """Where ``share`` of a track's requests lies below, after each interval alone.

        (..., intervals, pods, bounds) -> (..., intervals). Linear within a bucket as in PromQL;
        the last finite bound where it lies beyond.
        """
        counts, bounds = times.counts.sum(-2), times.bounds
        rank = share * counts[..., -1:]
        index = np.minimum((counts < rank).sum(-1), len(bounds) - 1)[..., None]
        below = np.concatenate([np.zeros((*counts.shape[:-1], 1)), counts], axis=-1)
        before = np.take_along_axis(below, index, -1)
        inside = np.take_along_axis(counts, index, -1) - before
        edges = np.append(0.0, bounds)
        low, high = edges[index], np.minimum(edges[index + 1], bounds[-2])
        part = np.divide(rank - before, inside, out=np.ones_like(before), where=inside > 0)
        return np.asarray(low + (high - low) * part)[..., 0]
