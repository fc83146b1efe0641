"""Documents that callers store by id: canary configurations, lists of samples to be judged.

Every method is one transaction and may be called from any thread. An id counts within its kind
and namespace, so that nobody learns from a refusal what another namespace holds. What a document
says is checked by whoever stores it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Row,
    and_,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from judge.errors import Conflict, NotFound
from judge.store.database import reading, writing
from judge.store.tables import documents


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """One document. Times in Unix seconds; ``updated_at`` is when it was last written."""

    kind: str
    namespace: str
    id: str
    name: str
    document: Any
    created_at: float
    updated_at: float


Rivals = Sequence[StoredDocument]
Check = Callable[[Rivals], None]
"""Looks at the other documents of the same kind, namespace and name; raises `Conflict`."""


class Documents:
    """The documents in a database. ``clock`` gives Unix seconds."""

    def __init__(self, engine: Engine, *, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._clock = clock

    def add(
        self,
        kind: str,
        document_id: str,
        document: Any,
        *,
        namespace: str,
        name: str = "",
        check: Check | None = None,
        most: int | None = None,
    ) -> StoredDocument:
        """Store a new document (JSON).

        Raises Conflict where the id is taken, by ``check``, or where the namespace has ``most`` of
        the kind already.
        """
        now = self._clock()
        try:
            with writing(self._engine) as connection:
                _see_rivals(connection, kind, namespace, document_id, name, check)
                _see_room(connection, kind, namespace, most)
                row = connection.execute(
                    insert(documents)
                    .values(
                        kind=kind,
                        namespace=namespace,
                        id=document_id,
                        name=name,
                        document=document,
                        created_at=now,
                        updated_at=now,
                    )
                    .returning(documents)
                ).one()
        except IntegrityError as exc:
            raise Conflict(f"there is a {kind} {document_id!r} already; change that one") from exc
        return _stored(row)

    def replace(
        self,
        kind: str,
        document_id: str,
        document: Any,
        *,
        namespace: str,
        name: str = "",
        check: Check | None = None,
    ) -> StoredDocument:
        """Write a document anew. Raises NotFound, or Conflict by ``check``."""
        now = self._clock()
        with writing(self._engine) as connection:
            _see_rivals(connection, kind, namespace, document_id, name, check)
            row = connection.execute(
                update(documents)
                .where(_is(kind, namespace, document_id))
                .values(name=name, document=document, updated_at=now)
                .returning(documents)
            ).one_or_none()
        if row is None:
            raise _unknown(kind, document_id)
        return _stored(row)

    def get(self, kind: str, document_id: str, *, namespace: str) -> StoredDocument:
        """The document. Raises NotFound."""
        with reading(self._engine) as connection:
            row = connection.execute(
                select(documents).where(_is(kind, namespace, document_id))
            ).one_or_none()
        if row is None:
            raise _unknown(kind, document_id)
        return _stored(row)

    def find(self, kind: str, *, namespace: str) -> list[StoredDocument]:
        """All documents of a kind, in the order in which they were first stored."""
        of_kind = _of(kind, namespace)
        with reading(self._engine) as connection:
            rows = connection.execute(select(documents).where(of_kind).order_by(documents.c.seq))
            return [_stored(row) for row in rows]

    def written(self, kind: str, *, namespace: str) -> list[tuple[str, float]]:
        """The ids of a kind, and when each was last written; what they hold is not read."""
        query = select(documents.c.id, documents.c.updated_at).where(_of(kind, namespace))
        with reading(self._engine) as connection:
            rows = connection.execute(query.order_by(documents.c.seq))
            return [(document_id, at) for document_id, at in rows]

    def delete(self, kind: str, document_id: str, *, namespace: str) -> None:
        """Remove the document. Raises NotFound."""
        with writing(self._engine) as connection:
            gone = connection.execute(delete(documents).where(_is(kind, namespace, document_id)))
            if not gone.rowcount:
                raise _unknown(kind, document_id)


def _is(kind: str, namespace: str, document_id: str) -> ColumnElement[bool]:
    return and_(
        documents.c.kind == kind, documents.c.namespace == namespace, documents.c.id == document_id
    )


def _of(kind: str, namespace: str) -> ColumnElement[bool]:
    return and_(documents.c.kind == kind, documents.c.namespace == namespace)


def _see_room(connection: Connection, kind: str, namespace: str, most: int | None) -> None:
    if most is None:
        return
    query = select(func.count()).select_from(documents).where(_of(kind, namespace))
    if connection.execute(query).scalar_one() >= most:
        raise Conflict(
            f"there are {most} of the kind {kind} already, the most there can be; "
            "delete some that nobody needs"
        )


def _see_rivals(
    connection: Connection,
    kind: str,
    namespace: str,
    document_id: str,
    name: str,
    check: Check | None,
) -> None:
    if check is None:
        return
    # One writer at a time, as SQLite has it, makes check and write one. With several writers a
    # lock on the name has to.
    rivals = and_(
        documents.c.kind == kind,
        documents.c.namespace == namespace,
        documents.c.name == name,
        documents.c.id != document_id,
    )
    rows = connection.execute(select(documents).where(rivals).order_by(documents.c.seq))
    check([_stored(row) for row in rows])


def _unknown(kind: str, document_id: str) -> NotFound:
    return NotFound(f"there is no {kind} {document_id!r}; list them to see their ids")


def _stored(row: Row[Any]) -> StoredDocument:
    return StoredDocument(
        kind=row.kind,
        namespace=row.namespace,
        id=row.id,
        name=row.name,
        document=row.document,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
