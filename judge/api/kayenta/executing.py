"""What the routes that start and tell executions share: who asks, for what, of which accounts."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Query

from judge.api.context import Shared
from judge.api.kayenta.accounts import STORE, AnyStore
from judge.api.kayenta.callers import Home
from judge.dialects.kayenta.executions import Executions
from judge.dialects.kayenta.requests import Caller

AD_HOC = "ad-hoc"

MetricsAccount = Annotated[
    str | None, Query(description="A Prometheus of the settings; default: the first of them")
]
Strict = Annotated[
    bool | None,
    Query(
        description="Judge's own: without the holes of Kayenta's judge; default: the setting "
        "kayenta_strict"
    ),
]


def executions(context: Shared) -> Executions:
    """The executions."""
    return Executions(context.runs, clock=context.clock)


def caller(
    context: Shared,
    home: Home,
    application: Annotated[str | None, Query(description="What is released")] = None,
    user: Annotated[str | None, Query(description="On whose behalf")] = None,
    parentPipelineExecutionId: Annotated[  # noqa: N803
        str | None, Query(description="Kept and given back")
    ] = None,
    metricsAccountName: MetricsAccount = None,  # noqa: N803
    configurationAccountName: AnyStore = None,  # noqa: N803
    storageAccountName: AnyStore = None,  # noqa: N803
    strict: Strict = None,
) -> Caller:
    """What the parameters of a call that starts an execution say."""
    return Caller(
        namespace=home,
        application=application or AD_HOC,
        user=user or "anonymous",
        parent=parentPipelineExecutionId,
        metrics_account=metricsAccountName,
        storage_account=storageAccountName or STORE,
        configuration_account=configurationAccountName or STORE,
        strict=context.settings.kayenta_strict if strict is None else strict,
    )


Asking = Annotated[Caller, Depends(caller)]
Found = Annotated[Executions, Depends(executions)]
