"""gRPC calls as applications count them, in Go and in Java."""

from __future__ import annotations

from collections.abc import Iterable

from tests.servers.exposition import Series
from tests.spec.templates.harness import Case, classic, counter
from tests.spec.templates.traffic import CLIENT, FOREIGN, Answers, Traffic, durations

JAVA = (0.001, 0.005, 0.01, 0.05, 0.075, 0.1, 0.25, 0.5, 1, 2, 5, 10)
# Streams end with these codes; they count as calls and have no latency.
STREAMED = {"OK": 12, "Unavailable": 2}
CALLED = Traffic(
    {
        "baseline": {
            "orders-1": {"OK": 911, "NotFound": 40, "Internal": 12, "ResourceExhausted": 9},
            "orders-2": {"OK": 1002, "InvalidArgument": 31},
        },
        "canary": {"orders-canary-1": {"OK": 380, "Unknown": 17, "DeadlineExceeded": 5}},
    }
)
FAULTS = "Unknown|DeadlineExceeded|Unimplemented|Internal|Unavailable|DataLoss"


def go(track: str, pod: str, answers: Answers) -> Iterable[Series]:
    labels = {"app": "orders", "track": track, "pod": pod}
    calls = {**labels, "grpc_service": "shop.Orders"}
    health = {**labels, "grpc_service": "grpc.health.v1.Health", "grpc_method": "Check"}
    yield from method({**calls, "grpc_method": "Get", "grpc_type": "unary"}, answers)
    yield from method({**health, "grpc_type": "unary"}, {"OK": FOREIGN, "Unknown": FOREIGN})
    stream = {**calls, "grpc_method": "Watch", "grpc_type": "server_stream"}
    yield from method(stream, STREAMED)


def method(labels: dict[str, str], answers: Answers) -> Iterable[Series]:
    """A method's two metrics: calls by code, durations without one."""
    for code, n in answers.items():
        yield counter("grpc_server_handled_total", n, {**labels, "grpc_code": code})
    spread = durations(CLIENT, *answers.values())
    yield from classic("grpc_server_handling_seconds_bucket", spread, labels)


def java(track: str, pod: str, answers: Answers) -> Iterable[Series]:
    """The same as Java writes it."""
    labels = {"app": "orders-java", "track": track, "pod": pod, "grpc_type": "UNARY"}
    labels |= {"grpc_service": "shop.Orders", "grpc_method": "Get"}
    for code, n in answers.items():
        counted = {**labels, "code": JAVAS[code], "grpc_code": JAVAS[code]}
        yield counter("grpc_server_handled_total", n, counted)
    spread = durations(JAVA, *answers.values())
    yield from classic("grpc_server_handled_latency_seconds_bucket", spread, labels)


JAVAS = {
    "OK": "OK",
    "NotFound": "NOT_FOUND",
    "Internal": "INTERNAL",
    "ResourceExhausted": "RESOURCE_EXHAUSTED",
    "InvalidArgument": "INVALID_ARGUMENT",
    "Unknown": "UNKNOWN",
    "DeadlineExceeded": "DEADLINE_EXCEEDED",
}
# All calls, the streams among them.
FINISHED = Traffic(
    {
        track: {
            pod: {**answers, **{code: answers.get(code, 0) + n for code, n in STREAMED.items()}}
            for pod, answers in pods.items()
        }
        for track, pods in CALLED.answers.items()
    }
)
TRACKS = {track: f'app="orders",track="{track}"' for track in CALLED.answers}
JAVA_TRACKS = {track: f'app="orders-java",track="{track}"' for track in CALLED.answers}
GO_SERIES = CALLED.series(go)
JAVA_SERIES = CALLED.series(java)

CASES = (
    Case("grpc-error-rate", GO_SERIES, FINISHED.counts(FAULTS), TRACKS),
    Case("grpc-latency", GO_SERIES, CALLED.histograms(CLIENT), TRACKS),
    Case("grpc-request-rate", GO_SERIES, FINISHED.rates(), TRACKS),
    Case("grpc-error-rate", JAVA_SERIES, CALLED.counts(FAULTS), JAVA_TRACKS, name="java"),
    Case(
        "grpc-latency",
        JAVA_SERIES,
        CALLED.histograms(JAVA),
        JAVA_TRACKS,
        variables={"metric": "grpc_server_handled_latency_seconds_bucket"},
        name="java",
    ),
)
