"""Cancelling: what goes on ends, what has ended stays, and nobody ends what is not his."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from judge.api.kayenta.examples import SENT
from judge.api.tokens import hash_token
from judge.spec.resolved import PrometheusConfig
from judge.store.run import EventType, RunState
from tests.api.running import Server, document, running

TOKENS: dict[str, dict[str, Any]] = {
    "viewer": {"role": "view", "namespaces": ["shop"]},
    "asker": {"role": "judge", "namespaces": ["shop"]},
    "banker": {"role": "admin", "namespaces": ["bank"]},
    "hook": {"role": "hook", "namespaces": ["shop"]},
}


def as_(name: str) -> dict[str, str]:
    return {"Authorization": f"Bearer token-of-{name}"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("cancelled")
    entries = [
        {"name": name, "hash": hash_token(f"token-of-{name}"), **entry}
        for name, entry in TOKENS.items()
    ]
    (folder / "tokens.yaml").write_text(json.dumps({"tokens": entries}), encoding="utf-8")
    servers = {"main": PrometheusConfig(address="http://127.0.0.1:9")}
    with running(
        folder, daemon=False, token_file=folder / "tokens.yaml", prometheus=servers
    ) as server:
        yield server


def started(server: Server) -> str:
    body = {
        "canaryConfig": SENT,
        "executionRequest": {
            "scopes": [{"controlScope": "v1", "experimentScope": "v2"}],
            "lifetimeDurationMins": 60,
            "thresholds": {"pass": 90, "marginal": 75},
        },
    }
    path = "/kayenta/standalone_canary_analysis"
    answer = server.http.post(path, json=body, headers=as_("asker"))
    assert answer.status_code == 200, answer.text
    execution: str = answer.json()["canaryAnalysisExecutionId"]
    return execution


def cancel(server: Server, execution: str, *, name: str = "asker") -> Any:
    hooked = "/hooks/token-of-hook" if name == "hook" else ""
    url = f"{hooked}/kayenta/pipelines/{execution}/cancel"
    headers = {"Content-Type": "application/json", **({} if hooked else as_(name))}
    return server.http.put(url, content=b'""', headers=headers)


@pytest.mark.parametrize("name", ["asker", "hook"])
def test_an_execution_is_cancelled_once(server: Server, name: str) -> None:
    execution = started(server)
    for _ in range(2):
        answer = cancel(server, execution, name=name)
        assert (answer.status_code, answer.json()) == (202, {})
    assert server.runs.get(execution).state is RunState.CANCELLED
    events = [event.type for event in server.runs.events(execution)]
    assert events.count(EventType.CANCELLED) == 1
    path = f"/kayenta/standalone_canary_analysis/{execution}"
    assert server.http.get(path, headers=as_("viewer")).json()["complete"] is True


def test_what_is_not_the_callers_is_not_there(server: Server) -> None:
    execution = started(server)
    native = server.http.post("/api/v1/runs", json=document(), headers=as_("asker"))
    ours = native.json()["data"]["id"]
    assert cancel(server, execution, name="banker").status_code == 404
    assert cancel(server, "none").status_code == 404
    assert cancel(server, ours).status_code == 404
    assert {server.runs.get(one).state for one in (execution, ours)} == {RunState.PENDING}


def test_who_only_reads_cancels_nothing(server: Server) -> None:
    execution = started(server)
    assert cancel(server, execution, name="viewer").status_code == 403
    assert server.runs.get(execution).state is RunState.PENDING
