"""What happens to a run, as server-sent events, and its evidence as a file.

The events come from the store, so that a stream goes on where it broke off (``Last-Event-ID``)
whichever process answers. Promises that a stream ends with its run or with the server, and never
holds up a shutdown.
"""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Annotated

from fastapi import APIRouter, Header, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse
from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event

from judge.api.callers import SeenRun
from judge.api.context import Context, Shared
from judge.api.examples import EVENTS, EVIDENCE
from judge.api.problems import declared
from judge.store.run import Event

POLL = 0.5  # seconds between looks into the store
KEEPALIVE = 15.0  # seconds of silence that proxies bear
BATCH = 500
RETRY = 2000  # milliseconds after which a client connects again
HIGHEST_ID = 2**63 - 1

router = APIRouter(prefix="/api/v1/runs", tags=["runs"])


@router.get(
    "/{run_id}/events",
    response_class=StreamingResponse,
    responses={
        **declared(404, 422),
        200: {
            "description": "Every event so far, then each as it happens; ends with the run",
            "content": {"text/event-stream": {"schema": {"type": "string"}, "example": EVENTS}},
        },
        204: {"description": "The run has ended and there is nothing after Last-Event-ID"},
    },
)
async def events(
    run: SeenRun,
    context: Shared,
    last_event_id: Annotated[
        int, Header(ge=0, le=HIGHEST_ID, description="Go on after this event")
    ] = 0,
) -> Response:
    """Follow a run.

    The data of each event are JSON: `id`, `run`, `type`, `at` (Unix seconds) and `data`. 204 tells
    an EventSource that it need not connect again.
    """
    first = await run_in_threadpool(context.runs.events, run.id, after=last_event_id, limit=BATCH)
    if not first and not run.state.active:
        return Response(status_code=204)
    return StreamingResponse(
        _stream(context, run.id, after=last_event_id),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no"},
    )


async def _stream(context: Context, run_id: str, *, after: int) -> AsyncIterator[bytes]:
    yield format_sse_event(retry=RETRY)
    silent = 0.0
    while not context.stopping.is_set():
        # The state first: what ends a run is an event of the same transaction.
        active = (await run_in_threadpool(context.runs.get, run_id)).state.active
        batch = await run_in_threadpool(context.runs.events, run_id, after=after, limit=BATCH)
        for event in batch:
            after = event.id
            yield _written(event)
        if batch:
            silent = 0.0
        elif not active:
            return
        else:
            silent += POLL
            with suppress(TimeoutError):
                await asyncio.wait_for(context.stopping.wait(), POLL)
        if silent >= KEEPALIVE:
            silent = 0.0
            yield KEEPALIVE_COMMENT


def _written(event: Event) -> bytes:
    data = {
        "id": event.id,
        "run": event.run_id,
        "type": event.type.value,
        "at": event.at,
        "data": dict(event.data),
    }
    text = json.dumps(data, allow_nan=False)
    return format_sse_event(data_str=text, event=event.type.value, id=str(event.id))


@router.get(
    "/{run_id}/evidence",
    response_class=Response,
    responses={
        **declared(404, 422),
        200: {
            "description": "A judge-evidence/1 bundle, as `judge replay` reads it",
            "content": {"application/json": {"schema": {"type": "object"}, "example": EVIDENCE}},
        },
    },
)
def evidence(run: SeenRun, context: Shared, request: Request) -> Response:
    """Download all that was seen: judged again, it gives the same verdicts.

    Compressed for who accepts gzip. Nothing secret is in it.
    """
    text = json.dumps(context.runs.evidence(run.id), allow_nan=False).encode()
    headers = {
        "Content-Disposition": f'attachment; filename="{run.name}-{run.id}.json"',
        "Vary": "Accept-Encoding",
    }
    if _accepts_gzip(request.headers.get("accept-encoding", "")):
        text = gzip.compress(text, compresslevel=6, mtime=0)
        headers["Content-Encoding"] = "gzip"
    return Response(text, media_type="application/json", headers=headers)


def _accepts_gzip(accepted: str) -> bool:
    for part in accepted.lower().split(","):
        coding, _, weight = part.partition(";")
        if coding.strip() == "gzip":
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False
