"""A request as Kayenta gives it back: its own fields, with their defaults filled in.

Promised: what is echoed can be sent again and means the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from judge.dialects.kayenta.bodies import (
    CanaryRequest,
    CanaryScope,
    StandaloneRequest,
    StandaloneScope,
    Thresholds,
)
from judge.dialects.kayenta.instants import instant_text
from judge.dialects.kayenta.schedule import MINUTE
from judge.runs.run import Window


def canary_echo(request: CanaryRequest) -> dict[str, Any]:
    """The executionRequest of a `POST /canary`."""
    return _said(
        scopes={
            name: {
                "controlScope": _scope(pair.control_scope),
                "experimentScope": _scope(pair.experiment_scope),
            }
            for name, pair in request.scopes.items()
        },
        thresholds=_thresholds(request.thresholds),
        metadata=list(request.metadata) or None,
        siteLocal=request.site_local or None,
    )


def standalone_echo(request: StandaloneRequest) -> dict[str, Any]:
    """The executionRequest of a `POST /standalone_canary_analysis`."""
    return _said(
        scopes=[_standalone_scope(scope) for scope in request.scopes],
        thresholds=_thresholds(request.thresholds),
        lifetimeDurationMins=request.lifetime_duration_mins,
        beginAfterMins=request.begin_after_mins,
        lookbackMins=request.lookback_mins,
        analysisIntervalMins=request.analysis_interval_mins,
        siteLocal=request.site_local or None,
    )


def without_nulls(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document without fields that say nothing, as Kayenta leaves them out."""
    return {name: value for name, value in document.items() if value is not None}


def _said(**fields: Any) -> dict[str, Any]:
    return without_nulls(fields)


def _thresholds(thresholds: Thresholds) -> dict[str, float]:
    return {"pass": thresholds.passing, "marginal": thresholds.marginal}


def _scope(scope: CanaryScope) -> dict[str, Any]:
    return _said(
        scope=scope.scope or None,
        location=scope.location or None,
        start=instant_text(scope.start),
        end=instant_text(scope.end),
        step=scope.step,
        extendedScopeParams=scope.extended_scope_params or None,
    )


def _standalone_scope(scope: StandaloneScope) -> dict[str, Any]:
    start, end = scope.start_time_iso, scope.end_time_iso
    return _said(
        scopeName=scope.scope_name,
        controlScope=scope.control_scope or None,
        controlLocation=scope.control_location or None,
        controlOffsetInMinutes=scope.control_offset_in_minutes,
        experimentScope=scope.experiment_scope or None,
        experimentLocation=scope.experiment_location or None,
        startTimeIso=None if start is None else instant_text(start),
        endTimeIso=None if end is None else instant_text(end),
        step=scope.step,
        extendedScopeParams=scope.extended_scope_params,
    )


def judgement_echo(request: Mapping[str, Any], window: Window) -> dict[str, Any]:
    """The executionRequest of one judgement of a standalone analysis, over ``window``.

    ``request`` is the echo of the whole.
    """
    step = request["scopes"][0]["step"]
    return _said(
        scopes={one["scopeName"]: _judged_pair(one, window, step) for one in request["scopes"]},
        thresholds=request["thresholds"],
        siteLocal=request.get("siteLocal"),
    )


def _judged_pair(scope: Mapping[str, Any], window: Window, step: int) -> dict[str, Any]:
    earlier = {"control": scope["controlOffsetInMinutes"] * MINUTE, "experiment": 0.0}
    return {
        f"{side}Scope": _said(
            scope=scope.get(f"{side}Scope"),
            location=scope.get(f"{side}Location"),
            start=instant_text(window.start - offset),
            end=instant_text(window.end - offset),
            step=step,
            extendedScopeParams=scope["extendedScopeParams"] or None,
        )
        for side, offset in earlier.items()
    }
