"""``/kayenta/standalone_canary_analysis``: judgements at intervals, started and asked for."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Body

from judge.api.callers import Asker, Viewer
from judge.api.context import Shared
from judge.api.kayenta.accounts import AnyStore
from judge.api.kayenta.configs import Configs
from judge.api.kayenta.executing import Asking, Found
from judge.api.kayenta.execution_examples import (
    STANDALONE_ANSWER,
    STANDALONE_REQUESTS,
    STANDALONE_STARTED,
    STANDALONE_WITH_CONFIG,
)
from judge.api.kayenta.problems import KayentaRoute, answered, declared
from judge.dialects.kayenta.requests import standalone_execution

router = APIRouter(
    prefix="/kayenta/standalone_canary_analysis", tags=["kayenta"], route_class=KayentaRoute
)

STARTED = answered("What to ask for it by", STANDALONE_STARTED)


@router.post(
    "/{canaryConfigId}",
    response_model=None,
    responses={**declared(400, 404, 408, 413, 415), 200: STARTED},
)
def start_analysis(
    canaryConfigId: str,  # noqa: N803
    request: Annotated[dict[str, Any], Body(openapi_examples=STANDALONE_REQUESTS)],
    _asker: Asker,
    asking: Asking,
    context: Shared,
    configs: Configs,
    executions: Found,
) -> dict[str, str]:
    """Judge at intervals by a stored configuration.

    A score that is not above marginal ends it; at the end the last score decides.
    """
    config = configs.get(canaryConfigId, namespace=asking.namespace)
    caller = replace(asking, config_id=canaryConfigId)
    execution = standalone_execution(
        config, request, caller, servers=context.prometheus, now=context.clock()
    )
    return {"canaryAnalysisExecutionId": executions.start(execution)}


@router.post("", response_model=None, responses={**declared(400, 408, 413, 415), 200: STARTED})
def start_analysis_with_config(
    body: Annotated[dict[str, Any], Body(openapi_examples=STANDALONE_WITH_CONFIG)],
    _asker: Asker,
    asking: Asking,
    context: Shared,
    executions: Found,
) -> dict[str, str]:
    """The same by a configuration that is sent along."""
    execution = standalone_execution(
        body.get("canaryConfig"),
        body.get("executionRequest"),
        replace(asking, configuration_account=None),
        servers=context.prometheus,
        now=context.clock(),
        prefix="executionRequest.",
    )
    return {"canaryAnalysisExecutionId": executions.start(execution)}


@router.get(
    "/{canaryAnalysisExecutionId}",
    response_model=None,
    responses={**declared(400, 404), 200: answered("How far it is", STANDALONE_ANSWER)},
)
def get_analysis(
    canaryAnalysisExecutionId: str,  # noqa: N803
    viewer: Viewer,
    executions: Found,
    storageAccountName: AnyStore = None,  # noqa: N803
) -> dict[str, Any]:
    """How far an analysis is, and what all its judgements came to once it is `complete`."""
    return executions.standalone(canaryAnalysisExecutionId, sees=viewer.sees)
