"""What a release leads to: alerts that fire, and visits that become orders."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from judge.stats.samples import Count, Level
from tests.servers.exposition import Series
from tests.spec.templates.harness import Case, counter, gauge
from tests.spec.templates.traffic import FOREIGN

VISITS = {
    "baseline": {"web-1": (61, 1420), "web-2": (58, 1390)},
    "canary": {"web-canary-1": (9, 410)},
}
TRACKS = {track: f'app="webshop",track="{track}"' for track in VISITS}


def alert(name: str, track: str, state: str = "firing", **labels: str) -> Series:
    """An alert as Prometheus writes it: 1 for as long as it is in a state."""
    named = {"alertname": name, "alertstate": state, "severity": "page"}
    return gauge("ALERTS", 1, {**named, "app": "webshop", "track": track, **labels})


def shop(app: str, factor: int) -> Iterator[Series]:
    """Orders, some of them by voucher, and visits."""
    for track, pods in VISITS.items():
        for pod, (orders, visits) in pods.items():
            where: Mapping[str, str] = {"app": app, "track": track, "pod": pod}
            yield counter("orders_total", (orders - 2) * factor, {**where, "payment": "card"})
            yield counter("orders_total", 2 * factor, {**where, "payment": "voucher"})
            yield counter("visits_total", visits * factor, where)


ALERTS = [
    alert("ErrorBudgetBurn", "canary", window="1h"),
    alert("ErrorBudgetBurn", "canary", window="6h"),
    alert("QueueLong", "canary", severity="info"),
    alert("QueueLong", "baseline", state="pending"),
    alert("ErrorBudgetBurn", "canary", app="billing"),
]
CASES = (
    Case(
        "alerts-firing",
        ALERTS,
        {"baseline": {"": Level(0)}, "canary": {"": Level(3)}},
        TRACKS,
    ),
    Case(
        "alerts-firing",
        ALERTS,
        {"baseline": {"": Level(0)}, "canary": {"": Level(2)}},
        TRACKS,
        variables={"severities": "page|critical"},
        name="severe",
    ),
    Case(
        "alerts-firing",
        ALERTS,
        {"baseline": {"": Level(0)}, "canary": {"": Level(1)}},
        TRACKS,
        variables={"alerts": "QueueLong"},
        name="by-name",
    ),
    Case(
        "conversion-rate",
        [*shop("webshop", 1), *shop("other", FOREIGN)],
        {
            track: {pod: Count(*numbers) for pod, numbers in pods.items()}
            for track, pods in VISITS.items()
        },
        TRACKS,
        variables={"orders": "orders_total", "visits": "visits_total"},
    ),
)
