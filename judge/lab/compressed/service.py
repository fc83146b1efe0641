"""A compressed service's pods: who lives when, and what scrapes miss of them.

Owned here: the pods as HTTP servers on loopback, their births, deaths and restarts, and failing
scrapes. Not here: what a pod counts (`process`), who scrapes (`record`).
"""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import Callable

import numpy as np

from judge.lab.compressed.law import ServiceLaw
from judge.lab.compressed.process import Process, Struck, Wander
from judge.lab.demo.application import Target
from judge.lab.demo.pod import Behaviour, Pod

DAY = 1440.0  # minutes
BASELINE = "stable"
_FAILED = 404, "text/plain", "no such page\n", 0.0
_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class ScrapedPod(Pod):
    """A pod that answers scrapes, or not."""

    def __init__(
        self, name: str, process: Process, law: ServiceLaw, rng: np.random.Generator
    ) -> None:
        super().__init__(name, BASELINE, Behaviour(0.0, 0.0), random.Random(0))  # noqa: S311
        self.process = process
        self.dark = Struck(law.dark, rng)
        self.refresh: Callable[[], None] = lambda: None
        self.hidden: Callable[[], bool] = lambda: False

    def answer(self, path: str) -> tuple[int, str, str, float]:
        """See `Pod`."""
        if path != "/metrics" or self.hidden():
            return _FAILED
        self.refresh()
        return 200, _TYPE, self.process.text(), 0.0


class Service:
    """One service in the running event loop; ``clock`` tells its time in minutes.

    Call `beat` often; ``changed`` is then True where pods came or went.
    """

    def __init__(
        self, law: ServiceLaw, *, clock: Callable[[], float], rng: np.random.Generator
    ) -> None:
        self.law = law
        self._clock, self._rng = clock, rng
        self._at = clock()
        self._pods: list[ScrapedPod] = []
        self._shared = Wander(law.shared_sd, 30.0, rng)
        self._struck = Struck(law.shared, rng)
        self._blackout = Struck(law.blackouts, rng)
        self._born = 0
        self.changed = False

    async def beat(self) -> None:
        """Let the time pass that has passed."""
        now = self._clock()
        minutes, self._at = now - self._at, now
        for one in self._weather():
            one.step(minutes)
        for pod in list(self._pods):
            self._run(pod)
            if self._happens(self.law.restarts, minutes):
                pod.process.restart()
            if self._happens(self.law.lifetime, minutes):
                await self._remove(pod)
        while len(self._pods) > self._wanted(now):
            await self._remove(self._pods[0])
        while len(self._pods) < self._wanted(now):
            await self._add(now)

    def targets(self) -> list[Target]:
        """The pods that live."""
        return [
            Target(
                f"127.0.0.1:{pod.port}",
                {"app": self.law.name, "track": pod.track, "pod": pod.name},
            )
            for pod in self._pods
        ]

    async def stop(self) -> None:
        """End all pods."""
        for pod in list(self._pods):
            await self._remove(pod)

    def _weather(self) -> list[Wander | Struck]:
        return [self._shared, self._struck, self._blackout, *(pod.dark for pod in self._pods)]

    def _run(self, pod: ScrapedPod) -> None:
        now = self._clock()
        shared = self._shared.factor * (self.law.factor if self._struck.on else 1.0)
        rate = self.law.requests * self._rhythm(now) / max(1, len(self._pods))
        pod.process.run(now, rate=rate, shared=shared)

    def _rhythm(self, now: float) -> float:
        return 1.0 + self.law.rhythm * math.sin(2.0 * math.pi * now / DAY)

    def _wanted(self, now: float) -> int:
        fewest, most = self.law.pods
        height = (self._rhythm(now) - 1.0) / max(self.law.rhythm, 1e-9)
        return round(fewest + (most - fewest) * (1.0 + height) / 2.0)

    def _happens(self, every: float | None, minutes: float) -> bool:
        return every is not None and self._rng.random() < -math.expm1(-minutes / every)

    async def _add(self, now: float) -> None:
        self._born += 1
        process = Process(self.law, self._rng, now=now)
        pod = ScrapedPod(f"{self.law.name}-{self._born:03}", process, self.law, self._rng)
        pod.refresh = lambda: self._run(pod)
        pod.hidden = lambda: self._misses(pod)
        await pod.start()
        self._pods.append(pod)
        self.changed = True

    async def _remove(self, pod: ScrapedPod) -> None:
        self._pods.remove(pod)
        await pod.stop()
        await asyncio.sleep(0)
        self.changed = True

    def _misses(self, pod: ScrapedPod) -> bool:
        return self._blackout.on or pod.dark.on or bool(self._rng.random() < self.law.missed)
