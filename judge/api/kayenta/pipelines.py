"""``PUT /kayenta/pipelines/{executionId}/cancel``: Spinnaker gives an execution up."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from judge.api.callers import Asker
from judge.api.kayenta.executing import Found
from judge.api.kayenta.problems import KayentaRoute, answered, declared

router = APIRouter(prefix="/kayenta/pipelines", tags=["kayenta"], route_class=KayentaRoute)


@router.put(
    "/{executionId}/cancel",
    status_code=202,
    response_model=None,
    responses={**declared(404), 202: answered("It goes on no longer", {})},
)
def cancel(executionId: str, asker: Asker, executions: Found) -> dict[str, Any]:  # noqa: N803
    """End an execution that goes on, with nothing set off; one that has ended stays as it is."""
    executions.cancel(executionId, sees=asker.sees, by=asker.name)
    return {}
