"""Pods as kube-state-metrics shows them: whether they are ready, and what their containers did."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from judge.stats.samples import Count
from tests.servers.exposition import Series
from tests.spec.templates.harness import START, Case, gauge, times
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
    """A container's restarts until ``since``, and after it; why it ended last."""

    pod: str
    name: str
    before: float
    now: float
    reason: str = ""
    since: float = START
    newborn: bool = False
    namespace: str = "shop"

    def series(self) -> Iterator[Series]:
        """What kube-state-metrics says of it, and two more that have not heard the news."""
        labels = {"namespace": self.namespace, "pod": self.pod, "uid": f"u-{self.pod}"}
        labels |= {"container": self.name, "instance": "ksm-0:8080"}
        late = {**labels, "instance": "ksm-1:8080"}
        yield stepped(RESTARTS, self.before, self.now, self.since, labels, newborn=self.newborn)
        yield stepped(RESTARTS, self.before, self.before, START, late, newborn=self.newborn)
        fresh = {**labels, "instance": "ksm-2:8080"}
        yield stepped(RESTARTS, self.before, self.before, START, fresh, newborn=True)
        # Older versions name every reason, with 0 or 1. One that had ended before did so alike.
        for reason in ("Error", "OOMKilled"):
            now = float(self.reason == reason)
            before = now if self.before else 0.0
            yield stepped(REASON, before, now, self.since, {**labels, "reason": reason})
            yield stepped(REASON, before, before, START, {**late, "reason": reason})


def stepped(
    name: str,
    before: float,
    now: float,
    since: float,
    labels: Mapping[str, str],
    *,
    newborn: bool = False,
) -> Series:
    """A value that changed once; of a newborn nothing is known from before."""
    samples = [(at, float(now if at > since else before)) for at in times()]
    return Series(name, labels, [one for one in samples if one[0] > since or not newborn])


CONTAINERS = (
    Container("checkout-primary-0", "app", 3, 4, "OOMKilled"),
    Container("checkout-primary-0", "proxy", 1, 1, "Error"),
    Container("checkout-primary-1", "app", 0, 2, "Error"),
    Container("checkout-primary-1", "proxy", 5, 6, "OOMKilled", since=START - 120),
    Container("checkout-canary-0", "app", 1, 2, "OOMKilled"),
    Container("checkout-canary-0", "proxy", 0, 1, "OOMKilled"),
    Container("checkout-canary-1", "app", 0, 1, "OOMKilled", newborn=True),
    Container("payments-0", "app", 0, FOREIGN, "OOMKilled"),
    *(
        Container(pod, name, FOREIGN, FOREIGN, "OOMKilled", namespace="staging")
        for pod in ("checkout-primary-0", "checkout-primary-1", "checkout-canary-0")
        for name in ("app", "proxy", "debug")
    ),
)
STATUS = [series for container in CONTAINERS for series in container.series()]
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
