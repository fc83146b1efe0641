"""How the OpenAPI document declares the gates: bodies in, texts out."""

from __future__ import annotations

from typing import Any

_TEXT = {"type": "string"}

NAMED: dict[str, Any] = {
    "required": True,
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "required": ["name", "namespace"],
                "properties": {
                    "name": {"type": "string", "description": "Name of the Canary"},
                    "namespace": {"type": "string", "description": "Namespace of the Canary"},
                    "phase": {"type": "string", "description": "As Flagger sends it"},
                    "checksum": {
                        "type": "string",
                        "description": "Of the revision, as Flagger sends it; to open without one "
                        "means the revision that asked last",
                    },
                },
            },
            "examples": {
                "by hand": {
                    "summary": "By hand",
                    "value": {"name": "podinfo", "namespace": "test"},
                },
                "flagger": {
                    "summary": "From Flagger",
                    "value": {
                        "name": "podinfo",
                        "namespace": "test",
                        "phase": "Progressing",
                        "checksum": "85d557f47b",
                    },
                },
            },
        }
    },
}

OK: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Go on; of a rollback: roll back",
        "content": {"text/plain": {"schema": _TEXT, "example": "Approved"}},
    }
}
FORBIDDEN: dict[int | str, dict[str, Any]] = {
    403: {
        "description": "Do not; or the caller may not ask this",
        "content": {"text/plain": {"schema": _TEXT, "example": "Forbidden"}},
    }
}
WRITTEN: dict[int | str, dict[str, Any]] = {202: {"description": "Done, and stored"}}


def asked(*answers: dict[int | str, dict[str, Any]]) -> dict[int | str, dict[str, Any]]:
    """These, and what else may be answered: a line of text each."""
    told = {
        400: "No JSON, or none of a gate",
        401: "No token of the token file",
        403: "The token's role does not allow it",
        503: "The database fails",
    }
    merged: dict[int | str, dict[str, Any]] = {
        status: {"description": text, "content": {"text/plain": {"schema": _TEXT}}}
        for status, text in told.items()
    }
    for one in answers:
        merged |= one
    return merged
