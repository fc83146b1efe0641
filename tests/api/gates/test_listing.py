"""``GET /api/v1/gates``: what is open for which revision, since when and by whom."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.api.gates.conftest import write_tokens
from tests.api.gates.test_dropin import as_, ask
from tests.api.running import BEGIN, Server, running

ASKED = {"checksum": "aaaa", "phase": "Succeeded"}


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder: Path = tmp_path_factory.mktemp("listed")
    with running(folder, daemon=False, token_file=write_tokens(folder)) as server:
        for name, namespace in (("one", "test"), ("two", "test"), ("one", "prod")):
            ask(server, "/gate/check", by="asker", name=name, namespace=namespace, **ASKED)
        server.clock.now += 5
        ask(server, "/gate/open", by="tester", name="one")
        yield server


def listed(server: Server, *, by: str = "viewer", **query: Any) -> dict[str, Any]:
    answer = server.http.get("/api/v1/gates", params=query, headers=as_(by))
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


def names(answer: dict[str, Any]) -> list[str]:
    return [f"{one['name']}.{one['namespace']}" for one in answer["data"]]


def test_a_gate_says_what_it_is_open_for(asked: Server) -> None:
    revision = {"checksum": "aaaa", "starting": True}
    assert listed(asked, open=True)["data"] == [
        {
            "namespace": "test",
            "name": "one",
            "gate": "gate",
            "open": True,
            "revision": revision,
            "asked": revision,
            "by": "tester",
            "since": BEGIN + 5,
        }
    ]


def test_a_list_holds_what_is_wanted_and_may_be_seen(asked: Server) -> None:
    assert names(listed(asked)) == ["one.prod", "two.test", "one.test"]
    assert names(listed(asked, by="tester")) == ["two.test", "one.test"]
    assert names(listed(asked, by="tester", namespace="prod")) == []
    assert names(listed(asked, name="one", open=False)) == ["one.prod"]


def test_pages_hold_each_gate_once(asked: Server) -> None:
    first = listed(asked, limit=2)
    second = listed(asked, limit=2, cursor=first["next"])
    assert names(first) + names(second) == names(listed(asked))
    assert second["next"] is None


@pytest.mark.parametrize("query", [{"limit": 0}, {"cursor": "x"}, {"cursor": "9" * 30}])
def test_odd_pages_are_refused(asked: Server, query: dict[str, Any]) -> None:
    answer = asked.http.get("/api/v1/gates", params=query, headers=as_("viewer"))
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


def test_who_is_no_viewer_sees_nothing(asked: Server) -> None:
    assert asked.http.get("/api/v1/gates").status_code == 401
    assert asked.http.get("/hooks/token-of-hook/api/v1/gates").status_code == 404


def test_the_answer_is_as_the_document_says(asked: Server) -> None:
    openapi = asked.http.get("/openapi.json").json()
    answers = openapi["paths"]["/api/v1/gates"]["get"]["responses"]
    schema = answers["200"]["content"]["application/json"]["schema"]
    Draft202012Validator({**schema, "components": openapi["components"]}).validate(listed(asked))
