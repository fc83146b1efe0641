"""Waiting for a run's decision or its end, through restarts of its server."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from typing import Any
from urllib.parse import quote

from judge.cli.client import Client
from judge.errors import ServerUnavailable

POLL = 1.0  # seconds
PATIENCE = 120.0  # seconds for which a server may be out of reach: a restart, a rollout of its own
LONGEST_PAUSE = 10.0
FINAL = frozenset({"done", "cancelled"})
DECIDED = FINAL | {"watching"}

Document = Mapping[str, Any]


def follow(
    client: Client,
    run_id: str,
    *,
    timeout: float | None,
    seen: Callable[[Document], None],
    states: Collection[str] = DECIDED,
    monotonic: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
    patience: float = PATIENCE,
) -> Document:
    """The run's document once it is in one of ``states``, or as it is after ``timeout`` seconds.

    By default that is when it is decided. ``seen`` is told of every answer. Raises
    `ServerUnavailable` when the server has been out of reach for ``patience`` seconds, and
    `ServerError` where it refuses.
    """
    ends = None if timeout is None else monotonic() + timeout
    lost_at: float | None = None
    pause = POLL
    while True:
        try:
            run: Document = client.get(f"/api/v1/runs/{quote(run_id, safe='')}")["data"]
        except ServerUnavailable:
            lost_at = monotonic() if lost_at is None else lost_at
            late = ends is not None and monotonic() >= ends
            if late or monotonic() - lost_at >= patience:
                raise
            pause = min(2 * pause, LONGEST_PAUSE)
        else:
            lost_at, pause = None, POLL
            seen(run)
            if run["state"] in states or (ends is not None and monotonic() >= ends):
                return run
        sleep(pause if ends is None else max(0.0, min(pause, ends - monotonic())))
