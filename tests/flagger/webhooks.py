"""Webhooks as Flagger calls them: the body's bytes, the attempts, and what is made of the answer.

Held to the payloads, statuses and transports that were observed of Flagger v1.44 (the tests beside
it). It does not wait between attempts, nor heed ``Retry-After``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import httpx

from tests.flagger.canary import Phase, Webhook

_ESCAPES = {
    "<": "\\u003c",
    ">": "\\u003e",
    "&": "\\u0026",
    "\u2028": "\\u2028",
    "\u2029": "\\u2029",
}
HEADERS = {
    "Content-Type": "application/json",
    "User-Agent": "Go-http-client/1.1",
    "Accept-Encoding": "gzip",
}


@dataclass(frozen=True)
class Answer:
    """Whether a hook passed, its last status (0 where there was none) and the error's text."""

    passed: bool
    status: int
    error: str = ""
    attempts: int = 1


def payload(
    name: str, namespace: str, phase: Phase, checksum: str, metadata: Mapping[str, str] | None
) -> bytes:
    """The body: fields in Flagger's order, escaped as Go does, no metadata where there is none."""
    body: dict[str, object] = {
        "name": name,
        "namespace": namespace,
        "phase": phase.value,
        "checksum": checksum,
    }
    if metadata:
        body["metadata"] = dict(sorted(metadata.items()))
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    for character, escape in _ESCAPES.items():
        text = text.replace(character, escape)
    return text.encode()


def call(hook: Webhook, body: bytes) -> Answer:
    """Post ``body``, as often as the hook's retries allow."""
    limits = httpx.Timeout(hook.timeout)
    # No certificates are read: that would take longer than the call.
    with httpx.Client(
        timeout=limits, trust_env=False, verify=False, follow_redirects=True
    ) as client:
        for attempt in range(1, hook.retries + 2):
            try:
                reply = client.post(hook.url, content=body, headers=HEADERS)
            except httpx.HTTPError as failed:
                status, why = 0, f": Post {hook.url!r}: {failed}"
                continue
            if not _again(reply.status_code):
                passed = reply.status_code <= 202
                return Answer(passed, reply.status_code, "" if passed else reply.text, attempt)
            status, why = reply.status_code, ""
    return Answer(
        False, status, f"POST {hook.url} giving up after {attempt} attempt(s){why}", attempt
    )


def _again(status: int) -> bool:
    """Whether such an answer is asked for again, and its body never seen."""
    return status == 429 or (status >= 500 and status != 501)
