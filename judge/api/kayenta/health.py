"""``/kayenta/health``: what ``/readyz`` says, in the words of Kayenta's framework."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from judge.api.context import Shared
from judge.api.health import checked, ready
from judge.api.kayenta.problems import answered

router = APIRouter(tags=["kayenta"])


@router.get(
    "/kayenta/health",
    response_model=None,
    responses={
        200: answered("Runs can be started", {"status": "UP"}),
        503: answered("They cannot", {"status": "DOWN"}),
    },
)
async def health(context: Shared) -> JSONResponse:
    """Whether the database can be written and due runs are looked at. Open."""
    if ready(await checked(context)):
        return JSONResponse({"status": "UP"})
    return JSONResponse({"status": "DOWN"}, status_code=503)
