"""How the run of a rollout stands, read with as little as an answer needs.

Owned here: what names a rollout, the frozen value that tells of its run, and the one statement that
reads it. Promises not to read a run's analysis, samples or whole verdict: it is asked for often.
Beginning and ending rollouts is `rollouts`'.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, bindparam, select

from judge.spec.resolved import Mode
from judge.store.run import EventType, RunState
from judge.store.tables import events, rollouts, runs
from judge.verdict.verdict import Outcome


@dataclass(frozen=True, slots=True)
class Subject:
    """What is rolled out, ``name`` in ``namespace``, and the stored analysis that judges it."""

    analysis: str
    namespace: str
    name: str


@dataclass(frozen=True, slots=True)
class Standing:
    """The current rollout of a subject, and its run as far as an answer needs it.

    Times are Unix seconds. ``waiting``: it has come to its promotion and waits for that.
    ``outcome`` and ``decided`` tell the latest verdict, ``outcome`` None before the first look;
    ``score`` is 0 to 100 as far as is known, ``marginal`` the one below which a run fails.
    ``silent``: the source gives no answer, or looks crash; ``hole``: the latest look read nothing.
    """

    revision: str
    run_id: str
    attempt: int
    began_at: float
    ended_at: float | None
    waiting: bool
    state: RunState
    held: bool
    observes: bool
    silent: bool
    hole: bool
    outcome: Outcome | None
    decided: bool
    score: float | None
    marginal: float
    reason: str

    def is_under_way(self, revision: str) -> bool:
        """Whether it is this revision's, and has not ended."""
        return self.revision == revision and self.ended_at is None


def of_subject(subject: Subject) -> ColumnElement[bool]:
    """Which rows of ``rollouts`` are the subject's: one, or none."""
    return and_(
        rollouts.c.analysis == subject.analysis,
        rollouts.c.namespace == subject.namespace,
        rollouts.c.name == subject.name,
    )


def _select() -> Select[Any]:
    looked = (EventType.LOOKED.value, EventType.HOLE.value)
    # A hole is told of right before its look, so the last but one of the two kinds says it all.
    before_last = (
        select(events.c.type)
        .where(events.c.run_id == runs.c.id, events.c.type.in_(looked))
        .order_by(events.c.id.desc())
        .limit(1)
        .offset(1)
        .scalar_subquery()
    )
    spec, verdict = runs.c.analysis["spec"], runs.c.verdict
    return (
        select(
            rollouts,
            runs.c.state,
            runs.c.held,
            runs.c.failing_since,
            runs.c.crashes,
            spec["mode"].as_string().label("mode"),
            spec["score"]["marginal"].as_float().label("marginal"),
            verdict["verdict"].as_string().label("outcome"),
            verdict["decidedAt"].as_integer().label("decided_at"),
            verdict["score"].as_float().label("score"),
            verdict["reason"].as_string().label("reason"),
            before_last.label("before_last"),
        )
        .join(runs, runs.c.id == rollouts.c.run_id)
        .where(
            rollouts.c.analysis == bindparam("analysis"),
            rollouts.c.namespace == bindparam("namespace"),
            rollouts.c.name == bindparam("name"),
        )
    )


# Made once: making it takes many times as long as its answer.
_STANDING = _select()


def standing(connection: Connection, subject: Subject) -> Standing | None:
    """The subject's current rollout; None where there was none yet."""
    named = {
        "analysis": subject.analysis,
        "namespace": subject.namespace,
        "name": subject.name,
    }
    row = connection.execute(_STANDING, named).one_or_none()
    return None if row is None else _standing(row)


def _standing(row: Row[Any]) -> Standing:
    state = RunState(row.state)
    return Standing(
        revision=row.revision,
        run_id=row.run_id,
        attempt=row.attempt,
        began_at=row.began_at,
        ended_at=row.ended_at,
        waiting=row.waiting,
        state=state,
        held=row.held,
        observes=row.mode == Mode.OBSERVE.value,
        silent=row.failing_since is not None or row.crashes > 0,
        hole=row.before_last == EventType.HOLE.value,
        outcome=None if row.outcome is None else Outcome(row.outcome),
        decided=row.decided_at is not None or state is RunState.DONE,
        score=row.score,
        marginal=row.marginal,
        reason=row.reason or "",
    )
