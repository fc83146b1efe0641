"""What is measured of pods: requests that fail, durations, levels; each with a law of trouble.

Owned here: arrays of one metric, drawn for pods as they are there. What pods keep for good
(`noise.Law.permanent`) belongs to a pod and not to its place.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy import special

from judge.lab.fleet import Laws
from judge.lab.latencies import NATIVE
from judge.lab.noise import Array, product
from judge.lab.telemetry.presence import Cold, Presence
from judge.spec.limits import default_worst
from judge.spec.resolved import Direction, Kind, Metric
from judge.stats.arms import PodCounts
from judge.stats.histograms import PodHistograms
from judge.stats.levels import PodLevels

Drawn = PodCounts | PodHistograms | PodLevels


class Measure(Protocol):
    """A metric with the law of what pods show."""

    @property
    def name(self) -> str:
        """The metric's."""

    @property
    def own(self) -> Laws:
        """What strikes each pod by itself."""

    @property
    def shared(self) -> Laws:
        """What strikes all pods of all tracks."""

    def metric(self, limit: float) -> Metric:
        """As an analysis has it."""

    def draw(self, rng: np.random.Generator, requests: Array, factor: Array) -> Drawn:
        """What pods show that get so many ``requests`` (expected), ``factor`` times as bad as
        usual; both (runs, intervals, places)."""


@dataclass(frozen=True, slots=True)
class Failures:
    """A share ``rate`` of the requests that fail; only a ``part`` of all requests is counted."""

    name: str = "error-rate"
    rate: float = 0.005
    part: float = 1.0
    own: Laws = ()
    shared: Laws = ()

    def metric(self, limit: float) -> Metric:
        """See `Measure`."""
        return _metric(self.name, Kind.PROPORTION, limit)

    def draw(self, rng: np.random.Generator, requests: Array, factor: Array) -> PodCounts:
        """See `Measure`."""
        total = rng.poisson(np.broadcast_to(self.part * requests, factor.shape))
        events = rng.binomial(total, np.minimum(1.0, self.rate * factor))
        return PodCounts(events.astype(float), total.astype(float))


@dataclass(frozen=True, slots=True)
class Durations:
    """Lognormal times around ``median`` seconds, in the buckets of a native histogram."""

    name: str = "latency"
    median: float = 0.1
    log_sd: float = 0.3
    own: Laws = ()
    shared: Laws = ()

    def metric(self, limit: float) -> Metric:
        """See `Measure`."""
        return _metric(self.name, Kind.HISTOGRAM, limit)

    def draw(self, rng: np.random.Generator, requests: Array, factor: Array) -> PodHistograms:
        """See `Measure`."""
        medians = np.log(self.median * factor)[..., None]
        within = special.ndtr((np.log(NATIVE) - medians) / self.log_sd)
        buckets = np.maximum(np.diff(within, axis=-1, prepend=0.0), 0.0)
        drawn = rng.poisson(np.broadcast_to(requests, factor.shape)[..., None] * buckets)
        return PodHistograms(np.asarray(NATIVE), drawn.cumsum(-1).astype(float))


@dataclass(frozen=True, slots=True)
class Levels:
    """A level, in units of its usual one."""

    name: str = "cpu"
    own: Laws = ()
    shared: Laws = ()

    def metric(self, limit: float) -> Metric:
        """See `Measure`."""
        return _metric(self.name, Kind.GAUGE, limit)

    def draw(self, rng: np.random.Generator, requests: Array, factor: Array) -> PodLevels:
        """See `Measure`."""
        return PodLevels(np.broadcast_to(factor, np.broadcast_shapes(requests.shape, factor.shape)))


def trouble(
    measure: Measure, rng: np.random.Generator, presence: Presence, common: Array, cold: Cold
) -> Array:
    """What multiplies the pods of a presence but for what they keep; ``common`` to all tracks."""
    passing = tuple(law for law in measure.own if not law.permanent)
    return common * product(passing, rng, presence.up.shape) * cold.at(presence.age)


def kept(
    measure: Measure, rng: np.random.Generator, presence: Presence, first: Array | None = None
) -> Array:
    """What the pods of a presence keep for good, (runs, intervals, places).

    ``first`` (places,): of those that are there as the first interval begins, if that is known.
    """
    runs, _, places = presence.life.shape
    factors = np.ones((runs, int(presence.life.max()) + 1, places))
    for law in measure.own:
        if law.permanent:
            for number in range(factors.shape[1]):
                factors[:, number] *= law.draw(rng, (runs, 1, places))[:, 0]
    if first is not None:
        factors[:, 0] = first
    return np.take_along_axis(factors, presence.life, axis=1)


def _metric(name: str, kind: Kind, limit: float) -> Metric:
    worst = default_worst(limit, Direction.INCREASE)
    return Metric(name, kind, Direction.INCREASE, limit=limit, worst=worst)
