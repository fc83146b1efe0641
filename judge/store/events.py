"""What has happened to runs, in order: written inside the transaction in which it happens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from judge.store.run import Event, EventType
from judge.store.tables import events


def append(
    connection: Connection, run_id: str, kind: EventType, *, at: float, data: Mapping[str, Any]
) -> None:
    """Write down that ``kind`` happened to the run at ``at`` (Unix seconds)."""
    connection.execute(
        insert(events).values(run_id=run_id, type=kind.value, at=at, data=dict(data))
    )


def of_run(connection: Connection, run_id: str, *, after: int, limit: int) -> list[Event]:
    """At most ``limit`` events of the run with ids above ``after``, oldest first."""
    rows = connection.execute(
        select(events)
        .where(events.c.run_id == run_id, events.c.id > after)
        .order_by(events.c.id)
        .limit(limit)
    )
    return [_event(row) for row in rows]


def last(connection: Connection, run_id: str, kind: EventType) -> Event | None:
    """The newest event of the run of this kind; None where there is none."""
    row = connection.execute(
        select(events)
        .where(events.c.run_id == run_id, events.c.type == kind.value)
        .order_by(events.c.id.desc())
        .limit(1)
    ).one_or_none()
    return None if row is None else _event(row)


def _event(row: Row[Any]) -> Event:
    return Event(row.id, row.run_id, EventType(row.type), row.at, row.data)
