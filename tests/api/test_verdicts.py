"""Verdicts over a finished window: what is read and refused, how Prometheus failing looks."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from pydantic import TypeAdapter

from judge.api.documents import VerdictAnswer
from judge.errors import SourceError, SourceMalformed, SourceRejected, SourceUnavailable
from tests.api.running import BEGIN, Server, document, running, until


@pytest.fixture(scope="module")
def single(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("v"), daemon=False, verdict_workers=1) as server:
        yield server


@pytest.fixture
def server(single: Server) -> Server:
    single.traffic.canary, single.traffic.fails, single.traffic.gate = 0.005, None, None
    single.traffic.reads.clear()
    return single


@pytest.mark.parametrize(("canary", "verdict"), [(0.005, "pass"), (0.1, "fail")])
def test_a_window_is_judged(server: Server, canary: float, verdict: str) -> None:
    server.traffic.canary = canary
    answer = server.http.post("/api/v1/verdicts", json=document())
    assert answer.status_code == 200
    TypeAdapter(VerdictAnswer).validate_python(answer.json())
    assert answer.json()["data"]["verdict"] == verdict


def test_the_window_is_the_one_that_was_asked_for(server: Server) -> None:
    body = {"analysis": document(), "at": BEGIN - 3600, "lookback": "5m"}
    assert server.http.post("/api/v1/verdicts", json=body).status_code == 200
    assert server.traffic.reads[-1] == (BEGIN - 3900, BEGIN - 3600)


def test_without_one_it_ends_when_samples_have_settled(server: Server) -> None:
    assert server.http.post("/api/v1/verdicts", json=document(delay="30s")).status_code == 200
    assert server.traffic.reads[-1] == (BEGIN - 630, BEGIN - 30)


def test_nothing_is_stored(server: Server) -> None:
    server.http.post("/api/v1/verdicts", json=document())
    assert server.http.get("/api/v1/runs").json() == {"data": [], "next": None}


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"at": BEGIN + 1}, "at: lies in the future"),
        ({"at": -1}, "at: "),
        ({"at": "now"}, "at: "),
        ({"lookback": "30"}, "lookback: .*no unit"),
        ({"lookback": "0s"}, "lookback: "),
        ({"lookback": "52w"}, "lookback: is longer than 10000 intervals"),
        ({"lookback": 30}, "lookback: "),
        ({"variables": {"app": "x"}}, "app"),
        ({"variables": {"app": ["x"]}}, "variables.app: "),
        ({"key": "x"}, "key: "),
    ],
)
def test_a_bad_window_is_refused_by_name(
    server: Server, more: dict[str, object], said: str
) -> None:
    answer = server.http.post("/api/v1/verdicts", json={"analysis": document(), **more})
    assert answer.status_code == 422
    assert re.search(said, answer.json()["detail"]), answer.text
    assert answer.json()["issues"]


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (SourceUnavailable("Prometheus does not answer"), 504),
        (SourceRejected("the query cannot be parsed", status=400), 422),
        (SourceRejected("the token is refused", status=403), 502),
        (SourceMalformed("that is HTML"), 502),
        (SourceError("nothing could be read"), 502),
    ],
    ids=["unavailable", "bad query", "bad credentials", "malformed", "other"],
)
def test_prometheus_failing_is_told_apart(server: Server, error: Exception, status: int) -> None:
    server.traffic.fails = error
    answer = server.http.post("/api/v1/verdicts", json=document())
    assert answer.status_code == status
    assert answer.json()["detail"] == str(error)


def test_too_many_at_once_are_told_to_come_back(server: Server) -> None:
    server.traffic.gate = threading.Event()

    def ask() -> tuple[int, str | None]:
        answer = server.http.post("/api/v1/verdicts", json=document())
        return answer.status_code, answer.headers.get("Retry-After")

    with ThreadPoolExecutor(5) as callers:
        asked = [callers.submit(ask) for _ in range(5)]
        until(lambda: sum(one.done() for one in asked) == 2)
        server.traffic.gate.set()
        answers = sorted(one.result() for one in asked)
    assert answers == [(200, None)] * 3 + [(503, "5")] * 2
