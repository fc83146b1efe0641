"""Executions over HTTP: started with exactly 200, refused with every fault, told of by an id."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from judge.api.kayenta.examples import SENT
from judge.api.kayenta.execution_examples import (
    CANARY,
    CANARY_ANSWER,
    PAIRS,
    STANDALONE,
    STANDALONE_ANSWER,
)
from judge.api.tokens import hash_token
from judge.spec.resolved import PrometheusConfig
from tests.api.running import BEGIN, Server, document, running

SERVERS = {"main": PrometheusConfig("http://127.0.0.1:9"), "eu": PrometheusConfig("http://eu")}
ROLES = ("view", "judge", "operate")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("executions")
    entries: list[dict[str, Any]] = [
        {"name": role, "hash": hash_token(f"token-{role}"), "role": role, "namespaces": ["shop"]}
        for role in ROLES
    ]
    entries.append({"name": "other", "hash": hash_token("token-other"), "role": "operate"})
    entries[-1]["namespaces"] = ["other"]
    (folder / "tokens.yaml").write_text(json.dumps({"tokens": entries}), encoding="utf-8")
    with running(
        folder, daemon=False, token_file=folder / "tokens.yaml", prometheus=SERVERS
    ) as server:
        yield server


@pytest.fixture(scope="module")
def stored(server: Server) -> str:
    answer = ask(server, "POST", "canaryConfig", json=SENT, role="operate")
    identity: str = answer.json()["canaryConfigId"]
    return identity


def ask(server: Server, method: str, path: str, *, role: str = "judge", **more: Any) -> Any:
    headers = {"Authorization": f"Bearer token-{role}"}
    return server.http.request(method, f"/kayenta/{path}", headers=headers, **more)


STARTS = (
    *("canary/{stored}", "canary"),
    *("standalone_canary_analysis/{stored}", "standalone_canary_analysis"),
)


def body(path: str) -> dict[str, Any]:
    request = CANARY if path.startswith("canary") else STANDALONE
    return request if "stored" in path else {"canaryConfig": SENT, "executionRequest": request}


@pytest.mark.parametrize("path", STARTS)
def test_an_execution_is_started_and_asked_for(server: Server, stored: str, path: str) -> None:
    params = {
        "application": "checkout",
        "parentPipelineExecutionId": "p1",
        "metricsAccountName": "eu",
        "configurationAccountName": "gcs",
        "storageAccountName": "s3",
    }
    target = path.format(stored=stored)
    answer = ask(server, "POST", target, json=body(path), params=params)
    assert answer.status_code == 200, answer.text
    (identity,) = answer.json().values()
    assert server.runs.get(identity).analysis.prometheus.address == "http://eu"
    said = ask(server, "GET", f"{path.split('/')[0]}/{identity}", role="view")
    assert said.status_code == 200
    told = said.json()
    assert (told["complete"], told["status"], told["application"]) == (False, "running", "checkout")
    assert (told["metricsAccountName"], told["storageAccountName"]) == ("eu", "s3")
    assert told["parentPipelineExecutionId"] == "p1"
    if "stored" in path:
        assert told["canaryConfigId"] == stored
    example = CANARY_ANSWER if path.startswith("canary") else STANDALONE_ANSWER
    assert set(told) <= {*example, "parentPipelineExecutionId"}
    config = told["config" if path.startswith("canary") else "canaryConfig"]
    assert config["metrics"] == SENT["metrics"]


@pytest.mark.parametrize("path", STARTS)
def test_starting_needs_the_role(server: Server, stored: str, path: str) -> None:
    target = path.format(stored=stored)
    assert ask(server, "POST", target, json=body(path), role="view").status_code == 403


@pytest.mark.parametrize("path", STARTS)
def test_what_cannot_be_judged_is_refused_with_its_path(
    server: Server, stored: str, path: str
) -> None:
    sent = body(path)
    inner = {**sent.get("executionRequest", sent), "thresholds": {"pass": "95"}}
    sent = {**sent, "executionRequest": inner} if "stored" not in path else inner
    target = path.format(stored=stored)
    answer = ask(server, "POST", target, json=sent, params={"metricsAccountName": "us"})
    assert answer.status_code == 400
    prefix = "" if "stored" in path else "executionRequest."
    assert {one["path"] for one in answer.json()["issues"]} == {
        f"{prefix}thresholds.pass",
        f"{prefix}thresholds.marginal",
        "metricsAccountName",
    }
    assert "thresholds.pass" in answer.json()["message"]


@pytest.mark.parametrize("path", ["canary", "standalone_canary_analysis"])
def test_an_ad_hoc_request_needs_both_of_its_parts(server: Server, path: str) -> None:
    answer = ask(server, "POST", path, json={})
    assert answer.status_code == 400
    assert {one["path"].split(".")[0] for one in answer.json()["issues"]} >= {
        "canaryConfig",
        "executionRequest",
    }


@pytest.mark.parametrize("path", ["canary", "standalone_canary_analysis"])
def test_what_is_not_there_is_404(server: Server, stored: str, path: str) -> None:
    sent = CANARY if path == "canary" else STANDALONE
    assert ask(server, "POST", f"{path}/none", json=sent).status_code == 404
    assert ask(server, "POST", f"{path}/{stored}", json=sent, role="other").status_code == 404
    assert ask(server, "GET", f"{path}/5f3c9a0be1d24c77").status_code == 404
    started = ask(server, "POST", f"{path}/{stored}", json=sent)
    (identity,) = started.json().values()
    assert ask(server, "GET", f"{path}/{identity}").status_code == 200
    assert ask(server, "GET", f"{path}/{identity}", role="other").status_code == 404


def test_a_run_of_judges_own_is_no_execution(server: Server) -> None:
    headers = {"Authorization": "Bearer token-judge"}
    run = server.http.post("/api/v1/runs", json={"analysis": document()}, headers=headers)
    identity = run.json()["data"]["id"]
    assert ask(server, "GET", f"canary/{identity}").status_code == 404


def test_an_execution_is_a_run_like_any_other(server: Server, stored: str) -> None:
    started = ask(server, "POST", f"standalone_canary_analysis/{stored}", json=STANDALONE)
    (identity,) = started.json().values()
    headers = {"Authorization": "Bearer token-view"}
    run = server.http.get(f"/api/v1/runs/{identity}", headers=headers).json()["data"]
    assert (run["name"], run["namespace"], run["startedAt"]) == ("checkout-canary", "shop", BEGIN)
    assert run["looksPlanned"] == 3


@pytest.mark.parametrize(("params", "strict"), [({}, False), ({"strict": "true"}, True)])
def test_strictness_can_be_asked_for(
    server: Server, stored: str, params: dict[str, str], strict: bool
) -> None:
    started = ask(server, "POST", f"canary/{stored}", json=CANARY, params=params)
    assert server.runs.get(started.json()["canaryExecutionId"]).analysis.strict is strict


def test_strictness_can_be_set_for_all(tmp_path: Path) -> None:
    with running(tmp_path, daemon=False, prometheus=SERVERS, kayenta_strict=True) as server:
        sent = {"canaryConfig": SENT, "executionRequest": CANARY}
        for params, strict in (({}, True), ({"strict": "false"}, False)):
            started = server.http.post("/kayenta/canary", json=sent, params=params)
            run = server.runs.get(started.json()["canaryExecutionId"])
            assert run.analysis.strict is strict


PAIR = {**PAIRS[0], "values": {"control": [1, 2, 3, "NaN"] * 20, "experiment": [2.5, 4] * 40}}


def test_pairs_are_stored_and_given_back(server: Server) -> None:
    answer = ask(server, "POST", "metricSetPairList", json=[PAIR])
    assert answer.status_code == 200
    identity = answer.json()["metricSetPairListId"]
    assert ask(server, "GET", f"metricSetPairList/{identity}", role="view").json() == [PAIR]
    one = ask(server, "GET", f"metricSetPairList/{identity}/{PAIR['id']}").json()
    assert one == PAIR
    assert ask(server, "GET", f"metricSetPairList/{identity}/none").status_code == 404
    listed = ask(server, "GET", "metricSetPairList").json()
    assert [one["id"] for one in listed if one["updatedTimestamp"] == BEGIN * 1000] == [identity]
    assert ask(server, "GET", "metricSetPairList", role="other").json() == []
    assert ask(server, "DELETE", f"metricSetPairList/{identity}").status_code == 403
    assert ask(server, "DELETE", f"metricSetPairList/{identity}", role="operate").status_code == 204
    assert ask(server, "GET", f"metricSetPairList/{identity}").status_code == 404


@pytest.mark.parametrize(
    ("sent", "path"),
    [
        ({}, "body"),
        ([{}], "[0].name"),
        ([{"name": "a", "values": {"control": [1, "2"]}}], "[0].values.control[1]"),
        ([{"name": "a", "values": [1]}], "[0].values"),
    ],
)
def test_what_are_no_pairs_is_refused(server: Server, sent: Any, path: str) -> None:
    answer = ask(server, "POST", "metricSetPairList", json=sent)
    assert answer.status_code == 400
    assert answer.json()["issues"][0]["path"] == path


def test_a_namespace_can_have_so_many_lists(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = len(ask(server, "GET", "metricSetPairList").json())
    monkeypatch.setattr("judge.api.kayenta.pairs.MOST", there + 1)
    assert ask(server, "POST", "metricSetPairList", json=[PAIR]).status_code == 200
    answer = ask(server, "POST", "metricSetPairList", json=[PAIR])
    assert answer.status_code == 400
    assert "delete some" in answer.json()["message"]
    assert len(ask(server, "GET", "metricSetPairList").json()) == there + 1


def judged(server: Server, stored: str, pair_list: str, **more: str) -> Any:
    params = {
        "canaryConfigId": stored,
        "metricSetPairListId": pair_list,
        "passThreshold": "95",
        "marginalThreshold": "75",
        **more,
    }
    return ask(server, "POST", "judges/judge", params=params)


def test_a_stored_list_is_judged_at_once(server: Server, stored: str) -> None:
    pairs = ask(server, "POST", "metricSetPairList", json=[PAIR]).json()["metricSetPairListId"]
    answer = judged(server, stored, pairs)
    assert answer.status_code == 200, answer.text
    said = answer.json()
    assert said["judgeName"] == "NetflixACAJudge-v1.0"
    assert said["score"]["score"] == 0.0
    (result,) = said["results"]
    assert (result["id"], result["classification"], result["critical"]) == (
        PAIR["id"],
        "High",
        True,
    )
    assert result["controlMetadata"]["stats"]["count"] == 80
    assert result["experimentMetadata"]["stats"]["mean"] == 3.25


def test_a_list_of_another_configuration_is_refused(server: Server, stored: str) -> None:
    other = {**PAIR, "name": "error-rates"}
    pairs = ask(server, "POST", "metricSetPairList", json=[other]).json()["metricSetPairListId"]
    answer = judged(server, stored, pairs)
    assert answer.status_code == 400
    assert "error-rate" in answer.json()["issues"][0]["message"]
    assert judged(server, stored, "none").status_code == 404
    assert judged(server, "none", pairs).status_code == 404
    assert judged(server, stored, pairs, passThreshold="x").status_code == 400
