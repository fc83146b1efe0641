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
from sqlalchemy import Connection, Engine, Row, func, insert, select, update

from judge.errors import Conflict
from judge.store.database import reading, writing
from judge.store.gate import Asking, Gate, GateKind, Revision
from judge.store.tables import gates

MOST = 2000
"""Gates that a namespace can have: whoever may ask leaves a row."""

_log = structlog.get_logger(__name__)


class Gates:
    """The gates. ``clock`` gives Unix seconds."""

    def __init__(self, engine: Engine, *, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._clock = clock

    def check(self, namespace: str, name: str, gate: GateKind, asking: Asking) -> bool:
        """Whether the gate is open for the revision that asks. Who tells none asks for any.

        What is learnt of the revision counts for the Canary's other gate too. Raises StoreError.
        """
        with reading(self._engine) as connection:
            before = _of(connection, namespace, name)
        if _is_news(before, gate, asking):
            with writing(self._engine) as connection:
                before, after = self._learn(connection, namespace, name, gate, asking)
            _log_changes(before, after)
            return gate in after and after[gate].open
        return gate in before and before[gate].open

    def open(self, namespace: str, name: str, gate: GateKind, asking: Asking, *, by: str) -> None:
        """Open a gate for the revision that is told, else for the one that asked last.

        Where none has asked yet it is open for the first that does. Raises Conflict where the
        namespace has `MOST` gates, and StoreError.
        """
        with writing(self._engine) as connection:
            before = self._own(_of(connection, namespace, name), namespace, name, gate)
            after = before.opened(asking, by=by, now=self._clock())
            if not before.seq and not _has_room(connection, namespace):
                raise Conflict(f"the namespace {namespace} has {MOST} gates, the most there can be")
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

    def _learn(
        self, connection: Connection, namespace: str, name: str, gate: GateKind, asking: Asking
    ) -> tuple[dict[GateKind, Gate], dict[GateKind, Gate]]:
        """The Canary's gates before and after a check, which is written down."""
        now, found = self._clock(), _of(connection, namespace, name)
        if gate not in found and _has_room(connection, namespace):
            found[gate] = self._own(found, namespace, name, gate)
        after = {kind: one.checked(asking, now=now) for kind, one in found.items()}
        for kind, one in after.items():
            _save(connection, found[kind], one)
        return found, after

    def _own(self, found: dict[GateKind, Gate], namespace: str, name: str, gate: GateKind) -> Gate:
        """The gate, or where nobody has asked for it yet a closed one."""
        asked = next((one.asked for one in found.values()), None)
        return found.get(gate) or Gate(namespace, name, gate, self._clock(), asked=asked)


def _of(connection: Connection, namespace: str, name: str) -> dict[GateKind, Gate]:
    query = select(gates).where(gates.c.namespace == namespace, gates.c.name == name)
    return {GateKind(row.gate): _gate(row) for row in connection.execute(query)}


def _is_news(before: dict[GateKind, Gate], gate: GateKind, asking: Asking) -> bool:
    """Whether a check changes any of the Canary's gates. When is no part of that."""
    if asking.checksum and gate not in before:
        return True
    return any(one.checked(asking, now=one.changed_at) != one for one in before.values())


def _has_room(connection: Connection, namespace: str) -> bool:
    count = select(func.count()).select_from(gates).where(gates.c.namespace == namespace)
    return bool(connection.execute(count).scalar_one() < MOST)


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


def _log_changes(before: dict[GateKind, Gate], after: dict[GateKind, Gate]) -> None:
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
