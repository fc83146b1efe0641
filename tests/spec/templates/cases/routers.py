"""Requests as proxies in front of an application count them: Envoy, Contour, ingress-nginx,
Traefik, Kong. What they tell apart as pods are their own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from tests.servers.exposition import Series
from tests.spec.templates.harness import Case, classic, counter
from tests.spec.templates.traffic import CLIENT, ENVOY, FOREIGN, ROUTED, Answers, durations

TRAEFIK = (0.1, 0.3, 1.2, 5)
KONG = (25, 50, 80, 100, 250, 400, 700, 1000, 2000, 5000, 10_000, 30_000, 60_000)
KONG_2 = (
    *(1, 2, 5, 7, 10, 15, 20, 25, 30, 40, 50, 60, 70, 80, 90, 100, 200, 300, 400, 500, 1000),
    *(2000, 5000, 10_000, 30_000, 60_000),
)
SERVICES = {"baseline": "checkout-primary", "canary": "checkout-canary"}
FOREIGN_ANSWERS = {"200": FOREIGN, "503": FOREIGN}


def envoy(cluster: str, pod: str, answers: Answers) -> Iterable[Series]:
    """What one Envoy says of a cluster; retries are told by other names."""
    labels = {"envoy_cluster_name": cluster, "pod": pod, "namespace": "edge"}
    classes = Counter[str]()
    for code, n in answers.items():
        classes[code[0]] += n
        yield counter("envoy_cluster_upstream_rq", n, {**labels, "envoy_response_code": code})
    for digit, n in classes.items():
        by_class = {**labels, "envoy_response_code_class": digit}
        yield counter("envoy_cluster_upstream_rq_xx", n, by_class)
        yield counter("envoy_cluster_retry_upstream_rq_xx", FOREIGN, by_class)
    yield counter("envoy_cluster_upstream_rq_completed", sum(answers.values()), labels)
    buckets = "envoy_cluster_upstream_rq_time_bucket"
    yield from classic(buckets, durations(ENVOY, *answers.values()), labels)


def front(track: str, pod: str, answers: Answers) -> Iterable[Series]:
    yield from envoy(SERVICES[track], pod, answers)
    yield from envoy("search", pod, FOREIGN_ANSWERS)


def contour(track: str, pod: str, answers: Answers) -> Iterable[Series]:
    """The Service's two ports; Services of like names, and one elsewhere."""
    service = SERVICES[track]
    yield from envoy(f"shop_{service}_80", pod, {"200": answers["200"]})
    others = {code: n for code, n in answers.items() if code != "200"}
    yield from envoy(f"shop_{service}_8443", pod, others)
    for foreign in (f"staging_{service}_80", f"shop_{service}-admin_80"):
        yield from envoy(foreign, pod, FOREIGN_ANSWERS)


def ingress_nginx(track: str, pod: str, answers: Answers) -> Iterable[Series]:
    """A controller's series as a scrape that does not honour their labels keeps them."""
    for code, n in answers.items():
        for ingress, many in (("checkout", n), ("search", FOREIGN)):
            labels = {
                "controller_pod": pod,
                "controller_class": "k8s.io/ingress-nginx",
                "pod": "as-the-scrape-says",
                "namespace": "ingress-nginx",
                "exported_namespace": "shop",
                "ingress": ingress,
                "exported_service": "checkout",
                "path": "/",
                "method": "GET",
                "status": code,
                **({"canary": "shop-checkout-canary-80"} if track == "canary" else {}),
            }
            yield counter("nginx_ingress_controller_requests", many, labels)
            buckets = "nginx_ingress_controller_request_duration_seconds_bucket"
            yield from classic(buckets, durations(CLIENT, many), labels)


def traefik(track: str, pod: str, answers: Answers) -> Iterable[Series]:
    buckets = "traefik_service_request_duration_seconds_bucket"
    for code, n in answers.items():
        for service, many in ((SERVICES[track], n), ("search", FOREIGN)):
            labels = {"service": f"shop-{service}-80@kubernetescrd", "pod": pod}
            labels |= {"code": code, "method": "GET", "protocol": "http"}
            yield counter("traefik_service_requests_total", many, labels)
            yield from classic(buckets, durations(TRAEFIK, many), labels)


def kong(track: str, pod: str, answers: Answers) -> Iterable[Series]:
    """Kong 3: each time has its histogram."""
    for service, by_code in ((SERVICES[track], answers), ("search", FOREIGN_ANSWERS)):
        labels = {"service": f"shop.{service}.80", "route": f"shop.{service}.00", "pod": pod}
        for code, n in by_code.items():
            source = "kong" if code == "503" else "service"
            counted = {**labels, "workspace": "default", "code": code, "source": source}
            yield counter("kong_http_requests_total", n, counted)
        spread = durations(KONG, *by_code.values())
        yield from classic("kong_request_latency_ms_bucket", spread, labels)
        yield from classic("kong_upstream_latency_ms_bucket", durations(KONG, FOREIGN), labels)


def kong_2(track: str, pod: str, answers: Answers) -> Iterable[Series]:
    """Kong 2: one histogram for three times."""
    labels = {"service": f"older.{SERVICES[track]}.80", "route": "older.00", "pod": pod}
    for code, n in answers.items():
        yield counter("kong_http_status", n, {**labels, "code": code})
    for of, requests in (
        ("request", answers.values()),
        ("upstream", [FOREIGN]),
        ("kong", [FOREIGN]),
    ):
        spread = durations(KONG_2, *requests)
        yield from classic("kong_latency_bucket", spread, {**labels, "type": of})


def by_service(pattern: str) -> dict[str, str]:
    """A selector for each track, made of its Service."""
    return {track: pattern.format(service) for track, service in SERVICES.items()}


ENVOY_TRACKS = by_service('envoy_cluster_name="{}"')
NGINX_TRACKS = {
    "baseline": 'exported_namespace="shop",ingress="checkout",canary=""',
    "canary": 'exported_namespace="shop",ingress="checkout",canary!=""',
}
TRAEFIK_TRACKS = by_service('service=~"shop-{}-.+@kubernetescrd"')
KONG_TRACKS = by_service('service=~"shop[.]{}[.].+"')
KONG_2_TRACKS = by_service('service=~"older[.]{}[.].+"')
CONTOUR_SERVICES = {track: {"service": service} for track, service in SERVICES.items()}
ENVOY_SERIES = ROUTED.series(front)
CONTOUR_SERIES = ROUTED.series(contour)
NGINX_SERIES = ROUTED.series(ingress_nginx)
TRAEFIK_SERIES = ROUTED.series(traefik)
KONG_SERIES = ROUTED.series(kong)
KONG_2_SERIES = ROUTED.series(kong_2)

CASES = (
    Case("envoy-error-rate", ENVOY_SERIES, ROUTED.counts(), ENVOY_TRACKS),
    Case(
        "envoy-error-rate",
        ENVOY_SERIES,
        ROUTED.counts("50[23]"),
        ENVOY_TRACKS,
        variables={
            "metric": "envoy_cluster_upstream_rq",
            "codeLabel": "envoy_response_code",
            "errors": "50[23]",
        },
        name="exact-codes",
    ),
    Case("envoy-latency", ENVOY_SERIES, ROUTED.histograms(ENVOY), ENVOY_TRACKS),
    Case("envoy-request-rate", ENVOY_SERIES, ROUTED.rates(), ENVOY_TRACKS),
    Case(
        "contour-error-rate",
        CONTOUR_SERIES,
        ROUTED.counts(),
        track_variables=CONTOUR_SERVICES,
    ),
    Case(
        "contour-latency",
        CONTOUR_SERIES,
        ROUTED.histograms(ENVOY),
        track_variables=CONTOUR_SERVICES,
    ),
    Case(
        "contour-request-rate",
        CONTOUR_SERIES,
        ROUTED.rates(),
        track_variables=CONTOUR_SERVICES,
    ),
    Case("ingress-nginx-error-rate", NGINX_SERIES, ROUTED.counts(), NGINX_TRACKS),
    Case("ingress-nginx-latency", NGINX_SERIES, ROUTED.histograms(CLIENT), NGINX_TRACKS),
    Case("ingress-nginx-request-rate", NGINX_SERIES, ROUTED.rates(), NGINX_TRACKS),
    Case("traefik-error-rate", TRAEFIK_SERIES, ROUTED.counts(), TRAEFIK_TRACKS),
    Case("traefik-latency", TRAEFIK_SERIES, ROUTED.histograms(TRAEFIK), TRAEFIK_TRACKS),
    Case("traefik-request-rate", TRAEFIK_SERIES, ROUTED.rates(), TRAEFIK_TRACKS),
    Case("kong-error-rate", KONG_SERIES, ROUTED.counts(), KONG_TRACKS),
    Case("kong-latency", KONG_SERIES, ROUTED.histograms(KONG), KONG_TRACKS),
    Case("kong-request-rate", KONG_SERIES, ROUTED.rates(), KONG_TRACKS),
    Case(
        "kong-error-rate",
        KONG_2_SERIES,
        ROUTED.counts(),
        KONG_2_TRACKS,
        variables={"metric": "kong_http_status"},
        name="kong-2",
    ),
    Case(
        "kong-latency",
        KONG_2_SERIES,
        ROUTED.histograms(KONG_2),
        KONG_2_TRACKS,
        variables={"metric": "kong_latency_bucket"},
        name="kong-2",
    ),
)
