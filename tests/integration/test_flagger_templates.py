"""Flagger's MetricTemplates in analyses of ours, as they are, on a real Prometheus."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import requests

from judge.runs.once import Judged, judge_window
from judge.sources.prometheus import PrometheusSource
from judge.spec.flagger_template import flagger_templates
from judge.spec.loading import load_analysis_file
from judge.stats.samples import Count
from judge.verdict.verdict import Outcome
from tests.servers.exposition import Series
from tests.servers.prometheus import backfilled

pytestmark = pytest.mark.xdist_group("prometheus")

START = 1_700_000_040.0
STEP, LOOKS, PAST = 60.0, 30, 60
END = START + LOOKS * STEP
SCRAPES = np.arange(START - PAST * STEP - 60.0, END + 1, 15.0)
PODS = {"podinfo-primary": "5d9c7b6f44-x2k8z", "podinfo": "77b8d9cf6d-q4j5n"}
ERRORS = {"good": 0.01, "bad": 0.06}
BUSY = {"good": 40.0, "bad": 95.0}

ERROR_RATE = """\
apiVersion: flagger.app/v1beta1
kind: MetricTemplate
metadata: {name: error-rate, namespace: flagger}
spec:
  provider: {type: prometheus, address: http://prometheus.monitoring:9090}
  query: |
    100 - sum(
      rate(
        http_requests_total{
          kubernetes_namespace="{{ namespace }}",
          kubernetes_pod_name=~"{{ target }}-[0-9a-zA-Z]+(-[0-9a-zA-Z]+)",
          status!~"5.."
        }[{{ interval }}]
      )
    )
    /
    sum(
      rate(
        http_requests_total{
          kubernetes_namespace="{{ namespace }}",
          kubernetes_pod_name=~"{{ target }}-[0-9a-zA-Z]+(-[0-9a-zA-Z]+)"
        }[{{ interval }}]
      )
    )
    * 100
"""
BUSIEST = """\
# Not the only document of its file.
apiVersion: v1
kind: ConfigMap
metadata: {name: other}
---
apiVersion: flagger.app/v1beta1
kind: MetricTemplate
metadata: {name: busiest}
spec:
  query: |
    {{- $pods := printf "%s-[0-9a-z]+-[0-9a-z]+" target -}}
    max(max_over_time(
      {{ variables.gauge }}{pod=~"{{ $pods }}", service="{{ service }}"}[{{ interval }}]
    ))
"""


def series() -> list[Series]:
    rng = np.random.default_rng(6)
    found = []
    for namespace in ("good", "bad"):
        for target, pod in PODS.items():
            share = 0.01 if target == "podinfo-primary" else ERRORS[namespace]
            labels = {
                "kubernetes_namespace": namespace,
                "kubernetes_pod_name": f"{target}-{pod}",
            }
            for status, part in (("200", 1 - share), ("500", share)):
                drawn = rng.poisson(300 * part, len(SCRAPES)).cumsum()
                samples = [(float(at), float(n)) for at, n in zip(SCRAPES, drawn, strict=True)]
                found.append(Series("http_requests_total", {**labels, "status": status}, samples))
            level = 40.0 if target == "podinfo-primary" else BUSY[namespace]
            names = {"namespace": namespace, "pod": f"{target}-{pod}", "service": target}
            samples = [(float(at), level + at % 2) for at in SCRAPES]
            found.append(Series(f"{namespace}_busy_workers", names, samples))
    return found


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with backfilled(tmp_path_factory.mktemp("prometheus"), series()) as found:
        yield found


def judged(folder: Path, address: str, namespace: str, metrics: str) -> Judged:
    (folder / "error-rate.yaml").write_text(ERROR_RATE)
    (folder / "busiest.yaml").write_text(BUSIEST)
    file = folder / "analysis.yaml"
    file.write_text(f"""\
apiVersion: judge/v1
kind: Analysis
metadata: {{name: podinfo, namespace: {namespace}}}
spec:
  prometheus: {{address: '{address}'}}
  tracks:
    baseline: {{variables: {{target: podinfo-primary}}}}
    canary: {{variables: {{target: podinfo}}}}
  interval: 1m
  duration: 30m
  history: 1h
  metrics: [{metrics}]
""")
    of = load_analysis_file(file)
    with PrometheusSource(of.prometheus) as source:
        return judge_window(of, source, end=END)


COMPARED = "{name: error-rate, template: ./error-rate.yaml, limit: {ratio: 1.5}}"
BOUNDED = "{name: error-rate, template: ./error-rate.yaml, max: 3%}"


@pytest.mark.parametrize("metric", [COMPARED, BOUNDED], ids=["compared", "bounded"])
@pytest.mark.parametrize(("namespace", "outcome"), [("good", Outcome.PASS), ("bad", Outcome.FAIL)])
def test_an_error_rate_is_judged(
    tmp_path: Path, address: str, namespace: str, outcome: Outcome, metric: str
) -> None:
    found = judged(tmp_path, address, namespace, metric)
    assert found.verdict.verdict is outcome, found.verdict.reason
    assert found.intervals[0].samples["error-rate"].keys() == {"baseline", "canary"}


def test_it_is_counted_pod_by_pod_as_flagger_would_say(tmp_path: Path, address: str) -> None:
    look = judged(tmp_path, address, "bad", COMPARED).intervals[0]
    (template,) = flagger_templates(ERROR_RATE, source="error-rate.yaml")
    for track, target in (("baseline", "podinfo-primary"), ("canary", "podinfo")):
        ((pod, count),) = look.samples["error-rate"][track].items()
        assert pod == f"{target}-{PODS[target]}"
        assert isinstance(count, Count)
        # The samples lie on the interval's ends, and rate() leaves out the one at its beginning.
        query = template.rendered({**dict.fromkeys(template.places, ""), **names(target)})
        answer = requests.get(
            f"{address}/api/v1/query", params={"query": query, "time": str(look.end)}, timeout=10
        ).json()["data"]["result"][0]["value"][1]
        assert 100 * count.events / count.total == pytest.approx(float(answer), rel=1e-9)


def names(target: str) -> dict[str, str]:
    """What Flagger fills in, looking back from a sample at an interval's end to its beginning."""
    return {"target": target, "namespace": "bad", "interval": "61s"}


@pytest.mark.parametrize(
    ("namespace", "more", "outcome"),
    [
        ("good", "max: 90, for: 3m", Outcome.PASS),
        ("bad", "max: 90, for: 3m", Outcome.FAIL),
        ("bad", "max: 99, for: 3m", Outcome.PASS),
        ("good", "min: 30, for: 3m", Outcome.PASS),
    ],
)
def test_any_other_number_is_taken_as_it_is(
    tmp_path: Path, address: str, namespace: str, more: str, outcome: Outcome
) -> None:
    gauge = f"variables: {{gauge: {namespace}_busy_workers}}"
    metric = f"{{name: busiest, template: ./busiest.yaml, {gauge}, {more}}}"
    found = judged(tmp_path, address, namespace, metric)
    assert found.verdict.verdict is outcome, found.verdict.reason


def test_one_number_a_side_convicts_nobody_by_comparison(tmp_path: Path, address: str) -> None:
    metric = (
        "{name: busiest, template: ./busiest.yaml, variables: {gauge: bad_busy_workers}, "
        "limit: {ratio: 1.25}}"
    )
    verdict = judged(tmp_path, address, "bad", metric).verdict
    assert not verdict.metrics["busiest"].proven
    assert "a single pod" in verdict.reason
