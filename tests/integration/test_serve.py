"""The whole of it: ``judge serve`` and its client commands, against a real Prometheus."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from tests.cli.serving import command, environment, serving
from tests.servers import prometheus
from tests.servers.exposition import Series

SCRAPE = 15
HISTORY = 3 * 3600
RUN = 10 * 60


def _counters(track: str, pod: str, share: float, begin: float, end: float) -> list[Series]:
    """Requests and errors of a pod: 10 a second, ``share`` of them errors."""
    rng = np.random.default_rng([len(track), ord(pod[-1])])
    times = np.arange(begin, end, SCRAPE)
    errors = rng.binomial(10 * SCRAPE, share, len(times))
    counted = {"500": errors, "200": 10 * SCRAPE - errors}
    labels = {"app": "checkout", "track": track, "pod": pod}
    return [
        Series(
            "http_requests_total",
            {**labels, "code": code},
            list(zip(times.tolist(), np.cumsum(grown).tolist(), strict=True)),
        )
        for code, grown in counted.items()
    ]


def _analysis(address: str, canary: str) -> dict[str, Any]:
    return {
        "apiVersion": "judge/v1",
        "kind": "Analysis",
        "metadata": {"name": canary, "namespace": "shop"},
        "spec": {
            "prometheus": {"address": address},
            "tracks": {
                "baseline": {"selector": 'app="checkout",track="stable"'},
                "canary": {"selector": f'app="checkout",track="{canary}"'},
            },
            "interval": "1m",
            "duration": "10m",
            "delay": "0s",
            "history": "2h",
            "metrics": [{"name": "error-rate", "template": "http-error-rate"}],
        },
    }


@pytest.fixture(scope="module")
def released() -> float:
    """When the canaries began: Unix seconds, so long ago that their runs can be over."""
    return float(time.time() // 60 * 60 - RUN - 60)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, released: float) -> Iterator[str]:
    began, end = released - HISTORY, released + RUN + SCRAPE
    series = [
        one for pod in "abcde" for one in _counters("stable", f"stable-{pod}", 0.005, began, end)
    ]
    series += _counters("good", "good-a", 0.005, released - 60, end)
    series += _counters("bad", "bad-a", 0.05, released - 60, end)
    with prometheus.backfilled(tmp_path_factory.mktemp("prometheus"), series) as address:
        yield address


@pytest.mark.parametrize(("canary", "code"), [("good", 0), ("bad", 1)])
def test_a_run_in_the_past_catches_up_to_its_verdict(
    tmp_path: Path, address: str, released: float, canary: str, code: int
) -> None:
    body = {"analysis": _analysis(address, canary), "startedAt": released}
    with serving(tmp_path) as judge:
        started = httpx.post(f"{judge.url}/api/v1/runs", json=body, trust_env=False)
        run = started.json()["data"]["id"]
        done = subprocess.run(
            command("wait", run, "--output", "json", "--timeout", "60s"),
            env=environment(JUDGE_SERVER=judge.url),
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr + "".join(judge.log)
        said = json.loads(done.stdout)
        assert said["looks"] == said["decidedAt"] + 1
        assert judge.terminate() == 0


def test_a_finished_window_is_judged_while_one_waits(
    tmp_path: Path, address: str, released: float
) -> None:
    with serving(tmp_path) as judge:
        body = {"analysis": _analysis(address, "bad"), "at": released + RUN}
        answer = httpx.post(f"{judge.url}/api/v1/verdicts", json=body, trust_env=False, timeout=60)
        assert answer.json()["data"]["verdict"] == "fail"
        body["analysis"] = _analysis("http://127.0.0.1:9", "bad")
        answer = httpx.post(f"{judge.url}/api/v1/verdicts", json=body, trust_env=False, timeout=60)
        assert answer.status_code == 504
        assert "127.0.0.1:9" in answer.json()["detail"]
