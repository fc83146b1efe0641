"""HTTP requests as applications count them: clients, Spring, ASP.NET Core, OpenTelemetry."""

from __future__ import annotations

from collections.abc import Iterable

from tests.servers.exposition import Series
from tests.spec.templates.harness import Case, classic, counter
from tests.spec.templates.traffic import (
    CLIENT,
    CONVENTIONS,
    FOREIGN,
    SERVED,
    Answers,
    durations,
)

# Some of Micrometer's own bounds; there are 66 in all.
MICROMETER = (
    *(0.005592405, 0.006990506, 0.008388607, 0.009786708, 0.011184809, 0.01258291, 0.013981011),
    *(0.015379112, 0.016777216, 0.022369621, 0.027962026, 0.033554431, 0.039146836, 0.044739241),
    *(0.050331646, 0.055924051, 0.061516456, 0.067108864, 0.089478485),
)
PROMETHEUS_NET = tuple(0.001 * 2**i for i in range(16))
MILLISECONDS = tuple(1000 * bound for bound in CONVENTIONS)
VERSIONS = {"baseline": "1.3.0", "canary": "1.4.0"}


def tracks(app: str) -> dict[str, str]:
    """Selectors as a scrape of labelled pods allows them."""
    return {track: f'app="{app}",track="{track}"' for track in VERSIONS}


def released(job: str) -> dict[str, str]:
    """Selectors as resource attributes allow them."""
    return {track: f'job="{job}",service_version="{one}"' for track, one in VERSIONS.items()}


def scraped(app: str, track: str, pod: str) -> dict[str, str]:
    """The labels that a scrape of a pod adds."""
    where = {"namespace": "shop", "pod": pod, "instance": f"{pod}:8080", "job": app}
    return {**where, "app": app, "track": track}


def client(track: str, pod: str, answers: Answers) -> Iterable[Series]:
    for code, n in answers.items():
        labels = {**scraped("http", track, pod), "code": code, "method": "get"}
        yield counter("http_requests_total", n, labels)
        yield from classic("http_request_duration_seconds_bucket", durations(CLIENT, n), labels)


def spring(track: str, pod: str, answers: Answers) -> Iterable[Series]:
    buckets = "http_server_requests_seconds_bucket"
    for code, n in answers.items():
        labels = {
            **scraped("spring", track, pod),
            "exception": "IllegalStateException" if code == "500" else "none",
            "method": "GET",
            "outcome": "SERVER_ERROR" if code.startswith("5") else "SUCCESS",
            "status": code,
        }
        for uri, many in (("/cart/{id}", n), ("/actuator/health/readiness", FOREIGN)):
            yield from classic(buckets, durations(MICROMETER, many), {**labels, "uri": uri})


def conventions(labels: dict[str, str], answers: Answers) -> Iterable[Series]:
    """``http.server.request.duration`` with the attributes of the conventions."""
    buckets = "http_server_request_duration_seconds_bucket"
    for code, n in answers.items():
        attributes = {
            **labels,
            "http_request_method": "GET",
            "http_response_status_code": code,
            "network_protocol_version": "1.1",
            "url_scheme": "http",
            **({"error_type": code} if code.startswith("5") else {}),
        }
        for route, many in (("/cart/{id}", n), ("/healthz", FOREIGN)):
            of_route = {**attributes, "http_route": route}
            yield from classic(buckets, durations(CONVENTIONS, many), of_route)


def aspnetcore(track: str, pod: str, answers: Answers) -> Iterable[Series]:
    return conventions(scraped("aspnetcore", track, pod), answers)


def prometheus_net(track: str, pod: str, answers: Answers) -> Iterable[Series]:
    buckets = "http_request_duration_seconds_bucket"
    for code, n in answers.items():
        labels = {**scraped("prometheus-net", track, pod), "code": code, "method": "GET"}
        for endpoint, many in (("cart/{id}", n), ("/healthz", FOREIGN)):
            of_endpoint = {**labels, "controller": "Cart", "action": "Get", "endpoint": endpoint}
            yield counter("http_requests_received_total", many, of_endpoint)
            yield from classic(buckets, durations(PROMETHEUS_NET, many), of_endpoint)


def resource(job: str, track: str, instance: str) -> dict[str, str]:
    """The labels that OTLP makes of a resource: a job and an instance, no pod."""
    return {"job": job, "instance": instance, "service_version": VERSIONS[track]}


def pushed(track: str, pod: str, answers: Answers) -> Iterable[Series]:
    return conventions(resource("shop/otel", track, pod), answers)


def before_stability(track: str, pod: str, answers: Answers) -> Iterable[Series]:
    """What libraries made before the conventions were stable: milliseconds, other names."""
    buckets = "http_server_duration_milliseconds_bucket"
    for code, n in answers.items():
        labels = {**resource("shop/older", track, pod), "http_status_code": code}
        yield from classic(buckets, durations(MILLISECONDS, n), {**labels, "http_route": "/cart"})


CLIENT_SERIES = SERVED.series(client)
SPRING_SERIES = SERVED.series(spring)
ASPNETCORE_SERIES = SERVED.series(aspnetcore)
PROMETHEUS_NET_SERIES = SERVED.series(prometheus_net)
PUSHED_SERIES = SERVED.series(pushed)
OLDER_SERIES = SERVED.series(before_stability)
RECEIVED = {"metric": "http_requests_received_total", "routeLabel": "endpoint"}

CASES = (
    Case("http-error-rate", CLIENT_SERIES, SERVED.counts(), tracks("http")),
    Case(
        "http-error-rate",
        CLIENT_SERIES,
        SERVED.counts("4..|5.."),
        tracks("http"),
        variables={"errors": "4..|5.."},
        name="callers-faults-too",
    ),
    Case("http-latency", CLIENT_SERIES, SERVED.histograms(CLIENT), tracks("http")),
    Case("http-request-rate", CLIENT_SERIES, SERVED.rates(), tracks("http")),
    Case("spring-error-rate", SPRING_SERIES, SERVED.counts(), tracks("spring")),
    Case("spring-latency", SPRING_SERIES, SERVED.histograms(MICROMETER), tracks("spring")),
    Case("spring-request-rate", SPRING_SERIES, SERVED.rates(), tracks("spring")),
    Case("aspnetcore-error-rate", ASPNETCORE_SERIES, SERVED.counts(), tracks("aspnetcore")),
    Case(
        "aspnetcore-latency",
        ASPNETCORE_SERIES,
        SERVED.histograms(CONVENTIONS),
        tracks("aspnetcore"),
    ),
    Case("aspnetcore-request-rate", ASPNETCORE_SERIES, SERVED.rates(), tracks("aspnetcore")),
    Case(
        "aspnetcore-error-rate",
        PROMETHEUS_NET_SERIES,
        SERVED.counts(),
        tracks("prometheus-net"),
        variables={**RECEIVED, "statusLabel": "code"},
        name="prometheus-net",
    ),
    Case(
        "aspnetcore-latency",
        PROMETHEUS_NET_SERIES,
        SERVED.histograms(PROMETHEUS_NET),
        tracks("prometheus-net"),
        variables={"metric": "http_request_duration_seconds_bucket", "routeLabel": "endpoint"},
        name="prometheus-net",
    ),
    Case(
        "aspnetcore-request-rate",
        PROMETHEUS_NET_SERIES,
        SERVED.rates(),
        tracks("prometheus-net"),
        variables=RECEIVED,
        name="prometheus-net",
    ),
    Case("otel-http-error-rate", PUSHED_SERIES, SERVED.counts(), released("shop/otel")),
    Case(
        "otel-http-error-rate",
        PUSHED_SERIES,
        SERVED.counts(),
        released("shop/otel"),
        variables={"statusLabel": "error_type", "errors": ".+"},
        name="by-error-type",
    ),
    Case(
        "otel-http-latency",
        PUSHED_SERIES,
        SERVED.histograms(CONVENTIONS),
        released("shop/otel"),
    ),
    Case("otel-http-request-rate", PUSHED_SERIES, SERVED.rates(), released("shop/otel")),
    Case(
        "otel-http-error-rate",
        OLDER_SERIES,
        SERVED.counts(),
        released("shop/older"),
        variables={
            "metric": "http_server_duration_milliseconds_count",
            "statusLabel": "http_status_code",
        },
        name="before-stability",
    ),
    Case(
        "otel-http-latency",
        OLDER_SERIES,
        SERVED.histograms(MILLISECONDS),
        released("shop/older"),
        variables={"metric": "http_server_duration_milliseconds_bucket"},
        name="before-stability",
    ),
)
