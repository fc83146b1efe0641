"""`GET /canary/{canaryExecutionId}`: one judgement, of a `POST /canary` or a standalone analysis.

Promised: Kayenta's shape; `complete` is said once, with a result or with what went wrong, never
with a score that nobody stands by.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from judge.dialects.kayenta.asked import Asked, ExecutionKind
from judge.dialects.kayenta.echoes import judgement_echo, without_nulls
from judge.dialects.kayenta.execution_ids import ExecutionId
from judge.dialects.kayenta.instants import duration_text, parse_instant
from judge.dialects.kayenta.judgements import Judgement, judgement_window
from judge.dialects.kayenta.statuses import Status, fault, times
from judge.store.run import Run, RunState

CANCELED = "Canary execution was canceled."


def canary_answer(
    run: Run, asked: Asked, judgement: Judgement | None, *, number: int = 1, hole: bool = False
) -> dict[str, Any]:
    """The answer about judgement ``number`` of ``run``; ``judgement`` is None while it is awaited.

    ``hole``: whether its series could not be read.
    """
    status = _status(run, judgement)
    request = execution_request(run, asked, number)
    result = None if judgement is None else judgement.result
    said = {
        "application": asked.application,
        "parentPipelineExecutionId": asked.parent,
        "pipelineId": execution_id(run, asked, number),
        "stageStatus": _stages(status, len(asked.config["metrics"]), hole=hole),
        "complete": status.complete,
        "status": status.value.lower(),
        "exception": _exception(run, judgement, status),
        "result": None if result is None else canary_result(result, request),
        "config": asked.config,
        "canaryConfigId": asked.config_id or "ad-hoc",
        "canaryExecutionRequest": request,
        "metricSetPairListId": None
        if judgement is None
        else str(ExecutionId(run.id, judgement.number)),
        **_times(run, judgement, asked, status),
        "storageAccountName": asked.storage_account,
        "metricsAccountName": asked.metrics_account,
        "configurationAccountName": asked.configuration_account,
    }
    return without_nulls(said)


def execution_request(run: Run, asked: Asked, number: int) -> dict[str, Any]:
    """The request of one judgement: a standalone analysis asks for each with its own window."""
    if asked.kind is ExecutionKind.CANARY:
        return dict(asked.request)
    return judgement_echo(asked.request, judgement_window(run, number))


def execution_id(run: Run, asked: Asked, number: int) -> str:
    """By what a judgement is asked for."""
    return run.id if asked.kind is ExecutionKind.CANARY else str(ExecutionId(run.id, number))


def canary_result(result: Mapping[str, Any], request: Mapping[str, Any]) -> dict[str, Any]:
    """A judge's result, with how long all scopes last where that is the same."""
    lengths = {
        parse_instant(side["end"]) - parse_instant(side["start"])
        for pair in request["scopes"].values()
        for side in (pair["controlScope"], pair["experimentScope"])
    }
    lasts = {round(length, 3) for length in lengths}
    duration = duration_text(lasts.pop()) if len(lasts) == 1 else None
    return without_nulls({"judgeResult": result, "canaryDuration": duration})


def _status(run: Run, judgement: Judgement | None) -> Status:
    if judgement is not None:
        return Status.TERMINAL if judgement.result is None else Status.SUCCEEDED
    if run.state is RunState.CANCELLED:
        return Status.CANCELED
    return Status.RUNNING if run.state.active else Status.TERMINAL


def _exception(run: Run, judgement: Judgement | None, status: Status) -> dict[str, Any] | None:
    if status is Status.CANCELED:
        return fault(CANCELED)
    if status is not Status.TERMINAL:
        return None
    if judgement is not None:
        return fault(judgement.why)
    return fault(str((run.verdict or {}).get("reason", "")))


def _times(run: Run, judgement: Judgement | None, asked: Asked, status: Status) -> dict[str, Any]:
    if asked.kind is ExecutionKind.CANARY:
        end = run.ended_at if status.complete else None
        return times(build=run.created_at, start=run.created_at, end=end)
    return {} if judgement is None else judgement_times(judgement)


def judgement_times(judgement: Judgement) -> dict[str, Any]:
    """A look of a standalone analysis is taken when it is begun."""
    return times(build=judgement.at, start=judgement.at, end=judgement.at)


def _stages(status: Status, metrics: int, *, hole: bool) -> dict[str, str]:
    """Kayenta's stages by name: they are read one by one, put together, and judged."""
    sides = [
        f"{prefix}{i}" for prefix in ("fetchControl", "fetchExperiment") for i in range(metrics)
    ]
    fetched, mixed, judged = _progress(status, hole=hole)
    stages = {"setupContext": Status.SUCCEEDED, **dict.fromkeys(sides, fetched)}
    stages |= {"mixMetrics": mixed, "judge": judged}
    return {name: one.value.lower() for name, one in stages.items()}


def _progress(status: Status, *, hole: bool) -> tuple[Status, Status, Status]:
    """How far reading, putting together and judging are."""
    if status is Status.RUNNING:
        return Status.RUNNING, Status.NOT_STARTED, Status.NOT_STARTED
    if status is Status.TERMINAL:
        if hole:
            return Status.TERMINAL, Status.NOT_STARTED, Status.NOT_STARTED
        return Status.SUCCEEDED, Status.TERMINAL, Status.NOT_STARTED
    return status, status, status
