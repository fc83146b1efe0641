"""The load generator: requests at random moments, spread over the pods by weight.

Owned here: Poisson arrivals with a slow rhythm, one kept-alive connection for every request that
is under way, and mirroring to a shadow. Not here: what the pods answer (`pod`); nobody reads it.
"""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

TICK = 0.05
"""Seconds between two bursts of arrivals."""

_REQUEST = b"GET / HTTP/1.1\r\nHost: demo\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Destination:
    """Where requests go: a pod's port, its ``weight`` among those that share the traffic.

    A ``mirror`` gets copies of that share of requests instead, and takes none from the others.
    """

    port: int
    weight: float
    mirror: bool = False


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Requests per second: a mean, and a wave around it (share of the mean, period in seconds)."""

    mean: float = 100.0
    swing: float = 0.15
    period: float = 1500.0

    def at(self, seconds: float) -> float:
        """Requests per second, ``seconds`` after the start."""
        return self.mean * (1 + self.swing * math.sin(2 * math.pi * seconds / self.period))


class Load:
    """Sends requests until it is cancelled. ``destinations`` is asked at every tick."""

    def __init__(
        self,
        *,
        rhythm: Rhythm,
        destinations: Callable[[], Sequence[Destination]],
        rng: random.Random,
    ) -> None:
        self._rhythm = rhythm
        self._destinations = destinations
        self._rng = rng
        self._idle: dict[int, list[_Client]] = {}
        self._open: set[_Client] = set()
        self._opening: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Send, tick by tick, for ever."""
        loop = asyncio.get_running_loop()
        start = last = loop.time()
        try:
            while True:
                await asyncio.sleep(TICK)
                now = loop.time()
                self._burst(self._rhythm.at(now - start) * (now - last))
                last = now
        finally:
            await self._close()

    async def _close(self) -> None:
        for task in self._opening:
            task.cancel()
        await asyncio.gather(*self._opening, return_exceptions=True)
        for client in self._open:
            client.close()
        await asyncio.sleep(0)  # an aborted connection closes its socket in the loop's next turn

    def _burst(self, expected: float) -> None:
        destinations = self._destinations()
        shared = [one for one in destinations if not one.mirror]
        weights = [one.weight for one in shared]
        for chosen in self._rng.choices(shared, weights, k=_poisson(expected, self._rng)):
            self._send(chosen.port)
            for mirror in destinations:
                if mirror.mirror and self._rng.random() < mirror.weight:
                    self._send(mirror.port)

    def _send(self, port: int) -> None:
        idle = self._idle.setdefault(port, [])
        if idle:
            idle.pop().send()
            return
        task = asyncio.get_running_loop().create_task(self._connect(port))
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)

    async def _connect(self, port: int) -> None:
        loop = asyncio.get_running_loop()
        try:
            _, client = await loop.create_connection(
                lambda: _Client(self._open, self._idle.setdefault(port, [])), "127.0.0.1", port
            )
        except OSError:
            return  # the pod is gone: a lost request, as in life
        client.send()


class _Client(asyncio.Protocol):
    """One connection to a pod, among the ``open`` ones, and ``idle`` when its answer is in."""

    def __init__(self, open_: set[_Client], idle: list[_Client]) -> None:
        self._open = open_
        self._idle = idle
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 (asyncio's types say Base)
        self._transport = transport
        self._open.add(self)

    def send(self) -> None:
        """Ask for the page."""
        self._transport.write(_REQUEST)

    def close(self) -> None:
        """Hang up at once."""
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, end, body = self._received.partition(b"\r\n\r\n")
        if end and len(body) >= int(head.rpartition(b"Content-Length: ")[2]):
            self._received = b""
            self._idle.append(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._open.discard(self)
        if self in self._idle:
            self._idle.remove(self)


def _poisson(mean: float, rng: random.Random) -> int:
    """How many arrivals, by Knuth's product of uniforms (means here are a few)."""
    floor, product, count = math.exp(-mean), rng.random(), 0
    while product > floor:
        product *= rng.random()
        count += 1
    return count
