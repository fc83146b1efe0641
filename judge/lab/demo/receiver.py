"""A receiver of webhooks, as a team would run one: it checks each signature before it believes.

Owned here: a loopback HTTP server in a thread, and the verification of Standard Webhooks headers,
written from their specification and not with the sender's code: a check by the other side. Not
here: doing anything about what was received.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

TOLERANCE = 300.0
"""Seconds by which a signature's time may be off; an older one may be a replay."""

_LARGEST = 1 << 20
_SECRET_PREFIX = "whsec_"  # noqa: S105 (the specification's name for the form, no secret)


@dataclass(frozen=True, slots=True)
class Received:
    """A webhook whose signature was right."""

    id: str
    path: str
    body: Mapping[str, Any]


def new_secret(random_bytes: Callable[[int], bytes]) -> str:
    """A signing secret in the specification's form."""
    return _SECRET_PREFIX + base64.b64encode(random_bytes(32)).decode()


def verify(headers: Mapping[str, str], body: bytes, *, secret: str, now: float) -> str | None:
    """The webhook's id if one of its signatures is right and recent, else None."""
    name, sent = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not name or not sent.isdecimal() or abs(now - int(sent)) > TOLERANCE:
        return None
    key = base64.b64decode(secret.removeprefix(_SECRET_PREFIX))
    digest = hmac.new(key, f"{name}.{sent}.".encode() + body, hashlib.sha256).digest()
    right = "v1," + base64.b64encode(digest).decode()
    given = headers.get("webhook-signature", "").split()
    return name if any(hmac.compare_digest(right, one) for one in given) else None


class Receiver:
    """Listens on a free loopback port while it is entered; keeps what it could verify."""

    def __init__(self, secret: str, *, clock: Callable[[], float] = time.time) -> None:
        self._secret = secret
        self._clock = clock
        self._lock = threading.Condition()
        self._received: dict[str, Received] = {}
        self.refused = 0
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, name="receiver")

    @property
    def address(self) -> str:
        """Where it listens, without a trailing slash."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def received(self) -> list[Received]:
        """What came, each webhook once, in order."""
        with self._lock:
            return list(self._received.values())

    def wait(self, count: int, *, timeout: float) -> bool:
        """Whether ``count`` webhooks have come, after at most ``timeout`` seconds."""
        with self._lock:
            return self._lock.wait_for(lambda: len(self._received) >= count, timeout)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def take(self, path: str, headers: Mapping[str, str], body: bytes) -> int:
        """Keep a webhook, or refuse it; the HTTP status to answer."""
        name = verify(headers, body, secret=self._secret, now=self._clock())
        with self._lock:
            if name is None:
                self.refused += 1
                return 401
            # Deliveries come at least once: the second of an id changes nothing.
            self._received.setdefault(name, Received(name, path, json.loads(body)))
            self._lock.notify_all()
        return 204

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            timeout = 10

            def do_POST(self) -> None:
                length = min(_LARGEST, int(self.headers.get("Content-Length") or 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                status = receiver.take(self.path, headers, self.rfile.read(length))
                self.send_response(status)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (its name)
                """Say nothing: the terminal is the demo's."""

        return Handler
