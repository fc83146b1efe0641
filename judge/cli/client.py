"""A small client of a Judge server, for the commands that talk to one.

Promises a connect and a read timeout on every call, and one clear message for each way in which a
server can fail: `ServerError` where asking again is useless, `ServerUnavailable` where it is not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import click
import requests

from judge.errors import Issue, ServerError, ServerUnavailable

TIMEOUTS = (5.0, 60.0)  # seconds to connect, and of silence
WORTH_ANOTHER_TRY = frozenset({408, 429, 500, 502, 503, 504})

Command = Callable[..., None]


def server_options(command: Command) -> Command:
    """``--server`` and ``--token``, each also from the environment."""
    command = click.option(
        "--token",
        envvar="JUDGE_TOKEN",
        show_envvar=True,
        help="Bearer token, where the server wants one; better in the environment.",
    )(command)
    return click.option(
        "--server",
        envvar="JUDGE_SERVER",
        default="http://127.0.0.1:8080",
        show_default=True,
        show_envvar=True,
        help="URL of the Judge server.",
    )(command)


def output_option(command: Command) -> Command:
    """``--output`` of a command that prints a verdict."""
    return click.option(
        "--output",
        type=click.Choice(["text", "json", "junit", "markdown"]),
        default="text",
        show_default=True,
    )(command)


class Client:
    """A Judge server at ``server``, as the holder of ``token``. Close it, or use ``with``."""

    def __init__(self, server: str, token: str | None) -> None:
        parts = urlsplit(server)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ServerError(f"--server {server!r} is no URL; write http://host:port")
        self._base = server.rstrip("/")
        self._session = requests.Session()
        if token:
            self._session.headers["Authorization"] = f"Bearer {token}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._session.close()

    def get(self, path: str, params: Mapping[str, str] | None = None) -> dict[str, Any]:
        """The JSON answer to GET ``path``."""
        return self._answer("GET", path, params=params)

    def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """The JSON answer to POST ``path``."""
        return self._answer("POST", path, json=body)

    def _answer(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        try:
            response = self._session.request(
                method, self._base + path, timeout=TIMEOUTS, allow_redirects=False, **options
            )
        except requests.RequestException as exc:
            raise ServerUnavailable(
                f"the Judge server {self._base} cannot be reached ({_reason(exc)}); see that it "
                "runs (judge serve), or name another with --server or JUDGE_SERVER"
            ) from exc
        if response.ok and not response.is_redirect:
            return self._json(response)
        raise self._failure(response)

    def _json(self, response: requests.Response) -> dict[str, Any]:
        """The answer: what was asked for under ``data``, or a bundle, which has a ``format``."""
        try:
            answer = response.json()
        except ValueError:
            answer = None
        if not isinstance(answer, dict) or not answer.keys() & {"data", "format"}:
            raise ServerError(
                f"{self._base} answers, but not as a Judge server does; see --server",
                status=response.status_code,
            )
        return answer

    def _failure(self, response: requests.Response) -> ServerError:
        status = response.status_code
        detail, issues = _problem(response)
        message = f"{self._base} answered {status} {response.reason}: {detail}"
        kind = ServerUnavailable if status in WORTH_ANOTHER_TRY else ServerError
        return kind(message, status=status, issues=issues)


def _problem(response: requests.Response) -> tuple[str, list[Issue]]:
    """What a problem says in all, and of each part of what was sent."""
    try:
        problem = response.json()
        issues = [Issue(str(one["path"]), str(one["message"])) for one in problem["issues"]]
        return str(problem["detail"]), issues
    except (ValueError, KeyError, TypeError):
        return "not an answer of a Judge server; see --server", []


def _reason(error: requests.RequestException) -> str:
    if isinstance(error, requests.Timeout):
        return "it does not answer in time"
    if isinstance(error, requests.exceptions.SSLError):
        return f"TLS fails: {error}"
    if isinstance(error, requests.ConnectionError):
        return "no connection"
    return str(error)
