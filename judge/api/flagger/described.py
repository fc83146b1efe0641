"""How the OpenAPI document tells of Flagger's webhooks. Tests send the examples."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from judge.dialects.flagger.calls import CallBody

BODY: dict[str, Any] = {
    "name": "podinfo",
    "namespace": "shop",
    "phase": "Progressing",
    "checksum": "85d557f47b",
    "metadata": {"target": "podinfo"},
}
YES = "pass: error rate 1.02 times the baseline's, between 0.87 and 1.19 (run 3f9c0d6a5b7e1284)"
NO = (
    "not decided: not known yet after 3 of 30 intervals; error rate 1.06 times the baseline's, "
    "between 0.23 and 3.1; limit 1.25 (run 3f9c0d6a5b7e1284)"
)

REQUEST = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": CallBody.model_json_schema(),
                "examples": {"webhook": {"summary": "As Flagger calls it", "value": BODY}},
            }
        },
    }
}


def _line(description: str, example: str) -> dict[str, Any]:
    content = {"schema": {"type": "string"}, "example": example}
    return {"description": description, "content": {"text/plain": content}}


RESPONSES: dict[int | str, dict[str, Any]] = {
    200: _line("Yes, and why; of rollback: roll back", YES),
    403: _line("No, and why; or a namespace that is not the caller's", NO),
    400: _line("The body or the analysis cannot be used", "checksum: Field required"),
    404: _line("No such analysis or webhook", "there is no stored analysis 'nothing'"),
    **{
        status: _line(HTTPStatus(status).phrase, HTTPStatus(status).phrase)
        for status in (401, 408, 413, 415)
    },
}
