"""Containers as cAdvisor shows them: it knows the names of pods and no label of the application."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from judge.stats.samples import Count, Level, Sample
from tests.servers.exposition import Series
from tests.spec.templates.harness import START, Case, Labels, counter, gauge, times
from tests.spec.templates.traffic import FOREIGN

# A number of every container of every pod.
Shown = Mapping[str, Mapping[str, float]]
Make = Callable[[str, float, Labels], Series]

PODS = {
    "baseline": {"pods": "checkout-primary-.*"},
    "canary": {"pods": "checkout-canary-.*"},
}
APP_ALONE = {"containers": "app"}
CPU_SECONDS: Shown = {
    "checkout-primary-0": {"app": 24, "proxy": 3},
    "checkout-primary-1": {"app": 27},
    "checkout-canary-0": {"app": 33, "proxy": 1.5},
}
FOREIGN_BYTES = 7e12
BYTES: Shown = {
    "checkout-primary-0": {"app": 4.1e8, "proxy": 2e7},
    "checkout-primary-1": {"app": 3.9e8},
    "checkout-canary-0": {"app": 5.2e8, "proxy": 3e7},
}
PERIODS: Shown = {
    "checkout-primary-0": {"app": 600, "proxy": 580},
    "checkout-primary-1": {"app": 590},
    "checkout-canary-0": {"app": 600},
}
THROTTLED: Shown = {
    "checkout-primary-0": {"app": 30, "proxy": 0},
    "checkout-primary-1": {"app": 12},
    "checkout-canary-0": {"app": 150},
}


def where(pod: str, container: str, *, namespace: str = "shop", run: int = 0) -> Labels:
    """cAdvisor's labels of a container; ``run`` tells what it was before a restart apart."""
    labels = {"namespace": namespace, "pod": pod, "instance": "node-1:10250"}
    labels["id"] = f"/kubepods/{namespace}/{pod}/{container}/{run}"
    return {**labels, "container": container} if container else labels


def cadvisor(make: Make, name: str, shown: Shown, *, foreign: float = FOREIGN) -> list[Series]:
    """A metric of all containers, what would count everything twice, and what is of others."""
    series = []
    for pod, containers in shown.items():
        series += [make(name, n, where(pod, container)) for container, n in containers.items()]
        series += [make(name, foreign, where(pod, container)) for container in ("", "POD")]
        series.append(make(name, foreign, where(pod, "app", namespace="staging")))
    return [*series, make(name, foreign, where("payments-0", "app"))]


def by_track(sample: Callable[[str], Sample], pods: Iterable[str]) -> dict[str, dict[str, Sample]]:
    """The sample of each pod, in its track."""
    found: dict[str, dict[str, Sample]] = {"baseline": {}, "canary": {}}
    for pod in pods:
        found["canary" if pod.startswith("checkout-canary-") else "baseline"][pod] = sample(pod)
    return found


def summed(shown: Shown, *, seconds: float = 1) -> dict[str, dict[str, Sample]]:
    """All containers of a pod together, by second where they are a counter's."""
    return by_track(lambda pod: Level(sum(shown[pod].values()) / seconds), shown)


def of_app(shown: Shown, *, seconds: float = 1) -> dict[str, dict[str, Sample]]:
    """The container named app alone."""
    return summed({pod: {"app": one["app"]} for pod, one in shown.items()}, seconds=seconds)


def killed(
    pod: str,
    container: str,
    kills: float,
    *,
    before: float,
    run: int = 0,
    namespace: str = "shop",
) -> Series:
    """The kills that a container had ``before`` the look, and has now."""
    labels = where(pod, container, namespace=namespace, run=run)
    return gauge("container_oom_events_total", kills, labels, before=before)


def killed_earlier(pod: str, container: str) -> Series:
    """A container whose kill was seen in the look before this one."""
    samples = [(at, float(at > START - 60)) for at in times()]
    return Series("container_oom_events_total", where(pod, container), samples)


CPU = cadvisor(counter, "container_cpu_usage_seconds_total", CPU_SECONDS)
THROTTLING = [
    *cadvisor(counter, "container_cpu_cfs_periods_total", PERIODS),
    *cadvisor(counter, "container_cpu_cfs_throttled_periods_total", THROTTLED),
]
WORKING_SET = [
    *cadvisor(gauge, "container_memory_working_set_bytes", BYTES, foreign=FOREIGN_BYTES),
    # What the container was before its restart is shown for some minutes more.
    gauge("container_memory_working_set_bytes", 3e8, where("checkout-canary-0", "app", run=1)),
]
RESIDENT = cadvisor(gauge, "container_memory_rss", BYTES, foreign=FOREIGN_BYTES)
KILLS = [
    killed("checkout-primary-0", "app", 1, before=0),
    killed("checkout-primary-0", "app", 2, before=2, run=1),
    killed("checkout-primary-0", "proxy", 0, before=0),
    killed("checkout-primary-1", "app", 2, before=2),
    killed_earlier("checkout-primary-1", "proxy"),
    killed("checkout-canary-0", "app", 3, before=0),
    killed("checkout-canary-0", "proxy", 1, before=0),
    killed("checkout-canary-1", "app", 5, before=4, run=1),
    killed("checkout-canary-1", "app", 1, before=0),
    *(
        killed(pod, container, 9, before=0, namespace=namespace)
        for pod in ("checkout-primary-1", "checkout-canary-0")
        for namespace, container in (
            *(("shop", ""), ("shop", "POD")),
            *(("staging", "app"), ("staging", "debug")),
        )
    ),
    killed("payments-0", "app", 9, before=0),
]
CASES = (
    Case("container-cpu", CPU, summed(CPU_SECONDS, seconds=60), track_variables=PODS),
    Case(
        "container-cpu",
        CPU,
        of_app(CPU_SECONDS, seconds=60),
        track_variables=PODS,
        variables=APP_ALONE,
        name="without-sidecars",
    ),
    Case(
        "container-cpu-throttling",
        THROTTLING,
        by_track(
            lambda pod: Count(sum(THROTTLED[pod].values()), sum(PERIODS[pod].values())), PERIODS
        ),
        track_variables=PODS,
    ),
    Case("container-memory", WORKING_SET, summed(BYTES), track_variables=PODS),
    Case(
        "container-memory",
        RESIDENT,
        of_app(BYTES),
        track_variables=PODS,
        variables={**APP_ALONE, "metric": "container_memory_rss"},
        name="resident",
    ),
    Case("container-memory-leak", WORKING_SET, summed(BYTES), track_variables=PODS),
    Case(
        "container-oom-events",
        KILLS,
        {
            "baseline": {"checkout-primary-0": Count(1, 2), "checkout-primary-1": Count(0, 2)},
            "canary": {"checkout-canary-0": Count(2, 2), "checkout-canary-1": Count(1, 1)},
        },
        track_variables=PODS,
    ),
)
