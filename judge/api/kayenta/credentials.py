"""``/kayenta/credentials`` and ``/kayenta/metricsServices``: the accounts that callers may name."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from judge.api.callers import Viewer
from judge.api.context import Shared
from judge.api.kayenta.accounts import METRICS, accounts
from judge.api.kayenta.problems import KayentaRoute, answered, declared

ACCOUNTS = accounts(["main"])
FIELDS = ("name", "type", "locations", "recommendedLocations")

router = APIRouter(prefix="/kayenta", tags=["kayenta"], route_class=KayentaRoute)


def _services(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {field: one[field] for field in FIELDS} for one in found if METRICS in one["supportedTypes"]
    ]


@router.get(
    "/credentials",
    response_model=None,
    responses={**declared(), 200: answered("All accounts", ACCOUNTS, of="array")},
)
def credentials(_viewer: Viewer, context: Shared) -> list[dict[str, Any]]:
    """List the accounts: the Prometheus servers of the settings, and Judge's own store."""
    return accounts(context.prometheus)


@router.get(
    "/metricsServices",
    response_model=None,
    responses={**declared(), 200: answered("All servers", _services(ACCOUNTS), of="array")},
)
def metrics_services(_viewer: Viewer, context: Shared) -> list[dict[str, Any]]:
    """List the Prometheus servers of the settings."""
    return _services(accounts(context.prometheus))
