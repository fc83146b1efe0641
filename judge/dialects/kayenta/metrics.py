"""A metric of a canary configuration as Judge judges it.

Owned here: what each field of Kayenta's means in ours. Promised: every default is Kayenta's; the
queries are read as its own would be, for each side's scope. Not here: the text of a query
(`queries`), which scope a request gives to a metric and when it is read (`requests`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from judge.dialects.kayenta.config import CanaryConfig, EffectSizeConfig, MetricConfig, Outliers
from judge.dialects.kayenta.queries import SCOPE_LABEL, query_of
from judge.dialects.kayenta.scopes import Scope
from judge.errors import Issue, SpecError
from judge.spec.kayenta_rules import EffectMeasure, EffectSize, KayentaRules, NanStrategy
from judge.spec.resolved import BASELINE, CANARY, Direction, Kind, Metric, Query, Reading

_QUERY = "values"


def metric_of(
    config: CanaryConfig,
    index: int,
    *,
    baseline: Scope,
    canary: Scope,
    scope_label: str = SCOPE_LABEL,
) -> Metric:
    """``config.metrics[index]``, its query rendered for both sides.

    ``config`` comes from `reading`. The scopes are those that the request has under the metric's
    scopeName. Raises `SpecError` with paths as ``metrics[0].query.customInlineTemplate``, each once
    for both sides.
    """
    one = config.metrics[index]
    queries: dict[str, Mapping[str, Query]] = {}
    issues: dict[Issue, None] = {}
    for track, scope in ((BASELINE, baseline), (CANARY, canary)):
        try:
            queries[track] = {_QUERY: _query(config, one, scope, scope_label)}
        except SpecError as error:
            at = f"metrics[{index}].query."
            issues |= {replace(issue, path=at + issue.path): None for issue in error.issues}
    if issues:
        raise SpecError(list(issues))
    return replace(unasked(one), queries=queries)


def unasked(one: MetricConfig) -> Metric:
    """The metric without its queries: how values of it are judged."""
    return Metric(
        name=one.name,
        kind=Kind.SERIES,
        direction=Direction(one.analysis.direction),
        limit=None,
        worst=None,
        critical=one.analysis.critical,
        observe=one.analysis.muted,
        kayenta=rules_of(one),
    )


def group_weights(config: CanaryConfig) -> dict[str, float]:
    """The weights of groups, in percent, as an analysis carries them."""
    return dict(config.classifier.group_weights) if config.classifier else {}


def rules_of(metric: MetricConfig) -> KayentaRules:
    """How the judge takes ``metric``."""
    analysis = metric.analysis
    return KayentaRules(
        nan_strategy=NanStrategy.REPLACE
        if analysis.nan_strategy == NanStrategy.REPLACE
        else NanStrategy.REMOVE,
        outlier_factor=_outlier_factor(analysis.outliers),
        must_have_data=analysis.must_have_data,
        effect=_effect(analysis.effect_size),
        groups=metric.groups or (),
    )


def _query(config: CanaryConfig, metric: MetricConfig, scope: Scope, scope_label: str) -> Query:
    if metric.query is None:
        raise ValueError(f"the metric {metric.name} was never checked: it has no query")
    expr = query_of(config, metric.query, scope, scope_label=scope_label)
    return Query(expr, Reading.SERIES, scope.step, scope.begins, scope.lasts)


def _outlier_factor(outliers: Outliers) -> float | None:
    return outliers.outlier_factor if outliers.strategy == "remove" else None


def _effect(written: EffectSizeConfig) -> EffectSize:
    measure = EffectMeasure(written.measure)
    said = (
        written.allowed_increase,
        written.allowed_decrease,
        written.critical_increase,
        written.critical_decrease,
    )
    return EffectSize(measure, *(measure.no_effect if one is None else one for one in said))
