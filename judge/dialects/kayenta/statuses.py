"""How far an execution or a stage is, when it was, and what went wrong: as Kayenta says it."""

from __future__ import annotations

import enum
from typing import Any

from judge.dialects.kayenta.instants import instant_text, millis


class Status(enum.StrEnum):
    """Kayenta's words; in some of its answers they are written in small letters."""

    NOT_STARTED = "NOT_STARTED"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    TERMINAL = "TERMINAL"  # failed
    CANCELED = "CANCELED"

    @property
    def complete(self) -> bool:
        """Whether nothing more will happen."""
        return self not in (Status.NOT_STARTED, Status.RUNNING)


def times(*, build: float, start: float | None, end: float | None) -> dict[str, Any]:
    """When it was asked for, begun and over (Unix seconds), as both kinds of text and number."""
    said: dict[str, Any] = {}
    for name, at in (("build", build), ("start", start), ("end", end)):
        if at is not None:
            said[f"{name}TimeMillis"] = millis(at)
            said[f"{name}TimeIso"] = instant_text(at)
    return said


def fault(why: str) -> dict[str, Any]:
    """What went wrong, in the shape in which Kayenta's callers look for it."""
    return {
        "exceptionType": "JudgementFailed",
        "operation": "judge",
        "details": {"error": "The canary could not be judged", "errors": [why]},
        "shouldRetry": False,
    }
