"""Which pods there are, interval by interval, and which of them are seen.

Owned here: a track's places (`Presence`), each held by one pod after another, and the laws by which
pods are replaced, begin again, are scaled away or are not scraped. Not here: what pods count.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from judge.lab.noise import Array, Incidents, Shape

OLD = 1e6  # intervals: of pods that were there long before
RESTARTED = (0.5, 1.0)  # the share of an interval that is left of one with a restart, from and to
WAVE = 240.0  # intervals from one greatest number of pods to the next


@dataclass(frozen=True, slots=True)
class Presence:
    """A track's places; arrays (runs, intervals, places).

    ``life`` numbers the pods that held a place; ``age`` is the pod's in intervals; ``up`` the share
    of the interval for which it is counted; ``seen``: it has a sample.
    """

    life: NDArray[np.int64]
    age: Array
    up: Array
    seen: NDArray[np.bool_]

    def names(self, place: tuple[int, int]) -> list[str]:
        """Of the pods in one interval of one run, within their track."""
        return [f"{number}-{life}" for number, life in enumerate(self.life[place].tolist())]


@dataclass(frozen=True, slots=True)
class Lives:
    """How pods come and go; times in intervals, each at random with that mean, None for never.

    A pod is ``replaced`` by one of another name, or its process is ``restarted`` (the counts since
    the last scrape are lost, those that follow are in the same interval). ``fewest``: the number of
    pods goes up and down between this and all of the track's places.
    """

    replaced: float | None = None
    restarted: float | None = None
    fewest: int | None = None

    def draw(self, rng: np.random.Generator, shape: Shape, *, age: float = OLD) -> Presence:
        """Pods that are ``age`` intervals old as the first interval begins."""
        gone, begun = (_events(every, rng, shape) for every in (self.replaced, self.restarted))
        left = rng.uniform(*RESTARTED, shape)
        up = np.where(begun & ~gone, left, 1.0) * self._scaled(rng, shape)
        return Presence(gone.cumsum(1), _ages(gone | begun, age), up, up > 0)

    def _scaled(self, rng: np.random.Generator, shape: Shape) -> Array:
        runs, intervals, places = shape
        if self.fewest is None:
            return np.ones(shape)
        phase = rng.random((runs, 1)) + np.arange(intervals) / WAVE
        wanted = self.fewest + (places - self.fewest) * (1.0 + np.sin(2 * np.pi * phase)) / 2.0
        return (np.arange(places) < np.round(wanted)[..., None]).astype(float)


@dataclass(frozen=True, slots=True)
class Gaps:
    """What is not scraped: an incident is a hole.

    Each of ``pods`` by itself, ``tracks`` each as a whole, ``everything`` at once.
    """

    pods: Incidents | None = None
    tracks: Incidents | None = None
    everything: Incidents | None = None

    def common(self, rng: np.random.Generator, runs: int, intervals: int) -> NDArray[np.bool_]:
        """When nothing at all is scraped, (runs, intervals, 1)."""
        return _struck(self.everything, rng, (runs, intervals, 1))

    def punched(
        self, presence: Presence, nothing: NDArray[np.bool_], rng: np.random.Generator
    ) -> Presence:
        """The same pods, of which fewer are seen."""
        runs, intervals, _ = presence.seen.shape
        lost = nothing | _struck(self.tracks, rng, (runs, intervals, 1))
        return replace(
            presence, seen=presence.seen & ~lost & ~_struck(self.pods, rng, presence.seen.shape)
        )


@dataclass(frozen=True, slots=True)
class Cold:
    """Pods that have just begun are ``factor`` times as bad; what is left of that decays with a
    time constant of ``minutes`` (intervals)."""

    factor: float = 1.0
    minutes: float = 1.0

    def at(self, age: Array) -> Array:
        """What a pod of this age is multiplied by."""
        return 1.0 + (self.factor - 1.0) * np.exp(-age / self.minutes)


@dataclass(frozen=True, slots=True)
class Scene:
    """What happens to the pods of a service, whatever is measured of them."""

    lives: Lives = field(default_factory=Lives)
    gaps: Gaps = field(default_factory=Gaps)
    cold: Cold = field(default_factory=Cold)


def _events(every: float | None, rng: np.random.Generator, shape: Shape) -> NDArray[np.bool_]:
    if every is None:
        return np.zeros(shape, bool)
    return np.asarray(rng.random(shape) < 1.0 / every)


def _struck(law: Incidents | None, rng: np.random.Generator, shape: Shape) -> NDArray[np.bool_]:
    return np.zeros(shape, bool) if law is None else np.asarray(law.draw(rng, shape) != 1.0)


def _ages(born: NDArray[np.bool_], age: float) -> Array:
    """Intervals since a pod was last born, or ``age`` and those since the first."""
    number = np.arange(born.shape[1])[:, None]
    last = np.maximum.accumulate(np.where(born, number, -1), axis=1)
    return np.where(last >= 0, number - last, age + number).astype(float)
