"""The analysis of an execution: every metric with its scope's queries, and when it looks.

Promised: a metric whose scope the request does not have, a variable that no scope sets, and more
values than a range query can hold are refused, all at once. Not here: what a request may say
(`requests`), the text of a query (`queries`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from judge.dialects.kayenta.bodies import Thresholds
from judge.dialects.kayenta.config import CanaryConfig, MetricConfig
from judge.dialects.kayenta.metrics import group_weights, metric_of
from judge.dialects.kayenta.scopes import Scope
from judge.errors import Issue, SpecError
from judge.spec.rendering import unknown
from judge.spec.resolved import (
    BASELINE,
    CANARY,
    JudgeName,
    Metric,
    PrometheusConfig,
    Query,
    ResolvedAnalysis,
    ScoreThresholds,
    Track,
)

CONFIG = "canaryConfig."
"""What stands before the path of a fault in a configuration."""
MOST_POINTS = 11_000  # of one range query, by Prometheus's own bound

_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_.-]+")


class Pair(NamedTuple):
    """The scopes of both sides, and where in the request each is written."""

    control: Scope
    experiment: Scope
    places: tuple[str, str]


@dataclass(frozen=True, slots=True)
class LookTimes:
    """When a run looks. ``started_at`` in Unix seconds, lengths in seconds."""

    started_at: float
    interval: float
    looks: int
    warmup: float = 0.0
    lookback: float = 0.0
    at_once: bool = True


@dataclass(frozen=True, slots=True)
class Labelled:
    """Whose run it is, and what it is called after."""

    namespace: str
    application: str
    name: str
    strict: bool


def metrics_of(
    config: CanaryConfig, pairs: Mapping[str, Pair], *, longest: float, prefix: str
) -> tuple[Metric, ...]:
    """The metrics with their queries. ``longest``: seconds that a scope without a length lasts.

    ``prefix`` stands before the paths of the request. Raises `SpecError`.
    """
    issues = _scope_issues(config.metrics, pairs, prefix)
    used = {one.scope_name for one in config.metrics}
    asked = {name: pair for name, pair in pairs.items() if name in used}
    issues += _point_issues(asked, longest, prefix)
    metrics = []
    for index, metric in enumerate(config.metrics):
        if metric.scope_name not in pairs:
            continue
        control, experiment, _ = pairs[metric.scope_name]
        try:
            metrics.append(metric_of(config, index, baseline=control, canary=experiment))
        except SpecError as error:
            issues += [Issue(CONFIG + issue.path, issue.message) for issue in error.issues]
    if issues:
        raise SpecError(issues)
    return tuple(metrics)


def closer(metrics: Sequence[Metric], step: int) -> tuple[Metric, ...]:
    """The metrics, read every ``step`` seconds; what counts of them is at their own step still."""
    return tuple(
        replace(
            metric,
            queries={
                track: {name: _closer(query, float(step)) for name, query in parts.items()}
                for track, parts in metric.queries.items()
            },
        )
        for metric in metrics
    )


def _closer(query: Query, step: float) -> Query:
    return query if query.step == step else replace(query, step=step, every=query.step)


def _scope_issues(
    metrics: Sequence[MetricConfig], scopes: Mapping[str, object], prefix: str
) -> list[Issue]:
    """Scopes that metrics name and the request does not have."""
    missing = {one.scope_name: one.name for one in metrics if one.scope_name not in scopes}
    return [
        Issue(
            f"{prefix}scopes",
            f"have no {scope!r:.100}, the scopeName of the metric {metric}; "
            + unknown(scope, scopes),
        )
        for scope, metric in missing.items()
    ]


def _point_issues(pairs: Mapping[str, Pair], longest: float, prefix: str) -> list[Issue]:
    most = {
        place: _points(scope, longest)
        for pair in pairs.values()
        for place, scope in zip(pair.places, (pair.control, pair.experiment), strict=True)
    }
    return [
        Issue(
            f"{prefix}{place}.step",
            f"asks for {points} values of a series, more than {MOST_POINTS}; write a larger step",
        )
        for place, points in most.items()
        if points > MOST_POINTS
    ]


def _points(scope: Scope, longest: float) -> int:
    return points_of(longest if scope.lasts is None else scope.lasts, scope.step)


def points_of(lasts: float, step: float) -> int:
    """How many values ``step`` seconds apart ``lasts`` seconds have, with both ends."""
    return int(lasts / step + 1e-9) + 1


def analysis_of(
    config: CanaryConfig,
    metrics: tuple[Metric, ...],
    thresholds: Thresholds,
    times: LookTimes,
    labelled: Labelled,
    server: PrometheusConfig,
) -> ResolvedAnalysis:
    """The analysis of a run with these metrics, looked at when ``times`` says."""
    return ResolvedAnalysis(
        name=run_name(labelled.name),
        namespace=labelled.namespace,
        labels={"application": labelled.application},
        metrics=metrics,
        prometheus=server,
        tracks={BASELINE: Track(""), CANARY: Track("")},
        interval=times.interval,
        duration=times.looks * times.interval,
        warmup=times.warmup,
        delay=0.0 if times.at_once else None,
        history=0.0,
        score=ScoreThresholds(thresholds.passing, thresholds.marginal),
        judge=JudgeName.KAYENTA,
        strict=labelled.strict,
        group_weights=group_weights(config),
        lookback=times.lookback,
        at_once=times.at_once,
    )


def run_name(name: str) -> str:
    """``name`` as a run may be called: letters, digits, - . and _, and no more than 100."""
    return _NOT_IN_NAMES.sub("-", name)[:100].strip("-._") or "canary"
