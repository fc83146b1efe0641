"""Health, readiness and metrics."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from tests.api.running import Server, look, running, start, until


def test_a_whole_server_is_healthy_and_ready(server: Server) -> None:
    assert server.http.get("/healthz").json() == {"status": "ok"}
    until(lambda: server.http.get("/readyz").status_code == 200)
    assert server.http.get("/readyz").json() == {"database": "ok", "scheduler": "ok"}


def test_without_a_scheduler_it_is_healthy_but_not_ready(shared: Server) -> None:
    assert shared.http.get("/healthz").status_code == 200
    answer = shared.http.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {"database": "ok", "scheduler": "stopped"}


def test_a_database_that_cannot_be_written_is_not_ready(tmp_path: Path) -> None:
    with running(tmp_path, daemon=False) as server:
        other = sqlite3.connect(tmp_path / "judge.db", isolation_level=None)
        try:
            other.execute("BEGIN IMMEDIATE")
            answer = server.http.get("/readyz")
        finally:
            other.close()
        assert answer.status_code == 503
        assert answer.json()["database"] == "not writable"


def test_the_metrics_are_prometheus_s_and_count_what_happened(server: Server) -> None:
    look(server, start(server)["id"], looks=10)
    server.http.get("/api/v1/runs/none")
    server.http.request("BREW", "/api/v1/runs")

    def value(name: str, **labels: str) -> float:
        text = server.http.get("/metrics").text
        return next(
            sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        )

    assert value("judge_looks_total", result="judged") == 10
    until(lambda: value("judge_http_requests_total", method="POST", status="201") == 1)
    assert value("judge_http_requests_total", method="GET", status="404") == 1
    assert value("judge_http_requests_total", method="other") == 1
    assert value("judge_http_request_duration_seconds_count", method="POST") == 1
    until(lambda: value("judge_runs", state="done") == 1)
