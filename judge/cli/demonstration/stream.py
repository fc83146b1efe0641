"""Following a run by its server-sent events, as a page or a CI job does."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import requests

from judge.errors import ServerUnavailable
from judge.store.run import EventType

_TIMEOUTS = (5.0, 30.0)  # seconds to connect, and of silence: streams say something every 15 s
_DATA = b"data: "


@dataclass(frozen=True, slots=True)
class Happened:
    """An event of a run."""

    type: EventType
    data: Mapping[str, Any]


def follow(server: str, run_id: str) -> Iterator[Happened]:
    """What happens to a run of the server at ``server``, from its beginning; ends with the run.

    Raises ServerUnavailable where the stream breaks off.
    """
    url = f"{server}/api/v1/runs/{run_id}/events"
    try:
        with requests.get(url, stream=True, timeout=_TIMEOUTS) as answer:
            answer.raise_for_status()
            for line in answer.iter_lines(chunk_size=None):
                if line.startswith(_DATA):
                    event = json.loads(line.removeprefix(_DATA))
                    yield Happened(EventType(event["type"]), event["data"])
    except requests.RequestException as exc:
        raise ServerUnavailable(f"the events of run {run_id} broke off: {exc}") from exc
