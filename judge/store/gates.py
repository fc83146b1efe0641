"""The gates in a database: asked by Flagger, opened and closed by people.

Every method is one transaction and may be called from any thread. A check reads by one index and
writes only where it changes something: when another revision asks than before. Promises that what
was opened outlives us, and that an opening is never for a later revision than it was meant for;
how is told by `gate`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

import structlog
from sqlalchemy import Connection, Engine, Row, and_, bindparam, func, insert, or_, select, update

from judge.errors import Conflict
from judge.store.database import reading, writing
from judge.store.gate import Asking, Gate, GateKind, Revision
from judge.store.tables import gates, rollouts

MOST = 2000
"""Gates that a namespace can have: whoever may ask leaves a row."""

Found = dict[GateKind, Gate]
_log = structlog.get_logger(__name__)


class Gates:
    """The gates. ``clock`` gives Unix seconds; a namespace can have ``most``."""

    def __init__(self, engine: Engine, *, clock: Callable[[], float], most: int = MOST) -> None:
        self._engine = engine
        self._clock = clock
        self._most = most

    def read(self, namespace: str, name: str, gate: GateKind, asking: Asking) -> bool | None:
        """What `check` says, where it is only to be read; None where something is to be written.

        One small statement on an index, and one more while the gate is open. Raises StoreError.
        """
        found = self._unless_new(namespace, name, asking, gate)
        return None if found is None else _is_open(found, gate)

    def check(self, namespace: str, name: str, gate: GateKind, asking: Asking) -> bool:
        """Whether the gate is open for the revision that asks. Who tells none asks for any.

        What is learnt of the revision counts for the Canary's other gate too. Raises StoreError.
        """
        found = self._unless_new(namespace, name, asking, gate)
        if found is None:
            found = self._learn(namespace, name, asking, gate)
        return _is_open(found, gate)

    def note(self, namespace: str, name: str, asking: Asking) -> None:
        """Learn of a revision from who asks for none of the gates. Raises StoreError."""
        if self._unless_new(namespace, name, asking, None) is None:
            self._learn(namespace, name, asking, None)

    def open(self, namespace: str, name: str, gate: GateKind, asking: Asking, *, by: str) -> None:
        """Open a gate for the revision that is told, else for the one that asked last.

        Where none has asked yet it is open for the first that does. Raises Conflict where the
        namespace has the most there can be, and StoreError.
        """
        with writing(self._engine) as connection:
            before = self._own(_of(connection, namespace, name), namespace, name, gate)
            after = before.opened(asking, by=by, now=self._clock())
            if not before.seq and not self._has_room(connection, namespace):
                told = f"the namespace {namespace} has {self._most} gates, the most there can be"
                raise Conflict(told)
            _save(connection, before, after)
        _log_changes({gate: before}, {gate: after})

    def close(self, namespace: str, name: str, gate: GateKind, *, by: str) -> None:
        """Close a gate, for whatever it was open. Raises StoreError."""
        with writing(self._engine) as connection:
            before = _of(connection, namespace, name)
            after = {
                kind: one.closed(by=by, now=self._clock())
                for kind, one in before.items()
                if kind is gate
            }
            for kind, one in after.items():
                _save(connection, before[kind], one)
        _log_changes(before, after)

    def find(
        self,
        *,
        namespace: str | None = None,
        namespaces: Collection[str] | None = None,
        name: str | None = None,
        open: bool | None = None,  # noqa: A002 - as the column is called
        limit: int = 50,
        before: int | None = None,
    ) -> list[Gate]:
        """At most ``limit`` gates with a ``seq`` below ``before``, those first seen last first.

        ``namespaces`` is what the caller may see, None all; ``namespace`` is what he wants of it.
        """
        query = select(gates).order_by(gates.c.seq.desc()).limit(limit)
        for column, wanted in (
            (gates.c.namespace, namespace),
            (gates.c.name, name),
            (gates.c.open, open),
        ):
            if wanted is not None:
                query = query.where(column == wanted)
        if namespaces is not None:
            query = query.where(gates.c.namespace.in_(namespaces))
        if before is not None:
            query = query.where(gates.c.seq < before)
        with reading(self._engine) as connection:
            return [_gate(row) for row in connection.execute(query)]

    def _unless_new(
        self, namespace: str, name: str, asking: Asking, gate: GateKind | None
    ) -> Found | None:
        """The Canary's gates; None where they do not know yet what whoever asks tells."""
        with reading(self._engine) as connection:
            found = _of(connection, namespace, name)
            if gate is not None and gate not in found and asking.checksum:
                return None
            return found if self._learnt(connection, found, asking) == found else None

    def _learn(self, namespace: str, name: str, asking: Asking, gate: GateKind | None) -> Found:
        """The Canary's gates after they have learnt who asks, which is written down.

        A ``gate`` that nobody asked for before is written down too, if its namespace has room.
        """
        with writing(self._engine) as connection:
            before = _of(connection, namespace, name)
            if gate is not None and gate not in before and self._has_room(connection, namespace):
                before[gate] = self._own(before, namespace, name, gate)
            after = self._learnt(connection, before, asking)
            for kind, one in after.items():
                _save(connection, before[kind], one)
        _log_changes(before, after)
        return after

    def _learnt(self, connection: Connection, before: Found, asking: Asking) -> Found:
        now = self._clock()
        return {
            kind: (one.ended(now=now) if _is_over(connection, one) else one).checked(
                asking, now=now
            )
            for kind, one in before.items()
        }

    def _has_room(self, connection: Connection, namespace: str) -> bool:
        count = select(func.count()).select_from(gates).where(gates.c.namespace == namespace)
        return bool(connection.execute(count).scalar_one() < self._most)

    def _own(self, found: Found, namespace: str, name: str, gate: GateKind) -> Gate:
        """The gate, or where nobody has asked for it yet a closed one."""
        asked = next((one.asked for one in found.values()), None)
        return found.get(gate) or Gate(namespace, name, gate, self._clock(), asked=asked)


# Made once: making them takes longer than their answers.
_OF = select(gates).where(
    gates.c.namespace == bindparam("namespace"), gates.c.name == bindparam("name")
)
_MOVED_ON = (
    select(rollouts.c.seq)
    .where(
        rollouts.c.namespace == bindparam("namespace"),
        rollouts.c.name == bindparam("name"),
        or_(
            rollouts.c.ended_at > bindparam("since"),
            and_(rollouts.c.attempt > 1, rollouts.c.began_at > bindparam("since")),
        ),
    )
    .limit(1)
)


def _of(connection: Connection, namespace: str, name: str) -> Found:
    rows = connection.execute(_OF, {"namespace": namespace, "name": name})
    return {GateKind(row.gate): _gate(row) for row in rows}


def _is_open(found: Found, gate: GateKind) -> bool:
    return gate in found and found[gate].open


def _is_over(connection: Connection, gate: Gate) -> bool:
    """Whether the rollout that a gate was opened in has ended, or begun once more, since then.

    Known of a Canary whose webhooks Judge answers.
    """
    if not gate.open or gate.revision is None:
        return False
    named = {"namespace": gate.namespace, "name": gate.name, "since": gate.changed_at}
    return connection.execute(_MOVED_ON, named).first() is not None


def _save(connection: Connection, before: Gate, after: Gate) -> None:
    if after == before and before.seq:
        return
    values = {
        "open": after.open,
        "revision": after.revision and after.revision.text,
        "asked": after.asked and after.asked.text,
        "by": after.by,
        "changed_at": after.changed_at,
    }
    if before.seq:
        connection.execute(update(gates).where(gates.c.seq == before.seq).values(values))
    else:
        key = {"namespace": after.namespace, "name": after.name, "gate": after.gate.value}
        connection.execute(insert(gates).values(key | values))


def _log_changes(before: Found, after: Found) -> None:
    for kind, gate in after.items():
        if gate.open != before[kind].open or gate.revision != before[kind].revision:
            _log.info(
                "gate opened" if gate.open else "gate closed",
                gate=kind.value,
                canary=f"{gate.name}.{gate.namespace}",
                revision=gate.revision and gate.revision.text,
                asked=gate.asked and gate.asked.text,
                by=gate.by,
            )


def _gate(row: Row[Any]) -> Gate:
    return Gate(
        namespace=row.namespace,
        name=row.name,
        gate=GateKind(row.gate),
        changed_at=row.changed_at,
        open=row.open,
        revision=Revision.read(row.revision),
        asked=Revision.read(row.asked),
        by=row.by,
        seq=row.seq,
    )
