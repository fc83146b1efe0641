"""`GET /standalone_canary_analysis/{id}`: all judgements of an execution, and what they come to.

Promised: Kayenta's shape. An execution that ends early, at a score that is not above marginal,
keeps its result; one whose last judgement could not be made has no score to show for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from judge.dialects.kayenta.aggregate import NOTHING_JUDGED, Aggregate, aggregate
from judge.dialects.kayenta.asked import Asked
from judge.dialects.kayenta.canary_answers import (
    CANCELED,
    canary_result,
    execution_request,
    judgement_times,
)
from judge.dialects.kayenta.echoes import without_nulls
from judge.dialects.kayenta.execution_ids import ExecutionId
from judge.dialects.kayenta.instants import instant_text, millis
from judge.dialects.kayenta.judgements import Judgement
from judge.dialects.kayenta.stages import stages
from judge.dialects.kayenta.statuses import Status, fault, times
from judge.store.run import Run, RunState
from judge.verdict.verdict import Outcome


def standalone_answer(
    run: Run, asked: Asked, judgements: Sequence[Judgement], *, by_hand: bool, now: float
) -> dict[str, Any]:
    """The answer about ``run``. ``judgements`` are all of them, and may be left out until it ends.

    ``by_hand``: it ended by an order or for its faults, not by its judge. ``now`` in Unix seconds.
    """
    status = execution_status(run, judgements, by_hand=by_hand)
    ended = status in (Status.SUCCEEDED, Status.TERMINAL)
    said = {
        "application": asked.application,
        "user": asked.user,
        "parentPipelineExecutionId": asked.parent,
        "pipelineId": run.id,
        "stageStatus": stages(run, asked, judgements, status, now=now),
        "complete": status.complete,
        "executionStatus": status.value,
        "status": status.value.lower(),
        "exception": _exception(run, judgements, status, by_hand=by_hand),
        "canaryAnalysisExecutionResult": _result(run, asked, judgements, by_hand=by_hand)
        if ended
        else None,
        "canaryAnalysisExecutionRequest": asked.request,
        "canaryConfig": asked.config,
        "canaryConfigId": asked.config_id,
        **times(build=run.created_at, start=run.created_at, end=run.ended_at),
        "storageAccountName": asked.storage_account,
        "metricsAccountName": asked.metrics_account,
    }
    return without_nulls(said)


def execution_status(run: Run, judgements: Sequence[Judgement], *, by_hand: bool) -> Status:
    """How far the whole is. A last score that is not above marginal, or none, is terminal."""
    if run.state is RunState.CANCELLED:
        return Status.CANCELED
    if run.state.active:
        return Status.RUNNING
    if by_hand:
        return Status.SUCCEEDED if _passed(run) else Status.TERMINAL
    score = judgements[-1].score if judgements else None
    above = score is not None and score > run.analysis.score.marginal
    return Status.SUCCEEDED if above else Status.TERMINAL


def _passed(run: Run) -> bool:
    return (run.verdict or {}).get("verdict") == Outcome.PASS


def _exception(
    run: Run, judgements: Sequence[Judgement], status: Status, *, by_hand: bool
) -> dict[str, Any] | None:
    if status is Status.CANCELED:
        return fault(CANCELED)
    if status is not Status.TERMINAL:
        return None
    if by_hand:
        return fault(str((run.verdict or {}).get("reason", "")))
    last = judgements[-1] if judgements else None
    return fault(last.why) if last is not None and last.score is None else None


def _result(
    run: Run, asked: Asked, judgements: Sequence[Judgement], *, by_hand: bool
) -> dict[str, Any]:
    """The canaryAnalysisExecutionResult."""
    total = _aggregate(run, judgements, by_hand=by_hand)
    return {
        "didPassThresholds": total.passed,
        "hasWarnings": any(one.warnings for one in judgements),
        "canaryScoreMessage": total.message,
        "canaryScores": [one.score for one in judgements if one.score is not None],
        "canaryExecutionResults": [_executed(run, asked, one) for one in judgements],
    }


def _aggregate(run: Run, judgements: Sequence[Judgement], *, by_hand: bool) -> Aggregate:
    if by_hand:
        return Aggregate(_passed(run), str((run.verdict or {}).get("reason", "")))
    if not judgements:
        return Aggregate(False, NOTHING_JUDGED)
    last = judgements[-1]
    if last.score is None:
        return Aggregate(False, f"The last canary judgement could not be made: {last.why}")
    limits = run.analysis.score
    return aggregate(last.score, marginal=limits.marginal, passing=limits.passing)


def _executed(run: Run, asked: Asked, judgement: Judgement) -> dict[str, Any]:
    """One of the canaryExecutionResults; its window is the first scope's control's."""
    request = execution_request(run, asked, judgement.number)
    offset = asked.request["scopes"][0]["controlOffsetInMinutes"] * 60.0
    start, end = judgement.window.start - offset, judgement.window.end - offset
    result = judgement.result
    said = {
        "executionId": str(ExecutionId(run.id, judgement.number)),
        "executionStatus": (Status.TERMINAL if result is None else Status.SUCCEEDED).value,
        "exception": fault(judgement.why) if result is None else None,
        "result": None if result is None else canary_result(result, request),
        "judgementStartTimeIso": instant_text(start),
        "judgementStartTimeMillis": millis(start),
        "judgementEndTimeIso": instant_text(end),
        "judgementEndTimeMillis": millis(end),
        "warnings": list(judgement.warnings),
        "metricSetPairListId": str(ExecutionId(run.id, judgement.number)),
        **judgement_times(judgement),
        "storageAccountName": asked.storage_account,
        "configurationAccountName": asked.configuration_account,
    }
    return without_nulls(said)
