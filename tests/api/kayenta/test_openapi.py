"""What the OpenAPI document and the guide say of /kayenta: all of it, with examples that hold."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.api.running import Server, running

GUIDE = Path(__file__).parents[3] / "docs" / "kayenta.md"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("described"), daemon=False) as server:
        yield server


@pytest.fixture(scope="module")
def openapi(server: Server) -> dict[str, Any]:
    document: dict[str, Any] = server.http.get("/openapi.json").json()
    return document


def operations(openapi: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in openapi["paths"].items():
        for method, operation in methods.items():
            if path.startswith("/kayenta/"):
                yield f"{method.upper()} {path}", operation


def test_the_guide_tells_of_every_operation_and_no_other(openapi: dict[str, Any]) -> None:
    told = {
        line.split("`")[1].split("?")[0]
        for line in GUIDE.read_text(encoding="utf-8").splitlines()
        if line.startswith("| `")
    }
    there = {name.replace("/kayenta", "") for name, _ in operations(openapi)}
    assert {one for one in told if one.split(" ")[0] in ("GET", "POST", "PUT", "DELETE")} == there


def test_every_refusal_is_declared_as_it_is_made(openapi: dict[str, Any]) -> None:
    for name, operation in operations(openapi):
        if name == "GET /kayenta/health":
            continue
        errors = {status: one for status, one in operation["responses"].items() if status > "399"}
        assert {"401", "403"} <= set(errors), name
        assert "422" not in errors, name
        for status, answer in errors.items():
            (media,) = answer["content"].items()
            whose = "" if status == "401" else "Kayenta"
            schema = {"$ref": f"#/components/schemas/{whose}Problem"}
            assert media == ("application/problem+json", {"schema": schema}), name


def test_refusals_fit_their_schema(server: Server, openapi: dict[str, Any]) -> None:
    schema = {"$ref": "#/components/schemas/KayentaProblem", "components": openapi["components"]}
    for answer in (
        server.http.get("/kayenta/canaryConfig/none"),
        server.http.post("/kayenta/canaryConfig", json={"metrics": 5}),
        server.http.post("/kayenta/canaryConfig", json=5),
    ):
        Draft202012Validator(schema).validate(answer.json())


def test_every_answer_and_body_has_an_example(openapi: dict[str, Any]) -> None:
    for name, operation in operations(openapi):
        for status, answer in operation["responses"].items():
            if status < "300" and status != "204":
                (media,) = answer["content"].values()
                Draft202012Validator(media["schema"]).validate(media["example"])
        if "requestBody" in operation:
            assert operation["requestBody"]["content"]["application/json"]["examples"], name


def test_the_examples_of_configurations_can_be_stored(
    server: Server, openapi: dict[str, Any]
) -> None:
    body = dict(operations(openapi))["POST /kayenta/canaryConfig"]["requestBody"]
    for name, example in body["content"]["application/json"]["examples"].items():
        sent = {**example["value"], "name": name}
        assert server.http.post("/kayenta/canaryConfig", json=sent).status_code == 200
