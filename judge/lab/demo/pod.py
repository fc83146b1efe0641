"""One pod of the demo application: a loopback HTTP server that counts what it answers.

Owned here: answering requests, failing or dawdling on some of them, and ``/metrics``. Promised: it
counts exactly what it answered. Not here: how often it fails (`Behaviour` is set from outside) and
who sends it requests (`load`). HTTP is the bare minimum that Prometheus and `load` speak: GET,
kept-alive connections, no pipelining.
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field

SLOW = (0.5, 0.9)
"""Seconds that a slow answer takes, from and to."""

_REASONS = {200: "OK", 404: "Not Found", 500: "Internal Server Error"}
_METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_LARGEST_REQUEST = 16_384


@dataclass(slots=True)
class Behaviour:
    """What a pod does to requests now: the shares of them that fail, and that take long."""

    errors: float
    slow: float


@dataclass
class Pod:
    """A pod named ``name`` in ``track``; `start` makes it listen on a free loopback port."""

    name: str
    track: str
    behaviour: Behaviour
    rng: random.Random
    port: int = 0
    answered: dict[int, int] = field(default_factory=lambda: {200: 0, 500: 0})
    dawdled: int = 0
    connections: set[_Connection] = field(default_factory=set)
    _server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen. Call in the loop that shall serve it."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self), "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stop listening and drop the connections that are open."""
        if self._server is None:
            return
        self._server.close()
        for connection in list(self.connections):
            connection.drop()
        await self._server.wait_closed()

    def answer(self, path: str) -> tuple[int, str, str, float]:
        """Status, content type, body and the seconds to wait before they are sent."""
        if path == "/metrics":
            return 200, _METRICS_TYPE, self.metrics(), 0.0
        if path != "/":
            return 404, "text/plain", "no such page\n", 0.0
        status = 500 if self.rng.random() < self.behaviour.errors else 200
        wait = self.rng.uniform(*SLOW) if self.rng.random() < self.behaviour.slow else 0.0
        return status, "text/plain", "sorry\n" if status == 500 else "thank you\n", wait

    def count(self, status: int, wait: float) -> None:
        """Note one request that was answered."""
        self.answered[status] += 1
        self.dawdled += wait > 0

    def metrics(self) -> str:
        """The counters in Prometheus's text format."""
        lines = ["# TYPE http_requests_total counter"]
        lines += [f'http_requests_total{{code="{code}"}} {n}' for code, n in self.answered.items()]
        lines += ["# TYPE http_requests_slow_total counter"]
        return "\n".join([*lines, f"http_requests_slow_total {self.dawdled}", ""])


class _Connection(asyncio.Protocol):
    """One client's connection: a request at a time."""

    def __init__(self, pod: Pod) -> None:
        self._pod = pod
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 (asyncio's types say Base)
        self._transport = transport
        self._pod.connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._pod.connections.discard(self)

    def drop(self) -> None:
        """Close at once."""
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, end, rest = self._received.partition(b"\r\n\r\n")
        words = head.split(b"\r\n", 1)[0].split()
        if end and len(words) == 3:
            self._received = rest
            self._respond(words[1].decode("latin-1"))
        elif end or len(head) > _LARGEST_REQUEST:
            self._transport.abort()

    def _respond(self, path: str) -> None:
        status, kind, body, wait = self._pod.answer(path)
        if wait:
            asyncio.get_running_loop().call_later(wait, self._send, path, status, kind, body, wait)
        else:
            self._send(path, status, kind, body, wait)

    def _send(self, path: str, status: int, kind: str, body: str, wait: float) -> None:
        if self._transport.is_closing():
            return
        if path == "/":
            self._pod.count(status, wait)
        head = f"HTTP/1.1 {status} {_REASONS[status]}\r\nContent-Type: {kind}\r\n"
        self._transport.write(f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode())
