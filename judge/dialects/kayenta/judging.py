"""Pairs of values judged at once by a canary configuration: Kayenta's `POST /judges/judge`.

Nothing is queried and nothing stored: what is said is the judge's alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from judge.dialects.kayenta.config import CanaryConfig, MetricConfig
from judge.dialects.kayenta.metrics import group_weights, rules_of
from judge.dialects.kayenta.pair_lists import MetricSetPair
from judge.errors import Issue, SpecError
from judge.spec.rendering import unknown
from judge.spec.resolved import CANARY, Direction, ScoreThresholds
from judge.verdict.kayenta.classification import classify
from judge.verdict.kayenta.documents import result_document, score_document
from judge.verdict.kayenta.labels import Classification
from judge.verdict.kayenta.scoring import Result, classified, score
from judge.verdict.kayenta.terms import Terms


def judge_pairs(
    config: CanaryConfig,
    pairs: Sequence[MetricSetPair],
    limits: ScoreThresholds,
    *,
    strict: bool = False,
) -> dict[str, Any]:
    """Kayenta's CanaryJudgeResult. Raises `SpecError` where ``config`` has no such metric."""
    metrics = {metric.name: metric for metric in config.metrics}
    _check_names(metrics.keys(), pairs)
    said = [(one, _classified(metrics[one.name], one, strict=strict)) for one in pairs]
    acting = [
        Result(one.name, found, metrics[one.name].groups or ())
        for one, found in said
        if not metrics[one.name].analysis.muted
    ]
    scored = score(acting, group_weights(config), strict=strict)
    label = classified(scored.points, passing=limits.passing, marginal=limits.marginal)
    results = [_result(metrics[one.name], one, found) for one, found in said]
    return {"results": results, **score_document(scored, label)}


def _check_names(known: Any, pairs: Sequence[MetricSetPair]) -> None:
    issues = [
        Issue(f"[{i}].name", f"{one.name!r:.100} is no metric of it; {unknown(one.name, known)}")
        for i, one in enumerate(pairs)
        if one.name not in known
    ]
    if issues:
        raise SpecError(issues)


def _classified(metric: MetricConfig, pair: MetricSetPair, *, strict: bool) -> Classification:
    terms = Terms(
        metric.name,
        rules_of(metric),
        Direction(metric.analysis.direction),
        metric.analysis.critical,
        strict,
    )
    return classify(np.array(pair.side("experiment")), np.array(pair.side("control")), terms)


def _result(metric: MetricConfig, pair: MetricSetPair, found: Classification) -> dict[str, Any]:
    said = result_document(
        metric.name,
        pair.tags,
        found,
        track=CANARY,
        groups=metric.groups or (),
        muted=metric.analysis.muted,
    )
    return {**said, "id": pair.id} if pair.id else said
