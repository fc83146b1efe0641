"""Connections that give an answer's head a bounded time as a whole.

A read timeout bounds the wait for the next byte, not for all of them: a server that sends its head
byte by byte would hold a thread for days. Here a timer shuts the socket down. The body's time is
bounded where it is read (`client`).
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from http.client import HTTPException
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.response import HTTPResponse


class DeadlineAdapter(HTTPAdapter):
    """Mounted on a session, it bounds the head of every answer by the read timeout."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """See `HTTPAdapter`."""
        super().init_poolmanager(*args, **kwargs)
        _bound(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        """See `HTTPAdapter`."""
        return _bound(super().proxy_manager_for(proxy, **kwargs))


def _bound(manager: PoolManager) -> PoolManager:
    manager.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}
    return manager


@contextlib.contextmanager
def _watched(connection: HTTPConnection) -> Iterator[None]:
    limit, sock = connection.timeout, connection.sock
    if not isinstance(limit, int | float) or sock is None:
        yield
        return
    late = threading.Event()
    timer = threading.Timer(limit, _shut, [sock, late])
    timer.daemon = True
    timer.start()
    try:
        yield
    except (OSError, HTTPException):
        if not late.is_set():
            raise
    finally:
        timer.cancel()
    # A head that ends with the connection looks whole to http.client.
    if late.is_set():
        raise TimeoutError("the head of the answer took too long")


def _shut(sock: socket.socket, late: threading.Event) -> None:
    late.set()
    # The connection may be gone by now; then there is nothing to end.
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)


class _HTTPConnection(HTTPConnection):
    def getresponse(self) -> HTTPResponse:  # type: ignore[override]  # so in urllib3 itself
        with _watched(self):
            return super().getresponse()


class _HTTPSConnection(HTTPSConnection):
    def getresponse(self) -> HTTPResponse:  # type: ignore[override]  # so in urllib3 itself
        with _watched(self):
            return super().getresponse()


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls = _HTTPConnection


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _HTTPSConnection
