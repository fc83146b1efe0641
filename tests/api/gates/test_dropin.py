"""``/gate`` and ``/rollback`` answer as the load tester does, to whom may ask."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api.running import Server, running

OBSERVED = Path(__file__).parents[2] / "data" / "flagger-gates.json"
PODINFO = {"name": "podinfo", "namespace": "test"}
HOOK = "/hooks/token-of-hook"


def as_(name: str) -> dict[str, str]:
    return {"Authorization": f"Bearer token-of-{name}"}


def ask(server: Server, path: str, *, by: str = "", **body: Any) -> httpx.Response:
    headers = as_(by) if by else {}
    return server.http.post(path, json={**PODINFO, **body}, headers=headers)


def test_statuses_and_bodies_are_the_load_testers(guarded: Server) -> None:
    """Every step in order, by somebody who sees the one namespace that the load tester saw."""
    steps = json.loads(OBSERVED.read_text(encoding="utf-8"))
    assert len(steps) == 25
    for step in steps:
        answer = guarded.http.request(
            step["method"], step["path"], content=step["body"], headers=as_("tester")
        )
        told = (answer.status_code, answer.text, answer.headers.get("content-type", ""))
        assert told == (step["status"], step["reply"], step["contentType"]), step


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_any_method_works(guarded: Server, method: str) -> None:
    body = json.dumps({**PODINFO, "name": f"by-{method}"})
    for path, status in (("/gate/check", 403), ("/gate/open", 202), ("/gate/check", 200)):
        answer = guarded.http.request(method, path, content=body, headers=as_("operator"))
        assert answer.status_code == status
    assert answer.text == ("" if method == "HEAD" else "Approved")


@pytest.mark.parametrize("content_type", [None, "application/x-www-form-urlencoded", "text/plain"])
def test_with_a_token_any_content_type_is_taken(guarded: Server, content_type: str | None) -> None:
    """As ``curl -d`` sends it."""
    headers = {"Content-Type": content_type} if content_type else {}
    body = json.dumps({**PODINFO, "name": "typed"})
    opened = guarded.http.post("/gate/open", content=body, headers=headers | as_("operator"))
    assert opened.status_code == 202
    checked = guarded.http.post(f"{HOOK}/gate/check", content=body, headers=headers)
    assert (checked.status_code, checked.text) == (200, "Approved")


def test_without_tokens_a_page_opens_nothing(tmp_path: Path) -> None:
    with running(tmp_path, daemon=False) as server:
        body = json.dumps(PODINFO)
        for headers in (
            {"Content-Type": "text/plain"},
            {"Content-Type": "application/json", "Origin": "http://attacker.example"},
        ):
            answer = server.http.post("/gate/open", content=body, headers=headers)
            assert answer.status_code in (403, 415)
            assert len(answer.text.splitlines()) == 1
        assert ask(server, "/gate/check").status_code == 403
        assert ask(server, "/gate/open").status_code == 202
        assert ask(server, "/gate/check").status_code == 200


@pytest.mark.parametrize("gate", ["gate", "rollback"])
def test_a_token_that_stands_in_a_canary_opens_nothing(guarded: Server, gate: str) -> None:
    for what in ("open", "close"):
        answer = ask(guarded, f"{HOOK}/{gate}/{what}", name="hooked")
        assert answer.status_code == 403
        assert answer.text == "the token hook has the role hook; this needs operate"
        assert ask(guarded, f"/{gate}/{what}", name="hooked", by="asker").status_code == 403
    assert ask(guarded, f"{HOOK}/{gate}/check", name="hooked").text == "Forbidden"
    assert ask(guarded, f"/{gate}/open", name="hooked", by="operator").status_code == 202
    assert ask(guarded, f"{HOOK}/{gate}/check", name="hooked").text == "Approved"
    assert ask(guarded, f"/{gate}/check", name="hooked", by="viewer").status_code == 403
    assert ask(guarded, f"/{gate}/check", name="hooked", by="asker").status_code == 200


def test_approve_and_halt_say_the_same_whatever_is_sent(guarded: Server) -> None:
    for content in (b"", b"{", json.dumps({**PODINFO, "namespace": "prod"}).encode(), b"[]"):
        approved = guarded.http.post(f"{HOOK}/gate/approve", content=content)
        assert (approved.status_code, approved.text) == (200, "OK")
        halted = guarded.http.post(f"{HOOK}/gate/halt", content=content)
        assert (halted.status_code, halted.text) == (403, "Forbidden")
    assert guarded.http.post("/gate/approve", headers=as_("viewer")).status_code == 403


def test_another_namespace_is_forbidden(guarded: Server) -> None:
    assert ask(guarded, "/gate/open", by="operator", namespace="prod").status_code == 202
    answer = ask(guarded, f"{HOOK}/gate/check", namespace="prod")
    assert (answer.status_code, answer.text) == (403, "Forbidden")
    assert ask(guarded, "/gate/close", by="tester", namespace="prod").text == "Forbidden"
    assert ask(guarded, "/gate/check", by="operator", namespace="prod").text == "Approved"


@pytest.mark.parametrize(
    ("body", "status", "told"),
    [
        (b"[]", 400, "the body is no JSON object with a name and a namespace"),
        (b'{"name": 1, "namespace": "test"}', 400, "name is no text"),
        (b'{"name": "a", "namespace": "test", "checksum": "a b"}', 400, "checksum has more than"),
        (b'{"name": "a", "namespace": "test", "phase": "%s"}' % (b"x" * 201), 400, "phase has"),
        (b'{"name": "a", "name": "b", "namespace": "test"}', 400, ""),
        (b'{"name": "a"}', 403, "Forbidden"),
        (b'{"name": "a b", "namespace": "test"}', 403, "Forbidden"),
        (b'{"name": "%s", "namespace": "test"}' % (b"x" * 254), 403, "Forbidden"),
        (b" " * 10_000_000, 413, "the body is longer than"),
    ],
    ids=["list", "number", "space", "long phase", "twice", "nameless", "odd", "long", "huge"],
)
def test_what_names_no_gate_opens_none(
    guarded: Server, body: bytes, status: int, told: str
) -> None:
    before = guarded.http.get("/api/v1/gates", headers=as_("operator")).json()
    for path in ("/gate/open", "/gate/check"):
        answer = guarded.http.post(path, content=body, headers=as_("operator"))
        assert answer.status_code == status
        assert answer.text.startswith(told)
        assert len(answer.text.splitlines()) <= 1
    assert guarded.http.get("/api/v1/gates", headers=as_("operator")).json() == before


@pytest.mark.parametrize(
    "path",
    ["/gate", "/gate/", "/gate/unknown", "/gate/open/", "/rollback/approve", "/rollback/x/y"],
)
@pytest.mark.parametrize("method", ["POST", "GET"])
def test_there_are_no_other_gates(guarded: Server, method: str, path: str) -> None:
    answer = guarded.http.request(method, path, json=PODINFO, headers=as_("operator"))
    assert answer.status_code == 404
    assert answer.text.startswith("there are /gate/approve")
    assert len(answer.text.splitlines()) == 1


def test_there_is_no_command_runner(guarded: Server) -> None:
    answer = ask(guarded, "/", by="operator", metadata={"cmd": "true"})
    assert answer.status_code == 404
    assert answer.text.startswith("Judge runs no commands")
    assert len(answer.text.splitlines()) == 1
    assert ask(guarded, "/", metadata={"cmd": "true"}).status_code == 401


def test_a_revision_that_is_told_is_the_one_that_is_opened_for(guarded: Server) -> None:
    mine = {"name": "told", "phase": "Progressing"}
    assert ask(guarded, f"{HOOK}/gate/check", **mine, checksum="aaaa").status_code == 403
    opened = ask(guarded, "/gate/open", by="operator", name="told", checksum="bbbb")
    assert (opened.status_code, opened.text) == (202, "")
    assert ask(guarded, f"{HOOK}/gate/check", **mine, checksum="bbbb").status_code == 200
    assert ask(guarded, f"{HOOK}/gate/check", **mine, checksum="aaaa").status_code == 403
    assert ask(guarded, f"{HOOK}/gate/check", **mine, checksum="bbbb").status_code == 403


def test_what_was_opened_outlives_a_restart(tmp_path: Path) -> None:
    told = {"checksum": "aaaa", "phase": "Progressing"}
    with running(tmp_path, daemon=False) as server:
        assert ask(server, "/gate/check", **told).status_code == 403
        assert ask(server, "/gate/open").status_code == 202
    with running(tmp_path, daemon=False) as server:
        assert ask(server, "/gate/check", **told).status_code == 200
        assert ask(server, "/gate/check", **{**told, "checksum": "bbbb"}).status_code == 403
