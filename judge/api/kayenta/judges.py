"""``GET /kayenta/judges``: whom a configuration may name as its judge."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from judge.api.callers import Viewer
from judge.api.kayenta.problems import KayentaRoute, answered, declared
from judge.dialects.kayenta.config import JUDGE

JUDGES = [{"name": JUDGE, "visible": True}]

router = APIRouter(prefix="/kayenta/judges", tags=["kayenta"], route_class=KayentaRoute)


@router.get(
    "", response_model=None, responses={**declared(), 200: answered("One", JUDGES, of="array")}
)
def judges(_viewer: Viewer) -> list[dict[str, Any]]:
    """List the judges: there is one."""
    return JUDGES
