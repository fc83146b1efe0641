"""Errors as ``application/problem+json`` (RFC 9457), or as one line of text for who shows that.

Owns which error gets which status, the handlers, and how the OpenAPI document declares them.
Promises that an unexpected error tells the caller nothing of our insides.
"""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from judge.api.hooks import speaks_plainly
from judge.dialects.flagger.answers import line
from judge.errors import (
    BundleError,
    Conflict,
    Issue,
    JudgeError,
    LeaseLost,
    NotFound,
    SourceError,
    SourceRejected,
    SourceUnavailable,
    SpecError,
    StoreError,
)

MEDIA_TYPE = "application/problem+json"
_log = structlog.get_logger(__name__)


class Fault(BaseModel):
    """One thing wrong in what was sent."""

    path: str = Field(description="The dotted place: spec.metrics[0].limit")
    message: str = Field(description="What is wrong with it, and what would do")


class Problem(BaseModel):
    """Why a request was not answered as asked (RFC 9457)."""

    type: str = "about:blank"
    title: str = Field(description="The status in words")
    status: int
    detail: str = Field(description="What is wrong, and what to do")
    issues: list[Fault] = Field(
        default_factory=list, description="Each thing wrong with a document, empty for the rest"
    )


class ProblemResponse(JSONResponse):
    """A JSON answer of the right media type."""

    media_type = MEDIA_TYPE


def faults_of(issues: Sequence[Issue]) -> list[Fault]:
    """The issues as they stand in an answer."""
    return [Fault(path=issue.path, message=issue.message) for issue in issues]


def issues_of(error: RequestValidationError) -> list[Issue]:
    """What FastAPI finds wrong in a request, with the places as the rest of Judge writes them."""
    return [Issue(_dotted(one["loc"]), str(one["msg"])) for one in error.errors()]


def problem(
    status: int,
    detail: str,
    *,
    issues: Sequence[Issue] = (),
    headers: dict[str, str] | None = None,
) -> ProblemResponse:
    """The answer for an error."""
    body = Problem(
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        issues=faults_of(issues),
    )
    return ProblemResponse(body.model_dump(), status_code=status, headers=headers)


def refusal(
    path: str,
    status: int,
    detail: str,
    *,
    issues: Sequence[Issue] = (),
    headers: dict[str, str] | None = None,
) -> Response:
    """The answer for an error at ``path``: a problem, or where its caller wants that a line."""
    if speaks_plainly(path):
        return PlainTextResponse(line(detail), status_code=status, headers=headers)
    return problem(status, detail, issues=issues, headers=headers)


def status_of(error: JudgeError) -> int:
    """The status that tells a caller whether to mend the request, wait, or give up."""
    if isinstance(error, SpecError | BundleError):
        return 422
    if isinstance(error, NotFound):
        return 404
    if isinstance(error, Conflict | LeaseLost):
        return 409
    if isinstance(error, SourceUnavailable):
        return 504
    if isinstance(error, SourceRejected) and error.status in (400, 422):
        return 422  # Prometheus cannot make sense of a query that the caller wrote
    return 502 if isinstance(error, SourceError) else 503


def declared(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The ``responses`` of a route that may answer these, beside what every route may."""
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {MEDIA_TYPE: {"schema": schema}},
        }
        for status in (*statuses, 401, 403, 503)
    }


def fault(error: Exception) -> str:
    """What a caller is told of an error that nobody foresaw."""
    return f"a fault in Judge itself ({type(error).__name__}); its log has the rest"


def install(app: FastAPI) -> None:
    """Answer the errors that routes raise with a problem; the rest is `fault`'s."""
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(JudgeError, _judge)


async def _http(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise TypeError(type(error))
    detail = error.detail
    if error.status_code in (404, 405) and detail == HTTPStatus(error.status_code).phrase:
        detail = f"{detail}: see /docs for what there is"
    headers = dict(error.headers or {})
    return refusal(request.scope["path"], error.status_code, detail, headers=headers)


async def _validation(request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise TypeError(type(error))
    issues = issues_of(error)
    detail = "; ".join(str(issue) for issue in issues)
    return refusal(request.scope["path"], 422, detail, issues=issues)


async def _judge(request: Request, error: Exception) -> Response:
    if not isinstance(error, JudgeError):
        raise TypeError(type(error))
    return refusal(
        request.scope["path"],
        status_of(error),
        told(error),
        issues=getattr(error, "issues", ()),
        headers=waits(error),
    )


def told(error: JudgeError) -> str:
    """What a caller is told of it; where that is not the whole, the log has the rest."""
    if status_of(error) != 503:
        return str(error)
    _log.error("request failed", error=type(error).__name__, reason=str(error))
    return _broken(error)


def waits(error: JudgeError) -> dict[str, str]:
    """The headers that say when another try may work, where one may."""
    return {"Retry-After": "5"} if status_of(error) == 503 else {}


def _broken(error: JudgeError) -> str:
    what = "the database" if isinstance(error, StoreError) else "the server's configuration"
    return f"{what} fails; the server's log says why"


def _dotted(location: Sequence[int | str]) -> str:
    """``body.analysis.metrics[0]`` without ``body``, as the rest of Judge writes it."""
    parts = [part for part in location if part != "body"] or ["body"]
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts)
    return text.removeprefix(".")
