"""Pods as kube-state-metrics shows them: whether they are ready, and what their containers did."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from judge.stats.samples import Count
from tests.servers.exposition import Series
from tests.spec.templates.harness import START, Case, gauge
from tests.spec.templates.traffic import FOREIGN

RESTARTS = "kube_pod_container_status_restarts_total"
REASON = "kube_pod_container_status_last_terminated_reason"
PODS = {
    "baseline": {"pods": "checkout-primary-.*"},
    "canary": {"pods": "checkout-canary-.*"},
}
# Where the scrape does not honour the series' own labels, it sets its target's in their place.
RENAMED = {one: f"exported_{one}" for one in ("namespace", "pod", "container")}
EXPORTER = {"namespace": "monitoring", "pod": "kube-state-metrics-0", "container": "metrics"}


@dataclass(frozen=True)
class Container:
    """One container: how often it restarted before the look, until now, and why it ended last."""

    pod: str
    name: str
    before: float
    now: float
    reason: str = ""
    newborn: bool = False

    def series(self, instance: str) -> Iterator[Series]:
        """What one kube-state-metrics says of it; older ones name each reason, with 0 or 1."""
        labels = {"namespace": "shop", "pod": self.pod, "uid": f"u-{self.pod}"}
        labels |= {"container": self.name, "instance": instance}
        series = gauge(RESTARTS, self.now, labels, before=self.before)
        if self.newborn:
            late = [sample for sample in series.samples if sample[0] > START]
            series = Series(series.name, series.labels, late)
        yield series
        for reason in ("Error", "OOMKilled"):
            if self.reason:
                yield gauge(REASON, float(self.reason == reason), {**labels, "reason": reason})


CONTAINERS = (
    Container("checkout-primary-0", "app", 3, 4, "OOMKilled"),
    Container("checkout-primary-0", "proxy", 1, 1, "Error"),
    Container("checkout-primary-1", "app", 0, 2, "Error"),
    Container("checkout-primary-1", "proxy", 5, 5, "OOMKilled"),
    Container("checkout-canary-0", "app", 1, 2, "OOMKilled"),
    Container("checkout-canary-0", "proxy", 0, 1, "OOMKilled"),
    Container("checkout-canary-1", "app", 0, 1, "OOMKilled", newborn=True),
    Container("payments-0", "app", 0, FOREIGN, "OOMKilled"),
)
# Two of them say the same: an HA pair, or one that moved to another node.
STATUS = [
    series
    for container in CONTAINERS
    for instance in ("ksm-0:8080", "ksm-1:8080")
    for series in container.series(instance)
]
RESTARTED = {
    "baseline": {"checkout-primary-0": Count(1, 2), "checkout-primary-1": Count(1, 2)},
    "canary": {"checkout-canary-0": Count(2, 2), "checkout-canary-1": Count(0, 1)},
}


def exported(series: Iterable[Series]) -> list[Series]:
    """The same series as a scrape without honorLabels keeps them."""
    return [
        Series(
            one.name,
            {**{RENAMED.get(name, name): value for name, value in one.labels.items()}, **EXPORTER},
            one.samples,
        )
        for one in series
    ]


def of_readiness(pod: str, phase: str, *, ready: bool) -> Iterator[Series]:
    """A pod in a namespace of its own: no other case's restarts are among it."""
    where = {"namespace": "pay", "pod": pod, "uid": f"u-{pod}"}
    for one in ("Pending", "Running", "Succeeded", "Failed", "Unknown"):
        yield gauge("kube_pod_status_phase", float(one == phase), {**where, "phase": one})
    conditions: Mapping[str, bool] = {"true": ready, "false": not ready, "unknown": False}
    for condition, holds in conditions.items():
        yield gauge("kube_pod_status_ready", float(holds), {**where, "condition": condition})


CASES = (
    Case("container-restarts", STATUS, RESTARTED, track_variables=PODS),
    Case(
        "container-restarts",
        exported(STATUS),
        RESTARTED,
        variables={
            "namespaceLabel": "exported_namespace",
            "containerLabel": "exported_container",
        },
        track_variables=PODS,
        fields={"podLabel": "exported_pod"},
        name="labels-not-honoured",
    ),
    Case(
        "container-oom-kills",
        STATUS,
        {
            "baseline": {"checkout-primary-0": Count(1, 2), "checkout-primary-1": Count(0, 2)},
            "canary": {"checkout-canary-0": Count(2, 2), "checkout-canary-1": Count(0, 1)},
        },
        track_variables=PODS,
    ),
    Case(
        "container-oom-kills",
        STATUS,
        {
            "baseline": {"checkout-primary-0": Count(0, 1), "checkout-primary-1": Count(0, 1)},
            "canary": {"checkout-canary-0": Count(1, 1)},
        },
        variables={"containers": "proxy"},
        track_variables=PODS,
        name="one-container",
    ),
    Case(
        "pods-crashing",
        [
            *of_readiness("checkout-primary-0", "Running", ready=True),
            *of_readiness("checkout-primary-1", "Running", ready=False),
            *of_readiness("checkout-canary-0", "Pending", ready=False),
            *of_readiness("checkout-canary-1", "Failed", ready=False),
            *of_readiness("payments-0", "Pending", ready=False),
        ],
        {
            "baseline": {"checkout-primary-0": Count(0, 1), "checkout-primary-1": Count(1, 1)},
            "canary": {"checkout-canary-0": Count(1, 1)},
        },
        variables={"namespace": "pay"},
        track_variables=PODS,
    ),
)
