"""A configuration's metric as an analysis writes it.

Owned here: its fields, each of which means what it means in Kayenta; what is Kayenta's default and
not ours is written out. Not here: its query's text (`texts`), what is not carried over (`remarks`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from judge.dialects.kayenta.config import CanaryAnalysis, MetricConfig
from judge.dialects.kayenta.importing.variables import Needed, Variables
from judge.spec.kayenta_rules import NanStrategy

_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_-]+")
_LONGEST = 100


def names_of(metrics: Iterable[MetricConfig]) -> list[str]:
    """What the metrics are called: letters, digits, dashes and underscores; each by itself."""
    found: list[str] = []
    for metric in metrics:
        name = _NOT_IN_NAMES.sub("-", metric.name).strip("-")[:_LONGEST] or "metric"
        rivals = [f"{name}-{i}" for i in range(2, len(found) + 3)]
        found.append(next(one for one in [name, *rivals] if one not in found))
    return found


def metric_fields(
    metric: MetricConfig, name: str, needed: Needed, variables: Variables
) -> dict[str, Any]:
    """The fields, in the order in which they are written."""
    expr = needed.text.written(lambda one: variables.place(needed.scope_name, one))
    analysis = metric.analysis
    return {
        "name": name,
        "kind": "series",
        "queries": {"values": expr},
        "direction": analysis.direction,
        "critical": analysis.critical,
        **({"observe": True} if analysis.muted else {}),
        "kayenta": _kayenta(analysis, metric.groups or ()),
    }


def _kayenta(analysis: CanaryAnalysis, groups: Iterable[str]) -> dict[str, Any]:
    fields: dict[str, Any] = {"groups": list(groups)}
    if analysis.nan_strategy == NanStrategy.REPLACE:
        fields["nanStrategy"] = analysis.nan_strategy
    if analysis.outliers.strategy == "remove":
        factor = shortest(analysis.outliers.outlier_factor)
        fields["outliers"] = {"strategy": "remove", "outlierFactor": factor}
    if analysis.must_have_data:
        fields["mustHaveData"] = True
    effect = _said(analysis.effect_size.model_dump(by_alias=True, exclude_unset=True))
    return fields | ({"effectSize": effect} if effect else {})


def _said(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: shortest(value) if isinstance(value, float) else value
        for name, value in fields.items()
    }


def shortest(number: float) -> float | int:
    """A number as one would write it: 75 rather than 75.0."""
    return int(number) if number.is_integer() else number
