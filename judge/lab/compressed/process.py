"""A pod's process: what it counts, and what moves it.

Owned here: the counters of one pod and their text. Not here: when it lives and what scrapes miss
(`service`).
"""

from __future__ import annotations

import math

import numpy as np

from judge.lab.compressed.law import BOUNDS, ServiceLaw, Spells

CPU = 0.004  # seconds of it a request
IDLE = 0.05  # cores
LOG_SD = 0.4  # of durations
MEDIAN = 0.12  # seconds
CPU_SD = 0.08  # of a pod's CPU a request, as a log-sd
_LESS = 0.2  # a pod's durations wander less than its errors


class Wander:
    """A stationary log-factor (Ornstein-Uhlenbeck) with a mean of one; times in minutes."""

    def __init__(self, sd: float, memory: float, rng: np.random.Generator) -> None:
        self._sd, self._memory, self._rng = sd, memory, rng
        self._value = float(rng.normal(0.0, sd))

    def step(self, minutes: float) -> None:
        """Let time pass."""
        kept = math.exp(-minutes / self._memory)
        fresh = self._sd * math.sqrt(1.0 - kept**2)
        self._value = kept * self._value + float(self._rng.normal(0.0, fresh))

    @property
    def factor(self) -> float:
        """By now."""
        return math.exp(self._value - self._sd**2 / 2.0)


class Struck:
    """Whether a spell is on."""

    def __init__(self, spells: Spells | None, rng: np.random.Generator) -> None:
        self._spells, self._rng = spells, rng
        self.on = spells is not None and rng.random() < _share(spells)

    def step(self, minutes: float) -> None:
        """Let time pass."""
        if self._spells is not None:
            left = self._spells.lasting if self.on else self._spells.every
            self.on ^= bool(self._rng.random() < -math.expm1(-minutes / left))


def _share(spells: Spells) -> float:
    return spells.lasting / (spells.lasting + spells.every)


class Process:
    """One pod's counters; `restart` puts them back to zero."""

    def __init__(self, law: ServiceLaw, rng: np.random.Generator, *, now: float) -> None:
        self._law, self._rng, self._at = law, rng, now
        self._wander = Wander(law.own_sd, law.memory, rng)
        self._busy = Wander(CPU_SD, law.memory, rng)
        self._struck = Struck(law.incidents, rng)
        self._lasting = math.exp(float(rng.normal(0.0, law.lasting_sd)) - law.lasting_sd**2 / 2.0)
        self.restart()

    def restart(self) -> None:
        """Begin to count again."""
        self._answered = {"200": 0, "500": 0}
        self._within = np.zeros(len(BOUNDS) + 1, dtype=np.int64)
        self._cpu = 0.0

    def run(self, until: float, *, rate: float, shared: float) -> None:
        """Work until then at ``rate`` requests a second, ``shared`` times the usual errors."""
        minutes = until - self._at
        if minutes <= 0:
            return
        self._at = until
        for one in (self._wander, self._busy, self._struck):
            one.step(minutes)
        own = self._wander.factor * self._lasting * (self._law.factor if self._struck.on else 1.0)
        total = int(self._rng.poisson(rate * minutes * 60.0))
        failed = int(self._rng.binomial(total, min(1.0, self._law.errors * own * shared)))
        self._answered["200"] += total - failed
        self._answered["500"] += failed
        self._cpu += (IDLE * minutes * 60.0 + CPU * total) * self._busy.factor
        if self._law.latency:
            self._took(total, (self._wander.factor * self._lasting) ** _LESS)

    def _took(self, total: int, slower: float) -> None:
        took = self._rng.lognormal(math.log(MEDIAN * slower), LOG_SD, total)
        self._within += np.histogram(took, (0.0, *BOUNDS, math.inf))[0].cumsum()

    def text(self) -> str:
        """What a scrape finds. A series of errors begins with the first one."""
        lines = ["# TYPE http_requests_total counter"]
        lines += [
            f'http_requests_total{{code="{code}"}} {count}'
            for code, count in self._answered.items()
            if count or code == "200"
        ]
        if self._law.latency:
            return "\n".join([*lines, *self._histogram(), ""])
        lines.append("# TYPE process_cpu_seconds_total counter")
        return "\n".join([*lines, f"process_cpu_seconds_total {self._cpu:.4f}", ""])

    def _histogram(self) -> list[str]:
        name = "http_request_duration_seconds"
        words = [*map(str, BOUNDS), "+Inf"]
        return [
            f"# TYPE {name} histogram",
            *(
                f'{name}_bucket{{le="{word}"}} {count}'
                for word, count in zip(words, self._within.tolist(), strict=True)
            ),
            f"{name}_count {self._within[-1]}",
        ]
