"""An HTTP API served by a thread, on a free loopback port."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from fastapi import FastAPI

from judge.api.listener import Listener, address_of, bind
from judge.errors import ServerUnavailable

_PATIENCE = 20.0  # seconds to start, and to stop
_DRAIN = 5.0
_GLANCE = 0.02


class Served:
    """Serves ``app`` while it is entered; its streams end when it is left."""

    def __init__(self, app: FastAPI, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._sleep = sleep
        self._socket = bind("127.0.0.1", 0)
        self._listener = Listener(app, drain=_DRAIN)
        self._thread = threading.Thread(
            target=self._listener.run, kwargs={"sockets": [self._socket]}, name="api"
        )

    @property
    def address(self) -> str:
        """Where it listens, without a trailing slash."""
        return address_of(self._socket)

    def __enter__(self) -> Self:
        self._thread.start()
        deadline = time.monotonic() + _PATIENCE
        while not self._listener.started:
            if not self._thread.is_alive() or time.monotonic() > deadline:
                self.__exit__(None, None, None)
                raise ServerUnavailable("the HTTP API did not start; its log says why")
            self._sleep(_GLANCE)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._listener.stop()
        self._thread.join(_PATIENCE)
        self._socket.close()
