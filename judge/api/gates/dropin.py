"""``/gate/...`` and ``/rollback/...``: gates as the load tester of Flagger answers them.

Owns statuses and bodies, which are the load tester's to the letter, whatever the method: a Canary
only needs another host in its URLs. Two things differ: an opening is for one revision (see
`judge.store.gate`), and Judge runs no commands. Who may check may be anybody who may ask for a
verdict; who opens and closes has to be an operator, since a token that stands in a Canary's YAML
must not open what that Canary waits for.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from anyio import to_thread
from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse
from starlette.exceptions import HTTPException

from judge.api.bodies import StrictRequest, StrictRoute
from judge.api.callers import Asker, Operator
from judge.api.context import context_of
from judge.api.gates.declared import FORBIDDEN, NAMED, OK, WRITTEN, asked
from judge.api.gates.naming import Named, read_named
from judge.api.principal import Principal
from judge.errors import JudgeError
from judge.store.gate import GateKind
from judge.store.gates import Gates

OTHERS = ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"]
NO_COMMANDS = (
    "Judge runs no commands (metadata.cmd): leave such webhooks to the load tester, and point "
    "those of /gate and /rollback here"
)
NO_SUCH_GATE = (
    "there are /gate/approve, halt, check, open and close, and /rollback/check, open and close; "
    "Judge runs no commands"
)

router = APIRouter(tags=["gates"], route_class=StrictRoute)

Route = Callable[..., Any]


def at(
    *paths: str, answers: dict[int | str, dict[str, Any]], body: bool
) -> Callable[[Route], Route]:
    """Answer at ``paths``, whatever the method; the OpenAPI document tells of POST alone."""

    def added(route: Route) -> Route:
        for path in paths:
            extra = {"requestBody": NAMED} if body else None
            told = router.post(path, response_model=None, responses=answers, openapi_extra=extra)
            told(route)
            hidden = router.api_route(
                path, methods=OTHERS, response_model=None, include_in_schema=False
            )
            hidden(route)
        return route

    return added


@at("/gate/approve", answers=asked(OK), body=False)
async def approve(request: StrictRequest, asker: Asker) -> Response:
    """Yes, always: for a Canary that is to wait for nothing.

    What Flagger says of its rollout is noted: as a post-rollout webhook this ends what was opened.
    """
    with suppress(HTTPException, JudgeError):
        named = await _named(request, asker)
        if isinstance(named, Named):
            gates, _ = _gates(request)
            await to_thread.run_sync(gates.note, named.namespace, named.name, named.asking)
    return PlainTextResponse("OK")


@at("/gate/halt", answers=asked(FORBIDDEN), body=False)
async def halt(_asker: Asker) -> Response:
    """No, always: for a Canary that is not to go on."""
    return _forbidden()


@at("/gate/check", "/rollback/check", answers=asked(OK, FORBIDDEN), body=True)
async def check(request: StrictRequest, asker: Asker) -> Response:
    """Whether the gate is open for the revision that asks: `Approved`, or 403."""
    named = await _named(request, asker)
    if isinstance(named, Response):
        return named
    gates, which = _gates(request)
    asked_for = (named.namespace, named.name, which, named.asking)
    # A read of a row or two is over sooner than a thread is woken up for it.
    is_open = gates.read(*asked_for)
    if is_open is None:
        is_open = await to_thread.run_sync(gates.check, *asked_for)
    return PlainTextResponse("Approved") if is_open else _forbidden()


@at("/gate/open", "/rollback/open", answers=asked(WRITTEN, FORBIDDEN), body=True)
async def open_gate(request: StrictRequest, operator: Operator) -> Response:
    """Open a gate for the revision that asked last, or for the `checksum` that is sent."""

    gates, which = _gates(request)

    def done(named: Named) -> None:
        gates.open(named.namespace, named.name, which, named.asking, by=operator.name)

    return await _written(request, operator, done)


@at("/gate/close", "/rollback/close", answers=asked(WRITTEN, FORBIDDEN), body=True)
async def close_gate(request: StrictRequest, operator: Operator) -> Response:
    """Close a gate."""

    gates, which = _gates(request)

    def done(named: Named) -> None:
        gates.close(named.namespace, named.name, which, by=operator.name)

    return await _written(request, operator, done)


@router.api_route("/gate", methods=["POST", *OTHERS], include_in_schema=False)
@router.api_route("/gate/{rest:path}", methods=["POST", *OTHERS], include_in_schema=False)
@router.api_route("/rollback", methods=["POST", *OTHERS], include_in_schema=False)
@router.api_route("/rollback/{rest:path}", methods=["POST", *OTHERS], include_in_schema=False)
async def elsewhere() -> Response:
    """No gate: the load tester would take it for a command."""
    raise HTTPException(404, NO_SUCH_GATE)


@router.post("/", include_in_schema=False)
async def command() -> Response:
    """No command runner."""
    return PlainTextResponse(NO_COMMANDS, status_code=404)


def _gates(request: Request) -> tuple[Gates, GateKind]:
    """The gates, and which of the two the path means; dependencies would wake up threads."""
    which = "rollback" if request.scope["path"].startswith("/rollback/") else "gate"
    return context_of(request).gates, GateKind(which)


async def _written(
    request: StrictRequest, caller: Principal, change: Callable[[Named], None]
) -> Response:
    named = await _named(request, caller)
    if isinstance(named, Response):
        return named
    await to_thread.run_sync(change, named)
    return Response(status_code=202)


async def _named(request: StrictRequest, caller: Principal) -> Named | Response:
    """What the body names; the load tester's answer where it names nothing of the caller's.

    Whatever its content type: people send it with ``curl -d``. Where there are no tokens the door
    has seen to it that no page in a browser asks.
    """
    try:
        named = read_named(await request.content())
    except ValueError:
        return Response(status_code=400)
    if not named.can_be or not caller.sees(named.namespace):
        return _forbidden()
    return named


def _forbidden() -> Response:
    return PlainTextResponse("Forbidden", status_code=403)
