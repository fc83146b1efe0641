"""What Flagger and the load tester's callers are refused with: one line of text, never JSON."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client import CollectorRegistry
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.testing import capture_logs

from judge.api.door import Door
from judge.api.hooks import speaks_plainly
from judge.api.http_metrics import HttpMetrics
from judge.api.tokens import TokenFile, hash_token
from tests.api.running import Server, running

HOOK = "judge_a-hooks-token"
CALL = {"name": "podinfo", "namespace": "test", "phase": "Progressing", "checksum": "85d557f47b"}


def write_tokens(folder: Path) -> Path:
    path = folder / "tokens.yaml"
    entry = {"name": "flagger", "hash": hash_token(HOOK), "role": "hook"}
    path.write_text(json.dumps({"tokens": [entry]}), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("refusing")
    with running(folder, daemon=False, token_file=write_tokens(folder)) as server:
        yield server


def is_a_line(answer: httpx.Response) -> bool:
    plain = answer.headers["content-type"] == "text/plain; charset=utf-8"
    lines = answer.text.splitlines()
    return plain and len(lines) == 1 and 0 < len(lines[0]) <= 250 and HOOK not in answer.text


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/flagger/podinfo/rollout", 401),
        ("/gate/check", 401),
        ("/rollback/check", 401),
        ("/hooks/wrong/flagger/podinfo/rollout", 401),
        ("/hooks/wrong/gate/check", 401),
        ("/hooks//flagger/podinfo/rollout", 401),
        ("/hooks/flagger/podinfo/rollout", 401),
        ("/hooks/{hook}//flagger/podinfo/rollout", 404),
        ("/hooks/{hook}/flagger//rollout", 404),
        ("/hooks/{hook}/flagger", 404),
        ("/hooks/{hook}/flagger/podinfo", 404),
        ("/hooks/{hook}/flagger/podinfo/rollout/more", 404),
        ("/hooks/{hook}/flagger/podinfo/unknown", 404),
        ("/hooks/{hook}/flagger/unknown/rollout", 404),
        ("/hooks/{hook}/gate/unknown", 404),
        ("/hooks/{hook}/rollback", 404),
        ("/hooks/{hook}/", 404),
    ],
)
def test_who_is_sent_away_is_told_so_in_a_line(guarded: Server, path: str, status: int) -> None:
    answer = guarded.http.post(path.format(hook=HOOK), json=CALL)
    assert answer.status_code == status
    assert is_a_line(answer), answer.text
    assert ("www-authenticate" in answer.headers) is (status == 401)


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"])
def test_webhooks_are_posted(guarded: Server, method: str) -> None:
    answer = guarded.http.request(method, f"/hooks/{HOOK}/flagger/podinfo/rollout")
    assert answer.status_code == 405
    assert method == "HEAD" or is_a_line(answer)
    refused = guarded.http.request(method, "/hooks/wrong/flagger/podinfo/rollout")
    assert refused.status_code == 401
    assert method == "HEAD" or is_a_line(refused)


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        (b"{" + b" " * 10_000_000, {"Content-Type": "application/json"}, 413),
        (b"{", {"Content-Type": "application/json"}, 400),
        (b"{}", {"Content-Type": "text/plain"}, 415),
    ],
    ids=["huge", "no JSON", "no JSON by its type"],
)
def test_what_cannot_be_read_is_refused_in_a_line(
    guarded: Server, content: bytes, headers: dict[str, str], status: int
) -> None:
    path = f"/hooks/{HOOK}/flagger/podinfo/rollout"
    answer = guarded.http.post(path, content=content, headers=headers)
    assert answer.status_code == status
    assert is_a_line(answer), answer.text


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Type": "text/plain"}, 415),
        ({"Host": "attacker.example"}, 403),
        ({"Origin": "http://attacker.example"}, 403),
    ],
)
@pytest.mark.parametrize("path", ["/flagger/podinfo/rollout", "/gate/open", "/rollback/open"])
def test_a_page_is_refused_in_a_line(
    shared: Server, path: str, headers: dict[str, str], status: int
) -> None:
    answer = shared.http.post(path, json=CALL, headers=headers)
    assert answer.status_code == status
    assert is_a_line(answer), answer.text


def test_without_a_token_file_there_are_no_hooks(shared: Server) -> None:
    answer = shared.http.post(f"/hooks/{HOOK}/flagger/podinfo/rollout", json=CALL)
    assert answer.status_code == 401
    assert is_a_line(answer), answer.text


@pytest.mark.parametrize(
    "path", ["/api/v1/none", "/kayenta/none", "/flaggers/x", "/hooks/wrong/kayenta/canaryConfig"]
)
def test_others_are_told_a_problem(guarded: Server, path: str) -> None:
    assert guarded.http.post(path, json={}).headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("path", "plain"),
    [
        ("/flagger/podinfo/rollout", True),
        ("/gate", True),
        ("//rollback/check", True),
        ("/hooks/x/gate/check", True),
        ("/hooks/gate/check", True),
        ("/hooks/x/kayenta/gate", False),
        ("/hooks/x", True),
        ("/hooks/x/", True),
        ("/hooks/x/api/v1/gates", False),
        ("/gates", False),
        ("/api/v1/gates", False),
        ("/", False),
        ("", False),
    ],
)
def test_a_paths_caller_reads_lines_or_not(path: str, plain: bool) -> None:
    assert speaks_plainly(path) is plain


async def hang(_scope: Scope, _receive: Receive, _send: Send) -> None:
    await asyncio.Event().wait()


async def fall(_scope: Scope, _receive: Receive, _send: Send) -> None:
    raise RuntimeError("a fault")


def broken_off(
    app: ASGIApp, path: str, *, method: str = "POST", tokens: TokenFile | None = None
) -> tuple[int, str]:
    """What the door answers in the place of ``app``, which is cancelled if it waits."""
    sent: list[Message] = []
    metrics = HttpMetrics(CollectorRegistry())
    door = Door(app, tokens=tokens, metrics_open=False, metrics=metrics)
    headers = [(b"host", b"localhost"), (b"content-type", b"application/json")]
    scope = {"type": "http", "method": method, "path": path, "headers": headers}

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    async def asked() -> None:
        task = asyncio.ensure_future(door(scope, receive, send))
        await asyncio.sleep(0.01)
        task.cancel()
        await task

    with capture_logs():
        asyncio.run(asked())
    body = b"".join(message.get("body", b"") for message in sent)
    return sent[0]["status"], body.decode()


HOLDS = {
    "confirm-rollout": 403,
    "pre-rollout": 200,
    "rollout": 200,
    "confirm-traffic-increase": 403,
    "confirm-promotion": 403,
    "post-rollout": 200,
    "rollback": 403,
    "event": 200,
}


@pytest.mark.parametrize("app", [hang, fall], ids=["stopping", "a fault"])
@pytest.mark.parametrize(("hook", "status"), HOLDS.items())
def test_a_webhook_that_is_broken_off_holds_and_fails_no_check(
    app: ASGIApp, hook: str, status: int
) -> None:
    answered, told = broken_off(app, f"/flagger/podinfo/{hook}")
    assert answered == status
    assert told.startswith("Judge cannot tell: ")
    assert len(told.splitlines()) == 1


@pytest.mark.parametrize(("app", "status"), [(hang, 503), (fall, 500)], ids=["stopping", "a fault"])
def test_whatever_else_is_broken_off_is_an_error(app: ASGIApp, status: int) -> None:
    for path in ("/gate/check", "/rollback/open", "/flagger/podinfo/other", "/flagger/rollout"):
        answered, told = broken_off(app, path)
        assert answered == status
        assert not told.startswith("{")
    assert broken_off(app, "/flagger/podinfo/rollout", method="GET")[0] == status
    answered, told = broken_off(app, "/api/v1/runs")
    assert (answered, json.loads(told)["status"]) == (status, status)


def test_who_was_not_let_in_is_told_nothing_else(tmp_path: Path) -> None:
    tokens: Any = TokenFile(write_tokens(tmp_path))
    assert broken_off(hang, "/flagger/podinfo/rollout", tokens=tokens)[0] == 401
    assert broken_off(hang, f"/hooks/{HOOK}/flagger/podinfo/rollout", tokens=tokens)[0] == 200
    assert broken_off(hang, f"/hooks/{HOOK}x/flagger/podinfo/rollout", tokens=tokens)[0] == 401
