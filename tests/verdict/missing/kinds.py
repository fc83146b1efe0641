"""Scenarios of latency, memory and CPU: the same holes in histograms and gauges."""

from __future__ import annotations

import math
from collections.abc import Callable

from tests.verdict.missing.exporters import Container, Durations, Exporter, NativeDurations
from tests.verdict.missing.pods import Pod
from tests.verdict.missing.scenario import Scenario, canary
from tests.verdict.missing.scrapes import BROKEN, HOLES
from tests.verdict.missing.service import EVER, fleet, rate

Process = Callable[[], Exporter]

LATENCY = {
    "name": "latency",
    "kind": "histogram",
    "direction": "increase",
    "limit": {"ratio": 1.5},
    "worst": {"ratio": 2},
    "queries": {"buckets": "http_request_duration_seconds_bucket{ {{ selector }} }"},
}

NATIVE_LATENCY = {
    **LATENCY,
    "queries": {"buckets": "http_request_duration_seconds{ {{ selector }} }"},
}

MEMORY = {
    "name": "memory",
    "kind": "gauge",
    "direction": "increase",
    "limit": {"ratio": 1.2},
    "worst": {"ratio": 1.5},
    "queries": {"value": "container_memory_working_set_bytes{ {{ selector }} }"},
}

CPU_SECONDS = {
    "expr": "container_cpu_usage_seconds_total{ {{ selector }} }",
    "reading": "counter",
}

CPU = {**MEMORY, "name": "cpu", "queries": {"value": CPU_SECONDS}}


def slow(name: str, slowdown: float, service: Callable[[float], Process], **changed) -> list[Pod]:
    """A canary of two pods of which one restarts; ``changed`` is the other's."""
    restarts = ((-EVER, 7.4), (7.41, 18.2), (18.9, EVER))
    return [
        *fleet(name, 1, process=service(slowdown), **changed),
        *fleet(f"{name}-restarts", 1, process=service(slowdown), lives=restarts),
    ]


def timed(service: Callable[[float], Process]) -> dict[str, list[Pod]]:
    """Populations whose scrapes fail, whose pods restart and of which one dies."""
    return {
        "baseline": [
            *fleet("baseline", 4, process=service(1.0), unscraped=HOLES),
            *fleet("baseline-restarts", 1, process=service(1.0), lives=((-EVER, 9.3), (9.9, EVER))),
            *fleet("baseline-dies", 1, process=service(1.0), lives=((-EVER, 17.6),)),
        ],
        "good": slow("good", 1.0, service, unscraped=HOLES),
        "bad": slow("bad", 2.2, service, unscraped=HOLES),
    }


def classic(slowdown: float) -> Process:
    """Requests that take a tenth of a second, ``slowdown`` times as long, in classic buckets."""
    return lambda: Durations(rate, 0.1 * slowdown)


def native(slowdown: float) -> Process:
    """The same as a native histogram, of a third of the requests."""
    return lambda: NativeDurations(lambda minute: rate(minute) / 3, 0.1 * slowdown)


LATENCY_HOLES = Scenario(
    "latency-holes",
    timed(classic),
    {name: canary(name, metrics=(LATENCY,)) for name in ("good", "bad")},
)

NATIVE_LATENCY_HOLES = Scenario(
    "native-latency-holes",
    timed(native),
    {name: canary(name, metrics=(NATIVE_LATENCY,)) for name in ("good", "bad")},
)


def container(ratio: float = 1.0) -> Process:
    """A container of 200 MB and 0.4 cores, ``ratio`` times that."""

    def level(minute: float) -> float:
        return ratio * 2e8 * (1 + 0.1 * math.sin(minute / 60))

    return lambda: Container(level, 0.4 * ratio)


def containers(name: str, pods: int, ratio: float = 1.0, **changed) -> list[Pod]:
    """So many of them."""
    return fleet(name, pods, process=container(ratio), **changed)


MEMORY_HOLES = Scenario(
    "memory-holes",
    {
        "baseline": [
            *containers("baseline", 5, unscraped=HOLES),
            *containers("baseline-dies", 1, lives=((-EVER, 11.7),)),
        ],
        "good": [*containers("good", 2), *containers("good-dies", 1, lives=((-EVER, 14.2),))],
        "bad": [
            *containers("bad", 2, 1.6),
            *containers("bad-dies", 1, 1.6, lives=((-EVER, 14.2),)),
        ],
        "gone": containers("gone", 2, lives=((-EVER, 20.3),)),
    },
    {name: canary(name, metrics=(MEMORY,)) for name in ("good", "bad", "gone")},
)

MEMORY_NOT_FINITE = Scenario(
    "memory-not-finite",
    {
        "baseline": containers("baseline", 6),
        "nan": [*containers("nan", 1), *containers("nan-broken", 1, garbled={math.nan: BROKEN})],
        "infinite": [
            *containers("infinite", 1),
            *containers("infinite-broken", 1, garbled={math.inf: BROKEN}),
        ],
        "bad": [
            *containers("bad", 2, 1.6),
            *containers("bad-broken", 1, 1.6, garbled={math.nan: BROKEN}),
        ],
    },
    {name: canary(name, metrics=(MEMORY,)) for name in ("nan", "infinite", "bad")},
)

RESTARTING = ((-EVER, 6.3), (6.31, 13.7), (14.4, 22.8), (22.81, EVER))

CPU_RESTARTS = Scenario(
    "cpu-restarts",
    {
        "baseline": containers("baseline", 6, lives=((-EVER, 9.2), (9.9, EVER))),
        "good": containers("good", 2, lives=RESTARTING),
        "bad": containers("bad", 2, 1.6, lives=RESTARTING),
    },
    {name: canary(name, metrics=(CPU,)) for name in ("good", "bad")},
)

KINDS = (LATENCY_HOLES, NATIVE_LATENCY_HOLES, MEMORY_HOLES, MEMORY_NOT_FINITE, CPU_RESTARTS)
