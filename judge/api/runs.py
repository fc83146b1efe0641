"""``/api/v1/runs``: started, listed, looked at and steered."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Query, Response
from starlette.exceptions import HTTPException

from judge.api.bodies import StrictRoute
from judge.api.brief import BRIEF, BriefRunAnswer, brief_run
from judge.api.callers import Asker, Operator, SeenRun, Viewer
from judge.api.context import Context, Shared
from judge.api.documents import RunAnswer, RunsAnswer, run_document
from judge.api.examples import RUN, RUN_REQUESTS, RUNS
from judge.api.principal import Principal
from judge.api.problems import declared
from judge.api.requests import RunRequest
from judge.errors import NotFound
from judge.store.run import Command, RunState
from judge.verdict.sequence import with_sequences

MOST_RUNS = 200

router = APIRouter(prefix="/api/v1/runs", tags=["runs"], route_class=StrictRoute)


def answered(description: str, example: dict[str, Any] = RUN) -> dict[str, Any]:
    """How the OpenAPI document declares the answer about one run."""
    return {
        "model": RunAnswer,
        "description": description,
        "content": {"application/json": {"example": {"data": example}}},
    }


def brief_too(description: str) -> dict[str, Any]:
    """The same of an operation that also answers in brief."""
    return answered(description) | {"model": RunAnswer | BriefRunAnswer}


@router.post(
    "",
    status_code=201,
    response_model=None,
    responses={
        **declared(400, 404, 408, 409, 413, 415, 422),
        201: brief_too("The run that this started"),
        200: brief_too("The run that the same key started before"),
    },
)
def start(
    asked: Annotated[RunRequest, Body(openapi_examples=RUN_REQUESTS)],
    caller: Asker,
    context: Shared,
    response: Response,
    brief: Annotated[bool, BRIEF] = False,
) -> dict[str, Any]:
    """Start a run, or with a key get the one that it started before: the way to poll.

    A key counts within the analysis's namespace and name. The analysis is resolved now and stored
    with the run: later changes of it do not touch the run. With `renewAfter` the key of a run that
    ended longer ago than that starts a new one.
    """
    analysis = context.analyses.resolve(asked.analysis, variables=asked.variables, principal=caller)
    run, created = context.runs.start(
        analysis, key=asked.key, started_at=asked.startedAt, renew_after=asked.renew_seconds
    )
    response.status_code = 201 if created else 200
    response.headers["Location"] = f"/api/v1/runs/{run.id}"
    said = run_document(run)
    return {"data": brief_run(run, said) if brief else said}


@router.get(
    "",
    response_model=None,
    responses={
        **declared(422),
        200: {
            "model": RunsAnswer,
            "description": "A page of runs, newest first",
            "content": {"application/json": {"example": RUNS}},
        },
    },
)
def runs(
    viewer: Viewer,
    context: Shared,
    namespace: str | None = None,
    state: RunState | None = None,
    name: Annotated[str | None, Query(description="Of the analysis")] = None,
    limit: Annotated[int, Query(ge=1, le=MOST_RUNS)] = 50,
    cursor: Annotated[str | None, Query(description="`next` of the page before")] = None,
) -> dict[str, Any]:
    """List runs."""
    _check_cursor(cursor, context, viewer)
    found = context.runs.find(
        namespace=namespace,
        namespaces=viewer.namespaces,
        state=state,
        name=name,
        limit=limit + 1,
        before=cursor,
    )
    page = found[:limit]
    more = page[-1].id if len(found) > limit else None
    return {"data": [run_document(run) for run in page], "next": more}


@router.get(
    "/{run_id}", response_model=None, responses={**declared(404, 422), 200: brief_too("The run")}
)
def run(
    run: SeenRun,
    context: Shared,
    sequence: Annotated[
        bool, Query(description="With what was said of each metric after every look")
    ] = False,
    brief: Annotated[bool, BRIEF] = False,
) -> dict[str, Any]:
    """One run with what is said of it now, and what of it cannot be tested."""
    said = run_document(run)
    if brief:
        return {"data": brief_run(run, said)}
    if sequence:
        said = with_sequences(said, context.runs.verdicts(run.id))
    return {"data": {**said, "shortfalls": context.runs.shortfalls(run.id)}}


@router.post(
    "/{run_id}/{command}",
    response_model=None,
    responses={**declared(404, 409, 415, 422), 200: answered("The run afterwards")},
)
def steer(run: SeenRun, command: Command, operator: Operator, context: Shared) -> dict[str, Any]:
    """Cancel, promote, roll back, approve or hold a run.

    Promote and roll back decide it by hand and set off what such a verdict sets off; cancel ends
    it with nothing set off; hold keeps what a decision sets off until approve. A run that has
    passed and is watched on can still be rolled back. 409 where it is too late.
    """
    return {"data": run_document(context.runs.steer(run.id, command, by=operator.name))}


def _check_cursor(cursor: str | None, context: Context, viewer: Principal) -> None:
    if cursor is None:
        return
    try:
        seen = viewer.sees(context.runs.get(cursor).namespace)
    except NotFound:
        seen = False
    if not seen:
        raise HTTPException(422, "cursor: it is no `next` of a page before; leave it out to begin")
