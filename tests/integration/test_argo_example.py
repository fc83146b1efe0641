"""The shipped example for Argo Rollouts, as it is: its configuration, its template, its calls.

A real Prometheus, ``judge serve`` as a process with a token file, and the provider in Argo's place.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import numpy as np
import pytest

from judge.api.tokens import hash_token, new_token
from tests.api.kayenta.argo import TIMEOUT, Argo, Measured, Phase, substituted
from tests.api.kayenta.test_argo import read
from tests.api.running import until
from tests.cli.serving import serving
from tests.servers.exposition import Series
from tests.servers.prometheus import backfilled

pytestmark = pytest.mark.xdist_group("prometheus")

START, LENGTH, SCRAPE = 1_790_000_400, 1800, 15
HASHES = {"baseline": "6c54544bf9", "good": "7d9f6c5b84", "bad": "5f4cbd8f7c"}
BOUNDS = ("0.1", "0.25", "0.5", "1", "+Inf")
HOOK = new_token()


def service(pod_hash: str, *, errors: float) -> list[Series]:
    """Requests and latencies of one side, from a quarter of an hour before the window on."""
    rng = np.random.default_rng(int(pod_hash, 16))
    times = np.arange(START - 900, START + LENGTH + SCRAPE, SCRAPE)
    requests = rng.poisson(300, len(times))
    failed = rng.binomial(requests, errors)
    within = np.cumsum(rng.multinomial(requests, [0.5, 0.25, 0.15, 0.08, 0.02]), axis=1)
    labels = {"rollouts_pod_template_hash": pod_hash}
    counted = [("http_requests_total", {"code": "200"}, requests - failed)]
    counted.append(("http_requests_total", {"code": "500"}, failed))
    for i, bound in enumerate(BOUNDS):
        counted.append(("http_request_duration_seconds_bucket", {"le": bound}, within[:, i]))
    return [
        Series(name, {**labels, **more}, list(zip(times.tolist(), np.cumsum(grown), strict=True)))
        for name, more, grown in counted
    ]


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server that holds the example's configuration."""
    folder = tmp_path_factory.mktemp("argo")
    shares = {"baseline": 0.01, "good": 0.01, "bad": 0.05}
    series = [one for name, pods in HASHES.items() for one in service(pods, errors=shares[name])]
    tokens = [
        {"name": "argo", "role": "hook", "namespaces": ["shop"], "hash": hash_token(HOOK)},
        {"name": "ci", "role": "operate", "namespaces": ["shop"], "hash": hash_token("of-ci")},
    ]
    (folder / "tokens.yaml").write_text(json.dumps({"tokens": tokens}), encoding="utf-8")
    with backfilled(folder, series) as prometheus:
        settings = {"token_file": "tokens.yaml", "prometheus": {"main": {"address": prometheus}}}
        (folder / "judge.yaml").write_text(json.dumps(settings), encoding="utf-8")
        with serving(folder, ("--port", "0", "--config", "judge.yaml")) as process:
            answer = httpx.post(
                f"{process.url}/kayenta/canaryConfig",
                json=read("canary-config.json"),
                headers={"Authorization": "Bearer of-ci"},
                trust_env=False,
            )
            assert answer.status_code == 200, answer.text
            yield process.url
            assert HOOK not in "".join(process.log)


def provider(judge: str, canary: str) -> Argo:
    (metric,) = read("analysis-template.yaml")["spec"]["metrics"]
    times = {"start-time": START, "end-time": START + LENGTH}
    args = {
        "hook": HOOK,
        "baseline-hash": HASHES["baseline"],
        "canary-hash": HASHES[canary],
        **{
            name: f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}"
            for name, at in times.items()
        },
    }
    spec: dict[str, Any] = substituted(metric["provider"]["kayenta"], args)
    return Argo({**spec, "address": spec["address"].replace("http://judge.judge.svc:8080", judge)})


def measured(argo: Argo) -> Measured:
    """What the measurement comes to."""
    execution = argo.measure()
    found: Measured = until(lambda: ended(argo.resume(execution)))
    return found


def ended(found: Measured) -> Measured | None:
    return None if found.phase is Phase.RUNNING else found


def test_a_good_release_goes_on(judge: str) -> None:
    argo = provider(judge, "good")
    assert measured(argo) == Measured(Phase.SUCCESSFUL, 100)
    assert argo.slowest < TIMEOUT / 5


def test_a_bad_release_is_aborted(judge: str) -> None:
    assert measured(provider(judge, "bad")) == Measured(Phase.FAILED, 0)
