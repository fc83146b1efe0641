"""Histograms and gauges read by plain queries, for as long as `PrometheusSource` reads neither."""

from __future__ import annotations

import math

import requests

from judge.spec.resolved import Kind, Metric, PrometheusConfig, Query, Reading
from judge.stats.samples import Histogram, Level, Sample


def read(
    metric: Metric, server: PrometheusConfig, start: float, end: float
) -> dict[str, dict[str, Sample]]:
    """The samples of ``metric`` by track and pod."""
    label = metric.pod_label or server.pod_label
    found: dict[str, dict[str, Sample]] = {}
    for track, queries in metric.queries.items():
        (query,) = queries.values()
        by_pod = _grew(server.address, query, label, start, end)
        found[track] = {
            pod: _histogram(by_le)
            if metric.kind is Kind.HISTOGRAM
            else Level(by_le[""] / (end - start if query.reading is Reading.COUNTER else 1))
            for pod, by_le in by_pod.items()
        }
    return found


def _grew(
    address: str, query: Query, label: str, start: float, end: float
) -> dict[str, dict[str, float]]:
    after = _sums(address, query, label, end)
    if query.reading is Reading.GAUGE:
        return after
    before = _sums(address, query, label, start)
    return {
        pod: {le: value - before[pod][le] for le, value in by_le.items()}
        for pod, by_le in after.items()
    }


def _sums(address: str, query: Query, label: str, at: float) -> dict[str, dict[str, float]]:
    asked = {"query": f"sum by ({label}, le) ({query.expr})", "time": str(at)}
    answer = requests.get(f"{address}/api/v1/query", params=asked, timeout=10).json()
    assert answer["status"] == "success", answer
    found: dict[str, dict[str, float]] = {}
    for one in answer["data"]["result"]:
        labels = one["metric"]
        found.setdefault(labels.get(label, ""), {})[labels.get("le", "")] = float(one["value"][1])
    return found


def _histogram(by_le: dict[str, float]) -> Histogram:
    ordered = sorted((float(le), n) for le, n in by_le.items())
    assert ordered[-1][0] == math.inf
    bounds, counts = zip(*ordered, strict=True)
    return Histogram(bounds, counts)
