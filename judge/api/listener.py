"""The listening socket and the server on it, which drains when it is told to stop.

uvicorn's own way leaves open streams to hold up a shutdown, and raises the signal again when it
is done, so that a drained process looks killed. Here SIGTERM and SIGINT end the streams, let the
other requests finish, and return.
"""

from __future__ import annotations

import asyncio
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI

from judge.errors import SettingsError

SIGNALS = (signal.SIGINT, signal.SIGTERM)
BACKLOG = 512


def bind(host: str, port: int) -> socket.socket:
    """A socket that listens. Raises `SettingsError` where that cannot be."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listening = socket.socket(family, kind, protocol)
    except OSError as exc:
        raise SettingsError(f"host: {host} is no address of this machine: {exc}") from exc
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(BACKLOG)
    except OSError as exc:
        listening.close()
        raise SettingsError(
            f"cannot listen on {host}:{port}: {exc.strerror}; stop what listens there, or set "
            "another host or port (port 0 takes any free one)"
        ) from exc
    return listening


def address_of(listening: socket.socket) -> str:
    """The URL under which it can be reached."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class Listener(uvicorn.Server):
    """Serves ``app`` until SIGTERM or SIGINT; then drains for at most ``drain`` seconds."""

    def __init__(self, app: FastAPI, *, drain: float) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                lifespan="off",
                timeout_graceful_shutdown=round(drain),
            )
        )
        self._stopping: asyncio.Event = app.state.context.stopping

    def stop(self) -> None:
        """Begin to drain. May be called from any thread."""
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the streams, let the rest finish."""
        self._stopping.set()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """While it serves in the main thread, the signals mean `stop`."""
        ours = SIGNALS if threading.current_thread() is threading.main_thread() else ()
        loop = asyncio.get_running_loop()
        for number in ours:
            loop.add_signal_handler(number, self.stop)
        try:
            yield
        finally:
            for number in ours:
                loop.remove_signal_handler(number)
