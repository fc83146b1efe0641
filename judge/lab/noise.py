"""How a service's trouble varies: the laws of the factors that multiply what is measured of it.

Every law states its moments, and a test holds it to them. A law is drawn for a batch of rollouts,
their intervals and their pods; independent along the batch and the pods, stationary along the
intervals. A law is ``permanent`` where it belongs to the pods for good: a pod's factor in the
history is then its factor in every run after it (`fleet`). No law knows of a release: what a
release does is a factor of its own (`scenarios`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Shape = tuple[int, int, int]
DAY_SECONDS = 86400.0


class Law(Protocol):
    """A stationary law of positive factors."""

    @property
    def permanent(self) -> bool:
        """Whether a pod keeps its factor for ever."""

    @property
    def mean(self) -> float:
        """The factors' expectation."""

    def draw(self, rng: np.random.Generator, shape: Shape) -> Array:
        """Factors that broadcast to ``shape`` = (rollouts, intervals, pods)."""


@dataclass(frozen=True, slots=True)
class Gamma:
    """Gamma factors with mean 1, the given variance, and autocorrelation ``correlation`` ** lag.

    The beta-gamma autoregression of Lewis, McKenzie & Hugus (1989): its marginal law is exactly
    gamma with shape 1 / variance, its autocorrelation exactly geometric. A count with expectation
    m an interval has variance m (1 + m variance) and, in the long run, its sums have
    1 + m variance (1 + correlation) / (1 - correlation) times the variance of Poisson counts.
    """

    variance: float
    correlation: float

    @property
    def permanent(self) -> bool:
        """No."""
        return False

    @property
    def mean(self) -> float:
        """1."""
        return 1.0

    def draw(self, rng: np.random.Generator, shape: Shape) -> Array:
        """Factors of the shape (rollouts, intervals, pods)."""
        rollouts, intervals, pods = shape
        form = 1.0 / self.variance
        kept, fresh = form * self.correlation, form * (1.0 - self.correlation)
        drawn = np.empty((intervals, rollouts, pods))
        drawn[0] = rng.standard_gamma(form, (rollouts, pods))
        for now in range(1, intervals):
            drawn[now] = rng.beta(kept, fresh, (rollouts, pods)) * drawn[now - 1]
            drawn[now] += rng.standard_gamma(fresh, (rollouts, pods))
        return np.ascontiguousarray(np.moveaxis(drawn, 0, 1)) * self.variance


@dataclass(frozen=True, slots=True)
class Lognormal:
    """Lognormal factors with mean 1 and the given variance; their logarithms are a first-order
    autoregression with ``correlation``. The factors' own autocorrelation at a lag is
    ((1 + variance) ** (correlation ** lag) - 1) / variance."""

    variance: float
    correlation: float

    @property
    def permanent(self) -> bool:
        """No."""
        return False

    @property
    def mean(self) -> float:
        """1."""
        return 1.0

    def draw(self, rng: np.random.Generator, shape: Shape) -> Array:
        """Factors of the shape (rollouts, intervals, pods)."""
        rollouts, intervals, pods = shape
        spread = math.log1p(self.variance)
        innovation = math.sqrt(1.0 - self.correlation**2)
        drawn = np.moveaxis(rng.standard_normal((intervals, rollouts, pods)), 0, 1)
        for now in range(1, intervals):
            drawn[:, now] *= innovation
            drawn[:, now] += self.correlation * drawn[:, now - 1]
        return np.exp(math.sqrt(spread) * drawn - spread / 2.0)


@dataclass(frozen=True, slots=True)
class Incidents:
    """Now and then the rate is ``factor`` times as high for a while, else the factor is 1.

    Quiet spells last ``every`` intervals on average and incidents ``lasting``, both geometric, so
    that a share lasting / (lasting + every) of the time is an incident.
    """

    factor: float
    every: float
    lasting: float

    @property
    def permanent(self) -> bool:
        """No."""
        return False

    @property
    def share(self) -> float:
        """The share of the time that is an incident."""
        return self.lasting / (self.lasting + self.every)

    @property
    def mean(self) -> float:
        """1 + share (factor - 1)."""
        return 1.0 + self.share * (self.factor - 1.0)

    def draw(self, rng: np.random.Generator, shape: Shape) -> Array:
        """Factors of the shape (rollouts, intervals, pods)."""
        rollouts, intervals, pods = shape
        chance = rng.random((intervals, rollouts, pods))
        struck = np.empty(chance.shape, bool)
        struck[0] = chance[0] < self.share
        for now in range(1, intervals):
            leave = np.where(struck[now - 1], 1.0 / self.lasting, 1.0 / self.every)
            struck[now] = struck[now - 1] ^ (chance[now] < leave)
        return np.where(np.moveaxis(struck, 0, 1), self.factor, 1.0)


@dataclass(frozen=True, slots=True)
class Lasting:
    """A factor that each pod keeps for ever: lognormal with mean 1 and log-sd ``log_sd``."""

    log_sd: float

    @property
    def permanent(self) -> bool:
        """Yes."""
        return True

    @property
    def mean(self) -> float:
        """1."""
        return 1.0

    def draw(self, rng: np.random.Generator, shape: Shape) -> Array:
        """Factors of the shape (rollouts, 1, pods)."""
        rollouts, _, pods = shape
        drawn = rng.standard_normal((rollouts, 1, pods))
        return np.exp(self.log_sd * drawn - self.log_sd**2 / 2.0)


@dataclass(frozen=True, slots=True)
class Rhythm:
    """A daily sine around 1 of the given ``amplitude``, for intervals of ``seconds``.

    Each rollout begins at its own hour, and all of its pods have the same.
    """

    amplitude: float
    seconds: float = 60.0

    @property
    def permanent(self) -> bool:
        """No."""
        return False

    @property
    def mean(self) -> float:
        """1, over a day."""
        return 1.0

    def draw(self, rng: np.random.Generator, shape: Shape) -> Array:
        """Factors of the shape (rollouts, intervals, 1)."""
        rollouts, intervals, _ = shape
        hour = rng.random((rollouts, 1, 1))
        day = np.arange(intervals)[:, None] * self.seconds / DAY_SECONDS
        return 1.0 + self.amplitude * np.sin(2.0 * np.pi * (day + hour))


def product(laws: tuple[Law, ...], rng: np.random.Generator, shape: Shape) -> Array:
    """The product of one draw of each law; of the given shape."""
    factors = np.ones(shape)
    for law in laws:
        factors *= law.draw(rng, shape)
    return factors
