"""A Prometheus server as a user writes it, under ``spec.prometheus`` or in the settings.

Owned here: its fields, what must fit together in them, and what they become. Not here: speaking to
it.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from judge.errors import Issue
from judge.spec.fields import Document, Duration, FilePath, Headers, LabelName, ListOf, Url
from judge.spec.resolved import BasicAuth, PrometheusConfig, Tls
from judge.spec.written import Path, Written


def _no_password(value: Any) -> Any:
    raise ValueError(
        "a password cannot stand in an analysis, which is stored with its run and shown in its "
        "evidence; write it to a file and name the file in passwordFile"
    )


class BasicAuthWritten(Document):
    """A user of a Prometheus behind HTTP basic authentication."""

    username: str
    """Name of the user."""
    password_file: FilePath | None = None
    """File that holds the password."""
    password: Annotated[str, BeforeValidator(_no_password)] | None = None
    """Refused: an analysis is stored and shown, and holds no secrets. Use `passwordFile`."""

    def resolved(self) -> BasicAuth:
        """The same, inside."""
        return BasicAuth(self.username, password_file=self.password_file or "")


class TlsWritten(Document):
    """Whom to trust, and who we are. Files in PEM format."""

    ca_file: FilePath | None = None
    """Certificates to trust in place of the system's."""
    cert_file: FilePath | None = None
    """Our own certificate, for servers that ask for one (mTLS)."""
    key_file: FilePath | None = None
    """The key of our certificate."""
    insecure_skip_verify: bool = False
    """Trust any certificate: anyone in between can then read and change the numbers."""

    def resolved(self) -> Tls:
        """The same, inside."""
        return Tls(
            self.ca_file or "",
            self.cert_file or "",
            self.key_file or "",
            self.insecure_skip_verify,
        )


class PrometheusWritten(Document):
    """A server that speaks Prometheus's API."""

    address: Url
    """Where it is, with the path before `/api/v1` where there is one."""
    headers: Headers = Field(default_factory=dict)
    """Headers of every request, such as `X-Scope-OrgID`. Headers that hold a secret are refused."""
    bearer_token_file: FilePath | None = None
    """File that holds a bearer token; read again for each request."""
    basic_auth: BasicAuthWritten | None = None
    """HTTP basic authentication, in place of a bearer token."""
    tls: TlsWritten = TlsWritten()
    """How to trust the server, and who we are to it."""
    proxy: Url | None = None
    """HTTP proxy to go through."""
    timeout: Duration = 10.0
    """How long one query may take."""
    replica_labels: ListOf[LabelName] = ("prometheus_replica", "__replica__")
    """Labels that tell two servers that scrape the same pods apart (an HA pair)."""
    pod_label: LabelName = "pod"
    """The label that names the pod."""

    def resolved(self) -> PrometheusConfig:
        """The same, inside."""
        return PrometheusConfig(
            address=self.address,
            headers=dict(self.headers),
            bearer_token_file=self.bearer_token_file or "",
            basic_auth=self.basic_auth.resolved() if self.basic_auth else None,
            tls=self.tls.resolved(),
            proxy=self.proxy or "",
            timeout=self.timeout,
            replica_labels=self.replica_labels,
            pod_label=self.pod_label,
        )

    def issues(self, written: Written, at: Path) -> list[Issue]:
        """What does not go together in it; it is written at ``at``."""
        issues = []
        if self.bearer_token_file and self.basic_auth:
            message = "there is a bearerTokenFile too; keep one way to authenticate"
            issues.append(written.issue((*at, "basicAuth"), message, key=True))
        if bool(self.tls.cert_file) != bool(self.tls.key_file):
            message = "certFile and keyFile go together; add the other one"
            issues.append(written.issue((*at, "tls"), message))
        if not self.timeout:
            issues.append(written.issue((*at, "timeout"), "must be more than 0s; write 10s"))
        return issues
