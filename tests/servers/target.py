"""A scrape target whose counters a test sets, and which says how often it was scraped."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

State = Mapping[str, float]


class _Handler(BaseHTTPRequestHandler):
    server: Target

    def do_GET(self) -> None:
        """One scrape."""
        body = self.server.exposition()
        self.send_response(200 if body is not None else 500)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.send_header("Content-Length", str(len(body or b"")))
        self.end_headers()
        self.wfile.write(body or b"")
        self.server.scraped()

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


class Target(ThreadingHTTPServer):
    """The target; None as its state makes scrapes fail."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self._state: State | None = {}
        self._scrapes = 0
        self._changed = threading.Condition()

    @property
    def address(self) -> str:
        """Its host and port."""
        return f"127.0.0.1:{self.server_address[1]}"

    def exposition(self) -> bytes | None:
        """The state as text; None where the scrape shall fail."""
        with self._changed:
            if self._state is None:
                return None
            return "".join(f"{name} {value}\n" for name, value in self._state.items()).encode()

    def scraped(self) -> None:
        """Count a scrape."""
        with self._changed:
            self._scrapes += 1
            self._changed.notify_all()

    def show(self, state: State | None, *, scrapes: int = 2) -> None:
        """Show ``state`` until it has been scraped that often."""
        with self._changed:
            self._state = state
            wanted = self._scrapes + scrapes
            if not self._changed.wait_for(lambda: self._scrapes >= wanted, timeout=30):
                raise TimeoutError("nobody scrapes the target")


@contextlib.contextmanager
def target() -> Iterator[Target]:
    """A running target."""
    with Target() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def settle(seconds: float = 1.5) -> None:
    """Let the last scrape arrive in the database."""
    time.sleep(seconds)
