"""The JSON form of a resolved analysis: stored with its run, and part of its evidence.

Promised: ``from_document(to_document(a)) == a``, but for a password that stood in the settings:
secrets are never written, only the paths of their files. What a person writes into a bundle by
hand is read too, however little of it there is; what is wrong in it is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from judge.errors import Issue, SpecError
from judge.spec.analysis import API_VERSION, KIND
from judge.spec.fields import RESOLVED
from judge.spec.limits import ratios
from judge.spec.metric_template import shipped_templates
from judge.spec.metrics import check_reading
from judge.spec.problems import validated
from judge.spec.promql import PromqlError
from judge.spec.rendering import unknown
from judge.spec.resolved import (
    BasicAuth,
    Metric,
    PrometheusConfig,
    Query,
    ResolvedAnalysis,
    Track,
    Webhook,
)
from judge.spec.schedule import default_history, interval_fault
from judge.spec.stored import StoredAnalysis, StoredMetric, StoredQueries, StoredSpec, StoredTracks
from judge.spec.tracks import by_role
from judge.spec.written import Path, Written

DEFAULT_DURATION = 1800.0


def to_document(analysis: ResolvedAnalysis) -> dict[str, Any]:
    """The Analysis document with everything filled in; durations in seconds."""
    spec = {
        "prometheus": _prometheus_document(analysis.prometheus),
        "tracks": {name: _track_document(track) for name, track in analysis.tracks.items()},
        "interval": analysis.interval,
        "duration": analysis.duration,
        "warmup": analysis.warmup,
        "delay": analysis.delay,
        "history": analysis.history,
        "mode": analysis.mode.value,
        "risk": {
            "falseRollback": analysis.risk.false_rollback,
            "missedRegression": analysis.risk.missed_regression,
        },
        "score": {"pass": analysis.score.passing, "marginal": analysis.score.marginal},
        "metrics": [_metric_document(metric) for metric in analysis.metrics],
        "onPass": _actions_document(analysis.actions.on_pass),
        "onFail": _actions_document(analysis.actions.on_fail),
        "onInconclusive": _actions_document(analysis.actions.on_inconclusive),
        "onInterval": _actions_document(analysis.actions.on_interval),
    }
    metadata = {
        "name": analysis.name,
        "namespace": analysis.namespace,
        "labels": dict(analysis.labels),
    }
    return {"apiVersion": API_VERSION, "kind": KIND, "metadata": metadata, "spec": spec}


def from_document(
    doc: Mapping[str, Any], *, looks: int | None = None, source: str = ""
) -> ResolvedAnalysis:
    """The analysis that ``doc`` is, in full or the fields of its spec alone.

    Where no duration is written it is that of ``looks`` intervals. Raises `SpecError`.
    """
    whole = "spec" in doc
    written = Written(doc if whole else _wrapped(doc), source)
    try:
        return _read(written, looks)
    except SpecError as error:
        if whole:
            raise
        raise SpecError([_unwrapped(issue) for issue in error.issues]) from error


def _wrapped(doc: Mapping[str, Any]) -> dict[str, Any]:
    outer = ("apiVersion", "kind", "metadata")
    spec = {name: value for name, value in doc.items() if name not in outer}
    return {**{name: doc[name] for name in outer if name in doc}, "spec": spec}


def _unwrapped(issue: Issue) -> Issue:
    return replace(issue, path=issue.path.removeprefix("spec").removeprefix("."))


def _read(written: Written, looks: int | None) -> ResolvedAnalysis:
    model = validated(StoredAnalysis, written, RESOLVED)
    spec = model.spec
    duration = _duration(spec, looks)
    issues = _issues(spec, duration, written)
    metrics = []
    for i, one in enumerate(spec.metrics):
        metric, wrong = _metric(one, ("spec", "metrics", i), written)
        metrics += [metric] if metric else []
        issues += wrong
    if issues:
        raise SpecError(issues)
    server = spec.prometheus
    return ResolvedAnalysis(
        name=model.metadata.name,
        namespace=model.metadata.namespace or "default",
        labels=dict(model.metadata.labels),
        metrics=tuple(metrics),
        prometheus=PrometheusConfig()
        if server is None or isinstance(server, str)
        else server.resolved(),
        tracks=_tracks(spec.tracks),
        interval=spec.interval,
        duration=duration,
        warmup=spec.warmup,
        delay=spec.delay,
        history=default_history(duration) if spec.history is None else spec.history,
        mode=spec.mode,
        risk=spec.risk.resolved(),
        score=spec.score.resolved(),
        actions=spec.actions(),
    )


def _duration(spec: StoredSpec, looks: int | None) -> float:
    if spec.duration is not None:
        return spec.duration
    return DEFAULT_DURATION if looks is None else looks * spec.interval


def _issues(spec: StoredSpec, duration: float, written: Written) -> list[Issue]:
    issues = spec.issues(written)
    fault = interval_fault(spec.interval, duration)
    if fault:
        issues.append(written.issue(("spec", "interval"), fault))
    if spec.prometheus is not None and not isinstance(spec.prometheus, str):
        issues += spec.prometheus.issues(written, ("spec", "prometheus"))
    names = [metric.name for metric in spec.metrics]
    for i, name in enumerate(names):
        if name in names[:i]:
            message = f"another metric is called {name}; give each its own name"
            issues.append(written.issue(("spec", "metrics", i, "name"), message))
    return issues


def _tracks(tracks: StoredTracks) -> dict[str, Track]:
    found = by_role(tracks.baseline, tracks.canary, tracks.shadow)
    return {name: Track(track.selector or "", track.weight) for name, track in found.items()}


def _metric(
    metric: StoredMetric, path: Path, written: Written
) -> tuple[Metric | None, list[Issue]]:
    """The metric, or what is wrong with it."""
    template = shipped_templates().get(metric.template or "")
    kind = metric.kind or (template.kind if template else None)
    if kind is None:
        return None, [_no_kind(metric, path, written)]
    filled = ratios(
        metric.direction,
        metric.limit.ratio if metric.limit else None,
        metric.worst.ratio if metric.worst else None,
        default=(template.direction, template.limit) if template else None,
    )
    issues = [written.issue((*path, name, "ratio"), fault) for name, fault in filled.faults()]
    queries, wrong = _queries(metric.queries or StoredQueries(), (*path, "queries"), written)
    read = Metric(
        name=metric.name,
        kind=kind,
        direction=filled.direction,
        limit=filled.limit,
        worst=filled.worst,
        unit=metric.unit if metric.unit is not None else template.unit if template else "",
        weight=metric.weight,
        critical=metric.critical,
        observe=metric.observe,
        template=metric.template or "",
        pod_label=metric.pod_label or "",
        queries=queries,
    )
    return read, issues + wrong


def _no_kind(metric: StoredMetric, path: Path, written: Written) -> Issue:
    if metric.template is None:
        return written.issue(path, "has no kind; write kind: proportion")
    known = unknown(metric.template, shipped_templates())
    message = f"no shipped template is called {metric.template} ({known}); write kind: proportion"
    return written.issue((*path, "template"), message)


def _queries(
    queries: StoredQueries, path: Path, written: Written
) -> tuple[dict[str, dict[str, Query]], list[Issue]]:
    """Rendered queries by track. Those that a user wrote for all tracks are left unrendered."""
    found = {
        track: parts.resolved()
        for track, parts in by_role(queries.baseline, queries.canary, queries.shadow).items()
    }
    issues = []
    if found and (queries.events or queries.total):
        issues.append(written.issue(path, "write the queries by track, or for all tracks alike"))
    for track, parts in found.items():
        for part, query in parts.items():
            try:
                check_reading(query)
            except PromqlError as error:
                issues.append(written.issue((*path, track, part), str(error)))
    return found, issues


def _prometheus_document(config: PrometheusConfig) -> dict[str, Any]:
    tls = {
        "caFile": config.tls.ca_file,
        "certFile": config.tls.cert_file,
        "keyFile": config.tls.key_file,
        "insecureSkipVerify": config.tls.insecure_skip_verify,
    }
    auth = config.basic_auth
    return _without_blanks(
        {
            "headers": dict(config.headers),
            "bearerTokenFile": config.bearer_token_file,
            "basicAuth": auth and _basic_auth_document(auth),
            "tls": _without_blanks(tls),
            "proxy": config.proxy,
        }
    ) | {
        "address": config.address,
        "timeout": config.timeout,
        "replicaLabels": list(config.replica_labels),
        "podLabel": config.pod_label,
    }


def _basic_auth_document(auth: BasicAuth) -> dict[str, Any]:
    return {
        "username": auth.username,
        **_without_blanks({"passwordFile": auth.password_file}),
    }


def _track_document(track: Track) -> dict[str, Any]:
    return _without_blanks({"selector": track.selector, "weight": track.weight})


def _metric_document(metric: Metric) -> dict[str, Any]:
    queries = {
        track: {
            part: {"expr": query.expr, "reading": query.reading.value}
            for part, query in parts.items()
        }
        for track, parts in metric.queries.items()
    }
    return {
        "name": metric.name,
        "kind": metric.kind.value,
        "direction": metric.direction.value,
        "limit": {"ratio": metric.limit},
        "worst": {"ratio": metric.worst},
        "unit": metric.unit,
        "weight": metric.weight,
        "critical": metric.critical,
        "observe": metric.observe,
        **_without_blanks(
            {"template": metric.template, "podLabel": metric.pod_label, "queries": queries}
        ),
    }


def _actions_document(webhooks: Iterable[Webhook]) -> list[dict[str, Any]]:
    return [
        {
            "webhook": {
                "url": one.url,
                "timeout": one.timeout,
                **_without_blanks({"secretFile": one.secret_file, "headers": dict(one.headers)}),
            }
        }
        for one in webhooks
    ]


def _without_blanks(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value}
