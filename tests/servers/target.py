"""A scrape target whose counters a test sets, and which says how often it was scraped."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TEXT = "text/plain; version=0.0.4"


@dataclass(frozen=True)
class Shown:
    """What a target answers a scrape with."""

    body: bytes
    content_type: str = TEXT


State = Mapping[str, float] | Shown


class _Handler(BaseHTTPRequestHandler):
    server: Target

    def do_GET(self) -> None:
        """One scrape."""
        shown = self.server.exposition()
        self.send_response(200 if shown is not None else 500)
        shown = shown or Shown(b"")
        self.send_header("Content-Type", shown.content_type)
        self.send_header("Content-Length", str(len(shown.body)))
        self.end_headers()
        self.wfile.write(shown.body)
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

    def exposition(self) -> Shown | None:
        """The state as it is scraped; None where the scrape shall fail."""
        with self._changed:
            state = self._state
        if state is None or isinstance(state, Shown):
            return state
        return Shown("".join(f"{name} {value}\n" for name, value in state.items()).encode())

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
