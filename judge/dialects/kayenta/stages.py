"""The stages of a standalone analysis as Kayenta lists them: waits, judgements, their result.

Source: Kayenta a69573be; names and descriptions are those that its API answers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from judge.dialects.kayenta.asked import Asked
from judge.dialects.kayenta.execution_ids import ExecutionId
from judge.dialects.kayenta.judgements import Judgement
from judge.dialects.kayenta.statuses import Status
from judge.runs.run import look_window
from judge.store.run import Run

WAIT, RUN = "wait", "runCanary"
SETUP = (
    "setupAndExecuteCanariesStage",
    "Sets up and executes the wait, run and monitor canary task chain.",
)
RESULT = (
    "generateCanaryAnalysisResultStage",
    "Aggregates and evaluates the canary executions and generates the final results.",
)


def stages(
    run: Run, asked: Asked, judgements: Sequence[Judgement], status: Status, *, now: float
) -> list[dict[str, Any]]:
    """The stageStatus of an execution with this ``status``, at ``now`` (Unix seconds).

    While it runs ``judgements`` may be left out: those so far then count as succeeded.
    """
    known = {one.number: one for one in judgements}
    listed = [*_warmup(run, asked, status, now=now)]
    for number in range(1, run.analysis.looks + 1):
        listed += _judged(run, number, known.get(number), status, now=now)
    listed.append(_stage(*SETUP, status))
    if status in (Status.SUCCEEDED, Status.TERMINAL):
        listed.append(_stage(*RESULT, Status.SUCCEEDED))
    return listed


def _warmup(run: Run, asked: Asked, status: Status, *, now: float) -> Iterator[dict[str, Any]]:
    if not asked.request["beginAfterMins"]:
        return
    over = run.analysis.at_once or now >= run.started_at + run.analysis.warmup
    waits = Status.SUCCEEDED if over or run.next_index else Status.RUNNING
    yield _stage(WAIT, "Warmup Wait", _unless_ended(waits, status))


def _judged(
    run: Run, number: int, judgement: Judgement | None, status: Status, *, now: float
) -> list[dict[str, Any]]:
    """A judgement's wait and its run."""
    waits, runs = _progress(run, number, judgement, status, now=now)
    listed = [] if run.analysis.at_once else [_stage(WAIT, f"Interval Wait #{number}", waits)]
    begun = runs in (Status.RUNNING, Status.SUCCEEDED, Status.TERMINAL)
    identity = str(ExecutionId(run.id, number)) if begun else None
    return [*listed, _stage(RUN, f"Run Canary #{number}", runs, identity)]


def _progress(
    run: Run, number: int, judgement: Judgement | None, status: Status, *, now: float
) -> tuple[Status, Status]:
    if number <= run.next_index:
        return Status.SUCCEEDED, _came_to(run, judgement)
    if number > run.next_index + 1 or status is not Status.RUNNING:
        later = _unless_ended(Status.NOT_STARTED, status)
        return later, later
    window = look_window(run, number - 1)
    if run.analysis.at_once or now >= window.end:
        return Status.SUCCEEDED, Status.RUNNING
    return (Status.RUNNING if now >= window.start else Status.NOT_STARTED), Status.NOT_STARTED


def _came_to(run: Run, judgement: Judgement | None) -> Status:
    """Whether a judgement let the execution go on."""
    if judgement is None:
        return Status.SUCCEEDED
    score = judgement.score
    return (
        Status.SUCCEEDED
        if score is not None and score > run.analysis.score.marginal
        else Status.TERMINAL
    )


def _unless_ended(stage: Status, whole: Status) -> Status:
    canceled = whole is Status.CANCELED and not stage.complete
    return Status.CANCELED if canceled else stage


def _stage(kind: str, name: str, status: Status, identity: str | None = None) -> dict[str, Any]:
    said = {"type": kind, "name": name, "status": status.value}
    return said if identity is None else {**said, "executionId": identity}
