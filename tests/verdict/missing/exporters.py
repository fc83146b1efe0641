"""What one life of a process shows its scrapers: counters from 0, histograms, gauges.

Each is made anew when its pod starts. Times are minutes since the run began, negative before it;
all chance comes from the generator that is passed in.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from tests.servers.native import Native, index_of
from tests.verdict.missing.samples import Labels, Value, labelled

Course = Callable[[float], float]
Shown = Mapping[Labels, Value]
BOUNDS = (0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.6, 1.2)  # seconds
SCHEMA = 2  # each bound of a native histogram is 1.19 times the one below it


class Exporter(Protocol):
    """A process that is scraped."""

    def run(self, seconds: float, minute: float, rng: np.random.Generator) -> None:
        """Work for the ``seconds`` before ``minute``."""

    def shown(self) -> Shown:
        """What a scrape finds: series (without the target's labels) and values."""


@dataclass
class Requests:
    """Requests by status code: ``rate`` a second, of which a share of ``errors`` ends in 500.

    A code's series begins with its first request.
    """

    rate: Course
    errors: Course
    labels: Mapping[str, str] = field(default_factory=dict)
    _counts: dict[str, int] = field(default_factory=dict)

    def run(self, seconds: float, minute: float, rng: np.random.Generator) -> None:
        total = int(rng.poisson(self.rate(minute) * seconds))
        failed = int(rng.binomial(total, self.errors(minute)))
        for code, count in (("200", total - failed), ("500", failed)):
            if count or code in self._counts:
                self._counts[code] = self._counts.get(code, 0) + count

    def shown(self) -> Shown:
        return {
            labelled("http_requests_total", {**self.labels, "code": code}): float(count)
            for code, count in self._counts.items()
        }


@dataclass
class Durations:
    """A classic histogram of lognormal durations around ``median`` seconds."""

    rate: Course
    median: float = 0.1
    _counts: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))

    def run(self, seconds: float, minute: float, rng: np.random.Generator) -> None:
        took = rng.lognormal(np.log(self.median), 0.5, rng.poisson(self.rate(minute) * seconds))
        for index, bound in enumerate((*BOUNDS, np.inf)):
            self._counts[index] += int((took <= bound).sum())

    def shown(self) -> Shown:
        words = [*map(str, BOUNDS), "+Inf"]
        return {
            labelled("http_request_duration_seconds_bucket", {"le": word}): float(count)
            for word, count in zip(words, self._counts, strict=True)
        }


@dataclass
class NativeDurations:
    """The same as a native histogram."""

    rate: Course
    median: float = 0.1
    _buckets: dict[int, int] = field(default_factory=dict)

    def run(self, seconds: float, minute: float, rng: np.random.Generator) -> None:
        for took in rng.lognormal(
            np.log(self.median), 0.5, rng.poisson(self.rate(minute) * seconds)
        ):
            index = index_of(SCHEMA, float(took))
            self._buckets[index] = self._buckets.get(index, 0) + 1

    def shown(self) -> Shown:
        held = Native(SCHEMA, dict(self._buckets))
        return {labelled("http_request_duration_seconds", {}): held}


@dataclass
class Container:
    """Memory in use (``level`` bytes, some minutes above or below it), and the CPU's seconds."""

    level: Course
    cpu: float = 0.4
    _noise: float = 0.0
    _bytes: float = 0.0
    _seconds: float = 0.0

    def run(self, seconds: float, minute: float, rng: np.random.Generator) -> None:
        kept = float(np.exp(-seconds / 180))
        self._noise = kept * self._noise + (1 - kept**2) ** 0.5 * rng.normal(0, 0.05)
        busy = math.exp(self._noise)
        self._bytes = 4096.0 * round(self.level(minute) * busy / 4096)
        self._seconds += self.cpu * busy * seconds

    def shown(self) -> Shown:
        return {
            labelled("container_memory_working_set_bytes", {}): self._bytes,
            labelled("container_cpu_usage_seconds_total", {}): round(self._seconds, 2),
        }


@dataclass
class PodState:
    """What kube-state-metrics says of a pod that is ready, or not, and was restarted so often."""

    ready: Callable[[float], bool]
    restarts: Callable[[float], int]
    started: Callable[[float], bool]
    _minute: float = 0.0

    def run(self, seconds: float, minute: float, rng: np.random.Generator) -> None:
        self._minute = minute

    def shown(self) -> Shown:
        ready, started = self.ready(self._minute), self.started(self._minute)
        phases = {"Running": started, "Pending": not started, "Succeeded": False, "Failed": False}
        found = {
            labelled("kube_pod_status_phase", {"phase": phase}): float(is_it)
            for phase, is_it in phases.items()
        }
        for condition, is_it in (("true", ready), ("false", not ready), ("unknown", False)):
            found[labelled("kube_pod_status_ready", {"condition": condition})] = float(is_it)
        restarts = labelled("kube_pod_container_status_restarts_total", {"container": "app"})
        return {**found, restarts: float(self.restarts(self._minute))}


@dataclass
class Together:
    """Several exporters of one process."""

    parts: Sequence[Exporter]

    def run(self, seconds: float, minute: float, rng: np.random.Generator) -> None:
        for part in self.parts:
            part.run(seconds, minute, rng)

    def shown(self) -> Shown:
        return {labels: value for part in self.parts for labels, value in part.shown().items()}
