"""``/kayenta/canaryConfig``: stored configurations, written by operators and read by all."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Query

from judge.api.callers import Operator, Viewer
from judge.api.context import Shared
from judge.api.kayenta.accounts import AnyStore
from judge.api.kayenta.callers import Home
from judge.api.kayenta.examples import CONFIG, CONFIGS, SUMMARY
from judge.api.kayenta.problems import KayentaRoute, answered, declared
from judge.dialects.kayenta.stored_configs import CanaryConfigs
from judge.errors import Conflict, NotFound

router = APIRouter(prefix="/kayenta/canaryConfig", tags=["kayenta"], route_class=KayentaRoute)


def canary_configs(context: Shared) -> CanaryConfigs:
    """The stored configurations."""
    return CanaryConfigs(context.documents, clock=context.clock)


Configs = Annotated[CanaryConfigs, Depends(canary_configs)]
SentConfig = Annotated[dict[str, Any], Body(openapi_examples=CONFIGS)]
STORED = answered("Where it is stored", {"canaryConfigId": CONFIG["id"]})


@router.get(
    "",
    response_model=None,
    responses={**declared(400), 200: answered("All of them", [SUMMARY], of="array")},
)
def list_configs(
    _viewer: Viewer,
    home: Home,
    configs: Configs,
    application: Annotated[
        list[str] | None, Query(description="Those for it alone; may be given again, or a,b")
    ] = None,
    configurationAccountName: AnyStore = None,  # noqa: N803
) -> list[dict[str, Any]]:
    """List the stored configurations."""
    wanted = [one for text in application or () for one in text.split(",") if one]
    return configs.summaries(namespace=home, applications=wanted)


@router.get(
    "/{canaryConfigId}",
    response_model=None,
    responses={**declared(400, 404), 200: answered("The configuration", CONFIG)},
)
def get_config(
    canaryConfigId: str,  # noqa: N803
    _viewer: Viewer,
    home: Home,
    configs: Configs,
    configurationAccountName: AnyStore = None,  # noqa: N803
) -> dict[str, Any]:
    """One configuration, with every field that was sent."""
    return configs.get(canaryConfigId, namespace=home)


@router.post("", response_model=None, responses={**declared(400, 408, 413, 415), 200: STORED})
def store_config(
    config: SentConfig,
    _operator: Operator,
    home: Home,
    configs: Configs,
    configurationAccountName: AnyStore = None,  # noqa: N803
) -> dict[str, str]:
    """Store a configuration under its `id`, or a new one.

    Refused, with every fault, where it could not be judged by; where its id is taken; and where
    another of its name is for one of its applications.
    """
    return {"canaryConfigId": configs.add(config, namespace=home)}


@router.put(
    "/{canaryConfigId}",
    response_model=None,
    responses={**declared(400, 408, 413, 415), 200: STORED},
)
def update_config(
    canaryConfigId: str,  # noqa: N803
    config: SentConfig,
    _operator: Operator,
    home: Home,
    configs: Configs,
    configurationAccountName: AnyStore = None,  # noqa: N803
) -> dict[str, str]:
    """Write a configuration anew. One that is not there is a 400, as it is Kayenta's."""
    try:
        configs.replace(canaryConfigId, config, namespace=home)
    except NotFound as exc:
        raise Conflict(f"{exc}; POST makes a new one") from exc
    return {"canaryConfigId": canaryConfigId}


@router.delete(
    "/{canaryConfigId}",
    status_code=204,
    response_model=None,
    responses={**declared(400, 404), 204: {"description": "It is gone"}},
)
def delete_config(
    canaryConfigId: str,  # noqa: N803
    _operator: Operator,
    home: Home,
    configs: Configs,
    configurationAccountName: AnyStore = None,  # noqa: N803
) -> None:
    """Remove a configuration. Runs that it started keep it."""
    configs.delete(canaryConfigId, namespace=home)
