"""One webhook, sent once: signed as Standard Webhooks has it, bounded, its answer understood.

Promises: the signature covers exactly the bytes that are sent; nothing is sent unsigned where a
secret was asked for; a redirect is never followed (the signature was made for one receiver); no
message shows more of the URL than its scheme, host and port, since the rest may be a credential.
Trying again is `worker`'s.

Standard Webhooks 1.0.0: https://github.com/standard-webhooks/standard-webhooks
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import math
from collections.abc import Callable
from datetime import UTC
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import urlsplit

import requests

from judge import __version__
from judge.errors import ActionError
from judge.spec.resolved import Webhook

CONNECT_TIMEOUT = 5.0  # seconds; how long an answer may take is the webhook's own
_WORTH_ANOTHER_TRY = frozenset({408, 409, 425, 429})
_SECRET_PREFIX = "whsec_"  # noqa: S105


def sign(secret: bytes, *, message_id: str, timestamp: int, body: bytes) -> str:
    """The ``webhook-signature`` of a body sent at ``timestamp`` (whole Unix seconds)."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    digest = hmac.new(secret, signed, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


def read_secret(path: str) -> bytes:
    """The signing key in a file: ``whsec_`` and base64, or any other text as it stands.

    Raises ActionError, worth another try: the file can be put in place meanwhile.
    """
    try:
        text = Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as exc:
        why = exc.strerror if isinstance(exc, OSError) else "no text"
        raise ActionError(f"secretFile {path}: cannot be read: {why}", retry=True) from exc
    if not text.startswith(_SECRET_PREFIX):
        secret = text.encode()
    else:
        try:
            secret = base64.b64decode(text.removeprefix(_SECRET_PREFIX), validate=True)
        except binascii.Error as exc:
            raise ActionError(
                f"secretFile {path}: what follows whsec_ is not base64", retry=True
            ) from exc
    if not secret:
        raise ActionError(f"secretFile {path}: is empty; write the signing key in it", retry=True)
    return secret


def receiver(url: str) -> str:
    """As much of a URL as may be shown: scheme, host and port."""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "an unreadable URL"
    return f"{parts.scheme}://{parts.hostname}{port}"


def send(hook: Webhook, *, message_id: str, body: str, wall: Callable[[], float]) -> None:
    """POST ``body`` to the webhook; return once it has been accepted (2xx).

    ``message_id`` stays the same at each repetition, and is how a receiver knows one. Raises
    ActionError, which says whether another try is of use and when it was asked for.
    """
    data = body.encode()
    headers = _headers(hook, message_id=message_id, body=data, timestamp=int(wall()))
    if urlsplit(hook.url).scheme not in ("http", "https"):
        raise ActionError("the URL is neither http:// nor https://", retry=False)
    with requests.Session() as session:
        session.auth = _as_it_is
        try:
            with session.post(
                hook.url,
                data=data,
                headers=headers,
                timeout=(min(CONNECT_TIMEOUT, hook.timeout), hook.timeout),
                allow_redirects=False,
                stream=True,
            ) as answer:
                _judge(answer, hook, wall=wall)
        except requests.RequestException as exc:
            raise _failure(exc, hook) from exc


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    # With no authentication of its own a session sends what ~/.netrc has for the host.
    return request


def _headers(hook: Webhook, *, message_id: str, body: bytes, timestamp: int) -> dict[str, str]:
    ours = {
        "content-type": "application/json",
        "user-agent": f"judge/{__version__}",
        "idempotency-key": message_id,
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
    }
    if hook.secret_file:
        ours["webhook-signature"] = sign(
            read_secret(hook.secret_file), message_id=message_id, timestamp=timestamp, body=body
        )
    theirs = {name.lower(): value for name, value in hook.headers.items()}
    return {**theirs, **ours}


def _judge(answer: requests.Response, hook: Webhook, *, wall: Callable[[], float]) -> None:
    status = answer.status_code
    if 200 <= status < 300:
        return  # its content means nothing to us, and could be endless
    where = receiver(hook.url)
    if 300 <= status < 400:
        raise ActionError(
            f"{where} answered {status}, a redirect, which is not followed; give the URL that it "
            "leads to",
            retry=False,
        )
    retry = status >= 500 or status in _WORTH_ANOTHER_TRY
    after = _retry_after(answer.headers.get("retry-after", ""), now=wall())
    raise ActionError(f"{where} answered {status}", retry=retry, after=after)


def _retry_after(value: str, *, now: float) -> float | None:
    """Seconds to wait, of a Retry-After header (RFC 9110, 10.2.3); None where it says nothing."""
    try:
        seconds = float(value)
    except ValueError:
        try:
            moment = parsedate_to_datetime(value)
        except ValueError:
            return None
        seconds = moment.replace(tzinfo=moment.tzinfo or UTC).timestamp() - now
    return max(0.0, seconds) if math.isfinite(seconds) else None


def _failure(exc: requests.RequestException, hook: Webhook) -> ActionError:
    where = receiver(hook.url)
    if isinstance(exc, requests.ConnectTimeout):
        return ActionError(f"{where} could not be reached in time", retry=True)
    if isinstance(exc, requests.Timeout):
        return ActionError(f"{where} did not answer within {hook.timeout:g} s", retry=True)
    if isinstance(exc, requests.ConnectionError):
        return ActionError(f"{where} could not be reached: {_root(exc)}", retry=True)
    if isinstance(exc, ValueError):  # InvalidURL, InvalidHeader, MissingSchema and their like
        return ActionError(
            f"{where}: the webhook's URL or headers cannot be sent: {type(exc).__name__}",
            retry=False,
        )
    return ActionError(f"{where} gave no usable answer: {type(exc).__name__}", retry=True)


def _root(exc: BaseException) -> str:
    """What the operating system said, without the URL that requests puts in its messages."""
    seen: BaseException | None = exc
    while seen is not None:
        if isinstance(seen, OSError) and seen.strerror:
            return seen.strerror
        seen = seen.__cause__ or seen.__context__
    return type(exc).__name__
