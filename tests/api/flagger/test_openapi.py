"""The OpenAPI document tells of the webhooks as they are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from judge.dialects.flagger.calls import Hook
from tests.api.flagger.calling import Canary, write_analysis
from tests.api.running import Server, running

PATH = "/flagger/{analysis}/{hook}"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder: Path = tmp_path_factory.mktemp("described")
    write_analysis(folder / "analyses")
    with running(folder, daemon=False, analyses=folder / "analyses") as server:
        yield server


@pytest.fixture(scope="module")
def operation(server: Server) -> dict[str, Any]:
    found: dict[str, Any] = server.http.get("/openapi.json").json()["paths"][PATH]["post"]
    return found


def test_every_webhook_is_named(operation: dict[str, Any]) -> None:
    (hook,) = [one for one in operation["parameters"] if one["name"] == "hook"]
    assert hook["schema"]["enum"] == [one.value for one in Hook]


def test_the_example_fits_and_is_answered_so(server: Server, operation: dict[str, Any]) -> None:
    media = operation["requestBody"]["content"]["application/json"]
    (example,) = media["examples"].values()
    Draft202012Validator(media["schema"]).validate(example["value"])
    answer = server.http.post("/flagger/checkout/pre-rollout", json=example["value"])
    assert answer.status_code == 200


def test_every_answer_is_a_line(server: Server, operation: dict[str, Any]) -> None:
    canary = Canary(server)
    answers = [canary.call(hook) for hook in Hook]
    answers += [canary.call("nothing"), canary.call("rollout", checksum="")]
    for answer in answers:
        assert answer.headers["content-type"].startswith("text/plain")
        assert set(operation["responses"][str(answer.status_code)]["content"]) == {"text/plain"}
    assert {str(answer.status_code) for answer in answers} == {"200", "400", "403", "404"}
