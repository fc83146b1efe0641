"""Flagger's builtin metrics as Judge counts them, held to Flagger's own queries.

One Prometheus with the series of every provider, of both sides and of neighbours. Each query that
Flagger was observed to send is asked for the canary, and with the names turned for the primary;
what Judge counts for either track has to come to the same.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx
import numpy as np
import pytest

from judge.dialects.flagger.builtins import DURATION, SUCCESS_RATE, builtins
from judge.sources.prometheus import PrometheusSource
from judge.spec.loading import load_analysis_document
from judge.spec.resolved import BASELINE, CANARY, Kind, ResolvedAnalysis
from judge.stats.samples import Count, Histogram, Interval, Level
from tests.servers.exposition import Series
from tests.servers.prometheus import backfilled

pytestmark = pytest.mark.xdist_group("prometheus")

_FILE = Path(__file__).parents[1] / "data" / "flagger-builtins.json"
QUERIES: Mapping[str, Mapping[str, str]] = json.loads(_FILE.read_text())["queries"]

END, SCRAPE, STEP, LOOKS = 1_700_002_800, 15, 300, 3
NAMES = {
    "namespace": "shop-test",
    "workload": "podinfo",
    "service": "web",
    "ingress": "edge",
    "route": "rt",
}
REVISIONS = {CANARY: "hello-00002", BASELINE: "hello-00001"}
SECONDS = ("0.05", "0.1", "0.5", "2", "+Inf")
MILLISECONDS = ("50", "100", "500", "2000", "+Inf")

Labels = dict[str, str]


@dataclass(frozen=True)
class Side:
    """One side of a release: what its series are told by."""

    role: str
    target: str
    namespace: str = "shop-test"
    service: str = "web"
    ingress: str = "edge"

    @property
    def words(self) -> tuple[str, str, str]:
        """The names as Skipper writes them."""
        return (
            self.namespace.replace("-", "_"),
            self.ingress.replace("-", "_"),
            self.service.replace("-", "_"),
        )


SIDES = {CANARY: Side("canary", "podinfo"), BASELINE: Side("primary", "podinfo-primary")}
NEIGHBOURS = (
    Side("canary", "podinfo", namespace="elsewhere"),
    Side("primary", "podinfo-primary", namespace="elsewhere"),
    Side("canary", "podinfo2", service="web2", ingress="edge2"),
    Side("canary", "my-podinfo", service="my-web", ingress="my-edge"),
)


def workload(side: Side) -> str:
    return side.target.removesuffix("-primary")


def pod(side: Side, number: int) -> str:
    return f"{side.target}-5d9c7b6f4{number}-x2k8{number}"


def series_labels(provider: str, side: Side, number: int) -> Labels:
    """What the series of one pod of a side carry, by the objects that Flagger makes."""
    namespace, own = side.namespace, workload(side)
    behind = {
        "contour": f"{namespace}_{side.service}-{side.role}_80",
        "gloo": f"{namespace}-{own}-{side.role}upstream-80_gloo-system",
        "knative": f"{namespace}/{_revision(side)}",
    }
    match provider:
        case "istio" | "smi":
            return {
                "reporter": "destination",
                "destination_workload_namespace": namespace,
                "destination_workload": side.target,
                "pod": pod(side, number),
            }
        case "linkerd":
            return {
                "namespace": namespace,
                "deployment": side.target,
                "direction": "inbound",
                "pod": pod(side, number),
            }
        case "appmesh" | "kubernetes" | "gatewayapi":
            return {"kubernetes_namespace": namespace, "kubernetes_pod_name": pod(side, number)}
        case "contour" | "gloo" | "knative":
            return {"envoy_cluster_name": behind[provider], "pod": f"envoy-{number}"}
        case "nginx":
            canary = {"canary": f"{namespace}-{own}-canary-80"} if side.role == "canary" else {}
            labels = {"namespace": namespace, "ingress": side.ingress, **canary}
            return {**labels, "controller_pod": f"controller-{number}"}
        case "skipper":
            namespace, ingress, service = side.words
            route = f"kube_{namespace}__{ingress}_canary__shop_example__{service}_{side.role}"
            return {"route": route, "pod": f"skipper-{number}"}
        case "traefik":
            service = f"{namespace}-{own}-{side.role}-80@kubernetescrd"
            return {"service": service, "pod": f"traefik-{number}"}
        case "apisix":
            return {"route": f"{namespace}_rt-{own}-canary_{side.role}", "pod": f"apisix-{number}"}
        case "kuma":
            return {"service": f"{own}-{side.role}_{namespace}_svc_80", "pod": pod(side, number)}
        case "osm":
            return {
                "destination_namespace": namespace,
                "destination_kind": "Deployment",
                "destination_name": side.target,
                "pod": pod(side, number),
            }
    raise AssertionError(provider)


def _revision(side: Side) -> str:
    own = REVISIONS[CANARY if side.role == "canary" else BASELINE]
    return own if workload(side) == "podinfo" else f"{workload(side)}-00002"


# The counter of requests, its label of outcomes; the histogram, and its bounds.
ENVOY = ("envoy_cluster_upstream_rq", "envoy_response_code", f"{'envoy_cluster_upstream_rq'}_time")
COUNTERS: Mapping[str, tuple[str, str, str, Sequence[str]]] = {
    "istio": ("istio_requests_total", "response_code",
              "istio_request_duration_milliseconds", MILLISECONDS),
    "linkerd": ("response_total", "classification", "response_latency_ms", MILLISECONDS),
    "appmesh": (*ENVOY, MILLISECONDS),
    "contour": (*ENVOY, MILLISECONDS),
    "gloo": (*ENVOY, MILLISECONDS),
    "kuma": (*ENVOY, MILLISECONDS),
    "knative": (*ENVOY, MILLISECONDS),
    "nginx": ("nginx_ingress_controller_requests", "status",
              "nginx_ingress_controller_response_duration_seconds", SECONDS),
    "apisix": ("apisix_http_status", "code", "apisix_http_latency", MILLISECONDS),
    "osm": ("osm_request_total", "response_code", "osm_request_duration_ms", MILLISECONDS),
    "skipper": ("", "code", "skipper_serve_route_duration_seconds", SECONDS),
    "traefik": ("", "code", "traefik_service_request_duration_seconds", SECONDS),
    "kubernetes": ("", "status", "http_request_duration_seconds", SECONDS),
}  # fmt: skip
SAME = {"smi": "istio", "gatewayapi": "kubernetes"}


def counted(rng: np.random.Generator, mean: float) -> list[tuple[float, float]]:
    """A counter that was there long before the first look."""
    times = END - SCRAPE * np.arange(LOOKS * STEP // SCRAPE + 40)[::-1]
    values = 5000 + np.cumsum(rng.poisson(mean, len(times)))
    return list(zip(times.tolist(), values.astype(float).tolist(), strict=True))


def of_side(rng: np.random.Generator, provider: str, side: Side) -> Iterator[Series]:
    requests, outcome, durations, bounds = COUNTERS[provider]
    failing = float(rng.uniform(0.3, 3))
    outcomes = {"success": 40.0, "failure": failing} if provider == "linkerd" else {
        "200": 40.0, "404": 4.0, "503": failing,
    }  # fmt: skip
    for number in (0, 1):
        labels = series_labels(provider, side, number)
        timed = {**labels, "type": "request"} if provider == "apisix" else labels
        if requests:
            for value, mean in outcomes.items():
                yield Series(requests, {**labels, outcome: value}, counted(rng, mean))
            outcomes_timed: Mapping[str, float] = {"": 44.0 + failing}
        else:
            outcomes_timed = outcomes
        for value, mean in outcomes_timed.items():
            own = {**timed, outcome: value} if value else timed
            yield from histogram(rng, durations, own, bounds, mean)
            if provider == "skipper":
                whole = {**own, "le": "+Inf"}
                yield Series("skipper_response_duration_seconds_bucket", whole, counted(rng, mean))


def histogram(
    rng: np.random.Generator, name: str, labels: Labels, bounds: Sequence[str], mean: float
) -> Iterator[Series]:
    """Requests by how long they took."""
    shares = rng.dirichlet(np.ones(len(bounds)))
    parts = [counted(rng, mean * share) for share in shares]
    times = [at for at, _ in parts[0]]
    within = np.cumsum([[value for _, value in part] for part in parts], axis=0)
    for bound, values in zip(bounds, within, strict=True):
        samples = list(zip(times, values.tolist(), strict=True))
        yield Series(f"{name}_bucket", {**labels, "le": bound}, samples)
    yield Series(f"{name}_count", labels, list(zip(times, within[-1].tolist(), strict=True)))
    sums = np.cumsum(rng.uniform(1, 9, len(times)))
    yield Series(f"{name}_sum", labels, list(zip(times, sums.tolist(), strict=True)))


class Server:
    """The Prometheus, and what Flagger's queries yield there."""

    def __init__(self, address: str, client: httpx.Client) -> None:
        self.address = address
        self.client = client

    def value(self, query: str, at: float) -> float:
        answer = self.client.post("/api/v1/query", data={"query": query, "time": at}).json()
        (one,) = answer["data"]["result"]
        return float(one["value"][1])


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    rng = np.random.default_rng(15)
    series = [
        one
        for provider in COUNTERS
        for side in (*SIDES.values(), *NEIGHBOURS)
        for one in of_side(rng, provider, side)
    ]
    with (
        backfilled(tmp_path_factory.mktemp("builtins"), series) as address,
        httpx.Client(base_url=address, timeout=10) as client,
    ):
        yield Server(address, client)


def observed(provider: str, metric: str, track: str) -> str:
    """Flagger's query of a track: as it is for the canary, its names turned for the primary."""
    query = QUERIES[provider][metric]
    names = {**NAMES, "target": NAMES["workload"], "interval": "5m"}
    if provider == "knative":
        names["route"] = REVISIONS[track]
    if provider == "skipper":
        query = query.split("}}", 1)[1].replace("{{ $route }}", _SKIPPER_ROUTE)
        names = {name: value.replace("-", "_") for name, value in names.items()}
    if track == BASELINE:
        query = query.replace(*_TURNED.get(provider, ("{{ target }}", "{{ target }}-primary")))
    for name, value in names.items():
        query = query.replace(f"{{{{ {name} }}}}", value)
    return query


_SKIPPER_ROUTE = (
    "kube(ew)?_{{ namespace }}__{{ ingress }}_canary__.*__{{ service }}_canary(_[0-9]+)?"
)
_TURNED = {
    "contour": ("-canary_", "-primary_"),
    "gloo": ("-canaryupstream-", "-primaryupstream-"),
    "traefik": ("-canary-", "-primary-"),
    "kuma": ("-canary_", "-primary_"),
    "nginx": ('canary!=""', 'canary=""'),
    "skipper": ("{{ service }}_canary", "{{ service }}_primary"),
    "knative": ("", ""),
    "apisix": ("", ""),
}


def made(provider: str, address: str) -> ResolvedAnalysis:
    """An analysis of both builtins, as a user would get it."""
    both = builtins(provider)
    rate = both[SUCCESS_RATE].measured(NAMES, interval="5m", min=99)
    duration = both[DURATION].measured(NAMES, interval="5m", max=500)
    metrics = [metric.written() for metric in (*rate, *duration)]
    apart = both[SUCCESS_RATE].variables(NAMES)
    tracks = {
        track: {"variables": apart[track]} if apart else {"selector": 'pod!=""'}
        for track in (BASELINE, CANARY)
    }
    given = {"canaryRevision": REVISIONS[CANARY], "primaryRevision": REVISIONS[BASELINE]}
    needed = {name: given[name] for name in both[SUCCESS_RATE].inputs}
    return load_analysis_document(
        {
            "apiVersion": "judge/v1",
            "kind": "Analysis",
            "metadata": {"name": provider},
            "spec": {
                "prometheus": {"address": address},
                "variables": needed,
                "tracks": tracks,
                "interval": "5m",
                "duration": "15m",
                "metrics": metrics,
            },
        }
    )


def read(analysis: ResolvedAnalysis) -> list[Interval]:
    with PrometheusSource(analysis.prometheus) as source:
        return source.read(
            analysis,
            start=END - LOOKS * STEP,
            end=END,
            step=STEP,
            tracks=[BASELINE, CANARY],
            thorough=True,
        )


def of(interval: Interval, metric: str, track: str) -> list[Count | Histogram | Level]:
    """What was counted of each pod."""
    found = list(interval.samples[metric][track].values())
    assert len(found) > 0
    return found  # type: ignore[return-value]


def success_rate(pods: Sequence[object]) -> float:
    """Percent, of failures counted by pod."""
    counts = [one for one in pods if isinstance(one, Count)]
    return 100 - 100 * sum(one.events for one in counts) / sum(one.total for one in counts)


def quantile(pods: Sequence[object], q: float) -> float:
    """The quantile within the buckets of all pods, interpolated as Prometheus does."""
    histograms = [one for one in pods if isinstance(one, Histogram)]
    bounds = histograms[0].bounds
    counts = np.sum([one.counts for one in histograms], axis=0)
    rank = q * counts[-1]
    i = int(np.searchsorted(counts, rank))
    if math.isinf(bounds[i]):
        return bounds[i - 1]
    start, below = (bounds[i - 1], counts[i - 1]) if i else (0.0, 0.0)
    return float(start + (bounds[i] - start) * (rank - below) / (counts[i] - below))


@pytest.mark.parametrize("provider", QUERIES)
@pytest.mark.parametrize("track", [CANARY, BASELINE])
def test_judge_counts_what_flagger_asks(server: Server, provider: str, track: str) -> None:
    analysis = made(provider, server.address)
    rate, duration, *_ = analysis.metrics
    in_seconds = COUNTERS[SAME.get(provider, provider)][3] is SECONDS
    assert rate.bound is not None
    assert rate.bound.max == 0.01
    for i, interval in enumerate(read(analysis), start=1):
        at = END - (LOOKS - i) * STEP
        said = server.value(observed(provider, SUCCESS_RATE, track), at)
        assert success_rate(of(interval, SUCCESS_RATE, track)) == pytest.approx(said, rel=1e-9)
        slow = server.value(observed(provider, DURATION, track), at)
        slow *= 1000 if provider in ("kubernetes", "gatewayapi") else 1
        pods = of(interval, DURATION, track)
        if duration.kind is Kind.HISTOGRAM:
            own = quantile(pods, 0.99) * (1000 if in_seconds else 1)
        else:
            (level,) = pods
            assert isinstance(level, Level)
            own = level.value
        assert own == pytest.approx(slow, rel=1e-9)


@pytest.mark.parametrize("provider", QUERIES)
def test_the_sides_are_compared_where_they_can_be_told_apart(server: Server, provider: str) -> None:
    analysis = made(provider, server.address)
    apart = provider != "apisix"
    assert any(metric.limit is not None for metric in analysis.metrics) is apart
    for metric in analysis.metrics:
        queries = metric.queries
        assert (queries[CANARY] != queries[BASELINE]) is apart
    (first, *_) = read(analysis)
    for metric in analysis.metrics:
        pods = {track: set(first.samples[metric.name][track]) for track in (CANARY, BASELINE)}
        means = metric.kind is Kind.GAUGE
        assert {track: len(one) for track, one in pods.items()} == (
            dict.fromkeys((CANARY, BASELINE), 1 if means else 2)
        )
