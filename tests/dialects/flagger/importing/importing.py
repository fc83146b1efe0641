"""Canaries and templates to import, put together from pieces."""

from __future__ import annotations

from typing import Any

from ruamel.yaml import YAML

from judge.dialects.flagger.importing.analysis import Imported, Wanted, imported
from judge.spec.written import Written, read_documents

URL = "http://judge:8080"
RATIO = (
    '100 - sum(rate(http_requests_total{app="{{ target }}", code!~"5.."}[{{ interval }}]))'
    ' / sum(rate(http_requests_total{app="{{ target }}"}[{{ interval }}])) * 100'
)
LATENCY = (
    "histogram_quantile(0.95, sum(rate(http_seconds_bucket"
    '{app="{{ target }}"}[{{ interval }}])) by (le))'
)
QUEUE = 'max(queue_length{app="{{ target }}"})'


def metric(name: str = "errors", **fields: Any) -> dict[str, Any]:
    """A metric that refers to the template of its name."""
    usual = {"templateRef": {"name": name}, "thresholdRange": {"max": 1}, "interval": "1m"}
    return {"name": name, **usual, **fields}


def template(name: str = "errors", query: str = RATIO, **provider: Any) -> dict[str, Any]:
    """A MetricTemplate of a Prometheus."""
    usual = {"type": "prometheus", "address": "http://prometheus:9090"}
    return {
        "apiVersion": "flagger.app/v1beta1",
        "kind": "MetricTemplate",
        "metadata": {"name": name, "namespace": "shop"},
        "spec": {"provider": {**usual, **provider}, "query": query},
    }


def canary(*metrics: dict[str, Any], spec: Any = None, **analysis: Any) -> dict[str, Any]:
    """A Canary with these metrics; ``analysis`` and ``spec`` are further fields."""
    usual = {"interval": "1m", "threshold": 5, "maxWeight": 50, "stepWeight": 10}
    return {
        "apiVersion": "flagger.app/v1beta1",
        "kind": "Canary",
        "metadata": {"name": "checkout", "namespace": "shop"},
        "spec": {
            "targetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "checkout"},
            "service": {"port": 80},
            **(spec or {}),
            "analysis": {**usual, "metrics": list(metrics), **analysis},
        },
    }


def text_of(*documents: dict[str, Any]) -> str:
    """The documents as one file."""
    from io import StringIO

    sink = StringIO()
    yaml = YAML()
    yaml.dump_all(documents, sink)
    return sink.getvalue()


def read(*documents: dict[str, Any], source: str = "canary.yaml") -> tuple[Written, ...]:
    """The documents, read from a file of that name."""
    return read_documents(text_of(*documents), source=source)


def made(*documents: dict[str, Any], **wanted: str) -> Imported:
    """What the documents become."""
    return imported(read(*documents), Wanted(**{"judge_url": URL, **wanted}))


def listed(found: Imported) -> list[str]:
    """The remarks as ``path: message``."""
    return [f"{one.path}: {one.message}" for one in found.remarks]
