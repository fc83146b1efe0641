"""Kayenta's accounts: the settings' Prometheus servers, and Judge's own store.

Promises that nothing of a server but its name is told: addresses and files may be secrets. The
store is one, whatever a caller calls it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

from fastapi import Query

STORE = "judge"
METRICS, OBJECTS, CONFIGURATIONS = "METRICS_STORE", "OBJECT_STORE", "CONFIGURATION_STORE"

AnyStore = Annotated[
    str | None,
    Query(description="Any name: Judge has one store, so that callers keep the name they have"),
]


def accounts(servers: Iterable[str]) -> list[dict[str, Any]]:
    """All accounts in Kayenta's shape; ``servers`` are the names in the settings."""
    return [
        *(_account(name, "prometheus", METRICS) for name in sorted(servers)),
        _account(STORE, "judge", CONFIGURATIONS, OBJECTS),
    ]


def _account(name: str, kind: str, *supported: str) -> dict[str, Any]:
    return {
        "name": name,
        "type": kind,
        "supportedTypes": list(supported),
        "locations": [],
        "recommendedLocations": [],
    }
