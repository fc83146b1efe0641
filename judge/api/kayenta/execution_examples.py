"""The examples of executions in the OpenAPI document. Tests send them and hold them to answers."""

from __future__ import annotations

from typing import Any

from fastapi.openapi.models import Example

from judge.api.kayenta.examples import CONFIG, SENT

_RUN = "5f3c9a0be1d24c77"
_THRESHOLDS = {"pass": 95, "marginal": 75}


def _side(scope: str) -> dict[str, Any]:
    times = {"start": "2026-09-21T14:00:00Z", "end": "2026-09-21T15:00:00Z", "step": 60}
    return {"scope": scope, "location": "eu", **times}


CANARY: dict[str, Any] = {
    "scopes": {"default": {"controlScope": _side("v1"), "experimentScope": _side("v2")}},
    "thresholds": _THRESHOLDS,
}
STANDALONE: dict[str, Any] = {
    "scopes": [
        {
            "scopeName": "default",
            "controlScope": "v1",
            "controlLocation": "eu",
            "experimentScope": "v2",
            "experimentLocation": "eu",
            "step": 60,
        }
    ],
    "thresholds": _THRESHOLDS,
    "lifetimeDurationMins": 60,
    "analysisIntervalMins": 20,
}


def _example(summary: str, value: Any) -> dict[str, Example]:
    return {"example": Example(summary=summary, value=value)}


CANARY_REQUESTS = _example("An hour of v2 beside v1", CANARY)
CANARY_WITH_CONFIG = _example(
    "The same, its configuration sent along", {"canaryConfig": SENT, "executionRequest": CANARY}
)
STANDALONE_REQUESTS = _example("An hour from now, judged every 20 minutes", STANDALONE)
STANDALONE_WITH_CONFIG = _example(
    "The same, its configuration sent along", {"canaryConfig": SENT, "executionRequest": STANDALONE}
)
CANARY_STARTED = {"canaryExecutionId": _RUN}
STANDALONE_STARTED = {"canaryAnalysisExecutionId": _RUN}

_STATS = {"min": 0.01, "max": 0.03, "mean": 0.02, "std": 0.004, "count": 61}
JUDGE_RESULT: dict[str, Any] = {
    "judgeName": "NetflixACAJudge-v1.0",
    "results": [
        {
            "name": "error-rate",
            "tags": {},
            "id": "a1f6a8d0-7a5f-5a34-9a40-bdb4b8f7f0a1",
            "classification": "Pass",
            "classificationReason": "The Canary and Baseline data are identical",
            "groups": ["errors"],
            "experimentMetadata": {"stats": _STATS},
            "controlMetadata": {"stats": _STATS},
            "resultMetadata": {"ratio": 1.0},
            "critical": False,
            "muted": False,
        }
    ],
    "groupScores": [
        {"name": "errors", "score": 100.0, "classification": "", "classificationReason": ""}
    ],
    "score": {"score": 100.0, "classification": "Pass", "classificationReason": ""},
}
_RESULT = {"judgeResult": JUDGE_RESULT, "canaryDuration": "PT1H"}
_TIMES = {
    "buildTimeMillis": 1790003000000,
    "buildTimeIso": "2026-09-21T15:03:20Z",
    "startTimeMillis": 1790003000000,
    "startTimeIso": "2026-09-21T15:03:20Z",
    "endTimeMillis": 1790003001000,
    "endTimeIso": "2026-09-21T15:03:21Z",
}

CANARY_ANSWER: dict[str, Any] = {
    "application": "checkout",
    "pipelineId": _RUN,
    "stageStatus": {
        "setupContext": "succeeded",
        "fetchControl0": "succeeded",
        "fetchExperiment0": "succeeded",
        "mixMetrics": "succeeded",
        "judge": "succeeded",
    },
    "complete": True,
    "status": "succeeded",
    "result": _RESULT,
    "config": CONFIG,
    "canaryConfigId": CONFIG["id"],
    "canaryExecutionRequest": CANARY,
    "metricSetPairListId": f"{_RUN}-1",
    **_TIMES,
    "storageAccountName": "judge",
    "metricsAccountName": "main",
    "configurationAccountName": "judge",
}

_WINDOW = {
    "judgementStartTimeIso": "2026-09-21T14:00:00Z",
    "judgementStartTimeMillis": 1789999200000,
    "judgementEndTimeIso": "2026-09-21T15:00:00Z",
    "judgementEndTimeMillis": 1790002800000,
}
STANDALONE_ANSWER: dict[str, Any] = {
    "application": "checkout",
    "user": "anonymous",
    "pipelineId": _RUN,
    "stageStatus": [
        {"type": "wait", "name": "Interval Wait #1", "status": "SUCCEEDED"},
        {
            "type": "runCanary",
            "name": "Run Canary #1",
            "status": "SUCCEEDED",
            "executionId": f"{_RUN}-1",
        },
    ],
    "complete": True,
    "executionStatus": "SUCCEEDED",
    "status": "succeeded",
    "canaryAnalysisExecutionResult": {
        "didPassThresholds": True,
        "hasWarnings": False,
        "canaryScoreMessage": "Final canary score 100.0 met or exceeded the pass score threshold.",
        "canaryScores": [100.0],
        "canaryExecutionResults": [
            {
                "executionId": f"{_RUN}-1",
                "executionStatus": "SUCCEEDED",
                "result": _RESULT,
                **_WINDOW,
                "warnings": [],
                "metricSetPairListId": f"{_RUN}-1",
                **_TIMES,
                "storageAccountName": "judge",
                "configurationAccountName": "judge",
            }
        ],
    },
    "canaryAnalysisExecutionRequest": STANDALONE,
    "canaryConfig": CONFIG,
    "canaryConfigId": CONFIG["id"],
    **_TIMES,
    "storageAccountName": "judge",
    "metricsAccountName": "main",
}

_SCOPE = {
    "startTimeIso": "2026-09-21T14:00:00Z",
    "startTimeMillis": 1789999200000,
    "stepMillis": 60000,
}
PAIRS: list[dict[str, Any]] = [
    {
        "name": "error-rate",
        "id": "a1f6a8d0-7a5f-5a34-9a40-bdb4b8f7f0a1",
        "tags": {},
        "values": {"control": [0.01, 0.02, "NaN"], "experiment": [0.02, 0.01, 0.03]},
        "scopes": {"control": _SCOPE, "experiment": _SCOPE},
        "attributes": {
            "control": {"query": 'errors{version="v1"}'},
            "experiment": {"query": 'errors{version="v2"}'},
        },
    }
]
SENT_PAIRS = _example("Three values of each side", PAIRS)
PAIRS_STORED = {"metricSetPairListId": "0d9b6f4e-6c3e-4d9f-8f1c-2a0c4b7c9e52"}
PAIRS_LISTED = [
    {
        "id": PAIRS_STORED["metricSetPairListId"],
        "updatedTimestamp": 1790003000000,
        "updatedTimestampIso": "2026-09-21T15:03:20Z",
    }
]
