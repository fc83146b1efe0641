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
from judge.spec.before import before_faults, default_past
from judge.spec.fields import RESOLVED
from judge.spec.judges import judge_faults, with_judges
from judge.spec.problems import validated
from judge.spec.resolved import (
    BasicAuth,
    JudgeName,
    PrometheusConfig,
    ResolvedAnalysis,
    Track,
    Webhook,
)
from judge.spec.schedule import interval_fault, watching_issues
from judge.spec.stored import StoredAnalysis, StoredSpec, StoredTracks
from judge.spec.stored_metric import metric_document, read_metric
from judge.spec.tracks import by_role
from judge.spec.weights import constant, queried
from judge.spec.written import Written

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
        **({"baselineOffset": analysis.baseline_offset} if analysis.baseline_offset else {}),
        **_judges_document(analysis),
        "earlyPass": analysis.early_pass,
        "keepWatching": analysis.keep_watching,
        "mode": analysis.mode.value,
        "risk": {
            "falseRollback": analysis.risk.false_rollback,
            "missedRegression": analysis.risk.missed_regression,
        },
        "score": {"pass": analysis.score.passing, "marginal": analysis.score.marginal},
        "metrics": [metric_document(metric) for metric in analysis.metrics],
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
        place = ("spec", "metrics", i)
        metric, wrong = read_metric(one, place, written, spec=spec)
        metrics += [metric] if metric else []
        issues += wrong
    if issues:
        raise SpecError(issues)
    server = spec.prometheus
    analysis = ResolvedAnalysis(
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
        history=default_past(spec, duration + spec.keep_watching)
        if spec.history is None
        else spec.history,
        baseline_offset=spec.baseline_offset or 0.0,
        mode=spec.mode,
        risk=spec.risk.resolved(),
        score=spec.score.resolved(),
        actions=spec.actions(),
        early_pass=spec.early_pass,
        keep_watching=spec.keep_watching,
        at_once=spec.at_once,
    )
    return with_judges(analysis, spec)


def _duration(spec: StoredSpec, looks: int | None) -> float:
    if spec.duration is not None:
        return spec.duration
    return DEFAULT_DURATION if looks is None else looks * spec.interval


def _issues(spec: StoredSpec, duration: float, written: Written) -> list[Issue]:
    issues = spec.issues(written)
    fault = interval_fault(spec.interval, duration)
    if fault:
        issues.append(written.issue(("spec", "interval"), fault))
    else:
        issues += watching_issues(spec, duration, written)
    for field, message in before_faults(spec, duration):
        issues.append(written.issue(("spec", field), message))
    for path, message in judge_faults(spec):
        issues.append(written.issue(("spec", *path), message))
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
    return {
        name: Track(track.selector or "", constant(track.weight), queried(track.weight))
        for name, track in found.items()
    }


def _judges_document(analysis: ResolvedAnalysis) -> dict[str, Any]:
    """Nothing for the sequential judge alone, as before there was another."""
    return _without_blanks(
        {
            "judge": "" if analysis.judge is JudgeName.SEQUENTIAL else analysis.judge.value,
            "alsoJudge": analysis.also_judge and analysis.also_judge.value,
            "strict": analysis.strict,
            "groupWeights": dict(analysis.group_weights),
            "lookback": analysis.lookback,
            "atOnce": analysis.at_once,
        }
    )


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
    written = _without_blanks({"selector": track.selector})
    if track.weight is not None:
        written["weight"] = track.weight
    if track.weight_query is not None:
        written["weight"] = {"query": track.weight_query.expr, "of": track.weight_query.of}
    return written


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
