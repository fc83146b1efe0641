"""``POST /api/v1/verdicts``: a finished window, judged while the caller waits."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body
from fastapi.concurrency import run_in_threadpool

from judge.api.bodies import StrictRoute
from judge.api.brief import BRIEF, BriefVerdictAnswer, not_judged
from judge.api.brief import brief as brief_of
from judge.api.callers import Asker
from judge.api.context import Shared
from judge.api.documents import VerdictAnswer
from judge.api.examples import VERDICT, VERDICT_REQUESTS
from judge.api.problems import declared
from judge.api.requests import VerdictRequest
from judge.errors import Issue, SourceError, SpecError
from judge.verdict.verdict import document

MOST_INTERVALS = 10_000

router = APIRouter(prefix="/api/v1", tags=["verdicts"], route_class=StrictRoute)


@router.post(
    "/verdicts",
    response_model=None,
    responses={
        **declared(400, 404, 408, 413, 415, 422, 502, 504),
        200: {
            "model": VerdictAnswer | BriefVerdictAnswer,
            "description": "What the window says",
            "content": {"application/json": {"example": {"data": VERDICT}}},
        },
    },
)
async def judge_a_window(
    asked: Annotated[VerdictRequest, Body(openapi_examples=VERDICT_REQUESTS)],
    caller: Asker,
    context: Shared,
    brief: Annotated[bool, BRIEF] = False,
) -> dict[str, Any]:
    """Judge a finished window.

    Send an analysis, or a stored one's name with variables. Nothing is stored, nothing is acted
    on, and the promise on false rollbacks is for this one call: asked again and again of the same
    rollout it no longer holds. For that, start a run. In brief, a Prometheus that does not answer
    is `inconclusive` and no error: whoever acts on the answer holds.
    """
    analysis = await run_in_threadpool(
        context.analyses.resolve, asked.analysis, variables=asked.variables, principal=caller
    )
    _check_window(asked, interval=analysis.interval, now=context.clock())
    try:
        verdict = await context.windows.judge(analysis, at=asked.at, lookback=asked.seconds)
    except SourceError as error:
        if not brief:
            raise
        return {"data": not_judged(error)}
    said = document(verdict)
    return {"data": brief_of(said) if brief else said}


def _check_window(asked: VerdictRequest, *, interval: float, now: float) -> None:
    if asked.at is not None and asked.at > now:
        raise SpecError([Issue("at", "lies in the future; a verdict is over a finished window")])
    if asked.seconds is not None and asked.seconds / interval > MOST_INTERVALS:
        longest = f"{MOST_INTERVALS} intervals of {interval:g} s"
        raise SpecError([Issue("lookback", f"is longer than {longest}")])
