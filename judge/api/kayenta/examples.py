"""The examples of Kayenta's paths in the OpenAPI document. Tests store and get them."""

from __future__ import annotations

from typing import Any

from fastapi.openapi.models import Example

SENT: dict[str, Any] = {
    "name": "checkout-canary",
    "description": "Errors and latency of the checkout",
    "configVersion": "1",
    "applications": ["checkout"],
    "judge": {"name": "NetflixACAJudge-v1.0", "judgeConfigurations": {}},
    "metrics": [
        {
            "name": "error-rate",
            "query": {
                "type": "prometheus",
                "customInlineTemplate": "PromQL:sum(rate(http_requests_total{"
                'version="${scope}",code=~"5.."}[1m])) / sum(rate(http_requests_total{'
                'version="${scope}"}[1m]))',
            },
            "groups": ["errors"],
            "analysisConfigurations": {
                "canary": {"direction": "increase", "critical": True, "nanStrategy": "replace"}
            },
            "scopeName": "default",
        }
    ],
    "templates": {},
    "classifier": {"groupWeights": {"errors": 100}},
}

CONFIG: dict[str, Any] = {
    **SENT,
    "id": "b0b0f5a5-3a4e-4f6c-9a8e-4a4f5c2d7e11",
    "createdTimestamp": 1790000000000,
    "updatedTimestamp": 1790000000000,
    "createdTimestampIso": "2026-09-21T14:13:20Z",
    "updatedTimestampIso": "2026-09-21T14:13:20Z",
}

SUMMARY: dict[str, Any] = {
    name: CONFIG[name]
    for name in ("id", "name", "updatedTimestamp", "updatedTimestampIso", "applications")
}

CONFIGS: dict[str, Example] = {
    "promql": Example(summary="One metric, as PromQL of its scope", value=SENT)
}
