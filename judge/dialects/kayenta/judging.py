"""Pairs of values judged at once by a canary configuration: Kayenta's `POST /judges/judge`.

Nothing is queried and nothing stored: what is said is the judge's alone, and as Kayenta's says it,
strict or not elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from judge.dialects.kayenta.config import CanaryConfig
from judge.dialects.kayenta.metrics import group_weights, unasked
from judge.dialects.kayenta.pair_lists import MetricSetPair
from judge.errors import Issue, SpecError
from judge.spec.rendering import unknown
from judge.spec.resolved import (
    CANARY,
    Metric,
    ResolvedAnalysis,
    ScoreThresholds,
)
from judge.verdict.kayenta.classification import classify
from judge.verdict.kayenta.documents import result_document, score_document
from judge.verdict.kayenta.labels import Classification
from judge.verdict.kayenta.rules import grouping, terms_of
from judge.verdict.kayenta.scoring import Result, classified, score


def judge_pairs(
    config: CanaryConfig, pairs: Sequence[MetricSetPair], limits: ScoreThresholds
) -> dict[str, Any]:
    """Kayenta's CanaryJudgeResult. Raises `SpecError` where ``config`` has no such metric."""
    metrics = {one.name: unasked(one) for one in config.metrics}
    _check_names(metrics, pairs)
    weights = group_weights(config)
    groups = grouping(ResolvedAnalysis("", tuple(metrics.values()), group_weights=weights))
    said = [(one, _classified(metrics[one.name], one)) for one in pairs]
    acting = [
        Result(one.name, found, groups.groups[one.name])
        for one, found in said
        if not metrics[one.name].observe
    ]
    scored = score(acting, groups.weights, strict=False)
    label = classified(scored.points, passing=limits.passing, marginal=limits.marginal)
    results = [
        _result(metrics[one.name], one, found, groups.groups[one.name]) for one, found in said
    ]
    return {"results": results, **score_document(scored, label)}


def _check_names(known: Mapping[str, Metric], pairs: Sequence[MetricSetPair]) -> None:
    issues = [
        Issue(f"[{i}].name", f"{one.name!r:.100} is no metric of it; {unknown(one.name, known)}")
        for i, one in enumerate(pairs)
        if one.name not in known
    ]
    if issues:
        raise SpecError(issues)


def _classified(metric: Metric, pair: MetricSetPair) -> Classification:
    experiment, control = (np.array(pair.side(name)) for name in ("experiment", "control"))
    return classify(experiment, control, terms_of(metric, strict=False))


def _result(
    metric: Metric, pair: MetricSetPair, found: Classification, groups: Sequence[str]
) -> dict[str, Any]:
    said = result_document(
        metric.name, pair.tags, found, track=CANARY, groups=groups, muted=metric.observe
    )
    return {**said, "id": pair.id} if pair.id else said
