"""The JSON schema of an analysis as written, for editors and for other programs.

Promised: what `loading` accepts is valid under it. It cannot say what must fit together, nor what
this version refuses to judge; `judge check` does. Not here: the fields (`analysis`).
"""

from __future__ import annotations

from typing import Any

from judge.spec.analysis import AnalysisWritten
from judge.spec.units import DURATION_PATTERN, format_duration

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def analysis_schema() -> dict[str, Any]:
    """The schema, draft 2020-12."""
    schema: dict[str, Any] = _tidy(AnalysisWritten.model_json_schema(by_alias=True))
    return {"$schema": DIALECT, "title": "Analysis", **schema}


def _tidy(node: Any) -> Any:
    """Without titles made of names, and with defaults as a user would write them."""
    if isinstance(node, list):
        return [_tidy(one) for one in node]
    if not isinstance(node, dict):
        return node
    tidy = {
        key: _named(value) if key in ("properties", "$defs") else _tidy(value)
        for key, value in node.items()
        if key not in ("title", "default")
    }
    return tidy | _default(node)


def _default(node: dict[str, Any]) -> dict[str, Any]:
    value = node.get("default")
    if value is None or isinstance(value, dict):
        return {}
    return {"default": format_duration(value) if node.get("pattern") == DURATION_PATTERN else value}


def _named(fields: dict[str, Any]) -> dict[str, Any]:
    """Fields by their names, which may well be ``title`` or ``default``."""
    return {name: _tidy(value) for name, value in fields.items()}
