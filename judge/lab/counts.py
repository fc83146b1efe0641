"""Simulated rollouts judged by counts: errors among requests.

Owned here: a `Service` (how much traffic over how many pods), a `CountScenario` (the laws of its
trouble), which draws a batch of `CountRollouts`. The scenarios themselves are in
`count_scenarios`.

The law of the counts: pod i's requests in an interval are Poisson with its share of the traffic;
each of them fails with probability

    rate * shared_t * own_it * release_t,   at most 1,

where ``shared_t`` multiplies all pods alike (so it is no evidence of anything), ``own_it`` is the
pod's own and has the same law for canary and baseline pods, and ``release_t`` is 1 for the
baseline and the regression's factor for the canary from its onset on. Before the rollout the
baseline's pods have all of the traffic.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from judge.lab.effects import OUTAGE
from judge.lab.noise import Array, Law, Rhythm, product
from judge.lab.rollouts import ALPHAS, Setting, at_limit
from judge.stats.arms import PodCounts
from judge.stats.comparison import Comparison
from judge.stats.risks import compare_counts
from judge.stats.terms import Terms

EFFECTS = (1.0, 1.25, 1.5, 2.0, 4.0, OUTAGE)
# At limit 1, where a good release is on the very edge, and as users have it by default.
SETTINGS = (*at_limit(1.0), Setting(min(ALPHAS), limit=1.25, looks=30))
PART = 10  # rollouts; with calibration they take some 400 MB


@dataclass(frozen=True, slots=True)
class Service:
    """What is rolled out, and how.

    ``requests`` per second in total; ``error_rate`` per request; ``shares`` of the traffic that
    the canary gets, in steps of equal length over the run; ``history`` and ``looks`` in intervals
    of ``interval`` seconds.
    """

    requests: float = 100.0
    error_rate: float = 0.005
    baseline_pods: int = 9
    canary_pods: int = 1
    shares: tuple[float, ...] = (0.1,)
    interval: float = 60.0
    looks: int = 60
    history: int = 960

    def canary_share(self) -> Array:
        """The canary's share of the requests at each look, (looks,)."""
        step = np.arange(self.looks) * len(self.shares) // self.looks
        return np.asarray(self.shares)[step]


@dataclass(frozen=True, slots=True)
class CountScenario:
    """A service with a law of trouble; see `rollouts.Scenario`.

    ``own`` and ``shared`` laws multiply the error rate; ``burst`` is the mean number of errors
    that come together, geometric (1: each alone); ``rhythm`` the amplitude of a daily sine in the
    traffic; ``onset`` the interval of the run at which a regression begins.
    """

    name: str
    law: str
    service: Service = field(default_factory=Service)
    own: tuple[Law, ...] = ()
    shared: tuple[Law, ...] = ()
    burst: float = 1.0
    rhythm: float = 0.0
    onset: int = 0
    effects: tuple[float, ...] = EFFECTS
    settings: tuple[Setting, ...] = SETTINGS
    part: int = PART
    calibrated_every: int = 1

    @property
    def interval(self) -> float:
        """Seconds."""
        return self.service.interval

    @property
    def looks(self) -> int:
        """Of a run."""
        return self.service.looks

    def simulate(self, rng: np.random.Generator, rollouts: int) -> CountRollouts:
        """Draw a batch of rollouts."""
        service = self.service
        length = service.history + service.looks
        rhythm = Rhythm(self.rhythm, service.interval).draw(rng, (rollouts, length, 1))
        traffic = service.requests * service.interval * rhythm
        rate = service.error_rate * product(self.shared, rng, (rollouts, length, 1))
        share = np.concatenate([np.zeros(service.history), service.canary_share()])[:, None]
        before = _counts(
            self,
            rng,
            traffic * (1.0 - share) / service.baseline_pods,
            rate * product(self.own, rng, (rollouts, length, service.baseline_pods)),
        )
        run = slice(service.history, None)
        traffic, rate, share = traffic[:, run], rate[:, run], share[run]
        own = product(self.own, rng, (rollouts, service.looks, service.canary_pods))
        canary = _counts(
            self,
            rng,
            traffic * share / service.canary_pods,
            _released(self, rate * own),
        )
        mean = math.prod(law.mean for law in self.own)
        return CountRollouts(
            scenario=self,
            history=_cut(before, slice(service.history)),
            baseline=_cut(before, run),
            canary=canary,
            expected=canary.total.sum(-1) * rate[..., 0] * mean,
        )


@dataclass(frozen=True, slots=True)
class CountRollouts:
    """A batch of rollouts, each with the same history and baseline under every effect.

    ``history`` and ``baseline``: (rollouts, intervals, pods); ``canary``: (effects, rollouts,
    looks, pods). ``expected``: the canary's events if it were good, given all that is shared,
    (effects, rollouts, looks).
    """

    scenario: CountScenario
    history: PodCounts
    baseline: PodCounts
    canary: PodCounts
    expected: Array

    def compare(self, terms: Terms, *, calibrate: bool) -> Comparison:
        """See `rollouts.Rollouts`."""
        run = slice(terms.looks)
        return compare_counts(
            self.history,
            _cut(self.canary, run),
            _cut(self.baseline, run),
            terms,
            calibrate=calibrate,
        )


def _cut(counts: PodCounts, intervals: slice) -> PodCounts:
    return PodCounts(counts.events[..., intervals, :], counts.total[..., intervals, :])


def _released(scenario: CountScenario, rate: Array) -> Array:
    """The canary's rate under each effect: (effects, rollouts, looks, pods)."""
    late = np.arange(rate.shape[1])[:, None] >= scenario.onset
    return np.stack(
        [
            np.where(late, 1.0 if math.isinf(effect) else rate * effect, rate)
            for effect in scenario.effects
        ]
    )


def _counts(
    scenario: CountScenario, rng: np.random.Generator, traffic: Array, rate: Array
) -> PodCounts:
    total = rng.poisson(np.broadcast_to(traffic, rate.shape))
    chance = np.minimum(rate, 1.0)
    if scenario.burst == 1.0:
        events = rng.binomial(total, chance)
    else:
        events = _in_bursts(rng, total, chance, scenario.burst)
    return PodCounts(events.astype(float), total.astype(float))


def _in_bursts(
    rng: np.random.Generator, total: NDArray[np.int64], chance: Array, burst: float
) -> NDArray[np.int64]:
    """Errors that come together (Polya-Aeppli): Poisson many causes, geometric many errors each.

    Variance over mean of a count is 2 burst - 1, at one interval and in the long run.
    """
    causes = rng.poisson(total * chance / burst)
    more = rng.negative_binomial(np.maximum(causes, 1), 1.0 / burst)
    events = np.minimum(causes + np.where(causes > 0, more, 0), total)
    return np.where(chance >= 1.0, total, events)
