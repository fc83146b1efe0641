"""HTTP requests as client libraries count them: what the application itself says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from judge.stats.samples import Count
from tests.servers.exposition import Series
from tests.spec.templates.harness import Case, counter

APP = {"app": "http", "namespace": "shop", "job": "web"}
TRACKS = {
    "baseline": 'app="http",track="stable"',
    "canary": 'app="http",track="canary"',
}
# By pod: its track, and what it answered with in the minute, by status code.
PODS: Mapping[str, tuple[str, Mapping[str, int]]] = {
    "web-1": ("stable", {"200": 90, "404": 6, "500": 3, "503": 1}),
    "web-2": ("stable", {"200": 95, "302": 5}),
    "web-canary": ("canary", {"200": 40, "404": 2, "500": 4}),
}


def requests() -> Sequence[Series]:
    """``http_requests_total`` by method and code."""
    return [
        counter("http_requests_total", n, {**APP, "track": track, "pod": pod, "code": code, **more})
        for pod, (track, codes) in PODS.items()
        for code, n in codes.items()
        for more in ({"method": "get"},)
    ]


CASES = (
    Case(
        "http-error-rate",
        series=requests(),
        tracks=TRACKS,
        expected={
            "baseline": {"web-1": Count(4, 100), "web-2": Count(0, 100)},
            "canary": {"web-canary": Count(4, 46)},
        },
    ),
)
