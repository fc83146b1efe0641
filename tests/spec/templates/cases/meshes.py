"""Requests as the proxies beside an application count them: Istio, Linkerd."""

from __future__ import annotations

from collections.abc import Iterable

from tests.servers.exposition import Series
from tests.spec.templates.harness import Case, classic, counter
from tests.spec.templates.traffic import (
    ENVOY,
    FOREIGN,
    LINKERD,
    SERVED,
    Answers,
    Traffic,
    durations,
)

WORKLOADS = {"baseline": "checkout-primary", "canary": "checkout-canary"}
ISTIO_TRACKS = {
    track: f'destination_workload="{one}",destination_workload_namespace="shop"'
    for track, one in WORKLOADS.items()
}
LINKERD_TRACKS = {track: f'deployment="{one}",namespace="shop"' for track, one in WORKLOADS.items()}
# What the callers' sidecars saw of it: more errors, as some requests reached no pod. One of the
# application's own pods is a caller too.
CALLED = Traffic(
    {
        "baseline": {"caller-1": {"200": 1931, "503": 21}, "web-1": {"200": 12, "503": 2}},
        "canary": {"caller-1": {"200": 402, "500": 24, "503": 40, "0": 3}},
    }
)


def istio(reporter: str, track: str, pod: str, answers: Answers) -> Iterable[Series]:
    """What the sidecar beside ``pod`` says of requests to the track's workload."""
    for code, n in answers.items():
        labels = {
            "reporter": reporter,
            "source_workload": "front",
            "destination_workload": WORKLOADS[track],
            "destination_workload_namespace": "shop",
            "destination_service": "checkout.shop.svc.cluster.local",
            "request_protocol": "http",
            "response_code": code,
            "response_flags": "-",
            "pod": pod,
            "namespace": "shop",
        }
        yield counter("istio_requests_total", n, labels)
        buckets = "istio_request_duration_milliseconds_bucket"
        yield from classic(buckets, durations(ENVOY, n), labels)


def linkerd(track: str, pod: str, answers: Answers) -> Iterable[Series]:
    """What a proxy says of what came in, the kubelet's probes too, and of what went out."""
    scraped = {"deployment": WORKLOADS[track], "namespace": "shop", "pod": pod}
    inbound = {**scraped, "direction": "inbound", "target_addr": "10.0.0.7:8080"}
    inbound |= {"srv_kind": "default", "srv_name": "all-unauthenticated", "tls": "true"}
    outbound = {**scraped, "direction": "outbound", "authority": "stock.shop:80", "tls": "true"}
    foreign = {"200": FOREIGN, "503": FOREIGN}
    yield from proxied({**inbound, "route_kind": "default", "route_name": "default"}, answers)
    yield from proxied({**inbound, "route_kind": "default", "route_name": "probe"}, foreign)
    yield from proxied(outbound, foreign)


def proxied(labels: dict[str, str], answers: Answers) -> Iterable[Series]:
    """Linkerd's three metrics of one kind of requests."""
    yield counter("request_total", sum(answers.values()), labels)
    for code, n in answers.items():
        ended = {**labels, "status_code": code}
        failed = "failure" if code.startswith("5") else "success"
        yield counter("response_total", n, {**ended, "classification": failed})
        yield from classic("response_latency_ms_bucket", durations(LINKERD, n), ended)


ISTIO_SERIES = [
    *SERVED.series(lambda *pod: istio("destination", *pod)),
    *CALLED.series(lambda *pod: istio("source", *pod)),
]
LINKERD_SERIES = SERVED.series(linkerd)

CASES = (
    Case("istio-error-rate", ISTIO_SERIES, SERVED.counts(), ISTIO_TRACKS),
    Case(
        "istio-error-rate",
        ISTIO_SERIES,
        CALLED.counts(),
        ISTIO_TRACKS,
        variables={"reporter": "source"},
        name="callers",
    ),
    Case("istio-latency", ISTIO_SERIES, SERVED.histograms(ENVOY), ISTIO_TRACKS),
    Case("istio-request-rate", ISTIO_SERIES, SERVED.rates(), ISTIO_TRACKS),
    Case("linkerd-error-rate", LINKERD_SERIES, SERVED.counts(), LINKERD_TRACKS),
    Case("linkerd-latency", LINKERD_SERIES, SERVED.histograms(LINKERD), LINKERD_TRACKS),
    Case("linkerd-request-rate", LINKERD_SERIES, SERVED.rates(), LINKERD_TRACKS),
)
