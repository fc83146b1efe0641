"""``/healthz``, ``/readyz`` and ``/metrics``."""

from __future__ import annotations

from typing import Any

from anyio import move_on_after, to_thread
from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from judge.api.context import Context, Shared
from judge.api.problems import declared
from judge.errors import StoreError

PATIENCE = 1.0  # seconds

router = APIRouter(tags=["operation"])


def _answered(description: str, example: dict[str, Any]) -> dict[str, Any]:
    content = {"schema": {"type": "object"}, "example": example}
    return {"description": description, "content": {"application/json": content}}


@router.get(
    "/healthz",
    responses={200: _answered("The process answers", {"status": "ok"})},
    response_model=None,
)
async def healthz() -> dict[str, str]:
    """Whether the process is alive. Open."""
    return {"status": "ok"}


@router.get(
    "/readyz",
    response_model=None,
    responses={
        200: _answered("Runs can be started", {"database": "ok", "scheduler": "ok"}),
        503: _answered("They cannot", {"database": "not writable", "scheduler": "ok"}),
    },
)
async def readyz(context: Shared) -> JSONResponse:
    """Whether the database can be written and due runs are looked at. Open."""
    checks = await checked(context)
    return JSONResponse(checks, status_code=200 if ready(checks) else 503)


async def checked(context: Context) -> dict[str, str]:
    """What a run needs, and how each of it is."""
    alive = context.daemon is not None and context.daemon.alive
    return {
        "database": "ok" if await _writable(context) else "not writable",
        "scheduler": "ok" if alive else "stopped",
    }


def ready(checks: dict[str, str]) -> bool:
    """Whether runs can be started, with these `checked`."""
    return set(checks.values()) == {"ok"}


async def _writable(context: Context) -> bool:
    """Whether a write would go through soon: a lock is waited for longer than a probe waits."""
    with move_on_after(PATIENCE):
        try:
            await to_thread.run_sync(context.runs.check_writable, abandon_on_cancel=True)
        except StoreError:
            return False
        return True
    return False


@router.get(
    "/metrics",
    response_class=Response,
    responses={
        **declared(),
        200: {
            "description": "Prometheus's text format",
            "content": {"text/plain": {"schema": {"type": "string"}}},
        },
    },
)
def metrics(context: Shared) -> Response:
    """Judge's own metrics. Open where the setting `metrics_open` says so, else for any token."""
    return Response(generate_latest(context.registry), media_type=CONTENT_TYPE_LATEST)
