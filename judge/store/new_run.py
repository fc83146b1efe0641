"""A run's first row, written in the transaction of whoever starts it: a caller, or a rollout."""

from __future__ import annotations

import secrets
from typing import Any

from sqlalchemy import Connection, Row, insert

from judge.spec.document import to_document
from judge.spec.resolved import ResolvedAnalysis
from judge.store import events
from judge.store.run import EventType, HistoryState, RunState
from judge.store.tables import runs


def new_id() -> str:
    """A run's id that nobody has used: 16 hexadecimal digits."""
    return secrets.token_hex(8)


def insert_run(
    connection: Connection,
    analysis: ResolvedAnalysis,
    run_id: str,
    *,
    key: str | None,
    begins: float,
    now: float,
) -> Row[Any]:
    """Start a run whose warm-up begins at ``begins``, at ``now`` (Unix seconds); its row.

    Raises IntegrityError where the key is taken within the analysis's namespace and name.
    """
    row = connection.execute(
        insert(runs)
        .values(
            id=run_id,
            namespace=analysis.namespace,
            name=analysis.name,
            key=key,
            state=RunState.PENDING.value,
            analysis=to_document(analysis),
            created_at=now,
            started_at=begins,
            delay=analysis.delay,
            history=HistoryState.WANTED.value,
            next_index=0,
            due_at=min(begins, now) if analysis.at_once else begins,
            attempts=0,
            crashes=0,
            held=False,
            token=0,
            lease_until=0.0,
        )
        .returning(runs)
    ).one()
    data = {"key": key, "startedAt": begins}
    events.append(connection, row.id, EventType.CREATED, at=now, data=data)
    return row
