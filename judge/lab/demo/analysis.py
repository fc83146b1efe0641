"""The demo's analysis, as a user would write it: what is posted to the API to start a run.

Owned here: the document. The live demo and the recorded one post the same, so that what was
recorded live can be judged again.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from judge.spec.units import format_duration

PROMOTE = "/promote"
ROLLBACK = "/rollback"

_SLOW = "http_requests_slow_total{ {{ selector }} }"
_ALL = "http_requests_total{ {{ selector }} }"


@dataclass(frozen=True, slots=True)
class Schedule:
    """When to look, and back to when the baseline is known. All in seconds."""

    interval: float
    duration: float
    history: float


@dataclass(frozen=True, slots=True)
class Hooks:
    """Who is told of the decision, and the file that holds the key which signs it."""

    address: str
    secret_file: Path


def analysis_document(
    name: str, *, app: str, prometheus: str, schedule: Schedule, hooks: Hooks
) -> dict[str, Any]:
    """The analysis ``name`` of the application ``app``, scraped by ``prometheus`` (an address)."""
    return {
        "apiVersion": "judge/v1",
        "kind": "Analysis",
        "metadata": {"name": name, "namespace": "demo", "labels": {"app": app}},
        "spec": {
            "prometheus": {"address": prometheus},
            "tracks": {
                track: {"selector": f'app="{app}",track="{track}"'}
                for track in ("baseline", "canary", "shadow")
            },
            "interval": format_duration(schedule.interval),
            "duration": format_duration(schedule.duration),
            "history": format_duration(schedule.history),
            "metrics": [
                {
                    "name": "error-rate",
                    "template": "http-error-rate",
                    "limit": {"ratio": 1.25},
                    "worst": {"ratio": 2},
                },
                {
                    "name": "slow-requests",
                    "kind": "proportion",
                    "queries": {"events": _SLOW, "total": _ALL},
                    "limit": {"ratio": 1.25},
                    "worst": {"ratio": 2},
                },
            ],
            "onPass": [_webhook(hooks, PROMOTE)],
            "onFail": [_webhook(hooks, ROLLBACK)],
        },
    }


def _webhook(hooks: Hooks, path: str) -> dict[str, Any]:
    url, secret = f"{hooks.address}{path}", str(hooks.secret_file)
    return {"webhook": {"url": url, "secretFile": secret}}
