"""A loopback HTTP server that misbehaves as it is told to, and remembers what it was asked."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import threading
import time
import urllib.parse
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Request:
    """One request as it came in."""

    method: str
    path: str
    headers: Mapping[str, str]
    form: Mapping[str, str]


Behaviour = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    """Reads a request, remembers it, and behaves as the script says next."""

    protocol_version = "HTTP/1.1"
    server: Server
    asked: Request  # the one that is being answered, whatever others come in meanwhile

    def do_POST(self) -> None:
        """Any request."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        form = {key: values[0] for key, values in urllib.parse.parse_qs(body.decode()).items()}
        self.asked = Request(self.command, self.path, dict(self.headers.items()), form)
        self.server.requests.append(self.asked)
        self.server.next_behaviour()(self)

    do_GET = do_POST  # noqa: N815

    def log_message(self, *args: Any) -> None:
        """Say nothing."""

    def answer(
        self, body: bytes, *, status: int = 200, headers: Mapping[str, str] | None = None
    ) -> None:
        """A whole answer."""
        self.start(status, {"Content-Length": str(len(body)), **(headers or {})})
        self.wfile.write(body)

    def start(self, status: int, headers: Mapping[str, str]) -> None:
        """Only the head of an answer."""
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name, value)
        self.end_headers()

    def hang_up(self) -> None:
        """End the connection here and now."""
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)


class Server(ThreadingHTTPServer):
    """The server; ``script`` is followed request by request, its last behaviour for ever."""

    daemon_threads = True

    def __init__(self, script: Sequence[Behaviour], tls: ssl.SSLContext | None) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.scheme = "http"
        if tls is not None:
            self.scheme = "https"
            self.socket = tls.wrap_socket(self.socket, server_side=True)
        self.requests: list[Request] = []
        self._script = list(script)
        self.stopping = threading.Event()

    @property
    def address(self) -> str:
        """Its URL."""
        return f"{self.scheme}://127.0.0.1:{self.server_address[1]}"

    def next_behaviour(self) -> Behaviour:
        """What to do with this request."""
        return self._script.pop(0) if len(self._script) > 1 else self._script[0]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is what these tests are about."""


@contextlib.contextmanager
def misbehaving(*script: Behaviour, tls: ssl.SSLContext | None = None) -> Iterator[Server]:
    """A running server that follows ``script``."""
    with Server(script, tls) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.stopping.set()
            server.shutdown()
            thread.join()


def vector(*series: tuple[Mapping[str, str], str], warnings: Sequence[str] = ()) -> bytes:
    """The body of an instant vector; values as Prometheus writes them."""
    return _body("vector", [{"metric": m, "value": [0, v]} for m, v in series], warnings)


def matrix(
    *series: tuple[Mapping[str, str], Sequence[tuple[float, str]]], warnings: Sequence[str] = ()
) -> bytes:
    """The body of a range result."""
    return _body("matrix", [{"metric": m, "values": v} for m, v in series], warnings)


def _body(kind: str, result: Sequence[Any], warnings: Sequence[str]) -> bytes:
    body: dict[str, Any] = {"status": "success", "data": {"resultType": kind, "result": result}}
    if warnings:
        body["warnings"] = list(warnings)
    return json.dumps(body).encode()


def says(body: bytes, *, status: int = 200, **headers: str) -> Behaviour:
    """Answer with ``body``; ``Retry_After`` and the like become headers."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda handler: handler.answer(body, status=status, headers=named)


def error(kind: str, text: str, *, status: int) -> Behaviour:
    """Answer as Prometheus does when it refuses."""
    body = json.dumps({"status": "error", "errorType": kind, "error": text}).encode()
    return says(body, status=status)


def hangs(seconds: float) -> Behaviour:
    """Say nothing for a while, then hang up."""

    def behave(handler: Handler) -> None:
        handler.server.stopping.wait(seconds)
        handler.hang_up()

    return behave


def hangs_up(handler: Handler) -> None:
    """Hang up without a word."""
    handler.hang_up()


def cut_off(body: bytes) -> Behaviour:
    """Promise more than is sent."""

    def behave(handler: Handler) -> None:
        handler.start(200, {"Content-Length": str(len(body) + 100)})
        handler.wfile.write(body)
        handler.hang_up()

    return behave


def endless(handler: Handler) -> None:
    """A body without an end."""
    handler.start(200, {"Connection": "close"})
    with contextlib.suppress(OSError):
        while not handler.server.stopping.is_set():
            handler.wfile.write(b" " * 65536)
    handler.hang_up()


def drips(handler: Handler) -> None:
    """A body that comes byte by byte, each well within a read timeout."""
    handler.start(200, {"Content-Length": "100000"})
    with contextlib.suppress(OSError):
        while not handler.server.stopping.is_set():
            handler.wfile.write(b" ")
            time.sleep(0.02)
    handler.hang_up()


def drips_head(handler: Handler) -> None:
    """A head that comes byte by byte."""
    with contextlib.suppress(OSError):
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        while not handler.server.stopping.is_set():
            handler.wfile.write(b"x")
            handler.wfile.flush()
            time.sleep(0.02)
    handler.hang_up()
