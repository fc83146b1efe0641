"""The parts of an analysis that are taken over as they are written: server, risk, score, actions.

Owned here: their resolved values, and what must fit together within one of them. Not here: what
needs templates or variables (`resolving`).
"""

from __future__ import annotations

from judge.errors import Issue
from judge.spec.analysis import (
    ActionWritten,
    BasicAuthWritten,
    PrometheusWritten,
    RiskWritten,
    ScoreWritten,
    SpecFields,
    TlsWritten,
)
from judge.spec.resolved import (
    Actions,
    BasicAuth,
    PrometheusConfig,
    Risk,
    ScoreThresholds,
    Tls,
    Webhook,
)
from judge.spec.written import Path, Written


def prometheus_config(written: PrometheusWritten) -> PrometheusConfig:
    """Where Prometheus is and how it is spoken to."""
    return PrometheusConfig(
        address=written.address,
        headers=dict(written.headers),
        bearer_token_file=written.bearer_token_file or "",
        basic_auth=_basic_auth(written.basic_auth),
        tls=_tls(written.tls),
        proxy=written.proxy or "",
        timeout=written.timeout,
        replica_labels=written.replica_labels,
        pod_label=written.pod_label,
    )


def prometheus_issues(model: PrometheusWritten, written: Written, at: Path) -> list[Issue]:
    """What does not go together in a server."""
    issues = []
    if model.bearer_token_file and model.basic_auth:
        message = "there is a bearerTokenFile too; keep one way to authenticate"
        issues.append(written.issue((*at, "basicAuth"), message, key=True))
    if bool(model.tls.cert_file) != bool(model.tls.key_file):
        message = "certFile and keyFile go together; add the other one"
        issues.append(written.issue((*at, "tls"), message))
    if not model.timeout:
        issues.append(written.issue((*at, "timeout"), "must be more than 0s; write 10s"))
    return issues


def risk(written: RiskWritten) -> Risk:
    """What the user accepts."""
    return Risk(written.false_rollback, written.missed_regression)


def score(written: ScoreWritten) -> ScoreThresholds:
    """Where a run passes and is marginal."""
    return ScoreThresholds(written.passing, written.marginal)


def part_issues(spec: SpecFields, written: Written) -> list[Issue]:
    """What does not go together in the score and the actions."""
    issues = []
    if spec.score.marginal > spec.score.passing:
        message = f"must not be above pass ({spec.score.passing:g}); lower it"
        issues.append(written.issue(("spec", "score", "marginal"), message))
    for name, listed in _listed(spec).items():
        for i, action in enumerate(listed):
            if not action.webhook.timeout:
                at = ("spec", name, i, "webhook", "timeout")
                issues.append(written.issue(at, "must be more than 0s; write 10s"))
    return issues


def actions(spec: SpecFields) -> Actions:
    """What to do, by outcome."""
    return Actions(
        on_pass=_webhooks(spec.on_pass),
        on_fail=_webhooks(spec.on_fail),
        on_inconclusive=_webhooks(spec.on_inconclusive),
        on_interval=_webhooks(spec.on_interval),
    )


def _listed(spec: SpecFields) -> dict[str, tuple[ActionWritten, ...]]:
    return {
        "onPass": spec.on_pass,
        "onFail": spec.on_fail,
        "onInconclusive": spec.on_inconclusive,
        "onInterval": spec.on_interval,
    }


def _webhooks(listed: tuple[ActionWritten, ...]) -> tuple[Webhook, ...]:
    return tuple(
        Webhook(
            one.webhook.url,
            one.webhook.secret_file or "",
            dict(one.webhook.headers),
            one.webhook.timeout,
        )
        for one in listed
    )


def _basic_auth(written: BasicAuthWritten | None) -> BasicAuth | None:
    if written is None:
        return None
    return BasicAuth(written.username, password_file=written.password_file or "")


def _tls(written: TlsWritten) -> Tls:
    return Tls(
        written.ca_file or "",
        written.cert_file or "",
        written.key_file or "",
        written.insecure_skip_verify,
    )
