"""``GET /api/v1/gates``: which gates there are, and for which revision each is open."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from judge.api.bodies import StrictRoute
from judge.api.callers import Viewer
from judge.api.context import Shared
from judge.api.problems import declared
from judge.store.gate import Gate, GateKind, Revision

MOST_GATES = 200

router = APIRouter(prefix="/api/v1/gates", tags=["gates"], route_class=StrictRoute)


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid")


class RevisionDocument(_Document):
    """A revision as Flagger tells it."""

    checksum: str
    starting: bool = Field(
        description="Whether its analysis had not begun: then the checksum is of the revision "
        "before it, or of itself where that one failed"
    )


class GateDocument(_Document):
    """One gate of one Canary."""

    namespace: str
    name: str = Field(description="Of the Canary")
    gate: GateKind
    open: bool
    revision: RevisionDocument | None = Field(
        description="What it is open for; null: the first that asks, or not open"
    )
    asked: RevisionDocument | None = Field(
        description="What asked last, and what it is opened for if no checksum is told"
    )
    by: str | None = Field(
        description="Who opened or closed it; null: nobody, or another revision that asked"
    )
    since: float = Field(description="When it was opened, closed, or first asked")


class GatesAnswer(_Document):
    """A page of gates. ``next``: the ``cursor`` of the next page; null at the end."""

    data: list[GateDocument]
    next: str | None


_REVISION = {"checksum": "85d557f47b", "starting": False}
GATES: dict[str, Any] = {
    "data": [
        {
            "namespace": "test",
            "name": "podinfo",
            "gate": "gate",
            "open": True,
            "revision": _REVISION,
            "asked": _REVISION,
            "by": "ops",
            "since": 1790000000.0,
        }
    ],
    "next": "17",
}


@router.get(
    "",
    response_model=None,
    responses={
        **declared(422),
        200: {
            "model": GatesAnswer,
            "description": "A page of gates, those first asked last first",
            "content": {"application/json": {"example": GATES}},
        },
    },
)
def gates(
    viewer: Viewer,
    context: Shared,
    namespace: str | None = None,
    name: Annotated[str | None, Query(description="Of the Canary")] = None,
    open: Annotated[bool | None, Query(description="Those open, or closed, alone")] = None,  # noqa: A002
    limit: Annotated[int, Query(ge=1, le=MOST_GATES)] = 50,
    cursor: Annotated[
        str | None, Query(pattern=r"^\d{1,18}$", description="`next` of the page before")
    ] = None,
) -> dict[str, Any]:
    """List gates."""
    found = context.gates.find(
        namespace=namespace,
        namespaces=viewer.namespaces,
        name=name,
        open=open,
        limit=limit + 1,
        before=None if cursor is None else int(cursor),
    )
    page = found[:limit]
    more = str(page[-1].seq) if len(found) > limit else None
    return {"data": [_told(gate) for gate in page], "next": more}


def _told(gate: Gate) -> dict[str, Any]:
    return {
        "namespace": gate.namespace,
        "name": gate.name,
        "gate": gate.gate.value,
        "open": gate.open,
        "revision": _revision(gate.revision),
        "asked": _revision(gate.asked),
        "by": gate.by,
        "since": gate.changed_at,
    }


def _revision(revision: Revision | None) -> dict[str, Any] | None:
    if revision is None:
        return None
    return {"checksum": revision.checksum, "starting": revision.starting}
