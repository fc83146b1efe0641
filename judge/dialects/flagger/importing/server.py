"""The Prometheus that an analysis reads, out of those that Flagger reads.

Owned here: which one it is, and what of it can be written in an analysis. Promised: no secret is
written; each provider that is not the one chosen has a remark. Not here: what is asked of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import TypeAdapter, ValidationError

from judge.errors import Issue
from judge.spec.fields import SECRET_HEADERS, Url
from judge.spec.flagger_template import ProviderWritten
from judge.spec.written import Path, Written

_URL: TypeAdapter[str] = TypeAdapter(Url)


@dataclass(frozen=True, slots=True)
class Origin:
    """A server that is read for some metric, and where that is written."""

    provider: ProviderWritten
    read: Written
    at: Path


@dataclass(frozen=True, slots=True)
class Server:
    """What the analysis says of its server (None: nothing), and what differs."""

    written: Any
    remarks: Sequence[Issue] = field(default=())


def server_of(origins: Sequence[Origin], *, given: str = "") -> Server:
    """The server of most of them; of as many, the first. ``given``: what a caller says it is."""
    usable = [one for one in origins if _usable(one.provider.address)]
    remarks = [_unusable(one) for one in origins if one not in usable]
    if given:
        return Server({"address": given}, remarks)
    if not usable:
        return Server(None, remarks)
    counted = Counter(one.provider.address.rstrip("/") for one in usable)
    address = counted.most_common(1)[0][0]
    chosen = next(one for one in usable if one.provider.address.rstrip("/") == address)
    remarks += _others(usable, address)
    written, differing = _written(chosen, address)
    return Server(written, [*remarks, *differing])


def _usable(address: str) -> bool:
    try:
        _URL.validate_python(address)
    except ValidationError:
        return False
    return True


def _unusable(origin: Origin) -> Issue:
    message = (
        "cannot stand in an analysis (no URL, or one with a user in it); write "
        "prometheus: {address: ...} there, a user under basicAuth"
    )
    return origin.read.issue(origin.at, message)


def _others(origins: Iterable[Origin], address: str) -> Iterable[Issue]:
    told = {address}
    for one in origins:
        other = one.provider.address.rstrip("/")
        if other not in told:
            told.add(other)
            message = (
                f"an analysis reads one Prometheus, {address} here, and this is another; where the "
                "two do not have the same series, leave its metrics to Flagger or to a second "
                "analysis"
            )
            yield one.read.issue(one.at, message)


def _written(origin: Origin, address: str) -> tuple[dict[str, Any], list[Issue]]:
    provider, remarks = origin.provider, []
    found: dict[str, Any] = {"address": address}
    headers = {k: v for k, v in provider.headers.items() if k.lower() not in SECRET_HEADERS}
    if headers:
        found["headers"] = {name: _last(value) for name, value in headers.items()}
    for name in provider.headers.keys() - headers.keys():
        message = "is a secret, which no analysis holds; write bearerTokenFile or basicAuth there"
        remarks.append(origin.read.issue((*origin.at[:-1], "headers", name), message))
    if provider.insecure_skip_verify:
        found["tls"] = {"insecureSkipVerify": True}
    if provider.secret_ref:
        message = (
            f"the Secret {provider.secret_ref.name} cannot be read from here; mount it, and write "
            "its token as bearerTokenFile, or its username and password as basicAuth: {username: "
            "..., passwordFile: ...}, under prometheus"
        )
        remarks.append(origin.read.issue((*origin.at[:-1], "secretRef"), message))
    return found, remarks


def _last(value: str | list[str]) -> str:
    """A header's value; of several the last, as there is one place for them."""
    return value if isinstance(value, str) else next(reversed(value), "")
