"""A run as it is stored: its states and fields, and what has happened to it.

Owned here: the frozen values that the store hands out, and how they come from rows. Reading and
changing the rows is `runs`' and `claims`'.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row

from judge.spec.document import from_document
from judge.spec.resolved import ResolvedAnalysis


class RunState(enum.StrEnum):
    """Where a run is in its life."""

    PENDING = "pending"  # waits for its history to be read
    RUNNING = "running"  # looked at, interval after interval
    WATCHING = "watching"  # passed, and looked at still: it can fail
    DONE = "done"  # decided, by the judge or by hand
    CANCELLED = "cancelled"  # ended by hand without a verdict to act on

    @property
    def active(self) -> bool:
        """Whether anything is still to be looked at."""
        return self in ACTIVE


ACTIVE = (RunState.PENDING, RunState.RUNNING, RunState.WATCHING)


class HistoryState(enum.StrEnum):
    """What became of the baseline's history, which calibrates the judge."""

    WANTED = "wanted"  # still to be read
    READ = "read"
    MISSING = "missing"  # could not be read: the run goes on uncalibrated


class Command(enum.StrEnum):
    """What a person may order of a run."""

    PROMOTE = "promote"
    ROLLBACK = "rollback"
    CANCEL = "cancel"
    APPROVE = "approve"
    HOLD = "hold"


class EventType(enum.StrEnum):
    """What can happen to a run."""

    CREATED = "run.created"
    HISTORY_READ = "history.read"
    HISTORY_MISSING = "history.missing"
    LOOKED = "run.interval"
    PASSED = "run.pass"
    FAILED = "run.fail"
    INCONCLUSIVE = "run.inconclusive"
    WATCHED = "run.watched"
    CANCELLED = "run.cancelled"
    HELD = "run.held"
    APPROVED = "run.approved"
    SOURCE_FAILED = "source.failed"
    HOLE = "interval.hole"
    CRASHED = "look.crashed"
    DELIVERED = "action.delivered"
    GIVEN_UP = "action.failed"
    WITHDRAWN = "action.withdrawn"
    COMMAND_STARTED = "command.started"
    COMMAND_ENDED = "command.ended"
    TOLD = "rollout.event"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened. ``id`` goes up over all runs; ``at`` is in Unix seconds."""

    id: int
    run_id: str
    type: EventType
    at: float
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Run:
    """One execution of an analysis over one rollout. Times in Unix seconds.

    ``next_index`` counts the intervals that have been looked at; ``due_at`` is when the daemon
    wants it next, None once it has ended. ``verdict`` is the latest one's JSON form, None before
    the first look. ``held``: verdicts are recorded, what the decision sets off waits for approval.
    ``delay`` is how long samples settle, in seconds, None until found. ``attempts`` and
    ``failing_since`` tell of a source that does not answer, ``crashes`` of looks that failed
    unexpectedly. ``owner`` holds the lease while a look is under way; ``token`` fences it.
    """

    id: str
    namespace: str
    name: str
    key: str | None
    state: RunState
    analysis: ResolvedAnalysis
    created_at: float
    started_at: float
    ended_at: float | None
    next_index: int
    due_at: float | None
    verdict: Mapping[str, Any] | None
    held: bool
    delay: float | None
    history: HistoryState
    attempts: int
    failing_since: float | None
    crashes: int
    owner: str | None
    token: int

    @property
    def passed_at(self) -> int | None:
        """The index of the look at which it passed, while it is watched on."""
        if self.state is not RunState.WATCHING or self.verdict is None:
            return None
        return int(self.verdict["decidedAt"])


def run_from(row: Row[Any], *, analysis: ResolvedAnalysis | None = None) -> Run:
    """The run of a row of ``runs``; its ``analysis`` never changes, so a known one is kept."""
    return Run(
        id=row.id,
        namespace=row.namespace,
        name=row.name,
        key=row.key,
        state=RunState(row.state),
        analysis=analysis or from_document(row.analysis),
        created_at=row.created_at,
        started_at=row.started_at,
        ended_at=row.ended_at,
        next_index=row.next_index,
        due_at=row.due_at,
        verdict=row.verdict,
        held=row.held,
        delay=row.delay,
        history=HistoryState(row.history),
        attempts=row.attempts,
        failing_since=row.failing_since,
        crashes=row.crashes,
        owner=row.owner,
        token=row.token,
    )
