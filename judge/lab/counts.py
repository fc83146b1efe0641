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
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from judge.lab.effects import OUTAGE
from judge.lab.fleet import Fleet, Laws
from judge.lab.noise import Array, Rhythm
from judge.lab.rollouts import Learned, Setting, at_limit, first_runs, remembered
from judge.stats.arms import PodCounts, paired
from judge.stats.comparison import Side
from judge.stats.dispersion import Dispersion
from judge.stats.risks import calibration, learn, sides
from judge.stats.terms import Terms

EFFECTS = (1.0, 1.25, 1.5, 2.0, 4.0, OUTAGE)
# At limit 1, where a good release is on the very edge, and as users have it by default.
SETTINGS = (*at_limit(1.0), *at_limit(1.25, looks=30))


@dataclass(frozen=True, slots=True)
class Service:
    """What is rolled out, and how.

    ``requests`` per second in total; ``error_rate`` per request; ``shares`` of the traffic that
    the canary gets, in steps of equal length over the run; ``history`` and ``looks`` in intervals
    of ``interval`` seconds. ``uneven`` is the log-sd by which pods' parts of their track's traffic
    differ for good.
    """

    requests: float = 100.0
    error_rate: float = 0.005
    baseline_pods: int = 9
    canary_pods: int = 1
    shares: tuple[float, ...] = (0.1,)
    interval: float = 60.0
    looks: int = 60
    history: int = 960
    uneven: float = 0.0

    @property
    def fleet(self) -> Fleet:
        """Its pods and intervals."""
        return Fleet(self.baseline_pods, self.canary_pods, self.interval, self.looks, self.history)

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
    own: Laws = ()
    shared: Laws = ()
    burst: float = 1.0
    rhythm: float = 0.0
    onset: int = 0
    effects: tuple[float, ...] = EFFECTS
    settings: tuple[Setting, ...] = SETTINGS
    sharing: float = 1.0
    portion: float = 1.0

    @property
    def interval(self) -> float:
        """Seconds."""
        return self.service.interval

    @property
    def looks(self) -> int:
        """Of a run."""
        return self.service.looks

    def simulate(self, rng: np.random.Generator, histories: int, runs: int = 1) -> CountRollouts:
        """Draw a batch of rollouts: so many histories, and so many runs after each."""
        service, fleet = self.service, self.service.fleet
        trouble = fleet.troubles(self.own, self.shared, rng, histories, runs)
        before = self._traffic(rng, histories, service.history)
        during = self._traffic(rng, histories * runs, service.looks)
        share = service.canary_share()[:, None]
        rate, parts = service.error_rate, self._parts(rng, histories, service.baseline_pods)
        history = _counts(self, rng, before * parts, rate * trouble.history)
        left = during * (1.0 - share) * np.repeat(parts, runs, axis=0)
        baseline = _counts(self, rng, left, rate * trouble.baseline)
        given = during * share * self._parts(rng, histories * runs, service.canary_pods)
        canary = _counts(self, rng, given, _released(self, rate * trouble.canary))
        good = rate * trouble.common[..., 0] * math.prod(law.mean for law in self.own)
        return CountRollouts(
            scenario=self,
            histories=histories,
            runs=runs,
            history=history,
            baseline=baseline,
            canary=canary,
            expected=canary.total.sum(-1) * good,
        )

    def _parts(self, rng: np.random.Generator, batch: int, pods: int) -> Array:
        """Each pod's part of its track's traffic, (batch, 1, pods)."""
        if not self.service.uneven:
            return np.full((batch, 1, pods), 1.0 / pods)
        drawn = np.exp(self.service.uneven * rng.standard_normal((batch, 1, pods)))
        return np.asarray(drawn / drawn.sum(-1, keepdims=True))

    def _traffic(self, rng: np.random.Generator, batch: int, intervals: int) -> Array:
        """All requests expected in an interval, (batch, intervals, 1)."""
        service = self.service
        rhythm = Rhythm(self.rhythm, service.interval).draw(rng, (batch, intervals, 1))
        return service.requests * service.interval * rhythm


@dataclass(frozen=True, slots=True)
class CountRollouts:
    """A batch of rollouts, each with the same baseline under every effect.

    ``history`` (histories, intervals, pods), ``baseline`` (rollouts, looks, pods); ``canary``
    (effects, rollouts, looks, pods). The ``runs`` rollouts of one history stand together.
    ``expected``: the canary's events if it were good, given all that is shared, (effects, rollouts,
    looks).
    """

    scenario: CountScenario
    histories: int
    runs: int
    history: PodCounts
    baseline: PodCounts
    canary: PodCounts
    expected: Array

    def first(self, runs: int) -> CountRollouts:
        """See `rollouts.Rollouts`."""
        chosen = first_runs(self.histories, self.runs, runs)
        canary, baseline = self.canary, self.baseline
        return replace(
            self,
            runs=runs,
            baseline=PodCounts(baseline.events[chosen], baseline.total[chosen]),
            canary=PodCounts(canary.events[:, chosen], canary.total[:, chosen]),
            expected=self.expected[:, chosen],
        )

    def learn(self, history: int, terms: Terms, *, calibrate: bool) -> Learned[Dispersion]:
        """See `rollouts.Rollouts`."""
        kept = (slice(history, history + 1), remembered(terms))
        past = PodCounts(self.history.events[kept], self.history.total[kept])
        noise = learn(past, interval=terms.interval)
        if noise is None or not calibrate:
            return Learned(noise, None)
        pods = self.scenario.service.canary_pods
        return Learned(noise, calibration(past, noise, terms, canary_pods=pods))

    def sides(
        self,
        effects: NDArray[np.intp],
        rollouts: NDArray[np.intp],
        terms: Terms,
        learned: Learned[Dispersion],
    ) -> tuple[Side, ...]:
        """See `rollouts.Rollouts`. Raises ValueError without a history."""
        if learned.noise is None:
            raise ValueError(f"{self.scenario.name} needs a history")
        run = slice(terms.looks)
        canary, baseline = self.canary, self.baseline
        arms = paired(
            PodCounts(canary.events[effects, rollouts, run], canary.total[effects, rollouts, run]),
            PodCounts(baseline.events[rollouts, run], baseline.total[rollouts, run]),
        )
        return sides(arms, learned.noise, terms)


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
