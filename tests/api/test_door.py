"""Who is let in: tokens, roles, namespaces; without tokens loopback, and no page in a browser."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from judge.api.door import check_listening, is_loopback
from judge.api.tokens import hash_token
from judge.errors import SettingsError
from judge.settings import Settings
from tests.api.running import Server, document, running, start, until

TOKENS = {
    "viewer": {"role": "view"},
    "asker": {"role": "judge"},
    "operator": {"role": "operate"},
    "admin": {"role": "admin"},
    "banker": {"role": "operate", "namespaces": ["bank"]},
}


def as_(name: str) -> dict[str, str]:
    return {"Authorization": f"Bearer token-of-{name}"}


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("guarded")
    entries = [
        {"name": name, "hash": hash_token(f"token-of-{name}"), **entry}
        for name, entry in TOKENS.items()
    ]
    (folder / "tokens.yaml").write_text(json.dumps({"tokens": entries}), encoding="utf-8")
    stored = folder / "analyses"
    stored.mkdir()
    (stored / "checkout.json").write_text(json.dumps(document()), encoding="utf-8")
    with running(
        folder, daemon=False, token_file=folder / "tokens.yaml", analyses=stored
    ) as server:
        yield server


@pytest.fixture(scope="module")
def shop_run(guarded: Server) -> str:
    answer = guarded.http.post("/api/v1/runs", json=document(), headers=as_("asker"))
    run: str = answer.json()["data"]["id"]
    return run


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer nothing"},
        {"Authorization": "Bearer"},
        {"Authorization": "Basic dG9rZW4tb2YtYWRtaW4="},
        {"Authorization": f"Bearer {hash_token('token-of-admin')}"},
        {"Authorization": b"Bearer \xff\xfe"},
    ],
    ids=["none", "unknown", "empty", "another scheme", "the hash itself", "not text"],
)
@pytest.mark.parametrize("path", ["/api/v1/runs", "/api/v1/runs/x/events", "/metrics", "/nope"])
def test_without_a_token_of_the_file_nobody_gets_in(
    guarded: Server, path: str, headers: dict[str, Any]
) -> None:
    answer = guarded.http.get(path, headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert answer.headers["content-type"] == "application/problem+json"


def test_who_is_not_let_in_has_nothing_read(guarded: Server) -> None:
    headers = {"Content-Type": "application/json"}
    answer = guarded.http.post("/api/v1/runs", content=b"{" * 5_000_000, headers=headers)
    assert answer.status_code == 401


@pytest.mark.parametrize("path", ["/healthz", "/docs", "/openapi.json"])
def test_these_are_open(guarded: Server, path: str) -> None:
    assert guarded.http.get(path).status_code == 200


def test_the_metrics_need_a_token_unless_the_setting_opens_them(
    guarded: Server, tmp_path: Path
) -> None:
    assert guarded.http.get("/metrics", headers=as_("viewer")).status_code == 200
    tokens = tmp_path / "tokens.yaml"
    tokens.write_text("tokens: []", encoding="utf-8")
    with running(tmp_path, daemon=False, token_file=tokens, metrics_open=True) as server:
        assert server.http.get("/metrics").status_code == 200
        assert server.http.get("/api/v1/runs").status_code == 401


CALLS: list[tuple[str, str, Any, str]] = [
    ("GET", "/api/v1/runs", None, "viewer"),
    ("GET", "/api/v1/runs/{run}", None, "viewer"),
    ("GET", "/api/v1/runs/{run}/evidence", None, "viewer"),
    ("POST", "/api/v1/runs", {"analysis": "checkout"}, "asker"),
    ("POST", "/api/v1/verdicts", {"analysis": "checkout"}, "asker"),
    ("POST", "/api/v1/runs/{run}/hold", {}, "operator"),
]
ORDER = ["viewer", "asker", "operator", "admin"]


@pytest.mark.parametrize(("method", "path", "body", "least"), CALLS)
@pytest.mark.parametrize("name", ORDER)
def test_each_role_may_do_its_own_and_all_below(
    guarded: Server, shop_run: str, method: str, path: str, body: Any, least: str, name: str
) -> None:
    answer = guarded.http.request(method, path.format(run=shop_run), json=body, headers=as_(name))
    if ORDER.index(name) >= ORDER.index(least):
        assert answer.is_success, answer.text
    else:
        assert answer.status_code == 403
        assert f"the token {name} has the role" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/v1/runs/{run}"),
        ("GET", "/api/v1/runs/{run}/events"),
        ("GET", "/api/v1/runs/{run}/evidence"),
        ("POST", "/api/v1/runs/{run}/cancel"),
    ],
)
def test_another_namespaces_run_is_as_absent_as_none(
    guarded: Server, shop_run: str, method: str, path: str
) -> None:
    hidden = guarded.http.request(method, path.format(run=shop_run), headers=as_("banker"))
    absent = guarded.http.request(method, path.format(run="none"), headers=as_("banker"))
    assert hidden.status_code == absent.status_code == 404
    assert hidden.text.replace(shop_run, "none") == absent.text


def test_a_list_holds_only_what_may_be_seen(guarded: Server, shop_run: str) -> None:
    started = guarded.http.post(
        "/api/v1/runs", json=document(namespace="bank"), headers=as_("banker")
    )
    mine = started.json()["data"]["id"]

    def listed(name: str, **query: str) -> list[str]:
        answer = guarded.http.get("/api/v1/runs", params=query, headers=as_(name))
        return [run["id"] for run in answer.json()["data"]]

    assert listed("banker") == [mine]
    assert listed("banker", namespace="shop") == []
    assert set(listed("viewer")) >= {mine, shop_run}
    query = {"cursor": shop_run}
    answer = guarded.http.get("/api/v1/runs", params=query, headers=as_("banker"))
    assert answer.status_code == 422


def test_only_analyses_of_ones_own_namespaces_are_judged(guarded: Server) -> None:
    sent = guarded.http.post("/api/v1/runs", json=document(), headers=as_("banker"))
    assert sent.status_code == 422
    assert sent.json()["issues"][0]["path"] == "metadata.namespace"
    body = {"analysis": "checkout"}
    stored = guarded.http.post("/api/v1/runs", json=body, headers=as_("banker"))
    absent = guarded.http.post("/api/v1/runs", json={"analysis": "x"}, headers=as_("banker"))
    assert stored.status_code == absent.status_code == 404


@pytest.mark.parametrize(
    ("spec", "path"),
    [
        (
            {"prometheus": {"address": "http://x", "bearerTokenFile": "/etc/judge/token"}},
            "spec.prometheus.bearerTokenFile",
        ),
        (
            {
                "prometheus": {
                    "address": "http://x",
                    "basicAuth": {"username": "u", "passwordFile": "/etc/judge/p"},
                }
            },
            "spec.prometheus.basicAuth.passwordFile",
        ),
        (
            {"onPass": [{"webhook": {"url": "http://x", "secretFile": "/etc/judge/hmac"}}]},
            "spec.onPass[0].webhook.secretFile",
        ),
    ],
    ids=["bearer token", "password", "webhook secret"],
)
def test_only_an_admins_request_names_files_of_the_server(
    guarded: Server, spec: dict[str, Any], path: str
) -> None:
    refused = guarded.http.post("/api/v1/runs", json=document(**spec), headers=as_("operator"))
    assert refused.status_code == 422
    assert [issue["path"] for issue in refused.json()["issues"]] == [path]
    allowed = guarded.http.post("/api/v1/runs", json=document(**spec), headers=as_("admin"))
    assert allowed.status_code == 201


@pytest.mark.parametrize("name", ["../checkout", "/etc/passwd", "a/b", ".", "", "checkout.json"])
def test_a_stored_name_leads_nowhere_else(guarded: Server, name: str) -> None:
    answer = guarded.http.post("/api/v1/runs", json={"analysis": name}, headers=as_("admin"))
    assert answer.status_code == 404


def test_the_access_log_says_who_did_what_and_never_a_token(guarded: Server) -> None:
    path = "/api/v1/runs/logged"
    with capture_logs() as lines:

        def logged() -> list[tuple[int, str | None]]:
            return [(line["status"], line["token"]) for line in lines if line["path"] == path]

        guarded.http.get(path, params={"name": "secretive"}, headers=as_("viewer"))
        until(lambda: len(logged()) == 1)
        guarded.http.get(path, headers={"Authorization": "Bearer wrong-secret"})
        until(lambda: len(logged()) == 2)
    assert logged() == [(404, "viewer"), (401, None)]
    assert "token-of-viewer" not in str(lines)
    assert "secret" not in str(lines)


def raw(server: Server, head: str) -> int:
    """The status of a request written by hand."""
    host, port = httpx.URL(server.url).host, httpx.URL(server.url).port
    with socket.create_connection((host, port or 0), timeout=10) as wire:
        wire.sendall(head.replace("\n", "\r\n").encode("latin-1"))
        return int(wire.recv(4096).split(b" ")[1])


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8080", 200),
        ("localhost", 200),
        ("LOCALHOST:1", 200),
        ("[::1]:8080", 200),
        ("attacker.example", 403),
        ("127.0.0.1.attacker.example", 403),
        ("attacker.example:8080", 403),
        ("[::1", 403),
        ("", 403),
        ("127.0.0.1@attacker.example", 403),
    ],
)
def test_without_tokens_the_host_must_be_loopback(shared: Server, host: str, status: int) -> None:
    head = f"GET /api/v1/runs HTTP/1.1\nHost: {host}\nConnection: close\n\n"
    assert raw(shared, head) == status


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Type": "application/json"}, 200),
        ({"Content-Type": "application/json; charset=utf-8"}, 200),
        ({}, 415),
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
        ({"Content-Type": "application/json", "Origin": "http://attacker.example"}, 403),
        ({"Content-Type": "application/json", "Origin": "null"}, 403),
    ],
)
def test_without_tokens_no_page_can_steer(
    shared: Server, headers: dict[str, str], status: int
) -> None:
    run = start(shared)["id"]
    answer = shared.http.post(f"/api/v1/runs/{run}/cancel", headers=headers)
    assert answer.status_code == status
    state = shared.http.get(f"/api/v1/runs/{run}").json()["data"]["state"]
    assert state == ("cancelled" if status == 200 else "pending")


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
@pytest.mark.parametrize(("headers", "status"), [({}, 404), ({"Origin": "http://x.example"}, 403)])
def test_what_a_browser_asks_leave_for_needs_no_content_type(
    shared: Server, method: str, headers: dict[str, str], status: int
) -> None:
    """A page of another origin is refused all the same: its browser says where it is from."""
    answer = shared.http.request(method, "/api/nothing", headers=headers)
    assert answer.status_code == status


def test_our_own_pages_may_ask(shared: Server) -> None:
    headers = {"Origin": shared.url}
    assert shared.http.get("/api/v1/runs", headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("10.0.0.1", False),
        ("judge.example", False),
        ("", False),
    ],
)
def test_without_tokens_only_loopback_is_listened_on(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback
    if host and not loopback:
        with pytest.raises(SettingsError, match="token file"):
            check_listening(Settings(host=host))
        check_listening(Settings(host=host, token_file=Path("tokens.yaml")))
