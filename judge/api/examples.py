"""The examples of the OpenAPI document. Tests hold them to their schemas and to the real doors."""

from __future__ import annotations

from typing import Any

from fastapi.openapi.models import Example

ANALYSIS: dict[str, Any] = {
    "apiVersion": "judge/v1",
    "kind": "Analysis",
    "metadata": {"name": "checkout", "namespace": "shop"},
    "spec": {
        "prometheus": {"address": "http://localhost:9090"},
        "tracks": {
            "baseline": {"selector": 'app="checkout",track="stable"'},
            "canary": {"selector": 'app="checkout",track="canary"'},
        },
        "interval": "1m",
        "duration": "30m",
        "metrics": [
            {"name": "error-rate", "template": "http-error-rate", "limit": {"ratio": 1.25}}
        ],
    },
}

VERDICT_REQUESTS: dict[str, Example] = {
    "stored": Example(
        summary="A stored analysis, over the last half an hour",
        value={"analysis": "checkout", "variables": {"app": "checkout"}, "lookback": "30m"},
    ),
    "sent": Example(summary="An analysis by itself, over its own duration", value=ANALYSIS),
}

RUN_REQUESTS: dict[str, Example] = {
    "stored": Example(
        summary="A stored analysis, started once per rollout",
        value={
            "analysis": "checkout",
            "variables": {"app": "checkout"},
            "key": "checkout-7d9f6c5b84",
        },
    ),
    "polled": Example(
        summary="As a poller asks, with ?brief=true; a retry after ten minutes is a new run",
        value={
            "analysis": "checkout",
            "variables": {"app": "checkout"},
            "key": "checkout-7d9f6c5b84-12",
            "renewAfter": "10m",
        },
    ),
    "sent": Example(
        summary="An analysis sent along", value={"analysis": ANALYSIS, "startedAt": 1790000000}
    ),
}

_REASON = "error-rate 3.1 times the baseline's, between 2.2 and 4.3; limit 1.25"

VERDICT: dict[str, Any] = {
    "verdict": "fail",
    "score": 0.0,
    "proven": False,
    "promise": "calibrated",
    "decidedAt": 6,
    "reason": _REASON,
    "metrics": {
        "error-rate": {
            "verdict": "fail",
            "estimate": 3.1,
            "low": 2.2,
            "high": 4.3,
            "limit": 1.25,
            "evidence": 9.84,
            "threshold": 4.61,
            "proven": False,
            "reason": _REASON,
        }
    },
}

RUN: dict[str, Any] = {
    "id": "5f3c9a0be1d24c77",
    "state": "done",
    "name": "checkout",
    "namespace": "shop",
    "key": "checkout-7d9f6c5b84",
    "labels": {},
    "mode": "enforce",
    "held": False,
    "createdAt": 1790000000.0,
    "startedAt": 1790000000.0,
    "endedAt": 1790000436.0,
    "interval": 60.0,
    "looks": 7,
    "looksPlanned": 30,
    **VERDICT,
}

# FastAPI drops nulls from examples, so there is a next page.
RUNS: dict[str, Any] = {"data": [RUN], "next": RUN["id"]}

EVENTS = """\
retry: 2000

event: run.created
data: {"id": 1, "run": "5f3c9a0be1d24c77", "type": "run.created", "at": 1790000000.0, "data": {}}
id: 1

"""

EVIDENCE: dict[str, Any] = {
    "format": "judge-evidence/1",
    "analysis": {"name": "checkout", "namespace": "shop"},
    "history": [],
    "intervals": [],
    "verdicts": [],
}
