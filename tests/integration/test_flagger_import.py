"""A Canary as it is imported, judged over a real Prometheus: a good release, and a bad one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from click.testing import CliRunner, Result

from judge.cli.main import judge
from judge.spec.written import read_documents
from tests.api.running import until
from tests.cli.serving import serving
from tests.servers.exposition import Series
from tests.servers.prometheus import backfilled

pytestmark = pytest.mark.xdist_group("prometheus")

CANARY = Path(__file__).parents[1] / "dialects/flagger/importing/canaries/my-app.yaml"
START, MINUTE, LOOKS = 1_790_000_040.0, 60, 5
END = START + LOOKS * MINUTE
SCRAPES = np.arange(START - 8 * 3600 - 90, END + 31, 30.0)
BOUNDS = ("25", "50", "100", "250", "500", "1000", "+Inf")
SHARES = np.array([0.2, 0.3, 0.3, 0.15, 0.045, 0.004, 0.001])
SLOW = np.array([0.02, 0.08, 0.2, 0.3, 0.25, 0.1, 0.05])
PODS = {"my-app-primary": "5d9c7b6f44-x2k8z", "my-app": "77b8d9cf6d-q4j5n"}
PRODUCTION, BAD = "production", "staging"


def counter(name: str, labels: dict[str, str], grown: np.ndarray) -> Series:
    return Series(name, labels, list(zip(SCRAPES.tolist(), np.cumsum(grown), strict=True)))


def workload(
    name: str, namespace: str, rng: np.random.Generator, *, errors: float, times: np.ndarray
) -> list[Series]:
    """The requests of one side, as Istio counts them and as the pods do."""
    pod = f"{name}-{PODS[name]}"
    mesh = {
        "reporter": "destination",
        "destination_workload": name,
        "destination_workload_namespace": namespace,
        "pod": pod,
    }
    own = {"kubernetes_namespace": namespace, "kubernetes_pod_name": pod}
    requests = rng.poisson(400, len(SCRAPES))
    failed = rng.binomial(requests, errors)
    within = np.cumsum(rng.multinomial(requests, times), axis=1)
    found = []
    for code, count in (("200", requests - failed), ("503", failed)):
        found.append(counter("istio_requests_total", {**mesh, "response_code": code}, count))
        found.append(counter("http_requests_total", {**own, "status": code}, count))
    return found + [
        counter("istio_request_duration_milliseconds_bucket", {**mesh, "le": bound}, within[:, i])
        for i, bound in enumerate(BOUNDS)
    ]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    rng = np.random.default_rng(20261123)
    series = []
    for namespace, errors, times in ((PRODUCTION, 0.002, SHARES), (BAD, 0.05, SLOW)):
        series += workload("my-app-primary", namespace, rng, errors=0.002, times=SHARES)
        series += workload("my-app", namespace, rng, errors=errors, times=times)
    with backfilled(tmp_path_factory.mktemp("prometheus"), series) as found:
        yield found


@dataclass(frozen=True)
class Files:
    """What an import has written."""

    analysis: Path
    canary: Path


@dataclass(frozen=True)
class Server:
    """Where Judge listens, and the folder of its analyses."""

    url: str
    analyses: Path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(judge, [str(one) for one in arguments])


def imported(folder: Path, address: str, namespace: str, *more: str) -> Files:
    """The Canary of that namespace, imported."""
    read = folder / "canary.yaml"
    text = CANARY.read_text(encoding="utf-8")
    read.write_text(text.replace(f"namespace: {PRODUCTION}", f"namespace: {namespace}"))
    written = Files(folder / f"{namespace}.yaml", folder / "with-hooks.yaml")
    done = run(
        *("import", "flagger", read, "--output", written.analysis),
        *("--canary-out", written.canary, "--prometheus", address, *more),
    )
    assert done.exit_code == 0, done.output
    return written


def judged(file: Path) -> dict[str, Any]:
    said = run("verdict", file, f"--at={END}", "--output=json")
    assert said.exit_code in (0, 1), said.output
    return dict(json.loads(said.output))


def test_its_queries_find_both_sides(address: str, tmp_path: Path) -> None:
    files = imported(tmp_path, address, PRODUCTION)
    checked = run("check", files.analysis)
    assert checked.exit_code == 0, checked.output
    assert "5 looks of 1m" in checked.output


def test_a_good_release_passes(address: str, tmp_path: Path) -> None:
    said = judged(imported(tmp_path, address, PRODUCTION).analysis)
    assert said["verdict"] == "pass", said
    assert {name: one["verdict"] for name, one in said["metrics"].items()} == {
        "request-success-rate": "pass",
        "request-duration": "pass",
        "error-rate": "pass",
    }


def test_a_bad_release_fails_long_before_its_end(address: str, tmp_path: Path) -> None:
    said = judged(imported(tmp_path, address, BAD).analysis)
    assert said["verdict"] == "fail", said
    assert said["decidedAt"] < LOOKS - 1
    assert all(one["estimate"] > one["limit"] for one in said["metrics"].values())
    assert all(one["bound"]["value"] > one["bound"]["max"] for one in said["metrics"].values())


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("server")
    analyses = folder / "analyses"
    analyses.mkdir()
    (folder / "judge.yaml").write_text(json.dumps({"analyses": str(analyses)}))
    with serving(folder, ("--port", "0", "--config", "judge.yaml")) as process:
        yield Server(process.url, analyses)


def test_runs_on_a_server_come_to_the_same(address: str, server: Server) -> None:
    started = {}
    for namespace in (PRODUCTION, BAD):
        imported(server.analyses, address, namespace)
        body = {"analysis": namespace, "startedAt": START}
        answer = httpx.post(f"{server.url}/api/v1/runs", json=body, trust_env=False)
        assert answer.status_code == 201, answer.text
        started[namespace] = answer.json()["data"]["id"]
    verdicts = {name: decided(server.url, run_id) for name, run_id in started.items()}
    assert verdicts == {PRODUCTION: "pass", BAD: "fail"}


def test_the_webhooks_that_it_was_given_are_answered(address: str, server: Server) -> None:
    files = imported(server.analyses, address, PRODUCTION, "--judge-url", server.url)
    (canary, _) = read_documents(files.canary.read_text(encoding="utf-8"), source="canary")
    hooks = canary.data["spec"]["analysis"]["webhooks"]
    answers = {
        hook["type"]: httpx.post(
            hook["url"],
            json={
                "name": "my-app",
                "namespace": PRODUCTION,
                "phase": "Progressing",
                "checksum": "7d9f6c5b84",
            },
            trust_env=False,
        ).status_code
        for hook in hooks
        if hook["url"].startswith(server.url)
    }
    assert answers == {
        "pre-rollout": 200,
        "rollout": 200,
        "confirm-traffic-increase": 200,
        "confirm-promotion": 403,
        "rollback": 403,
        "post-rollout": 200,
    }


def decided(url: str, run_id: str) -> str:
    """The verdict of a run, once it has ended."""

    def asked() -> dict[str, Any]:
        return dict(httpx.get(f"{url}/api/v1/runs/{run_id}", trust_env=False).json()["data"])

    until(lambda: asked()["state"] == "done")
    return str(asked()["verdict"])


def test_the_canary_is_given_its_webhooks_and_keeps_all_else(address: str, tmp_path: Path) -> None:
    files = imported(tmp_path, address, PRODUCTION)
    before, after = (
        read_documents(path.read_text(encoding="utf-8"), source=path.name)
        for path in (CANARY, files.canary)
    )
    hooks = after[0].data["spec"]["analysis"].pop("webhooks")
    own = before[0].data["spec"]["analysis"].pop("webhooks")
    assert [one.data for one in after] == [one.data for one in before]
    assert hooks[: len(own)] == own
    assert [one["url"].rpartition("/flagger/")[2] for one in hooks[len(own) :]] == [
        f"production/{moment}"
        for moment in (
            "pre-rollout",
            "rollout",
            "confirm-traffic-increase",
            "confirm-promotion",
            "rollback",
            "post-rollout",
        )
    ]
