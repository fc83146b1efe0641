"""Services as their exporters show them, up to just now: what `judge templates suggest` looks at.

Each shape is the series of one service, in a namespace of its own, with a baseline of two pods and
a canary of one. What a series grows by or stands at is written in each; the metrics' names and
labels are the exporters' own.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence

from tests.servers.exposition import Series
from tests.servers.native import Native, NativeSeries, index_of

STEP = 15
SCRAPES = 45
HALF_A_MINUTE = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
Labels = Mapping[str, str]


def times() -> list[float]:
    """The times of the scrapes: the command asks for the present."""
    now = int(time.time()) - 5
    return [float(now - STEP * back) for back in reversed(range(SCRAPES))]


def counter(name: str, rate: float, labels: Labels) -> Series:
    """A counter that grows by ``rate`` a second."""
    return Series(name, labels, [(at, 100 + rate * STEP * i) for i, at in enumerate(times())])


def gauge(name: str, value: float, labels: Labels) -> Series:
    """A gauge that stands at ``value``."""
    return Series(name, labels, [(at, value) for at in times()])


def histogram(
    name: str, rate: float, labels: Labels, *, bounds: Sequence[float] = HALF_A_MINUTE
) -> Iterable[Series]:
    """A classic histogram of ``rate`` a second, spread evenly over its buckets."""
    for i, bound in enumerate(bounds):
        share = (i + 1) / (len(bounds) + 1)
        yield counter(f"{name}_bucket", rate * share, {**labels, "le": f"{bound:g}"})
    yield counter(f"{name}_bucket", rate, {**labels, "le": "+Inf"})
    yield counter(f"{name}_count", rate, labels)
    yield counter(f"{name}_sum", rate / 8, labels)


def client_library() -> list[Series]:
    """checkout in shop: a Prometheus client with the label status; tracks by the label track."""
    found: list[Series] = []
    for pod, track in (
        ("checkout-primary-6d5f8c7b9d-x2xzk", "stable"),
        ("checkout-primary-6d5f8c7b9d-b4cdf", "stable"),
        ("checkout-canary-7c9d6f5b8c-q5rst", "canary"),
    ):
        labels = {"namespace": "shop", "app": "checkout", "track": track, "pod": pod}
        found.append(counter("http_requests_total", 20.0, {**labels, "status": "200"}))
        found.append(counter("http_requests_total", 0.2, {**labels, "status": "503"}))
        found += histogram("http_request_duration_seconds", 20.2, labels)
        found.append(counter("process_cpu_seconds_total", 0.2, labels))
        found.append(gauge("up", 1, labels))
        found += cluster("shop", pod)
    return [*found, alert({"app": "checkout", "track": "stable"})]


def alert(labels: Labels) -> Series:
    """An alert that fired for a minute two days ago."""
    firing = {"alertname": "Slow", "alertstate": "firing", "severity": "page", **labels}
    return Series("ALERTS", firing, [(at - 2 * 86400, 1) for at in times()[:4]])


def cluster(namespace: str, pod: str, *, honoured: bool = True) -> list[Series]:
    """What kube-state-metrics and cAdvisor show of a pod."""
    prefix = "" if honoured else "exported_"
    named = {f"{prefix}namespace": namespace, f"{prefix}pod": pod}
    scraped = {} if honoured else {"namespace": "monitoring", "pod": "kube-state-metrics-0"}
    state = {**named, **scraped}
    container = {"namespace": namespace, "pod": pod, "container": "app", "image": "app:1"}
    return [
        gauge("kube_pod_status_phase", 1, {**state, "phase": "Running"}),
        gauge("kube_pod_status_phase", 0, {**state, "phase": "Pending"}),
        gauge("kube_pod_status_ready", 1, {**state, "condition": "true"}),
        gauge("kube_pod_status_ready", 0, {**state, "condition": "false"}),
        gauge(
            "kube_pod_container_status_restarts_total", 0, {**state, f"{prefix}container": "app"}
        ),
        counter("container_cpu_usage_seconds_total", 0.25, container),
        gauge("container_memory_working_set_bytes", 2e8, container),
        gauge("container_memory_working_set_bytes", 2e8, {**container, "container": ""}),
    ]


def spring() -> list[Series]:
    """ledger in bank: Spring Boot, one Deployment, told apart by the ReplicaSet's hash."""
    found: list[Series] = []
    for revision, pods in (("75ddf677d4", ("bbbbb", "ccccc")), ("86bcc9c6fd", ("ddddd",))):
        for pod in pods:
            labels = {
                "namespace": "bank",
                "app": "ledger",
                "pod": f"ledger-{revision}-{pod}",
                "rollouts_pod_template_hash": revision,
            }
            for status, rate in (("200", 30.0), ("404", 1.0), ("500", 0.3)):
                outcome = {"2": "SUCCESS", "4": "CLIENT_ERROR", "5": "SERVER_ERROR"}[status[0]]
                request = {"method": "GET", "uri": "/book", "status": status, "outcome": outcome}
                found += histogram("http_server_requests_seconds", rate, {**labels, **request})
            found.append(gauge("jvm_threads_live_threads", 40, labels))
            found += cluster("bank", labels["pod"], honoured=False)
    return found


def istio() -> list[Series]:
    """cart in mesh: nothing but what Istio's sidecars count, of it and of its callers."""
    found: list[Series] = []
    for pod, workload in (
        ("cart-5f6d7c8b9d-bbbbb", "cart"),
        ("cart-5f6d7c8b9d-ccccc", "cart"),
        ("cart-canary-6c5d4f7b8d-ddddd", "cart-canary"),
    ):
        called = {
            "destination_service_name": "cart",
            "destination_workload": workload,
            "destination_workload_namespace": "mesh",
            "namespace": "mesh",
        }
        for reporter, counted_by in (("destination", pod), ("source", "front-7d8f9c6b5d-fffff")):
            labels = {**called, "reporter": reporter, "pod": counted_by}
            for code, rate in (("200", 50.0), ("503", 0.5)):
                coded = {**labels, "response_code": code}
                if reporter == "destination" or pod.endswith(("bbbbb", "ddddd")):
                    found.append(counter("istio_requests_total", rate, coded))
                    found += histogram(
                        "istio_request_duration_milliseconds",
                        rate,
                        coded,
                        bounds=(1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000),
                    )
    return found


def opentelemetry() -> list[Series]:
    """search: OpenTelemetry's conventions, outside of Kubernetes, told apart by the version."""
    found: list[Series] = []
    for instance, version in (
        ("10.0.0.1:9464", "1.9"),
        ("10.0.0.2:9464", "1.9"),
        ("10.0.0.3:9464", "1.10"),
    ):
        labels = {"job": "search", "instance": instance, "service_version": version}
        for status, rate in (("200", 12.0), ("500", 0.1)):
            request = {"http_request_method": "GET", "http_response_status_code": status}
            found += histogram("http_server_request_duration_seconds", rate, {**labels, **request})
    return found


def processes() -> list[Series]:
    """edge: a Prometheus client outside of Kubernetes, told apart by its jobs."""
    found: list[Series] = []
    for instance, job in (("10.0.0.7:80", "edge-stable"), ("10.0.0.8:80", "edge-canary")):
        labels = {"app": "edge", "job": job, "instance": instance}
        for code, rate in (("200", 9.0), ("500", 0.1)):
            found.append(counter("http_requests_total", rate, {**labels, "code": code}))
        found.append(counter("process_cpu_seconds_total", 0.2, labels))
    return found


def summaries() -> list[Series]:
    """tax in post: requests with a summary of durations beside them."""
    found: list[Series] = []
    for pod, track in (("tax-0", "stable"), ("tax-canary-0", "canary")):
        labels = {"namespace": "post", "app": "tax", "pod": pod, "track": track}
        found.append(counter("http_requests_total", 5.0, {**labels, "code": "200"}))
        quantile = {**labels, "quantile": "0.99"}
        found.append(gauge("http_request_duration_seconds", 0.2, quantile))
    return found


def native_requests() -> list[Series]:
    """The counters of wallet: what is native of it is `native_durations`."""
    return [
        counter("http_requests_total", rate, {**labels, "code": code})
        for labels in _WALLET
        for code, rate in (("200", 40.0), ("500", 0.4))
    ]


def native_durations(*, schema: int) -> list[NativeSeries]:
    """Durations between 0.01 s and 1 s, evenly over the buckets, as a native histogram."""
    indices = range(index_of(schema, 0.01), index_of(schema, 1.0))
    return [
        NativeSeries(
            "http_request_duration_seconds",
            labels,
            [
                (at, Native(schema, dict.fromkeys(indices, 100 + 20 * i)))
                for i, at in enumerate(times())
            ],
        )
        for labels in _WALLET
    ]


_WALLET = tuple(
    {"namespace": "pay", "app": "wallet", "pod": pod, "track": track}
    for pod, track in (("wallet-0", "stable"), ("wallet-1", "stable"), ("wallet-2", "canary"))
)


def quiet() -> list[Series]:
    """mailer in post: a service with one track, whose metrics are its own."""
    labels = {"namespace": "post", "app": "mailer", "pod": "mailer-0", "track": "stable"}
    return [counter("mailer_letters_total", 1.0, labels)]


def alone() -> list[Series]:
    """billing in post: a service of one revision, whose requests have an unusual name."""
    found: list[Series] = []
    for pod in ("billing-6d5f8c7b9d-bbbbb", "billing-6d5f8c7b9d-ccccc"):
        labels = {"namespace": "post", "app": "billing", "pod": pod, "version": "v1"}
        for code, rate in (("2xx", 3.0), ("5xx", 0.1)):
            found.append(counter("billing_requests_total", rate, {**labels, "status_class": code}))
    return found


def all_of_them() -> list[Series]:
    """The series of every shape."""
    shapes = (client_library, spring, istio, opentelemetry, processes, summaries, quiet, alone)
    return [one for shape in shapes for one in shape()]
