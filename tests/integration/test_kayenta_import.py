"""An imported analysis and the configuration it was made of, over the same real Prometheus."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from judge.cli.main import judge
from judge.dialects.kayenta.importing.metrics import names_of
from judge.dialects.kayenta.reading import read_config
from judge.dialects.kayenta.requests import Caller, canary_execution
from judge.runs.once import judge_window
from judge.sources.prometheus import PrometheusSource
from judge.spec.resolved import PrometheusConfig
from judge.verdict.verdict import Verdict, document
from tests.servers.exposition import Series
from tests.servers.prometheus import backfilled

pytestmark = pytest.mark.xdist_group("prometheus")

CONFIG = Path(__file__).parents[1] / "dialects/kayenta/configs/services.json"
START = 1_700_000_400.0
LENGTH, SCRAPE = 3600, 30
BOUNDS = ("0.1", "0.25", "0.5", "1", "+Inf")


def counter(name: str, labels: dict[str, str], increments: np.ndarray) -> Series:
    return Series(name, labels, list(zip(times(), np.cumsum(increments), strict=True)))


def times() -> list[float]:
    return [START + at for at in range(-2 * SCRAPE * 4, LENGTH + SCRAPE, SCRAPE)]


def side(app: str, rng: np.random.Generator, *, errors: float, slower: float) -> list[Series]:
    """The requests, latencies and CPU of one side, scraped every half minute."""
    count = len(times())
    requests = rng.poisson(300, count)
    failed = rng.binomial(requests, errors)
    shares = np.array([0.5, 0.25, 0.15, 0.08, 0.02]) ** (1.0 / slower)
    within = np.cumsum(rng.multinomial(requests, shares / shares.sum()), axis=1)
    found = [
        counter("http_requests_total", {"app": app, "code": "200"}, requests - failed),
        counter("http_requests_total", {"app": app, "code": "500"}, failed),
    ]
    found += [
        counter("request_seconds_bucket", {"app": app, "le": bound}, within[:, i])
        for i, bound in enumerate(BOUNDS)
    ]
    for container, level in (("app", 0.4 * slower), ("proxy", 0.1), ("POD", 9.0)):
        labels = {"app": app, "namespace": "shop", "container": container}
        levels = level * rng.lognormal(0.0, 0.1, count)
        found.append(Series("container_cpu_usage", labels, list(zip(times(), levels, strict=True))))
    return found


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    rng = np.random.default_rng(20260504)
    series = side("good-baseline", rng, errors=0.01, slower=1.0)
    series += side("good-canary", rng, errors=0.01, slower=1.0)
    series += side("bad-canary", rng, errors=0.03, slower=3.0)
    with backfilled(tmp_path_factory.mktemp("prometheus"), series) as found:
        yield found


def by_request(config: Any, canary: str, address: str) -> Verdict:
    """What Kayenta's callers are told."""

    def scope(name: str) -> dict[str, Any]:
        bounds = {"start": iso(START), "end": iso(START + LENGTH)}
        params = {"namespace": "shop", "quantile": "0.95"}
        return {
            "scope": name,
            "location": "eu",
            "step": 60,
            **bounds,
            "extendedScopeParams": params,
        }

    scopes = {"controlScope": scope("good-baseline"), "experimentScope": scope(canary)}
    request = {"scopes": {"default": scopes}, "thresholds": {"pass": 75, "marginal": 50}}
    server = PrometheusConfig(address=address)
    execution = canary_execution(
        config, request, Caller("default", "checkout"), servers={"server": server}
    )
    with PrometheusSource(server) as source:
        return judge_window(execution.analysis, source, end=START + LENGTH).verdict


def iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def by_analysis(canary: str, address: str, folder: Path) -> dict[str, Any]:
    """What `judge verdict` says with the imported analysis."""
    file = folder / "analysis.yaml"
    runner = CliRunner()
    made = runner.invoke(judge, ["import", "kayenta", str(CONFIG), "--output", str(file)])
    assert made.exit_code == 0, made.output
    values = {"baselineScope": "good-baseline", "canaryScope": canary, "namespace": "shop"}
    arguments = [f"--set={name}={value}" for name, value in values.items()]
    said = runner.invoke(
        judge,
        [
            "verdict",
            str(file),
            f"--at={START + LENGTH}",
            f"--prometheus={address}",
            "--output=json",
            *arguments,
        ],
    )
    assert said.exit_code in (0, 1), said.output
    return dict(json.loads(said.output))


def results(said: dict[str, Any], metrics: list[str]) -> list[list[dict[str, Any]]]:
    """Each metric's results, but for what its name is in: by that alone the two differ."""
    named = ("id", "name", "classificationReason")
    return [
        [
            {k: v for k, v in one.items() if k not in named}
            for one in said["metrics"][name]["kayenta"]
        ]
        for name in metrics
    ]


@pytest.mark.parametrize(
    ("canary", "labels", "score"),
    [
        ("good-canary", ["Pass", "Pass", "Pass", "Pass"], 100.0),
        ("bad-canary", ["High", "High", "High", "Pass"], 10.0),
    ],
)
def test_the_same_is_said_of_the_same_data(
    canary: str, labels: list[str], score: float, address: str, tmp_path: Path
) -> None:
    config = json.loads(CONFIG.read_text())
    asked = document(by_request(config, canary, address))
    imported = by_analysis(canary, address, tmp_path)
    theirs = results(asked, [metric["name"] for metric in config["metrics"]])
    ours = results(imported, names_of(read_config(config).metrics))
    assert ours == theirs
    assert [one["classification"] for metric in ours for one in metric] == labels
    assert imported["kayenta"] == asked["kayenta"]
    assert imported["verdict"] == asked["verdict"] == ("pass" if score >= 75 else "fail")
    assert imported["score"] == asked["score"] == score
