"""Every kind of metric at once: shipped templates, native histograms, a real Prometheus, a verdict.

Six hours of a service of three pods, then half an hour beside releases that differ from it in one
thing each.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from scipy.stats import norm

from judge.cli.main import judge
from tests.servers.exposition import Series
from tests.servers.native import Native, NativeSeries
from tests.servers.prometheus import written

pytestmark = pytest.mark.xdist_group("every_kind")

END = 1_699_999_200
STEP, HISTORY, RUN = 60.0, 360, 30
INDEXES = np.arange(-48, 16)

ANALYSIS = """
apiVersion: judge/v1
kind: Analysis
metadata: {{name: checkout, namespace: shop}}
spec:
  prometheus: {{address: "{address}"}}
  inputs: [release]
  variables: {{release: good}}
  tracks:
    baseline:
      selector: 'app="checkout",track="stable"'
      variables: {{pods: stable-.*}}
      weight: 75%
    canary:
      selector: 'app="checkout",track="${{release}}"'
      variables: {{pods: "${{release}}-.*"}}
      weight: 25%
  delay: 0s
  history: 6h
  risk: {{falseRollback: 5%}}
  metrics:
    - {{name: errors, template: http-error-rate, max: 5%}}
    - name: latency
      template: http-latency
      variables: {{metric: http_request_duration_seconds}}
      limit: {{ratio: 1.2}}
    - {{name: cpu, template: container-cpu}}
    - {{name: memory, template: container-memory}}
    - {{name: alerts, template: alerts-firing}}
"""


class Release:
    """A track's pods, each with counters that grow by the minute."""

    def __init__(self, track: str, pods: int, minutes: range, **worse: float) -> None:
        self.track, self.pods, self.minutes, self.worse = track, pods, minutes, worse

    def of(self, name: str) -> float:
        return self.worse.get(name, 1.0)

    def series(self, rng: np.random.Generator) -> tuple[list[Series], list[NativeSeries]]:
        counters: list[Series] = []
        natives: list[NativeSeries] = []
        for pod in range(self.pods):
            labels = {"app": "checkout", "track": self.track, "pod": f"{self.track}-{pod}"}
            counters += self._requests(rng, labels)
            counters += self._containers(rng, labels["pod"])
            natives.append(self._latency(rng, labels))
        return counters, natives

    def _at(self, values: np.ndarray) -> list[tuple[float, float]]:
        times = END - STEP * RUN + STEP * np.array(self.minutes)
        return [(float(at), float(value)) for at, value in zip(times, values, strict=True)]

    def _requests(self, rng, labels: dict[str, str]) -> list[Series]:
        share = {"200": 0.99, "500": 0.01 * self.of("errors")}
        return [
            Series(
                "http_requests_total",
                {**labels, "code": code},
                self._at(rng.poisson(600 * part, len(self.minutes)).cumsum()),
            )
            for code, part in share.items()
        ]

    def _containers(self, rng, pod: str) -> list[Series]:
        labels = {"namespace": "shop", "pod": pod, "container": "app"}
        noise = np.exp(0.05 * rng.standard_normal(len(self.minutes)))
        cpu = (60 * 0.4 * self.of("cpu") * noise).cumsum()
        memory = 3e8 * self.of("memory") * np.exp(0.02 * rng.standard_normal(len(noise)))
        return [
            Series("container_cpu_usage_seconds_total", labels, self._at(cpu)),
            Series("container_memory_working_set_bytes", labels, self._at(memory)),
        ]

    def _latency(self, rng, labels: dict[str, str]) -> NativeSeries:
        upper = np.log(2.0 ** (INDEXES / 8) / (0.1 * self.of("latency"))) / 0.4
        parts = np.diff(norm.cdf(upper), prepend=0.0)
        grown = rng.poisson(600 * parts, (len(self.minutes), len(parts))).cumsum(0)
        held = [
            Native(positive={int(i): int(n) for i, n in zip(INDEXES, row, strict=True) if n})
            for row in grown
        ]
        times = [at for at, _ in self._at(grown[:, 0])]
        return NativeSeries(
            "http_request_duration_seconds", labels, list(zip(times, held, strict=True))
        )


@pytest.fixture(scope="module")
def analysis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An analysis of a Prometheus that holds the service and its releases."""
    rng = np.random.default_rng(1)
    folder = tmp_path_factory.mktemp("every-kind")
    run = range(RUN + 1)
    releases = [
        Release("stable", 3, range(-HISTORY, RUN + 1)),
        Release("good", 1, run),
        Release("errors", 1, run, errors=4.0),
        Release("latency", 1, run, latency=1.5),
        Release("cpu", 1, run, cpu=2.5),
        Release("memory", 1, run, memory=2.0),
        Release("alerts", 1, run),
    ]
    counters: list[Series] = []
    natives: list[NativeSeries] = []
    for release in releases:
        more, latencies = release.series(rng)
        counters, natives = counters + more, natives + latencies
    fires = [(END - 60.0 * back, 1.0) for back in reversed(range(10))]
    alert = {"alertname": "Slow", "alertstate": "firing", "app": "checkout", "track": "alerts"}
    counters.append(Series("ALERTS", alert, fires))
    with written(folder, counters=counters, natives=natives) as address:
        file = folder / "checkout.yaml"
        file.write_text(ANALYSIS.format(address=address))
        yield file


def judged(analysis: Path, release: str) -> dict:
    done = CliRunner().invoke(
        judge,
        [
            "verdict",
            str(analysis),
            "--set",
            f"release={release}",
            "--at",
            str(END),
            "--output",
            "json",
        ],
    )
    return {"exit": done.exit_code, **json.loads(done.stdout)}


def test_a_good_release_passes_proven_on_all_of_them(analysis: Path) -> None:
    told = judged(analysis, "good")
    assert (told["verdict"], told["exit"], told["proven"]) == ("pass", 0, True), told["reason"]
    assert told["promise"] == "calibrated"
    assert told["metrics"]["latency"]["limit"] == pytest.approx(2 ** (2 / 8))
    observed = told["metrics"]["latency"]["observed"]["canary"]
    assert observed["p99"] == pytest.approx(0.1 * math.exp(0.4 * 2.326), rel=0.06)
    assert told["metrics"]["errors"]["bound"]["promised"]
    assert told["metrics"]["alerts"]["bound"] == {
        "broken": False,
        "promised": False,
        "value": 0.0,
        "max": 0.0,
        "min": None,
        "evidence": None,
        "threshold": None,
    }


@pytest.mark.parametrize("release", ["errors", "latency", "cpu", "memory", "alerts"])
def test_a_release_that_is_worse_in_one_thing_fails_by_that(analysis: Path, release: str) -> None:
    told = judged(analysis, release)
    assert (told["verdict"], told["exit"]) == ("fail", 1), told["reason"]
    failed = [name for name, one in told["metrics"].items() if one["verdict"] == "fail"]
    assert failed == [release]
