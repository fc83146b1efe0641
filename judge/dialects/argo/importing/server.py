"""The Prometheus that an analysis reads, out of those of a template's metrics.

Owned here: the server's fields and what cannot stand there. Promised: no secret is written. An
analysis reads one server: it is that of most metrics. Not here: the queries.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from judge.dialects.argo.importing.arguments import Arguments
from judge.dialects.argo.importing.parts import Part
from judge.errors import Issue
from judge.spec.fields import SECRET_HEADERS, Url

_URL: TypeAdapter[str] = TypeAdapter(Url)
_SIGNED = ("sigv4", "oauth2", "basicAuth")


@dataclass(frozen=True)
class Server:
    """The server of one metric. ``address`` is empty where the metric names none."""

    address: str
    part: Part

    @property
    def key(self) -> str:
        """The address without what does not matter."""
        return self.address.rstrip("/")


def server_of(part: Part, arguments: Arguments) -> Server:
    """The server that `provider.prometheus` names. Raises `SpecError` with the place."""
    return Server(arguments.filled(part, "address") if part.has("address") else "", part)


def chosen(servers: Sequence[Server]) -> Server:
    """That of most metrics; of as many, the first."""
    counted = Counter(one.key for one in servers)
    return max(servers, key=lambda one: counted[one.key])


def written(server: Server) -> tuple[dict[str, Any], list[Issue]]:
    """What the analysis says of the server, and what it cannot say."""
    part = server.part
    if not server.address:
        message = (
            "names no address; Argo Rollouts takes its own ARGO_ROLLOUTS_PROMETHEUS_ADDRESS, Judge "
            "the server `default` of its settings"
        )
        return {}, [part.issue(message)]
    try:
        _URL.validate_python(server.address)
    except ValidationError:
        message = (
            "cannot stand in an analysis (no URL, or one with a user in it); write "
            "prometheus: {address: ...} there, a user under basicAuth"
        )
        return {}, [part.issue(message, "address")]
    found: dict[str, Any] = {"address": server.address}
    remarks = []
    headers: dict[str, str] = {}
    for header in part.parts("headers"):
        key, value = header.text("key"), header.text("value")
        if key.lower() in SECRET_HEADERS or "{{" in value:
            message = "is a secret, which no analysis holds; write bearerTokenFile or basicAuth"
            remarks.append(header.issue(message))
        else:
            headers[key] = value
    if headers:
        found["headers"] = headers
    if part.flag("insecure"):
        found["tls"] = {"insecureSkipVerify": True}
    timeout = part.text("timeout")
    if timeout.isdecimal() and int(timeout):
        found["timeout"] = f"{int(timeout)}s"
    remarks += [
        part.issue(_signed(name), "authentication", name)
        for name in _SIGNED
        if part.part("authentication", name) is not None
    ]
    return found, remarks


def _signed(name: str) -> str:
    if name == "basicAuth":
        return (
            "is a secret, which no analysis holds; write basicAuth: {username, passwordFile} there"
        )
    return "stays behind; let a proxy sign the requests, and name its address"
