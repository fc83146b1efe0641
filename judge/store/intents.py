"""What a verdict sets off, written to the outbox in the verdict's own transaction.

Owned here: which webhooks an interval and a decision call for, their stable ids and their bodies.
An id names the run, the occasion and the webhook's place in the analysis: whoever writes the same
decision again, after whatever crash, writes the same id. Carrying them out is `judge.actions`'.

A run that fails after it had passed has a second decision. What the pass set off and is not out by
then is withdrawn: a promotion never follows the rollback.

In observe mode a decision sets nothing off; interval webhooks only notify, and go out all the same.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, insert, update

from judge.spec.resolved import Mode, Webhook
from judge.store import events
from judge.store.run import EventType, Run
from judge.store.tables import outbox
from judge.verdict.verdict import Outcome

DECISIONS = {
    Outcome.PASS: EventType.PASSED,
    Outcome.FAIL: EventType.FAILED,
    Outcome.INCONCLUSIVE: EventType.INCONCLUSIVE,
}


def intend_interval(connection: Connection, run: Run, *, index: int, at: float) -> None:
    """Have the onInterval webhooks told of the verdict after look ``index``."""
    hooks = run.analysis.actions.on_interval
    occasion = f"looked-{index}"
    _write(connection, run, EventType.LOOKED, hooks, occasion, index=index, at=at, state="pending")


def intend_decision(
    connection: Connection, run: Run, *, index: int | None, at: float, reversal: bool = False
) -> None:
    """Have the webhooks of the run's outcome called, or held back where the run is held.

    ``reversal``: the run had passed before.
    """
    if reversal:
        _withdraw(connection, run, at=at)
    if run.analysis.mode is Mode.OBSERVE or run.verdict is None:
        return
    outcome = Outcome(run.verdict["verdict"])
    actions = run.analysis.actions
    hooks = {
        Outcome.PASS: actions.on_pass,
        Outcome.FAIL: actions.on_fail,
        Outcome.INCONCLUSIVE: actions.on_inconclusive,
    }[outcome]
    state = "held" if run.held else "pending"
    occasion = "reversal" if reversal else "decision"
    _write(connection, run, DECISIONS[outcome], hooks, occasion, index=index, at=at, state=state)


def _withdraw(connection: Connection, run: Run, *, at: float) -> None:
    """Never send what the run's pass set off, as far as it is not out.

    An attempt that is under way may still arrive; what comes later waits for it (`outbox`).
    """
    withdrawn = connection.execute(
        update(outbox)
        .where(
            outbox.c.run_id == run.id,
            outbox.c.type == EventType.PASSED.value,
            outbox.c.state.in_(["pending", "held"]),
        )
        .values(state="withdrawn", error="the run failed after it had passed")
        .returning(outbox.c.id, outbox.c.seq)
    ).all()
    for row in sorted(withdrawn, key=lambda row: row.seq):
        data = {"id": row.id, "type": EventType.PASSED.value}
        events.append(connection, run.id, EventType.WITHDRAWN, at=at, data=data)


def _write(
    connection: Connection,
    run: Run,
    kind: EventType,
    hooks: Sequence[Webhook],
    occasion: str,
    *,
    index: int | None,
    at: float,
    state: str,
) -> None:
    body = json.dumps(_body(run, kind, index=index, at=at), allow_nan=False)
    for place, hook in enumerate(hooks):
        connection.execute(
            insert(outbox).values(
                id=f"{run.id}-{occasion}-{place}",
                run_id=run.id,
                type=kind.value,
                url=hook.url,
                webhook=asdict(hook),
                body=body,
                state=state,
                created_at=at,
                next_at=0.0,
                attempts=0,
                token=0,
                lease_until=0.0,
            )
        )


def _body(run: Run, kind: EventType, *, index: int | None, at: float) -> Mapping[str, Any]:
    return {
        "type": kind.value,
        "timestamp": datetime.fromtimestamp(at, UTC).isoformat(),
        "data": {
            "run": run.id,
            "name": run.name,
            "namespace": run.namespace,
            "labels": dict(run.analysis.labels),
            "key": run.key,
            "mode": run.analysis.mode.value,
            "state": run.state.value,
            "index": index,
            **(run.verdict or {}),
        },
    }
