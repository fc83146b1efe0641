"""What Judge counts of its own requests. Labels are few and bounded: no path, no caller."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram

METHODS = frozenset({"GET", "POST"})
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class HttpMetrics:
    """The requests in ``registry``; one of these per registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._requests = Counter(
            "judge_http_requests",
            "Requests answered, by method and status (499: the caller left before an answer).",
            ["method", "status"],
            registry=registry,
        )
        self._seconds = Histogram(
            "judge_http_request_duration_seconds",
            "Time until the answer was sent; streams of events last as long as their readers.",
            ["method"],
            buckets=_SECONDS,
            registry=registry,
        )

    def answered(self, method: str, status: int, seconds: float) -> None:
        """A request was answered after ``seconds``."""
        known = method if method in METHODS else "other"
        self._requests.labels(known, str(status)).inc()
        self._seconds.labels(known).observe(seconds)
