"""Who we are to Prometheus: a bearer token or a password, read again when its file changes.

Owned here: the Authorization header. Mounted secrets rotate under a running process, so each
request looks at the file's identity (a stat) and reads it only when that is new. A file that is
briefly missing while it is swapped leaves the last value in use. Nothing here logs a secret.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path

import requests
from requests.auth import AuthBase

from judge.errors import SourceRejected
from judge.spec.resolved import BasicAuth, PrometheusConfig


class SecretFile:
    """The current content of a one-line secret file. ``field`` names it in error messages."""

    def __init__(self, path: str, field: str) -> None:
        self._path = Path(path)
        self._field = field
        self._seen: tuple[int, int, int] | None = None
        self._value = ""

    def value(self) -> str:
        """The secret, without surrounding blanks. Raises `SourceRejected`."""
        try:
            stat = self._path.stat()
            identity = (stat.st_ino, stat.st_mtime_ns, stat.st_size)
            if identity != self._seen:
                self._value = self._checked(self._path.read_text("utf-8").strip())
                self._seen = identity
        except (OSError, UnicodeDecodeError) as error:
            if self._seen is None:
                raise SourceRejected(
                    f"{self._field} {self._path} cannot be read ({error}); "
                    "mount the file, or correct the path"
                ) from error
        return self._value

    def _checked(self, value: str) -> str:
        if not value or not (value.isascii() and value.isprintable()):
            raise SourceRejected(
                f"{self._field} {self._path} must hold one line of ASCII text, and nothing else"
            )
        return value


class Authorization(AuthBase):
    """Puts the Authorization header on each request."""

    def __init__(self, header: Callable[[], str]) -> None:
        self._header = header

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """``request`` with the header (the protocol of requests)."""
        request.headers["Authorization"] = self._header()
        return request


def authorization(config: PrometheusConfig) -> Authorization | None:
    """What ``config`` says about authentication; None where it says nothing."""
    if config.bearer_token_file:
        token = SecretFile(config.bearer_token_file, "bearerTokenFile")
        return Authorization(lambda: f"Bearer {token.value()}")
    if config.basic_auth is not None:
        return Authorization(_basic(config.basic_auth))
    return None


def _basic(auth: BasicAuth) -> Callable[[], str]:
    if not auth.password_file:
        header = _basic_header(auth.username, auth.password)
        return lambda: header
    password = SecretFile(auth.password_file, "basicAuth.passwordFile")
    return lambda: _basic_header(auth.username, password.value())


def _basic_header(username: str, password: str) -> str:
    encoded = base64.b64encode(f"{username}:{password}".encode()).decode()
    return f"Basic {encoded}"
