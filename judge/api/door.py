"""The door: who is let in before anything that they sent is read, and a line for each request.

With a token file, all but the open paths need one of its tokens. Without one, Judge listens on
loopback only and lets everybody in who is there, but a browser is there too, with whatever pages
it has open. So then the Host header must be loopback (DNS rebinding), an Origin must be ours, and
a POST must be ``application/json``, which a page of another origin cannot send without asking.
Under /hooks the token stands in the path: it is looked at and taken out here, so that what is
behind knows the caller and never his token. Never logs a token, a query string or a body.
"""

from __future__ import annotations

import asyncio
import ipaddress
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit

import structlog
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from judge.api.broken_off import broken_off
from judge.api.hooks import DIALECTS, HookPath, hook_path, writable
from judge.api.http_metrics import HttpMetrics
from judge.api.principal import LOCAL, Principal, Role
from judge.api.problems import fault, refusal
from judge.api.tokens import TokenFile
from judge.errors import SettingsError
from judge.settings import Settings

OPEN = frozenset({"/healthz", "/readyz", "/docs", "/openapi.json", "/kayenta/health"})
STOPPING = "the server stops, and this took longer than it could wait; ask again"
NO_HOOKS = (
    "hooks need a token file, and there is none: write one (judge tokens NAME --role hook makes an "
    "entry), or on this machine leave /hooks/<token> out of the URL"
)
UNKNOWN_HOOK = (
    "the URL needs a token that the token file has with the role hook: /hooks/<token>/...; "
    "judge tokens NAME --role hook makes one"
)
NOTHING_BEHIND = (
    f"behind a hook there are {', '.join(f'/{one}/...' for one in DIALECTS)}, each written without "
    "an empty part or dots; see whether the URL has a slash too many"
)
GONE = 499  # nginx's number for a caller who left before an answer
PROBED = frozenset({"/healthz", "/readyz", "/metrics", "/kayenta/health"})
_log = structlog.get_logger("judge.access")
_faults = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why somebody is not let in, for the answer at whichever path he asked."""

    status: int
    detail: str
    headers: Mapping[str, str] = field(default_factory=dict)


class Door:
    """The outermost layer of the app: lets a request in with its `Principal`, or answers it.

    ``state["principal"]`` of the scope is who asks; absent on an open path.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        tokens: TokenFile | None,
        metrics_open: bool,
        metrics: HttpMetrics,
    ) -> None:
        self._app = app
        self._tokens = tokens
        self._metrics = metrics
        self._open = OPEN | {"/metrics"} if metrics_open else OPEN

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or hand it on; then log it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.monotonic()
        status = GONE

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._enter(scope, receive, watched)
        except asyncio.CancelledError:
            if status != GONE:
                raise
            # The drain is over. The server ends with this task, so nothing waits for its cancel.
            answer = broken_off(scope, 503, STOPPING, headers={"Retry-After": "5"})
            await answer(scope, receive, watched)
        except Exception as exc:
            _faults.exception("a fault in Judge itself", path=writable(scope["path"]))
            if status != GONE:
                raise  # the answer has begun: all that is left is to break it off
            await broken_off(scope, 500, fault(exc))(scope, receive, watched)
        finally:
            seconds = time.monotonic() - began
            self._metrics.answered(scope["method"], status, seconds)
            _write_line(scope, status, seconds)

    async def _enter(self, scope: Scope, receive: Receive, send: Send) -> None:
        hook = hook_path(scope["path"])
        found, refused = self._look_at(scope) if hook is None else self._look_at_hook(hook)
        scope.setdefault("state", {})["principal"] = found
        if refused is not None:
            answer = refusal(
                scope["path"], refused.status, refused.detail, headers=dict(refused.headers)
            )
            await answer(scope, receive, send)
            return
        if hook is not None:
            scope["path"], scope["raw_path"] = hook.path, quote(hook.path).encode()
        await self._app(scope, receive, send)

    def _look_at(self, scope: Scope) -> tuple[Principal | None, Refusal | None]:
        """Who asks, nobody on an open path; or why he is not let in."""
        headers = Headers(scope=scope)
        if self._tokens is None:
            refused = _refuse_browser(scope["method"], headers)
            return (LOCAL if refused is None else None), refused
        found = self._tokens.find(_bearer(headers))
        if found is not None and found.role is not Role.HOOK:
            return found, None
        return None, None if scope["path"] in self._open else _unknown()

    def _look_at_hook(self, hook: HookPath) -> tuple[Principal | None, Refusal | None]:
        """The same by the token in the path."""
        if self._tokens is None:
            return None, _unauthorized(NO_HOOKS)
        found = self._tokens.find(hook.token)
        if found is None or found.role is not Role.HOOK:
            return None, _unauthorized(UNKNOWN_HOOK)
        return found, None if hook.leads_somewhere else Refusal(404, NOTHING_BEHIND)


def is_loopback(host: str) -> bool:
    """Whether ``host`` (a name or an address, without a port) is this machine alone."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def check_listening(settings: Settings) -> None:
    """Raise `SettingsError` where Judge would be open to whoever can reach it."""
    if settings.token_file is None and not is_loopback(settings.host):
        raise SettingsError(
            f"host: {settings.host} can be reached from other machines, and without a token file "
            "whoever reaches Judge may do everything. Set token_file (judge tokens NAME makes a "
            "token), or listen on 127.0.0.1"
        )


def _unknown() -> Refusal:
    return _unauthorized(
        "a token is needed, one that the token file has: Authorization: Bearer <token>"
    )


def _unauthorized(detail: str) -> Refusal:
    return Refusal(401, detail, {"WWW-Authenticate": 'Bearer realm="judge"'})


def _bearer(headers: Headers) -> str:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _refuse_browser(method: str, headers: Headers) -> Refusal | None:
    host = headers.get("host", "")
    if not is_loopback(_hostname(host)):
        return Refusal(
            403, "without a token file Judge answers only to http://127.0.0.1 or http://localhost"
        )
    origin = headers.get("origin")
    if origin is not None and origin.partition("://")[2] != host:
        return Refusal(403, "a page of another origin asks; without a token file that is refused")
    json = headers.get("content-type", "").partition(";")[0].strip().lower() == "application/json"
    # Of what changes something, a browser sends only a POST to others without asking them first.
    if method == "POST" and not json:
        return Refusal(415, "send it with Content-Type: application/json, even without a body")
    return None


def _hostname(host: str) -> str:
    """A Host header without its port; empty where it is none."""
    try:
        return urlsplit("//" + host).hostname or ""
    except ValueError:
        return ""


def _write_line(scope: Scope, status: int, seconds: float) -> None:
    principal: Principal | None = scope.get("state", {}).get("principal")
    # Probes and scrapes would drown the rest.
    write = _log.debug if scope["path"] in PROBED else _log.info
    write(
        "request",
        method=scope["method"],
        path=writable(scope["path"]),
        status=status,
        ms=round(seconds * 1000, 1),
        caller=(scope.get("client") or ("",))[0],
        token=principal.name if principal else None,
    )
