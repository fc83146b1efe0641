"""Server-sent events: from the store, resumable, ended by the run or by the server."""

from __future__ import annotations

import json
import threading
import time
from typing import Any

import httpx
import pytest

from tests.api.running import BEGIN, Server, look, start, until


def events_of(text: str) -> list[dict[str, Any]]:
    """The events in a stream's text, as an EventSource reads them."""
    found = []
    for block in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line)
        if "data" in fields:
            data = json.loads(fields["data"])
            assert fields["event"] == data["type"]
            assert fields["id"] == str(data["id"])
            found.append(data)
    return found


def test_the_stream_of_a_finished_run_is_its_whole_story(server: Server) -> None:
    run = start(server)["id"]
    look(server, run, looks=10)
    answer = server.http.get(f"/api/v1/runs/{run}/events")
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["cache-control"] == "no-cache"
    types = [event["type"] for event in events_of(answer.text)]
    assert types == ["run.created", "history.read", *["run.interval"] * 10, "run.pass"]


def test_a_stream_goes_on_after_the_last_event(server: Server) -> None:
    run = start(server)["id"]
    look(server, run, looks=10)
    path = f"/api/v1/runs/{run}/events"
    whole = events_of(server.http.get(path).text)
    last = {"Last-Event-ID": str(whole[4]["id"])}
    assert events_of(server.http.get(path, headers=last).text) == whole[5:]
    end = {"Last-Event-ID": str(whole[-1]["id"])}
    assert server.http.get(path, headers=end).status_code == 204


def test_events_arrive_as_they_happen_and_the_stream_ends_with_the_run(server: Server) -> None:
    run = start(server)["id"]
    arrived: list[str] = []

    def follow() -> None:
        with server.http.stream("GET", f"/api/v1/runs/{run}/events") as answer:
            arrived.extend(line for line in answer.iter_lines() if line.startswith("event"))

    reader = threading.Thread(target=follow)
    reader.start()
    look(server, run, looks=3)
    server.http.post(f"/api/v1/runs/{run}/promote", json={})
    reader.join(10)
    assert not reader.is_alive()
    assert arrived[-2:] == ["event: run.interval", "event: run.pass"]
    assert len(arrived) == 6


@pytest.mark.parametrize("last", ["x", "-1", "1.5", str(2**64)])
def test_a_bad_last_event_id_is_a_problem(server: Server, last: str) -> None:
    path = f"/api/v1/runs/{start(server)['id']}/events"
    answer = server.http.get(path, headers={"Last-Event-ID": last})
    assert answer.status_code == 422


def test_an_open_stream_does_not_hold_up_a_shutdown(server: Server) -> None:
    path = f"/api/v1/runs/{start(server)['id']}/events"
    with httpx.stream("GET", server.url + path, timeout=20, trust_env=False) as answer:
        lines = answer.iter_lines()
        assert next(lines).startswith("retry: ")
        began = time.monotonic()
        server.listener.stop()
        for _ in lines:
            pass
        assert time.monotonic() - began < 3


def test_a_reader_that_leaves_is_forgotten(server: Server) -> None:
    path = f"/api/v1/runs/{start(server)['id']}/events"
    for _ in range(3):
        with httpx.stream("GET", server.url + path, timeout=20, trust_env=False) as answer:
            next(answer.iter_lines())
    until(lambda: len(server.listener.server_state.tasks) <= 1, seconds=5)
    assert server.clock() == BEGIN
