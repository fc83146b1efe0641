"""The demo application: its pods in three tracks, their load, and a fault in the new release.

Owned here: a thread with an event loop of its own in which every pod and the load generator live.
Promised: `Application.stop` ends all of it. Not here: Prometheus, the judge.
"""

from __future__ import annotations

import asyncio
import enum
import random
import threading
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from judge.lab.demo.load import Destination, Load, Rhythm
from judge.lab.demo.noise import Wobble
from judge.lab.demo.pod import Behaviour, Pod
from judge.spec.resolved import BASELINE, CANARY, SHADOW

Result = TypeVar("Result")

_BEAT = 1.0
_PATIENCE = 10.0


class Fault(enum.StrEnum):
    """What is wrong with the new release."""

    NONE = "none"
    ERRORS = "errors"  # four times the errors
    SLOW = "slow"  # three times the slow answers
    OUTAGE = "outage"  # every request fails


@dataclass(frozen=True, slots=True)
class Shape:
    """How the application is laid out, and how it behaves when well (shares of requests)."""

    name: str = "checkout"
    baseline: int = 8
    canary: int = 2
    shadow: int = 1
    errors: float = 0.015
    slow: float = 0.03
    rhythm: Rhythm = field(default_factory=Rhythm)


@dataclass(frozen=True, slots=True)
class Target:
    """A pod as Prometheus finds it."""

    address: str
    labels: dict[str, str]


class _Member:
    """A pod with what moves its error rate."""

    def __init__(self, pod: Pod, *, release: Behaviour, rng: random.Random) -> None:
        self.pod = pod
        self._release = release
        self._lasting = Wobble(sd=0.05, memory=1e9, rng=rng)
        self._own = Wobble(sd=0.2, memory=30.0, rng=rng)

    def beat(self, shared: float) -> None:
        self._own.step(_BEAT)
        factor = shared * self._lasting.factor * self._own.factor
        self.pod.behaviour.errors = _moved(self._release.errors, factor)
        self.pod.behaviour.slow = _moved(self._release.slow, factor)


class Application:
    """The application under load. `start` it, `release` a new version beside it, `stop` it."""

    def __init__(self, shape: Shape, *, rng: random.Random) -> None:
        self._shape = shape
        self._rng = rng
        self._members: list[_Member] = []
        self._shared = Wobble(sd=0.25, memory=120.0, rng=rng)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="demo", daemon=True)
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Bring up the baseline and its load."""
        self._thread.start()
        self._call(self._start())

    def release(self, fault: Fault) -> None:
        """Bring up the canary and the shadow, with ``fault``, and send them their traffic."""
        self._call(self._release(fault))

    def stop(self) -> None:
        """End the load, the pods and the thread."""
        self._call(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_PATIENCE)
        self._loop.close()

    def targets(self) -> Sequence[Target]:
        """The pods that are up."""
        return [self._target(member.pod) for member in self._members]

    def _target(self, pod: Pod) -> Target:
        labels = {"app": self._shape.name, "track": pod.track, "pod": pod.name}
        return Target(f"127.0.0.1:{pod.port}", labels)

    def _call(self, work: Coroutine[Any, Any, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_PATIENCE)

    async def _start(self) -> None:
        healthy = Behaviour(self._shape.errors, self._shape.slow)
        await self._add(BASELINE, self._shape.baseline, healthy)
        load = Load(rhythm=self._shape.rhythm, destinations=self._destinations, rng=self._rng)
        self._tasks = [self._loop.create_task(load.run()), self._loop.create_task(self._live())]

    async def _release(self, fault: Fault) -> None:
        release = _behaviour(self._shape, fault)
        await self._add(CANARY, self._shape.canary, release)
        await self._add(SHADOW, self._shape.shadow, release)

    async def _add(self, track: str, count: int, release: Behaviour) -> None:
        added = []
        for _ in range(count):
            name = f"{self._shape.name}-{track}-{self._rng.randrange(16**5):05x}"
            behaviour = Behaviour(release.errors, release.slow)
            pod = Pod(name, track, behaviour, self._rng)
            await pod.start()
            added.append(_Member(pod, release=release, rng=self._rng))
        self._members += added

    async def _live(self) -> None:
        while True:
            await asyncio.sleep(_BEAT)
            self._shared.step(_BEAT)
            for member in self._members:
                member.beat(self._shared.factor)

    async def _stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for member in self._members:
            await member.pod.stop()
        await asyncio.sleep(0)  # an aborted connection closes its socket in the loop's next turn

    def _destinations(self) -> list[Destination]:
        mirrored = 1 / self._shape.baseline
        return [
            Destination(pod.port, mirrored if pod.track == SHADOW else 1.0, pod.track == SHADOW)
            for pod in (member.pod for member in self._members)
        ]


def _moved(share: float, factor: float) -> float:
    """A share that wobbles; what always happens (an outage) does not."""
    return share if share >= 1 else min(1.0, share * factor)


def _behaviour(shape: Shape, fault: Fault) -> Behaviour:
    errors = {Fault.ERRORS: 4 * shape.errors, Fault.OUTAGE: 1.0}.get(fault, shape.errors)
    return Behaviour(errors, 3 * shape.slow if fault is Fault.SLOW else shape.slow)
