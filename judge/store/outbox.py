"""The outbox: what is to be sent, in order, at least once, and how it went.

A row is written with the verdict that calls for it (`intents`) and claimed by one worker at a
time, for as long as its lease. Rows of one run to one URL go out in the order in which they were
written: a later one waits until the earlier is delivered or given up. Different URLs do not wait
for each other, so that a receiver of notifications that is down holds up no rollback. Only what has
been withdrawn while an attempt was under way is waited for, wherever it goes.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, Row, exists, func, select, update

from judge.spec.resolved import Webhook
from judge.store import events
from judge.store.database import reading, writing
from judge.store.run import EventType
from judge.store.tables import outbox


class DeliveryState(enum.StrEnum):
    """What became of something to be sent."""

    HELD = "held"  # waits for approval
    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"  # given up
    WITHDRAWN = "withdrawn"  # overtaken by what came later


OPEN = (DeliveryState.HELD.value, DeliveryState.PENDING.value)


@dataclass(frozen=True, slots=True)
class Delivery:
    """Something to be sent. ``id`` is the receiver's key to telling a repetition.

    ``created_at`` is in the run's Unix seconds; ``next_at`` and ``first_at`` (of the first
    attempt) in the machine's. ``error`` says why the last attempt failed. ``token`` fences it.
    """

    id: str
    run_id: str
    type: EventType
    webhook: Webhook
    body: str
    state: DeliveryState
    created_at: float
    next_at: float
    first_at: float | None
    attempts: int
    error: str | None
    token: int


class Outbox:
    """What is to be sent from a database. Clocks give Unix seconds.

    ``wall`` is the machine's clock, by which leases and retries go; ``clock`` the runs'.
    """

    def __init__(
        self, engine: Engine, *, clock: Callable[[], float], wall: Callable[[], float]
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._wall = wall

    def claim(self, *, limit: int, lease: float) -> list[Delivery]:
        """At most ``limit`` deliveries that are due, ours for ``lease`` seconds, oldest first."""
        now = self._wall()
        due = (
            select(outbox.c.seq)
            .where(
                outbox.c.state == DeliveryState.PENDING.value,
                outbox.c.next_at <= now,
                outbox.c.lease_until <= now,
                ~_waits_for_an_earlier(),
                ~_waits_for_a_withdrawn(now),
            )
            .order_by(outbox.c.seq)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        claimed = (
            update(outbox)
            .where(outbox.c.seq.in_(due))
            .values(
                token=outbox.c.token + 1,
                lease_until=now + lease,
                attempts=outbox.c.attempts + 1,
                first_at=func.coalesce(outbox.c.first_at, now),
            )
            .returning(outbox)
        )
        with writing(self._engine) as connection:
            rows = connection.execute(claimed).all()
        return [_delivery(row) for row in sorted(rows, key=lambda row: row.seq)]

    def renew(self, deliveries: Iterable[Delivery], *, lease: float) -> None:
        """Hold what is still on its way for another ``lease`` seconds."""
        until = self._wall() + lease
        with writing(self._engine) as connection:
            for delivery in deliveries:
                connection.execute(_claimed(delivery).values(lease_until=until))

    def delivered(self, delivery: Delivery) -> None:
        """It has arrived. Changes nothing where another worker has claimed it since."""
        self._settle(delivery, DeliveryState.DELIVERED, EventType.DELIVERED, None)

    def give_up(self, delivery: Delivery, error: str) -> None:
        """It will never arrive. Changes nothing where another worker has claimed it since."""
        self._settle(delivery, DeliveryState.FAILED, EventType.GIVEN_UP, error)

    def retry(self, delivery: Delivery, error: str, *, at: float) -> None:
        """Try again at ``at``, in the machine's Unix seconds."""
        with writing(self._engine) as connection:
            connection.execute(_claimed(delivery).values(error=error, next_at=at, lease_until=0.0))

    def _settle(
        self, delivery: Delivery, state: DeliveryState, kind: EventType, error: str | None
    ) -> None:
        with writing(self._engine) as connection:
            settled = connection.execute(
                _claimed(delivery).values(state=state.value, error=error, lease_until=0.0)
            )
            if settled.rowcount:
                data = {
                    "id": delivery.id,
                    "type": delivery.type.value,
                    "attempts": delivery.attempts,
                    "error": error,
                }
                events.append(connection, delivery.run_id, kind, at=self._clock(), data=data)

    def count(self) -> dict[DeliveryState, int]:
        """How many deliveries there are, by state; every state is there."""
        query = select(outbox.c.state, func.count()).group_by(outbox.c.state)
        with reading(self._engine) as connection:
            found = {row[0]: row[1] for row in connection.execute(query)}
        return {state: found.get(state.value, 0) for state in DeliveryState}


def deliveries_of(connection: Connection, run_id: str) -> list[Delivery]:
    """All that is or was to be sent for a run, in order."""
    rows = connection.execute(
        select(outbox).where(outbox.c.run_id == run_id).order_by(outbox.c.seq)
    )
    return [_delivery(row) for row in rows]


def _waits_for_an_earlier() -> Any:
    earlier = outbox.alias("earlier")
    return exists().where(
        earlier.c.run_id == outbox.c.run_id,
        earlier.c.url == outbox.c.url,
        earlier.c.seq < outbox.c.seq,
        earlier.c.state.in_(OPEN),
    )


def _waits_for_a_withdrawn(now: float) -> Any:
    withdrawn = outbox.alias("withdrawn")
    return exists().where(
        withdrawn.c.run_id == outbox.c.run_id,
        withdrawn.c.seq < outbox.c.seq,
        withdrawn.c.state == DeliveryState.WITHDRAWN.value,
        withdrawn.c.lease_until > now,
        outbox.c.type != EventType.LOOKED.value,
    )


def _claimed(delivery: Delivery) -> Any:
    return update(outbox).where(outbox.c.id == delivery.id, outbox.c.token == delivery.token)


def _delivery(row: Row[Any]) -> Delivery:
    return Delivery(
        id=row.id,
        run_id=row.run_id,
        type=EventType(row.type),
        webhook=Webhook(**row.webhook),
        body=row.body,
        state=DeliveryState(row.state),
        created_at=row.created_at,
        next_at=row.next_at,
        first_at=row.first_at,
        attempts=row.attempts,
        error=row.error,
        token=row.token,
    )
