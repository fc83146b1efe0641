"""What a person may do to a run: promote, roll back, cancel, hold, approve.

Owned here: which order is possible when, and its effect on the run and its outbox, within the
caller's transaction. A run that has passed and is watched on can be rolled back, held and approved;
cancelling it ends the watching, and the pass stands. Ending a run takes it out of the daemon's
hands: its token goes up, so a look that is under way meanwhile writes nothing.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, update

from judge.errors import Conflict
from judge.store import events
from judge.store.intents import DECISIONS, intend_decision
from judge.store.run import Command, EventType, Run, RunState
from judge.store.tables import outbox, runs
from judge.verdict.promise import unmeasured
from judge.verdict.verdict import Outcome, Verdict, document

_BY_HAND = {
    Command.PROMOTE: (Outcome.PASS, "promoted"),
    Command.ROLLBACK: (Outcome.FAIL, "rolled back"),
}


def steer(connection: Connection, run: Run, command: Command, *, by: str, now: float) -> None:
    """Carry out the order at ``now`` (Unix seconds). Raises Conflict where it is too late."""
    match command:
        case Command.PROMOTE | Command.ROLLBACK:
            _decide(connection, run, command, by=by, now=now)
        case Command.CANCEL:
            _cancel(connection, run, by=by, now=now)
        case Command.HOLD:
            _hold(connection, run, by=by, now=now)
        case Command.APPROVE:
            _approve(connection, run, by=by, now=now)


def _decide(connection: Connection, run: Run, command: Command, *, by: str, now: float) -> None:
    outcome, done = _BY_HAND[command]
    _require_active(run, command)
    passed = run.state is RunState.WATCHING
    if passed and outcome is Outcome.PASS:
        raise Conflict(
            f"run {run.id} has passed already and is watched on; cancel ends the watching, approve "
            "lets go what a hold keeps back"
        )
    index = run.next_index - 1 if run.next_index else None
    verdict = {
        **(run.verdict or _nothing_seen(run)),
        "verdict": outcome.value,
        "proven": False,
        "decidedAt": index,
        "reason": f"{done} by hand by {by}",
    }
    _end(connection, run, RunState.DONE, now=now, verdict=verdict, held=False)
    decided = replace(run, state=RunState.DONE, verdict=verdict, held=False)
    data = {"index": index, "state": decided.state.value, "by": by, **verdict}
    events.append(connection, run.id, DECISIONS[outcome], at=now, data=data)
    intend_decision(connection, decided, index=index, at=now, reversal=passed)


def _nothing_seen(run: Run) -> dict[str, Any]:
    return document(Verdict(Outcome.INCONCLUSIVE, "", None, unmeasured(run.analysis)))


def _cancel(connection: Connection, run: Run, *, by: str, now: float) -> None:
    if run.state is RunState.CANCELLED:
        return
    _require_active(run, Command.CANCEL)
    _end(connection, run, RunState.CANCELLED, now=now)
    events.append(connection, run.id, EventType.CANCELLED, at=now, data={"by": by})


def _hold(connection: Connection, run: Run, *, by: str, now: float) -> None:
    if run.held:
        return
    kept = connection.execute(
        update(outbox)
        .where(
            outbox.c.run_id == run.id,
            outbox.c.state == "pending",
            outbox.c.type != EventType.LOOKED.value,
        )
        .values(state="held")
    ).rowcount
    if not run.state.active and not kept:
        raise Conflict(f"run {run.id} is {run.state} and nothing of it waits; it cannot be held")
    _set_held(connection, run, EventType.HELD, held=True, by=by, now=now)


def _approve(connection: Connection, run: Run, *, by: str, now: float) -> None:
    if not run.held:
        return
    connection.execute(
        update(outbox)
        .where(outbox.c.run_id == run.id, outbox.c.state == "held")
        .values(state="pending", next_at=0.0)
    )
    _set_held(connection, run, EventType.APPROVED, held=False, by=by, now=now)


def _set_held(
    connection: Connection, run: Run, kind: EventType, *, held: bool, by: str, now: float
) -> None:
    connection.execute(update(runs).where(runs.c.id == run.id).values(held=held))
    events.append(connection, run.id, kind, at=now, data={"by": by})


def _end(connection: Connection, run: Run, state: RunState, *, now: float, **more: Any) -> None:
    connection.execute(
        update(runs)
        .where(runs.c.id == run.id)
        .values(
            state=state.value,
            ended_at=now,
            due_at=None,
            owner=None,
            lease_until=0.0,
            token=runs.c.token + 1,
            **more,
        )
    )


def _require_active(run: Run, command: Command) -> None:
    if run.state.active:
        return
    said = f" ({run.verdict['verdict']})" if run.verdict and run.state is RunState.DONE else ""
    raise Conflict(f"run {run.id} is {run.state}{said} already; too late to {_VERBS[command]}")


_VERBS = {
    Command.PROMOTE: "promote it",
    Command.ROLLBACK: "roll it back",
    Command.CANCEL: "cancel it",
}
