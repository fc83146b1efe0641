"""What a caller asked of a run in his own system's terms, kept beside it to be told again.

Written in the transaction that starts the run, so that there is never one without the other. What
the document says is its dialect's business; a run that was asked for in Judge's own terms has none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, insert, select

from judge.store.tables import requests


@dataclass(frozen=True, slots=True)
class CallerRequest:
    """What was asked. ``dialect`` says whose terms ``document`` (JSON) is in."""

    dialect: str
    document: Mapping[str, Any]


def keep(connection: Connection, run_id: str, request: CallerRequest) -> None:
    """Write down what the run was asked for with."""
    connection.execute(
        insert(requests).values(
            run_id=run_id, dialect=request.dialect, document=dict(request.document)
        )
    )


def of_run(connection: Connection, run_id: str) -> CallerRequest | None:
    """What the run was asked for with; None where that was in Judge's own terms."""
    row = connection.execute(
        select(requests.c.dialect, requests.c.document).where(requests.c.run_id == run_id)
    ).one_or_none()
    return None if row is None else CallerRequest(row.dialect, row.document)
