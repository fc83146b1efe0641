"""What a verdict sets off, written to the outbox in the verdict's own transaction.

Owned here: which webhooks an interval and a decision call for, their stable ids and their bodies.
An id names the run, the occasion and the webhook's place in the analysis: whoever writes the same
decision again, after whatever crash, writes the same id. Carrying them out is `judge.actions`'.

In observe mode a decision sets nothing off; interval webhooks only notify, and go out all the same.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, insert

from judge.spec.resolved import Mode, Webhook
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
    _write(connection, run, EventType.LOOKED, hooks, index=index, at=at, state="pending")


def intend_decision(connection: Connection, run: Run, *, index: int | None, at: float) -> None:
    """Have the webhooks of the run's outcome called, or held back where the run is held."""
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
    _write(connection, run, DECISIONS[outcome], hooks, index=index, at=at, state=state)


def _write(
    connection: Connection,
    run: Run,
    kind: EventType,
    hooks: Sequence[Webhook],
    *,
    index: int | None,
    at: float,
    state: str,
) -> None:
    body = json.dumps(_body(run, kind, index=index, at=at), allow_nan=False)
    occasion = f"{kind.name.lower()}-{index}" if kind is EventType.LOOKED else "decision"
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
