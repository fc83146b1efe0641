"""/hooks/{token}/...: its token lets in there and nowhere else, and is written down nowhere."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator, MutableMapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from judge.api.hooks import HookPath, hook_path, writable
from judge.api.tokens import hash_token, new_token
from tests.api.running import Server, document, running, until
from tests.api.test_door import raw

HOOK = new_token()
TOKENS: dict[str, dict[str, Any]] = {
    HOOK: {"name": "argo", "role": "hook", "namespaces": ["shop"]},
    "token-of-operator": {"name": "operator", "role": "operate"},
    "token of a/b": {"name": "odd", "role": "hook"},
}
INSIDE = "/kayenta/canaryConfig"


def write_tokens(path: Path, tokens: dict[str, dict[str, Any]]) -> Path:
    entries = [{"hash": hash_token(token), **entry} for token, entry in tokens.items()]
    path.write_text(json.dumps({"tokens": entries}), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("hooked")
    tokens = write_tokens(folder / "tokens.yaml", TOKENS)
    with running(folder, daemon=False, token_file=tokens) as server:
        yield server


def test_a_hook_lets_in_without_a_header(guarded: Server) -> None:
    answer = guarded.http.get(f"/hooks/{HOOK}{INSIDE}")
    assert (answer.status_code, answer.json()) == (200, [])


@pytest.mark.parametrize("headers", [{"Content-Type": "text/odd"}, {"Authorization": "Bearer x"}])
def test_odd_headers_of_a_get_do_not_matter(guarded: Server, headers: dict[str, str]) -> None:
    assert guarded.http.get(f"/hooks/{HOOK}{INSIDE}", headers=headers).status_code == 200


def test_a_slash_at_the_end_is_no_detour(guarded: Server) -> None:
    assert guarded.http.get(f"/hooks/{HOOK}{INSIDE}/").status_code == 200


@pytest.mark.parametrize("path", ["/api/v1/runs", INSIDE, "/metrics", "/kayenta/judges"])
def test_a_hooks_token_is_no_bearer_token(guarded: Server, path: str) -> None:
    answer = guarded.http.get(path, headers={"Authorization": f"Bearer {HOOK}"})
    assert answer.status_code == 401
    assert guarded.http.get(path, params={"token": HOOK}).status_code == 401


@pytest.mark.parametrize(
    "token",
    ["token-of-operator", "nothing", "", hash_token(HOOK), HOOK + "x", HOOK.swapcase(), "%00"],
    ids=["a bearer's", "unknown", "none", "the hash", "longer", "other letters", "no text"],
)
def test_no_other_token_is_a_hooks(guarded: Server, token: str) -> None:
    answer = guarded.http.get(f"/hooks/{token}{INSIDE}")
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert "judge tokens NAME --role hook" in answer.json()["detail"]
    assert not token or token not in answer.text


@pytest.mark.parametrize(
    ("rest", "status"),
    [
        ("", 404),
        ("/", 404),
        ("/kayenta", 404),
        ("/kayentas/canaryConfig", 404),
        ("/api/v1/runs", 404),
        ("/metrics", 404),
        ("/openapi.json", 404),
        ("/hooks/{hook}/kayenta/canaryConfig", 404),
        ("//kayenta/canaryConfig", 404),
        ("/kayenta//canaryConfig", 404),
        ("/kayenta/../api/v1/runs", 404),
        ("/kayenta/..%2f..%2fapi/v1/runs", 404),
        ("/../api/v1/runs", 404),
        ("/../../api/v1/runs", 404),
        ("/./kayenta/canaryConfig", 404),
        ("/kayenta/nothing", 404),
        ("%2fkayenta%2fcanaryConfig", 200),
    ],
)
def test_nothing_else_is_behind_a_hook(guarded: Server, rest: str, status: int) -> None:
    """Written by hand: a client would tidy the path up before it sends it."""
    head = f"GET /hooks/{HOOK}{rest.format(hook=HOOK)} HTTP/1.1\nHost: judge\nConnection: close\n\n"
    assert raw(guarded, head) == status


@pytest.mark.parametrize(
    "path", ["/hooks/x/../api/v1/runs", "/hooks", "/hooks/", "//hooks/{hook}/kayenta/canaryConfig"]
)
def test_what_is_no_hooks_path_needs_a_token(guarded: Server, path: str) -> None:
    head = f"GET {path.format(hook=HOOK)} HTTP/1.1\nHost: judge\nConnection: close\n\n"
    assert raw(guarded, head) == 401


@pytest.mark.parametrize("token", ["%74oken%20of%20a%2Fb", "token%20of%20a/b"])
def test_a_token_with_a_slash_is_no_path(guarded: Server, token: str) -> None:
    assert guarded.http.get(f"/hooks/{token}{INSIDE}").status_code == 401


def test_a_token_may_be_percent_encoded(guarded: Server) -> None:
    encoded = "".join(f"%{byte:02x}" for byte in HOOK.encode())
    head = f"GET /hooks/{encoded}{INSIDE} HTTP/1.1\nHost: judge\nConnection: close\n\n"
    assert raw(guarded, head) == 200


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "PATCH"])
def test_other_methods_are_told_apart_inside_alone(guarded: Server, method: str) -> None:
    assert guarded.http.request(method, f"/hooks/{HOOK}{INSIDE}").status_code == 405
    assert guarded.http.request(method, f"/hooks/nothing{INSIDE}").status_code == 401


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_a_hook_stores_nothing(guarded: Server, method: str) -> None:
    path = INSIDE if method == "POST" else f"{INSIDE}/some"
    answer = guarded.http.request(method, f"/hooks/{HOOK}{path}", json={})
    assert answer.status_code == 403
    assert "the role hook; this needs operate" in answer.json()["detail"]


def test_who_is_not_let_in_has_nothing_read(guarded: Server) -> None:
    headers = {"Content-Type": "application/json"}
    answer = guarded.http.post("/hooks/x" + INSIDE, content=b"{" * 5_000_000, headers=headers)
    assert answer.status_code == 401


def test_a_hook_that_is_revoked_lets_nobody_in(tmp_path: Path) -> None:
    path = write_tokens(tmp_path / "tokens.yaml", TOKENS)
    with running(tmp_path, daemon=False, token_file=path) as server:
        assert server.http.get(f"/hooks/{HOOK}{INSIDE}").status_code == 200
        write_tokens(path, {token: one for token, one in TOKENS.items() if token != HOOK})
        os.utime(path, ns=(1, 1))
        assert server.http.get(f"/hooks/{HOOK}{INSIDE}").status_code == 401


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_without_a_token_file_there_are_no_hooks(shared: Server, method: str) -> None:
    answer = shared.http.request(method, f"/hooks/{HOOK}{INSIDE}")
    assert answer.status_code == 401
    assert "leave /hooks/<token> out of the URL" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("path", "logged", "name"),
    [
        ("/hooks/{hook}/kayenta/canaryConfig", INSIDE, "argo"),
        ("/hooks/{hook}/kayenta/canaryConfig/none", INSIDE + "/none", "argo"),
        ("/hooks/{hook}/api/v1/runs", "/hooks/***", "argo"),
        ("/hooks//{hook}/kayenta", "/hooks/***", None),
        ("/hooks/wrong-secret/kayenta", "/hooks/***", None),
        ("//hooks/{hook}/kayenta", "//hooks/***", None),
        ("/Hooks/{hook}/kayenta", "/Hooks/***", None),
        ("/hooks%252f{hook}/kayenta", "/hooks/***", None),
        ("/hook/{hook}/kayenta", "/hook/***/kayenta", None),
    ],
)
def test_no_token_is_logged_or_answered(
    guarded: Server, path: str, logged: str, name: str | None
) -> None:
    with capture_logs() as lines:
        target = path.format(hook=HOOK)
        head = f"GET {target}?t=secretive HTTP/1.1\nHost: judge\nConnection: close\n\n"
        answered = exchange(guarded, head)
        # The line of a request before it may come late, once that has been answered.
        until(lambda: any(of_request(line) == (logged, name) for line in lines))
    assert HOOK not in answered + str(lines)
    assert "secret" not in answered + str(lines)


def of_request(line: MutableMapping[str, Any]) -> tuple[str, str | None] | None:
    """The path and the caller of a line of the access log; None of any other line."""
    return (line["path"], line["token"]) if line["event"] == "request" else None


def exchange(server: Server, head: str) -> str:
    """The whole answer to a request written by hand."""
    url = httpx.URL(server.url)
    with socket.create_connection((url.host, url.port or 0), timeout=10) as wire:
        wire.sendall(head.replace("\n", "\r\n").encode("latin-1"))
        return b"".join(iter(lambda: wire.recv(65536), b"")).decode()


def test_a_fault_behind_a_hook_tells_no_token(tmp_path: Path) -> None:
    path = write_tokens(tmp_path / "tokens.yaml", TOKENS)
    with running(tmp_path, daemon=False, token_file=path) as server, capture_logs() as lines:
        app: Any = server.listener.config.app
        app.state.context = None
        answer = server.http.get(f"/hooks/{HOOK}{INSIDE}")
        until(lambda: [line for line in lines if line["event"] == "request"])
    assert answer.status_code == 500
    assert HOOK not in answer.text + str(lines)


def test_a_run_started_elsewhere_is_not_behind_a_hook(guarded: Server) -> None:
    headers = {"Authorization": "Bearer token-of-operator"}
    started = guarded.http.post("/api/v1/runs", json=document(), headers=headers)
    run = started.json()["data"]["id"]
    assert guarded.http.get(f"/hooks/{HOOK}/api/v1/runs/{run}").status_code == 404


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/hooks/t/kayenta/x", HookPath("t", "/kayenta/x")),
        ("/hooks/t", HookPath("t", "/")),
        ("/hooks", HookPath("", "/")),
        ("/hooked/t/kayenta", None),
        ("/Hooks/t/kayenta", None),
        ("/kayenta/hooks/t", None),
    ],
)
def test_a_path_is_a_hooks_or_not(path: str, found: HookPath | None) -> None:
    assert hook_path(path) == found


def test_a_path_without_a_token_is_written_as_it_is() -> None:
    assert writable("/api/v1/runs/judge") == "/api/v1/runs/judge"


@pytest.mark.parametrize(
    "behind",
    [
        "",
        "kayenta//canaryConfig",
        "kayenta/canaryConfig//",
        "kayenta/../api/v1/runs",
        "api/kayenta",
    ],
)
def test_only_a_dialects_path_as_it_is_written_leads_somewhere(behind: str) -> None:
    found = hook_path(f"/hooks/{HOOK}/{behind}")
    assert found is not None
    assert not found.leads_somewhere
