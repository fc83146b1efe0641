"""Errors under /kayenta: Kayenta's status codes, and a body that its callers and ours can read.

Kayenta answers ``{"message": ...}``, its framework ``{"status", "error", "message", ...}``; here
both stand beside the fields of a problem (RFC 9457). What could not be used, or is in no state for
it, is 400 there and here, and not 422 or 409.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import Field
from starlette.exceptions import HTTPException

from judge.api.bodies import StrictRoute
from judge.api.problems import (
    MEDIA_TYPE,
    Problem,
    ProblemResponse,
    faults_of,
    issues_of,
    status_of,
    told,
    waits,
)
from judge.errors import Issue, JudgeError

_SCHEMA = "#/components/schemas/{}Problem"


class KayentaProblem(Problem):
    """Why a request was not answered as asked, in Kayenta's words too."""

    error: str = Field(description="The status in words, as Kayenta's framework calls it")
    message: str = Field(description="The same as `detail`, as Kayenta calls it")


class KayentaRoute(StrictRoute):
    """A route that answers what it refuses as this module promises."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's handler, its refusals answered."""
        handle = super().get_route_handler()

        async def refusing(request: Request) -> Response:
            try:
                return await handle(request)
            except JudgeError as exc:
                status, issues = _status_of(exc), getattr(exc, "issues", ())
                return refusal(status, told(exc), issues=issues, headers=waits(exc))
            except RequestValidationError as exc:
                issues = issues_of(exc)
                return refusal(400, "; ".join(str(issue) for issue in issues), issues=issues)
            except HTTPException as exc:
                return refusal(exc.status_code, exc.detail, headers=dict(exc.headers or {}))

        return refusing


def _status_of(error: JudgeError) -> int:
    status = status_of(error)
    return 400 if status in (409, 422) else status


def refusal(
    status: int,
    detail: str,
    *,
    issues: Sequence[Issue] = (),
    headers: dict[str, str] | None = None,
) -> ProblemResponse:
    """The answer to what cannot be done."""
    words = HTTPStatus(status).phrase
    body = KayentaProblem(
        title=words,
        status=status,
        detail=detail,
        issues=faults_of(issues),
        error=words,
        message=detail,
    )
    return ProblemResponse(body.model_dump(), status_code=status, headers=headers)


def declared(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The ``responses`` of a route that may refuse with these, beside what every one may.

    401 is the door's, which knows no dialects.
    """
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {
                MEDIA_TYPE: {"schema": {"$ref": _SCHEMA.format("" if status == 401 else "Kayenta")}}
            },
        }
        for status in (*statuses, 401, 403, 503)
    }


def answered(description: str, example: Any, *, of: str = "object") -> dict[str, Any]:
    """How the OpenAPI document declares an answer in Kayenta's shape."""
    content = {"schema": {"type": of}, "example": example}
    return {"description": description, "content": {"application/json": content}}
