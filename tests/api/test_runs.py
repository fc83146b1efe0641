"""Runs over HTTP, end to end: started, judged by the real daemon, listed, steered."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from judge.api.documents import RunAnswer
from judge.sources.recording import read_bundle
from judge.spec.loading import load_analysis_document
from judge.verdict.sequential import SequentialJudge
from judge.verdict.verdict import document as verdict_document
from tests.api.running import BEGIN, Server, document, look, running, start, until


def test_a_run_is_started_and_says_at_once_that_nothing_is_known(server: Server) -> None:
    answer = server.http.post("/api/v1/runs", json={"analysis": document()})
    data = answer.json()["data"]
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"/api/v1/runs/{data['id']}"
    assert (data["verdict"], data["score"], data["decidedAt"]) == ("inconclusive", None, None)
    assert "first look" in data["reason"]
    metric = data["metrics"]["error-rate"]
    assert metric["estimate"] is None
    assert metric["limit"] == 1.25
    assert (data["name"], data["namespace"], data["looksPlanned"]) == ("checkout", "shop", 10)


def test_an_answer_has_one_shape_before_between_and_after_the_looks(server: Server) -> None:
    shapes = []
    run = start(server)
    for looks in (0, 1, 10):
        data = look(server, run["id"], looks=looks)
        TypeAdapter(RunAnswer).validate_python({"data": data})
        shapes.append({name: sorted(data[name]) for name in ("metrics",)} | dict.fromkeys(data))
        assert sorted(data["metrics"]["error-rate"]) == sorted(run["metrics"]["error-rate"])
    assert shapes[0] == shapes[1] == shapes[2]
    assert (data["state"], data["verdict"], data["looks"]) == ("done", "pass", 10)


def test_what_cannot_be_tested_is_told_before_the_first_look(
    server: Server, tmp_path: Path
) -> None:
    tracks = document()["spec"]["tracks"]
    tracks["canary"]["weight"] = "0.01%"
    run = start(server, analysis=document(tracks=tracks))
    path = f"/api/v1/runs/{run['id']}"
    told = until(lambda: server.http.get(path).json()["data"]["shortfalls"])
    assert (told[0]["metric"], told[0]["hopeless"]) == ("error-rate", True)
    assert "too few requests" in told[0]["reason"]
    assert server.http.get(path).json()["data"]["looks"] == 0
    folder = tmp_path / "idle"
    folder.mkdir()
    with running(folder, daemon=False) as idle:
        unread = start(idle, analysis=document())
        assert idle.http.get(f"/api/v1/runs/{unread['id']}").json()["data"]["shortfalls"] is None


def test_a_bad_release_fails_before_the_end(server: Server) -> None:
    server.traffic.canary = 0.1
    data = look(server, start(server)["id"], looks=10)
    assert (data["state"], data["verdict"]) == ("done", "fail")
    assert data["decidedAt"] < 9
    assert data["looks"] == data["decidedAt"] + 1
    assert data["metrics"]["error-rate"]["low"] > 1.25


def test_the_same_key_gets_the_same_run(server: Server) -> None:
    body = {"analysis": document(), "key": "build-1"}
    first = server.http.post("/api/v1/runs", json=body)
    again = server.http.post("/api/v1/runs", json=body)
    other = server.http.post("/api/v1/runs", json={**body, "key": "build-2"})
    assert (first.status_code, again.status_code, other.status_code) == (201, 200, 201)
    assert first.json()["data"]["id"] == again.json()["data"]["id"]
    assert first.json()["data"]["id"] != other.json()["data"]["id"]
    assert first.json()["data"]["key"] == "build-1"


def test_a_run_that_began_in_the_past_catches_up(server: Server) -> None:
    run = start(server, startedAt=BEGIN - 300)
    until(lambda: server.runs.get(run["id"]).next_index == 5)
    assert look(server, run["id"], looks=0)["startedAt"] == BEGIN - 300


def test_an_analysis_by_itself_starts_a_run_too(server: Server) -> None:
    answer = server.http.post("/api/v1/runs", json=document(name="bare"))
    assert answer.status_code == 201
    assert answer.json()["data"]["name"] == "bare"


def test_a_stored_analysis_is_started_by_name_with_variables(tmp_path: Path) -> None:
    folder = tmp_path / "analyses"
    folder.mkdir()
    stored = document(
        inputs=["app"],
        variables={"app": "none"},
        tracks={
            "baseline": {"selector": 'app="{{ app }}",track="stable"'},
            "canary": {"selector": 'app="{{ app }}",track="canary"'},
        },
    )
    (folder / "stored.json").write_text(json.dumps(stored), encoding="utf-8")
    with running(tmp_path, daemon=False, analyses=folder) as server:
        body = {"analysis": "stored", "variables": {"app": "cart"}}
        data = server.http.post("/api/v1/runs", json=body).json()["data"]
        query = server.runs.get(data["id"]).analysis.metrics[0].queries["canary"]["total"]
        assert 'app="cart"' in query.expr
        (folder / "stored.json").unlink()
        gone = server.http.post("/api/v1/runs", json=body)
        assert gone.status_code == 404


def test_the_newest_come_first_page_by_page(shared: Server) -> None:
    ids = [start(shared, analysis=document(namespace="pages"))["id"] for _ in range(5)]
    seen, cursor = [], None
    for _ in range(3):
        query = {"namespace": "pages", "limit": "2"} | ({"cursor": cursor} if cursor else {})
        page = shared.http.get("/api/v1/runs", params=query).json()
        seen += [run["id"] for run in page["data"]]
        cursor = page["next"]
    assert seen == ids[::-1]
    assert cursor is None


def test_runs_are_found_by_namespace_name_and_state(shared: Server) -> None:
    one = start(shared, analysis=document(namespace="found", name="a"))["id"]
    two = start(shared, analysis=document(namespace="found", name="b"))["id"]
    shared.http.post(f"/api/v1/runs/{two}/cancel", json={})

    def found(**query: str) -> list[str]:
        answer = shared.http.get("/api/v1/runs", params={"namespace": "found", **query})
        return [run["id"] for run in answer.json()["data"]]

    assert found() == [two, one]
    assert found(name="a") == [one]
    assert found(state="cancelled") == [two]
    assert found(state="done") == []


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"limit": "0"}, "query.limit"),
        ({"limit": "all"}, "query.limit"),
        ({"state": "lost"}, "query.state"),
        ({"cursor": "zz"}, "cursor"),
    ],
)
def test_a_bad_query_is_a_problem(shared: Server, query: dict[str, str], said: str) -> None:
    answer = shared.http.get("/api/v1/runs", params=query)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert said in answer.json()["detail"]


@pytest.mark.parametrize(
    ("command", "state", "verdict"),
    [
        ("promote", "done", "pass"),
        ("rollback", "done", "fail"),
        ("cancel", "cancelled", "inconclusive"),
    ],
)
def test_a_person_ends_a_run(shared: Server, command: str, state: str, verdict: str) -> None:
    run = start(shared)["id"]
    data = shared.http.post(f"/api/v1/runs/{run}/{command}", json={}).json()["data"]
    assert (data["state"], data["verdict"]) == (state, verdict)
    assert data["metrics"]["error-rate"]["reason"] == f"{state} before the first look"
    late = shared.http.post(f"/api/v1/runs/{run}/promote", json={})
    assert late.status_code == 409
    assert "too late to promote" in late.json()["detail"]


def test_hold_and_approve(shared: Server) -> None:
    run = start(shared)["id"]
    for command, held in (("hold", True), ("approve", False)):
        data = shared.http.post(f"/api/v1/runs/{run}/{command}", json={}).json()["data"]
        assert data["held"] is held


@pytest.mark.parametrize("path", ["", "/events", "/evidence"])
def test_an_unknown_run_is_404(shared: Server, path: str) -> None:
    answer = shared.http.get(f"/api/v1/runs/none{path}")
    assert answer.status_code == 404
    assert "there is no run 'none'" in answer.json()["detail"]


def test_an_unknown_command_is_refused(shared: Server) -> None:
    answer = shared.http.post(f"/api/v1/runs/{start(shared)['id']}/explode", json={})
    assert answer.status_code == 422
    assert "'cancel'" in answer.json()["detail"]


def test_the_evidence_judges_again_to_the_same_verdicts(server: Server, tmp_path: Path) -> None:
    data = look(server, start(server)["id"], looks=10)
    answer = server.http.get(f"/api/v1/runs/{data['id']}/evidence")
    assert f'filename="checkout-{data["id"]}.json"' in answer.headers["Content-Disposition"]
    path = tmp_path / "bundle.json"
    path.write_bytes(answer.content)
    bundle = read_bundle(path)
    judge = SequentialJudge(bundle.analysis, bundle.history)
    said = verdict_document(judge.look(bundle.intervals, finished=True))
    assert said == {name: data[name] for name in said}
    assert len(answer.json()["verdicts"]) == 10


@pytest.mark.parametrize(
    ("accepted", "compressed"),
    [("gzip", True), ("br, GZIP;q=0.5", True), ("gzip;q=0", False), ("identity", False)],
)
def test_the_evidence_is_compressed_where_asked(
    shared: Server, accepted: str, compressed: bool
) -> None:
    run = start(shared)["id"]
    path = f"/api/v1/runs/{run}/evidence"
    with shared.http.stream("GET", path, headers={"Accept-Encoding": accepted}) as answer:
        raw = b"".join(answer.iter_raw())
        assert answer.headers["Vary"] == "Accept-Encoding"
        assert (answer.headers.get("Content-Encoding") == "gzip") is compressed
    text = gzip.decompress(raw) if compressed else raw
    assert json.loads(text)["format"] == "judge-evidence/1"


def test_what_was_resolved_stays_with_the_run(shared: Server) -> None:
    sent: Any = document(duration="20m")
    run = shared.http.post("/api/v1/runs", json=sent).json()["data"]
    stored = shared.runs.get(run["id"]).analysis
    assert stored == load_analysis_document(sent)
