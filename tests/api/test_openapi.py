"""The OpenAPI document: its examples hold, its answers are the real ones, /docs stands alone."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from judge.api import examples
from judge.api.app import DIALECTS
from judge.api.requests import RunRequest, VerdictRequest
from judge.spec.loading import load_analysis_document
from tests.api.running import Server, document, look, start

API_DOCS = Path(__file__).parents[2] / "docs" / "api.md"


@pytest.fixture(scope="module")
def openapi(shared: Server) -> dict[str, Any]:
    document: dict[str, Any] = shared.http.get("/openapi.json").json()
    return document


def validator(openapi: dict[str, Any], schema: dict[str, Any]) -> Draft202012Validator:
    return Draft202012Validator({**schema, "components": openapi["components"]})


def operations(openapi: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Ours; those of other systems' dialects have tests of their own."""
    for path, methods in openapi["paths"].items():
        for method, operation in methods.items():
            if not path.startswith(DIALECTS):
                yield f"{method.upper()} {path}", operation


def schema_of(openapi: dict[str, Any], name: str, status: int) -> dict[str, Any]:
    answer = dict(operations(openapi))[name]["responses"][str(status)]
    schema: dict[str, Any] = next(iter(answer["content"].values()))["schema"]
    return schema


def test_what_is_promised_is_there(openapi: dict[str, Any]) -> None:
    assert {name for name, _ in operations(openapi)} == {
        "POST /api/v1/verdicts",
        "POST /api/v1/runs",
        "GET /api/v1/runs",
        "GET /api/v1/runs/{run_id}",
        "GET /api/v1/runs/{run_id}/events",
        "GET /api/v1/runs/{run_id}/evidence",
        "POST /api/v1/runs/{run_id}/{command}",
        "GET /api/v1/gates",
        "GET /healthz",
        "GET /readyz",
        "GET /metrics",
    }


def test_every_example_of_an_answer_fits_its_schema(openapi: dict[str, Any]) -> None:
    checked = 0
    for name, operation in operations(openapi):
        for status, answer in operation["responses"].items():
            for media in answer.get("content", {}).values():
                if "example" in media:
                    validator(openapi, media["schema"]).validate(media["example"])
                    checked += 1
                elif status.startswith("2") and name.startswith(("GET /api", "POST /api")):
                    pytest.fail(f"{name} {status} has no example")
    assert checked >= 9


def test_every_example_of_a_request_fits_its_schema_and_its_door(openapi: dict[str, Any]) -> None:
    models = {"POST /api/v1/verdicts": VerdictRequest, "POST /api/v1/runs": RunRequest}
    for name, operation in operations(openapi):
        if "requestBody" not in operation:
            continue
        media = operation["requestBody"]["content"]["application/json"]
        assert media["examples"], name
        for example in media["examples"].values():
            model = models[name].model_validate(example["value"])
            if isinstance(model.analysis, dict):
                load_analysis_document(model.analysis)
            if "analysis" in example["value"]:
                validator(openapi, media["schema"]).validate(example["value"])


def test_every_error_is_declared_as_a_problem(openapi: dict[str, Any]) -> None:
    for name, operation in operations(openapi):
        if not name.split(" ")[1].startswith("/api"):
            continue
        errors = {status: one for status, one in operation["responses"].items() if status > "399"}
        assert {"401", "403"} <= set(errors), name
        for status, answer in errors.items():
            assert set(answer["content"]) == {"application/problem+json"}, (name, status)


def test_problems_fit_their_schema(shared: Server, openapi: dict[str, Any]) -> None:
    problem = validator(openapi, {"$ref": "#/components/schemas/Problem"})
    for answer in (
        shared.http.get("/api/v1/runs/none"),
        shared.http.post("/api/v1/runs", json={"analysis": {}}),
        shared.http.post("/api/v1/runs", content="{"),
    ):
        problem.validate(answer.json())


def test_nothing_refers_to_what_is_not_there(openapi: dict[str, Any]) -> None:
    named = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(openapi)))
    assert named == set(openapi["components"]["schemas"])


def test_real_answers_fit_their_schemas(server: Server, openapi: dict[str, Any]) -> None:
    run = start(server)
    validator(openapi, schema_of(openapi, "POST /api/v1/runs", 201)).validate({"data": run})
    got = schema_of(openapi, "GET /api/v1/runs/{run_id}", 200)
    for looks in (1, 10):
        validator(openapi, got).validate({"data": look(server, run["id"], looks=looks)})
    listed = schema_of(openapi, "GET /api/v1/runs", 200)
    validator(openapi, listed).validate(server.http.get("/api/v1/runs").json())
    judged = schema_of(openapi, "POST /api/v1/verdicts", 200)
    answer = server.http.post("/api/v1/verdicts", json=document())
    validator(openapi, judged).validate(answer.json())


def test_a_shadow_beside_a_canary_fits_too(shared: Server, openapi: dict[str, Any]) -> None:
    tracks = document()["spec"]["tracks"]
    three = document(tracks={**tracks, "shadow": {"selector": 'app="checkout",track="shadow"'}})
    answer = shared.http.post("/api/v1/runs", json=three)
    assert set(answer.json()["data"]["comparisons"]) == {"canary", "shadow"}
    validator(openapi, schema_of(openapi, "POST /api/v1/runs", 201)).validate(answer.json())


def test_the_page_needs_nothing_from_elsewhere(shared: Server) -> None:
    answer = shared.http.get("/docs")
    assert answer.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert not re.findall(r'(?:src|href)="https?:|<script|@import', answer.text)
    for path in ("/api/v1/verdicts", "/api/v1/runs/{run_id}/events", "/readyz"):
        assert path in answer.text
    assert "checkout-7d9f6c5b84" in answer.text


def test_the_guide_tells_of_every_operation(openapi: dict[str, Any]) -> None:
    text = API_DOCS.read_text(encoding="utf-8")
    for name, _ in operations(openapi):
        assert f"`{name.replace('{run_id}', 'ID')}`" in text.replace("{run_id}", "ID"), name


def test_the_example_run_holds_the_example_verdict() -> None:
    assert examples.VERDICT.items() <= examples.RUN.items()
