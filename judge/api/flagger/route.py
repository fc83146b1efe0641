"""Answers to Flagger: one short line of text, whatever happens.

Flagger shows the body of a 4xx in its events, and takes whatever is not 200 to 202 for a failed
check or a no. So a caller's mistake is a 4xx with a line, and a fault of Judge's own is never an
error: it is the answer of who cannot tell.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from pathlib import PurePath
from typing import Any

import structlog
from fastapi import Request, Response
from fastapi.responses import PlainTextResponse
from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException

from judge.api.bodies import StrictRoute
from judge.dialects.flagger.answers import Answer, in_doubt, line
from judge.dialects.flagger.calls import Hook
from judge.errors import Issue, NotFound, SpecError, StoreError

_log = structlog.get_logger(__name__)


class FlaggerRoute(StrictRoute):
    """A route that answers what it refuses, and what goes wrong, as this module promises."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's handler, its refusals answered."""
        handle = super().get_route_handler()

        async def refusing(request: Request) -> Response:
            try:
                return await handle(request)
            except HTTPException as exc:
                return text(Answer(exc.status_code, line(exc.detail)))
            except NotFound as exc:
                return text(Answer(404, line(str(exc))))
            except SpecError as exc:
                return text(Answer(400, line("; ".join(_told(one) for one in exc.issues))))
            except Exception as exc:  # noqa: BLE001 - nobody may be rolled back for our own faults
                return text(_cannot_tell(request, exc))

        return refusing


def text(answer: Answer, *, afterwards: BackgroundTask | None = None) -> Response:
    """The answer as it goes out; ``afterwards`` is done when it is out."""
    return PlainTextResponse(answer.text, status_code=answer.status, background=afterwards)


def hook_named(name: str) -> Hook:
    """The webhook of that name. 404 where there is none."""
    try:
        return Hook(name)
    except ValueError as exc:
        raise HTTPException(404, f"there is no webhook {name[:60]!r}: {', '.join(Hook)}") from exc


def _told(issue: Issue) -> str:
    """The issue without the server's folders."""
    place = ":".join(
        str(one) for one in (PurePath(issue.source).name, issue.line, issue.column) if one
    )
    return ": ".join(one for one in (place, issue.path, issue.message) if one)


def _cannot_tell(request: Request, error: Exception) -> Answer:
    what = "its database fails" if isinstance(error, StoreError) else "it has a fault"
    _log.error("a webhook could not be answered", why=str(error), exc_info=error)
    return in_doubt(
        hook_named(request.path_params["hook"]), f"Judge cannot tell: {what}; its log says why"
    )
