"""Argo Rollouts' templates and a real Prometheus: imported ones judge, shipped ones are answered.

The template is that of docs/coming-from-argo.md, the analysis that of deploy/examples/argo.
"""

from __future__ import annotations

import json
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from click.testing import CliRunner

from judge.api.tokens import hash_token
from judge.cli.main import judge
from judge.dialects.argo.conditions import Conditions, Phase
from judge.dialects.argo.expressions import parse
from tests.cli.serving import serving
from tests.dialects.argo.playing import EXAMPLES, analysis
from tests.dialects.argo.test_docs import ROLLOUT, TEMPLATE
from tests.servers.exposition import Series
from tests.servers.prometheus import backfilled

pytestmark = pytest.mark.xdist_group("prometheus")

SCRAPE, PAST = 15, 9 * 3600
STABLE, GOOD, SLOW, BAD = "6c54544bf9", "7d9f6c5b84", "5f4cbd8f7c", "84c7b9dd5d"
BOUNDS = ("0.1", "0.25", "0.5", "1", "2.5", "+Inf")
MIDDLES = np.array([0.05, 0.17, 0.37, 0.75, 1.7, 3.0])  # seconds, of the buckets' requests
SHARES = np.array([0.5, 0.25, 0.15, 0.07, 0.02, 0.01])


def pod(pod_hash: str, times: np.ndarray, *, errors: float, slower: bool = False) -> list[Series]:
    """One pod of a version: its requests and their latencies."""
    rng = np.random.default_rng(int(pod_hash, 16))
    requests = rng.poisson(150, len(times))
    failed = rng.binomial(requests, errors)
    shares = SHARES if not slower else np.array([0.02, 0.08, 0.2, 0.4, 0.2, 0.1])
    lasting = rng.multinomial(requests, shares)
    within = np.cumsum(lasting, axis=1)
    labels = {
        "app": "checkout",
        "namespace": "shop",
        "pod": f"checkout-{pod_hash}-x",
        "rollouts_pod_template_hash": pod_hash,
    }
    counted = [("http_requests_total", {"code": "200"}, requests - failed)]
    counted.append(("http_requests_total", {"code": "500"}, failed))
    counted.append(("http_request_duration_seconds_sum", {}, lasting @ MIDDLES))
    counted.append(("http_request_duration_seconds_count", {}, requests))
    counted += [
        ("http_request_duration_seconds_bucket", {"le": bound}, within[:, i])
        for i, bound in enumerate(BOUNDS)
    ]
    return [
        Series(name, {**labels, **more}, list(zip(times.tolist(), np.cumsum(grown), strict=True)))
        for name, more, grown in counted
    ]


@pytest.fixture(scope="module")
def began() -> float:
    """When the newest sample is: no test of one question can name another time than now."""
    return float(int(time.time()) // SCRAPE * SCRAPE)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, began: float) -> Iterator[str]:
    times = np.arange(began - PAST, began + 300, SCRAPE)
    series = pod(STABLE, times, errors=0.01)
    last = times[times >= began - 3600]
    series += pod(GOOD, last, errors=0.01)
    series += pod(SLOW, last, errors=0.01, slower=True)
    series += pod(BAD, last, errors=0.08)
    queue = [(at, 40.0) for at in times.tolist()]
    series.append(Series("queue_length", {"app": "checkout"}, queue))
    with backfilled(tmp_path_factory.mktemp("prometheus"), series) as found:
        yield found


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("imported")
    (folder / "template.yaml").write_text(TEMPLATE)
    (folder / "rollout.yaml").write_text(ROLLOUT)
    files = [str(folder / name) for name in ("template.yaml", "rollout.yaml")]
    out = folder / "checkout.yaml"
    done = CliRunner().invoke(judge, ["import", "argo", *files, "-o", str(out)])
    assert done.exit_code == 0, done.output
    return out


@pytest.mark.parametrize(
    ("canary", "verdict", "failed"), [(GOOD, "pass", []), (BAD, "fail", ["success-rate"])]
)
def test_an_imported_template_judges(
    imported: Path, address: str, began: float, canary: str, verdict: str, failed: list[str]
) -> None:
    arguments = ["verdict", str(imported), f"--at={began}", f"--prometheus={address}"]
    sets = [f"--set=canaryHash={canary}", f"--set=stableHash={STABLE}"]
    done = CliRunner().invoke(judge, [*arguments, *sets, "--output=json"])
    said: dict[str, Any] = json.loads(done.stdout)
    assert said["verdict"] == verdict, said["reason"]
    metrics = said["metrics"]
    assert [name for name, one in metrics.items() if one["verdict"] == "fail"] == failed
    assert metrics["queue"]["bound"]["value"] == 40.0
    assert metrics["success-rate"]["bound"]["max"] == 0.05


OF = 'rollouts_pod_template_hash="{{args.canary-hash}}"'
ERRORS = f'sum(rate(http_requests_total{{{OF},code=~"5.."}}[5m]))'
REQUESTS = f"sum(rate(http_requests_total{{{OF}}}[5m]))"
SECONDS = "http_request_duration_seconds"
ASKED = {
    "success": (f"(1 - {ERRORS} / {REQUESTS}) * 100", "result[0] >= 95", ""),
    "errors": (f"{ERRORS} / {REQUESTS}", "", "result[0] > 0.05"),
    "slowest": (
        f"histogram_quantile(0.9, sum by (le) (rate({SECONDS}_bucket{{{OF}}}[5m])))",
        "result[0] <= 1",
        "",
    ),
    "mean": (
        f"sum(rate({SECONDS}_sum{{{OF}}}[5m])) / sum(rate({SECONDS}_count{{{OF}}}[5m]))",
        "len(result) == 0 || result[0] < 0.5",
        "result[0] >= 0.5",
    ),
    "failing": (
        f'sum by (pod) (rate(http_requests_total{{{OF},code=~"5.."}}[5m]))',
        "all(result, {# < 0.4})",
        "",
    ),
}


def template_of(asked: dict[str, tuple[str, str, str]], address: str) -> str:
    """An AnalysisTemplate as JSON, which is YAML too."""
    metrics = [
        {
            "name": name,
            "interval": "1m",
            "count": 25,
            "successCondition": success,
            "failureCondition": failure,
            "provider": {"prometheus": {"address": address, "query": query}},
        }
        for name, (query, success, failure) in asked.items()
    ]
    spec = {"args": [{"name": "canary-hash"}], "metrics": metrics}
    kind = {"apiVersion": "argoproj.io/v1alpha1", "kind": "AnalysisTemplate"}
    return json.dumps({**kind, "metadata": {"name": "every-kind"}, "spec": spec}, indent=1)


def measured(name: str, canary: str, address: str, at: float) -> Phase:
    """What Argo Rollouts' measurement of a metric comes to at that time."""
    query, success, failure = ASKED[name]
    params = {"query": query.replace("{{args.canary-hash}}", canary), "time": str(at)}
    found = httpx.get(f"{address}/api/v1/query", params=params, trust_env=False).json()
    values = [float(one["value"][1]) for one in found["data"]["result"]]
    assert len(values) == 1
    conditions = [parse(one) if one else None for one in (success, failure)]
    return Conditions(*conditions).phase(values)


def verdict_of(
    asked: dict[str, tuple[str, str, str]], canary: str, address: str, at: float, folder: Path
) -> str:
    """What `judge verdict` says with the analysis that is made of a template."""
    template, out = folder / "template.yaml", folder / "analysis.yaml"
    template.write_text(template_of(asked, address))
    runner = CliRunner()
    done = runner.invoke(judge, ["import", "argo", str(template), "-o", str(out)])
    assert done.exit_code == 0, done.output
    # Bounds alone: Argo Rollouts compares nothing.
    bounded = re.sub(r"^ +(limit|worst): .*\n", "", out.read_text(), flags=re.MULTILINE)
    out.write_text(bounded)
    sets = [f"--set=canaryHash={canary}", f"--set=stableHash={STABLE}"]
    done = runner.invoke(judge, ["verdict", str(out), f"--at={at}", *sets, "--output=json"])
    return str(json.loads(done.stdout)["verdict"])


@pytest.mark.parametrize(
    ("canary", "failed"),
    [
        (GOOD, set()),
        (BAD, {"success", "errors", "failing"}),
        (SLOW, {"slowest", "mean"}),
    ],
)
def test_what_argo_would_call_failed_fails(
    address: str, began: float, tmp_path: Path, canary: str, failed: set[str]
) -> None:
    phases = {name: measured(name, canary, address, began) for name in ASKED}
    assert {name for name, phase in phases.items() if phase is Phase.FAILED} == failed
    good = {name: one for name, one in ASKED.items() if name not in failed}
    assert verdict_of(good, canary, address, began, tmp_path) == "pass"
    for name in failed:  # each by itself: a run is over with its first failure
        assert verdict_of({name: ASKED[name]}, canary, address, began, tmp_path) == "fail", name


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, address: str) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("judge")
    shutil.copytree(EXAMPLES / "analyses", folder / "analyses")
    entry = {"name": "argo", "role": "judge", "namespaces": ["shop"], "hash": hash_token("secret")}
    (folder / "tokens.yaml").write_text(json.dumps({"tokens": [entry]}), encoding="utf-8")
    settings = {
        "analyses": "analyses",
        "token_file": "tokens.yaml",
        "prometheus": {"main": {"address": address}},
    }
    (folder / "judge.yaml").write_text(json.dumps(settings), encoding="utf-8")
    with serving(folder, ("--port", "0", "--config", "judge.yaml")) as process:
        yield process.url


@pytest.mark.parametrize(
    ("canary", "phase", "words"),
    [
        (GOOD, Phase.SUCCESSFUL, ""),
        (BAD, Phase.FAILED, "error rate"),
        (SLOW, Phase.FAILED, "latency"),
        ("0", Phase.INCONCLUSIVE, ""),  # nothing has that hash: no traffic
    ],
)
def test_the_shipped_template_is_answered(
    server: str, canary: str, phase: Phase, words: str
) -> None:
    args = {
        "analysis": "checkout",
        "canary-hash": canary,
        "stable-hash": STABLE,
        "token": "secret",
    }
    run = analysis("analysis-verdict.yaml", server, args)
    assert (run.measure(), run.phase) == (phase, phase), (run.messages, run.values)
    assert words in json.loads(run.values[0])["reason"]
