"""A run that passes early and is watched on, over HTTP, judged by the real daemon."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter

from judge.api.documents import RunAnswer
from tests.api.running import BEGIN, Server, document, look, start, until


@pytest.fixture
def passed(server: Server) -> dict[str, Any]:
    """A good release that has passed before its end."""
    server.traffic.canary = 0.005
    analysis = document(earlyPass=True, keepWatching="5m", duration="30m")
    run = start(server, analysis=analysis, startedAt=server.clock.now)
    return _looked_until(server, run["id"], "watching")


def _looked_until(server: Server, run_id: str, *states: str) -> dict[str, Any]:
    """Look after look until the run is in one of the states; what is said then."""
    for _ in range(40):
        run = server.runs.get(run_id)
        if run.state in states:
            break
        server.clock.now += 60.0
        wanted = run.next_index + 1
        until(lambda: _moved(server, run_id, wanted))  # noqa: B023
    return _get(server, run_id)


def _moved(server: Server, run_id: str, wanted: int) -> bool:
    run = server.runs.get(run_id)
    return run.next_index >= wanted or not run.state.active


def _get(server: Server, run_id: str, **query: Any) -> dict[str, Any]:
    data: dict[str, Any] = server.http.get(f"/api/v1/runs/{run_id}", params=query).json()["data"]
    TypeAdapter(RunAnswer).validate_python({"data": data})
    return data


def _steer(server: Server, run_id: str, command: str) -> Any:
    return server.http.post(f"/api/v1/runs/{run_id}/{command}", json={})


def _types(server: Server, run_id: str) -> list[str]:
    said = server.http.get(f"/api/v1/runs/{run_id}/events").text
    return [line.removeprefix("event: ") for line in said.splitlines() if "event: " in line]


def test_a_passed_run_is_watched_and_says_so(server: Server, passed: dict[str, Any]) -> None:
    assert (passed["verdict"], passed["proven"], passed["endedAt"]) == ("pass", True, None)
    assert passed["looks"] == passed["decidedAt"] + 1 < 30
    assert passed["looksPlanned"] == 35
    listed = server.http.get("/api/v1/runs", params={"state": "watching"}).json()["data"]
    assert passed["id"] in [one["id"] for one in listed]


def test_a_regression_after_the_pass_fails_it(server: Server, passed: dict[str, Any]) -> None:
    server.traffic.canary = 0.2
    failed = _looked_until(server, passed["id"], "done")
    assert (failed["state"], failed["verdict"]) == ("done", "fail")
    assert failed["decidedAt"] > passed["decidedAt"]
    assert failed["reason"].startswith(f"it had passed after {passed['looks']} intervals; then: ")
    decided = [one for one in _types(server, passed["id"]) if one in ("run.pass", "run.fail")]
    assert decided == ["run.pass", "run.fail"]


def test_a_good_one_ends_as_it_passed(server: Server, passed: dict[str, Any]) -> None:
    done = _looked_until(server, passed["id"], "done")
    assert (done["verdict"], done["decidedAt"]) == ("pass", passed["decidedAt"])
    assert done["looks"] == passed["looks"] + 5
    assert _types(server, passed["id"])[-1] == "run.watched"


def test_it_can_be_rolled_back_by_hand_and_not_promoted(
    server: Server, passed: dict[str, Any]
) -> None:
    refused = _steer(server, passed["id"], "promote")
    assert refused.status_code == 409
    assert "has passed already and is watched on" in refused.json()["detail"]
    after = _steer(server, passed["id"], "rollback").json()["data"]
    assert (after["state"], after["verdict"]) == ("done", "fail")
    assert "rolled back by hand" in after["reason"]


def test_cancelling_it_leaves_the_pass(server: Server, passed: dict[str, Any]) -> None:
    after = _steer(server, passed["id"], "cancel").json()["data"]
    assert (after["state"], after["verdict"]) == ("cancelled", "pass")


def test_sequences_are_there_where_they_are_asked_for(server: Server) -> None:
    server.traffic.canary = 0.005
    run = start(server, startedAt=BEGIN)
    said = look(server, run["id"], looks=3)
    assert "sequence" not in said["metrics"]["error-rate"]
    whole = _get(server, run["id"], sequence="true")
    sequence = whole["metrics"]["error-rate"]["sequence"]
    told = server.http.get(f"/api/v1/runs/{run['id']}/evidence").json()["verdicts"]
    assert len(told) == whole["looks"] >= 3
    for field, values in sequence.items():
        assert values == [one["metrics"]["error-rate"][field] for one in told]
    before = start(server, analysis=document(name="idle"), startedAt=server.clock.now)
    empty = _get(server, before["id"], sequence="true")["metrics"]["error-rate"]["sequence"]
    assert empty == {field: [] for field in sequence}
