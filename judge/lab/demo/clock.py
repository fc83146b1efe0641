"""A clock that runs fast, so that a recording takes seconds instead of minutes."""

from __future__ import annotations

import time
from collections.abc import Callable


class FastClock:
    """Unix seconds that pass ``speed`` times as fast as those of ``clock``, from now on."""

    def __init__(self, speed: float, *, clock: Callable[[], float] = time.time) -> None:
        self._speed = speed
        self._clock = clock
        self._start = clock()

    def __call__(self) -> float:
        """Now."""
        return self._start + self._speed * (self._clock() - self._start)
