"""A run's looks as they were recorded: what each said and when, what it read, and what it missed.

Promises to read no more than is asked for: the samples of a run may be many.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from judge.stats.samples import Interval
from judge.store.packing import unpack_interval
from judge.store.run import EventType
from judge.store.tables import events, intervals


@dataclass(frozen=True, slots=True)
class Look:
    """One look, from index 0. ``looked_at`` in Unix seconds; ``verdict`` is its JSON form."""

    index: int
    looked_at: float
    verdict: Mapping[str, Any]


def of_run(connection: Connection, run_id: str, *, only: int | None = None) -> list[Look]:
    """The looks so far, oldest first; with ``only`` that one, where it was taken."""
    query = select(intervals.c.index, intervals.c.looked_at, intervals.c.verdict)
    query = query.where(intervals.c.run_id == run_id)
    if only is not None:
        query = query.where(intervals.c.index == only)
    rows = connection.execute(query.order_by(intervals.c.index))
    return [Look(index, looked_at, verdict) for index, looked_at, verdict in rows]


def samples(connection: Connection, run_id: str, *, upto: int) -> list[Interval]:
    """What the looks up to index ``upto`` read, oldest first."""
    query = (
        select(intervals.c.samples)
        .where(intervals.c.run_id == run_id, intervals.c.index <= upto)
        .order_by(intervals.c.index)
    )
    return [unpack_interval(packed) for packed in connection.execute(query).scalars()]


def holes(connection: Connection, run_id: str) -> dict[int, str]:
    """Why looks read nothing, by their index: the source gave no usable answer."""
    query = (
        select(events.c.data)
        .where(events.c.run_id == run_id, events.c.type == EventType.HOLE.value)
        .order_by(events.c.id)
    )
    return {data["index"]: data["reason"] for data in connection.execute(query).scalars()}
