"""/kayenta/credentials, metricsServices, judges and health: what callers ask before they begin."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from judge.spec.resolved import PrometheusConfig
from tests.api.running import Server, running, until

SERVERS = {
    "main": PrometheusConfig(address="http://user:secret@prometheus", bearer_token_file="/secret"),
    "edge": PrometheusConfig(address="http://edge"),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("named"), daemon=False, prometheus=SERVERS) as server:
        yield server


def account(name: str, kind: str, *supported: str) -> dict[str, object]:
    return {
        "name": name,
        "type": kind,
        "supportedTypes": list(supported),
        "locations": [],
        "recommendedLocations": [],
    }


def test_accounts_are_the_named_servers_and_our_store(server: Server) -> None:
    answer = server.http.get("/kayenta/credentials")
    assert answer.json() == [
        account("edge", "prometheus", "METRICS_STORE"),
        account("main", "prometheus", "METRICS_STORE"),
        account("judge", "judge", "CONFIGURATION_STORE", "OBJECT_STORE"),
    ]
    assert "secret" not in answer.text


def test_metrics_services_are_the_named_servers(server: Server) -> None:
    answer = server.http.get("/kayenta/metricsServices")
    bare = {"type": "prometheus", "locations": [], "recommendedLocations": []}
    assert answer.json() == [{"name": "edge", **bare}, {"name": "main", **bare}]


def test_there_is_one_judge(server: Server) -> None:
    answer = server.http.get("/kayenta/judges")
    assert answer.json() == [{"name": "NetflixACAJudge-v1.0", "visible": True}]


def test_health_is_up_while_runs_can_be_started(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        until(lambda: server.http.get("/kayenta/health").json() == {"status": "UP"})


def test_health_is_down_where_nobody_looks_at_runs(server: Server) -> None:
    answer = server.http.get("/kayenta/health")
    assert (answer.status_code, answer.json()) == (503, {"status": "DOWN"})


def test_health_is_open_and_the_rest_is_not(tmp_path: Path) -> None:
    tokens = tmp_path / "tokens.yaml"
    tokens.write_text("tokens: []", encoding="utf-8")
    with running(tmp_path, daemon=False, token_file=tokens) as server:
        assert server.http.get("/kayenta/health").status_code == 503
        for path in ("credentials", "metricsServices", "judges", "canaryConfig"):
            assert server.http.get(f"/kayenta/{path}").status_code == 401
