"""What is kept of an execution beside its run, in Kayenta's own terms, to be told again."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from judge.store.requests import CallerRequest

DIALECT = "kayenta"


class ExecutionKind(enum.StrEnum):
    """Which of Kayenta's doors it came in by."""

    CANARY = "canary"
    STANDALONE = "standalone"


@dataclass(frozen=True, slots=True)
class Asked:
    """A kept request. ``request`` is the executionRequest with its defaults filled in."""

    kind: ExecutionKind
    application: str
    user: str
    parent: str | None
    config_id: str | None
    metrics_account: str
    storage_account: str | None
    configuration_account: str | None
    config: Mapping[str, Any]
    request: Mapping[str, Any]


def asked_of(kept: CallerRequest | None) -> Asked | None:
    """What a run was asked for with; None where that was not in Kayenta's terms."""
    if kept is None or kept.dialect != DIALECT:
        return None
    said = kept.document
    return Asked(
        kind=ExecutionKind(said["kind"]),
        application=said["application"],
        user=said["user"],
        parent=said["parentPipelineExecutionId"],
        config_id=said["canaryConfigId"],
        metrics_account=said["metricsAccountName"],
        storage_account=said["storageAccountName"],
        configuration_account=said["configurationAccountName"],
        config=said["canaryConfig"],
        request=said["executionRequest"],
    )


def kept(asked: Asked) -> CallerRequest:
    """The form in which the store keeps it."""
    return CallerRequest(
        DIALECT,
        {
            "kind": asked.kind.value,
            "application": asked.application,
            "user": asked.user,
            "parentPipelineExecutionId": asked.parent,
            "canaryConfigId": asked.config_id,
            "metricsAccountName": asked.metrics_account,
            "storageAccountName": asked.storage_account,
            "configurationAccountName": asked.configuration_account,
            "canaryConfig": asked.config,
            "executionRequest": asked.request,
        },
    )
