"""``/kayenta/canary``: one judgement over given times, started and asked for."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Body

from judge.api.callers import Asker, Viewer
from judge.api.context import Shared
from judge.api.kayenta.accounts import AnyStore
from judge.api.kayenta.configs import Configs
from judge.api.kayenta.executing import AD_HOC, Asking, Found
from judge.api.kayenta.execution_examples import (
    CANARY_ANSWER,
    CANARY_REQUESTS,
    CANARY_STARTED,
    CANARY_WITH_CONFIG,
)
from judge.api.kayenta.problems import KayentaRoute, answered, declared
from judge.dialects.kayenta.requests import canary_execution

router = APIRouter(prefix="/kayenta/canary", tags=["kayenta"], route_class=KayentaRoute)

STARTED = answered("What to ask for it by", CANARY_STARTED)


@router.post(
    "/{canaryConfigId}",
    response_model=None,
    responses={**declared(400, 404, 408, 413, 415), 200: STARTED},
)
def start_canary(
    canaryConfigId: str,  # noqa: N803
    request: Annotated[dict[str, Any], Body(openapi_examples=CANARY_REQUESTS)],
    _asker: Asker,
    asking: Asking,
    context: Shared,
    configs: Configs,
    executions: Found,
) -> dict[str, str]:
    """Judge once by a stored configuration, over the scopes' own times, at once.

    Refused, with every fault, where it could never be judged. What the canary comes to is asked
    for by the id.
    """
    config = configs.get(canaryConfigId, namespace=asking.namespace)
    caller = replace(asking, config_id=canaryConfigId)
    execution = canary_execution(config, request, caller, servers=context.prometheus)
    return {"canaryExecutionId": executions.start(execution)}


@router.post("", response_model=None, responses={**declared(400, 408, 413, 415), 200: STARTED})
def start_canary_with_config(
    body: Annotated[dict[str, Any], Body(openapi_examples=CANARY_WITH_CONFIG)],
    _asker: Asker,
    asking: Asking,
    context: Shared,
    executions: Found,
) -> dict[str, str]:
    """The same by a configuration that is sent along."""
    execution = canary_execution(
        body.get("canaryConfig"),
        body.get("executionRequest"),
        replace(asking, config_id=AD_HOC, configuration_account=None),
        servers=context.prometheus,
        prefix="executionRequest.",
    )
    return {"canaryExecutionId": executions.start(execution)}


@router.get(
    "/{canaryExecutionId}",
    response_model=None,
    responses={**declared(400, 404), 200: answered("How far it is", CANARY_ANSWER)},
)
def get_canary(
    canaryExecutionId: str,  # noqa: N803
    viewer: Viewer,
    executions: Found,
    storageAccountName: AnyStore = None,  # noqa: N803
) -> dict[str, Any]:
    """How far a judgement is, and what it came to once it is `complete`."""
    return executions.canary(canaryExecutionId, sees=viewer.sees)
