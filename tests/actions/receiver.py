"""A loopback receiver of webhooks: it writes down what comes in and answers as it was told."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Received:
    """One request."""

    path: str
    headers: dict[str, str]  # names in lower case
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def document(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Answer:
    """What is answered: a status and headers, or, before all, whatever ``instead`` does."""

    status: int = 204
    headers: dict[str, str] = field(default_factory=dict)
    instead: Callable[[BaseHTTPRequestHandler], None] | None = None


class Receiver:
    """``answers`` are given one a POST, then 204 for ever; ``get`` answers a GET's path."""

    def __init__(self, get: Callable[[str], str] | None) -> None:
        self.get = get
        self.received: list[Received] = []
        self.answers: list[Answer] = []
        self.url = ""
        self._lock = threading.Lock()

    def take(self, handler: BaseHTTPRequestHandler) -> Answer:
        length = int(handler.headers.get("content-length", 0))
        body = handler.rfile.read(length)
        if len(body) < length:
            raise ConnectionError("cut off: the sender died, and what is half is nothing")
        headers = {name.lower(): value for name, value in handler.headers.items()}
        with self._lock:
            self.received.append(Received(handler.path, headers, body))
            return self.answers.pop(0) if self.answers else Answer()


@contextmanager
def receiving(get: Callable[[str], str] | None = None) -> Iterator[Receiver]:
    """A receiver on a free port of 127.0.0.1."""
    receiver = Receiver(get)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            answer = receiver.take(self)
            if answer.instead is not None:
                answer.instead(self)
                return
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("content-length", "0")
            self.end_headers()

        def do_GET(self) -> None:
            assert receiver.get is not None
            body = receiver.get(self.path).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            """A sender that is gone, because it was killed or had enough, is no news."""

    with Server(("127.0.0.1", 0), Handler) as server:
        receiver.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield receiver
        finally:
            server.shutdown()
            thread.join()
