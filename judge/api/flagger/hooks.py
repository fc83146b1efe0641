"""``/flagger/{analysis}/{hook}``: the webhooks of a Canary's analysis."""

from __future__ import annotations

from typing import Annotated

import structlog
from fastapi import APIRouter, Path, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import PlainTextResponse
from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException

from judge.api.callers import Asker
from judge.api.context import Context, context_of
from judge.api.flagger.described import REQUEST, RESPONSES
from judge.api.flagger.route import FlaggerRoute, hook_named, text
from judge.dialects.flagger.calls import Call, Hook, read_call
from judge.dialects.flagger.hooks import NOTED, Hooks
from judge.errors import JudgeError

_log = structlog.get_logger(__name__)

router = APIRouter(prefix="/flagger", tags=["flagger"], route_class=FlaggerRoute)


@router.post(
    "/{analysis}/{hook}",
    response_model=None,
    response_class=PlainTextResponse,
    responses=RESPONSES,
    openapi_extra=REQUEST,
)
async def webhook(
    analysis: Annotated[str, Path(description="Name of a stored analysis")],
    hook: Annotated[
        str, Path(description="The webhook's type", json_schema_extra={"enum": list(Hook)})
    ],
    request: Request,
    caller: Asker,
) -> Response:
    """Answer a webhook of a Canary's analysis from what is stored.

    200 lets Flagger go on, 403 does not, with a line of reason that Flagger shows in its events;
    rollback is the other way round. pre-rollout starts a run of the analysis for the revision
    (`checksum`), post-rollout ends it.
    """
    asked = hook_named(hook)
    call = read_call(await request.json())
    if not caller.sees(call.namespace):
        raise HTTPException(
            403, f"the token {caller.name} is not for the namespace {call.namespace}"
        )
    context = context_of(request)  # as a dependency it would wake up a thread
    hooks = Hooks(context.rollouts, context.analyses)
    # A read of a row or two is over sooner than a thread is woken up for it.
    found = hooks.read(asked, analysis, call)
    if found is not None:
        return text(found)
    if hooks.only_tells(asked, analysis, call):  # Flagger need not wait until it is written down
        return text(NOTED, afterwards=BackgroundTask(_note, context, hooks, analysis, call))
    return text(await run_in_threadpool(hooks.carry_out, asked, analysis, call))


async def _note(context: Context, hooks: Hooks, analysis: str, call: Call) -> None:
    """Write an event down, in the order in which they came."""
    async with context.noting:
        try:
            await run_in_threadpool(hooks.carry_out, Hook.EVENT, analysis, call)
        except JudgeError as error:
            _log.warning("an event could not be written down", why=str(error))
