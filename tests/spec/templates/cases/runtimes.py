"""What runtimes and client libraries show of their own process: the JVM, Go, any process."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from judge.stats.samples import Level, Sample
from tests.servers.exposition import Series
from tests.spec.templates.harness import Case, Labels, counter, gauge
from tests.spec.templates.traffic import FOREIGN

# Every pod with a number of its own, from which all that it shows follows.
PODS = {"baseline": {"web-1": 3, "web-2": 4}, "canary": {"web-canary-1": 9}}
Make = Callable[[Labels, int], Iterator[Series]]


def tried(
    template: str, make: Make, level: Callable[[int], float], *, name: str = "", **variables: str
) -> Case:
    """A case of pods that show what ``make`` makes of each one's number."""
    return _case(template, make, level, lambda pod: pod, name=name, **variables)


def tried_by_instance(template: str, make: Make, level: Callable[[int], float]) -> Case:
    """The same of processes outside of Kubernetes."""
    return _case(template, make, level, lambda pod: f"{pod}:9100")


def _case(
    template: str,
    make: Make,
    level: Callable[[int], float],
    called: Callable[[str], str],
    *,
    name: str = "",
    **variables: str,
) -> Case:
    # Each case is an application of its own, so that several can show the same metric.
    app = f"{template}-{name}"
    series: list[Series] = []
    for track, pods in PODS.items():
        for pod, n in pods.items():
            where = {"app": app, "track": track, "pod": pod, "instance": f"{pod}:9100"}
            series += make(where, n)
            series += make({**where, "app": f"{app}-other"}, FOREIGN)
    expected: dict[str, dict[str, Sample]] = {
        track: {called(pod): Level(level(n)) for pod, n in pods.items()}
        for track, pods in PODS.items()
    }
    tracks = {track: f'app="{app}",track="{track}"' for track in PODS}
    return Case(template, series, expected, tracks, variables=variables, name=name)


def micrometer_pauses(labels: Labels, n: int) -> Iterator[Series]:
    for action, seconds in (("end of minor GC", n / 10), ("end of major GC", n / 2)):
        causes = {**labels, "action": action, "cause": "Allocation", "gc": "G1 Young Generation"}
        yield counter("jvm_gc_pause_seconds_sum", seconds, causes)
        yield counter("jvm_gc_pause_seconds_count", FOREIGN, causes)


def client_collections(labels: Labels, n: int) -> Iterator[Series]:
    for collector, seconds in (("G1 Young Generation", n / 10), ("G1 Old Generation", n / 2)):
        yield counter("jvm_gc_collection_seconds_sum", seconds, {**labels, "gc": collector})
        yield counter("jvm_gc_collection_seconds_count", FOREIGN, {**labels, "gc": collector})


def agent_collections(labels: Labels, n: int) -> Iterator[Series]:
    for action, seconds in (("end of minor GC", n / 10), ("end of major GC", n / 2)):
        named = {**labels, "jvm_gc_name": "G1", "jvm_gc_action": action}
        yield counter("jvm_gc_duration_seconds_sum", seconds, named)


def pools(metric: str, area_label: str) -> Make:
    """Memory pools of the JVM, of which some are the heap's."""

    def make(labels: Labels, n: int) -> Iterator[Series]:
        for pool, used in (("G1 Eden Space", n * 1e6), ("G1 Old Gen", n * 1e8)):
            yield gauge(metric, used, {**labels, area_label: "heap", "id": pool})
        yield gauge(metric, FOREIGN, {**labels, area_label: "nonheap", "id": "Metaspace"})

    return make


def go_pauses(labels: Labels, n: int) -> Iterator[Series]:
    for quantile in ("0", "0.5", "1"):
        yield gauge("go_gc_duration_seconds", n, {**labels, "quantile": quantile})
    yield counter("go_gc_duration_seconds_sum", n / 100, labels)
    yield counter("go_gc_duration_seconds_count", FOREIGN, labels)


def one_counter(name: str) -> Make:
    """A counter without labels of its own."""
    return lambda labels, n: iter([counter(name, n, labels)])


def one_gauge(name: str) -> Make:
    """A gauge without labels of its own."""
    return lambda labels, n: iter([gauge(name, n * 1e7, labels)])


GC_CPU = "go_cpu_classes_gc_total_cpu_seconds_total"
CASES = (
    tried("jvm-gc-time", micrometer_pauses, lambda n: 0.6 * n / 60),
    tried(
        "jvm-gc-time",
        client_collections,
        lambda n: 0.6 * n / 60,
        name="java-client",
        metric="jvm_gc_collection_seconds_sum",
    ),
    tried(
        "jvm-gc-time",
        agent_collections,
        lambda n: 0.6 * n / 60,
        name="opentelemetry",
        metric="jvm_gc_duration_seconds_sum",
    ),
    tried("jvm-heap", pools("jvm_memory_used_bytes", "area"), lambda n: n * 1.01e8),
    tried(
        "jvm-heap",
        pools("jvm_memory_used_bytes", "jvm_memory_type"),
        lambda n: n * 1.01e8,
        name="opentelemetry",
        areaLabel="jvm_memory_type",
    ),
    tried(
        "jvm-heap",
        pools("jvm_memory_bytes_used", "area"),
        lambda n: n * 1.01e8,
        name="older",
        metric="jvm_memory_bytes_used",
    ),
    tried("go-gc-time", go_pauses, lambda n: n / 100 / 60),
    tried("go-gc-time", one_counter(GC_CPU), lambda n: n / 60, name="cpu", metric=GC_CPU),
    tried("go-goroutines", one_gauge("go_goroutines"), lambda n: n * 1e7),
    tried("go-heap", one_gauge("go_memstats_heap_inuse_bytes"), lambda n: n * 1e7),
    tried(
        "go-heap",
        one_gauge("go_memstats_next_gc_bytes"),
        lambda n: n * 1e7,
        name="next-collection",
        metric="go_memstats_next_gc_bytes",
    ),
    tried_by_instance("process-cpu", one_counter("process_cpu_seconds_total"), lambda n: n / 60),
    tried_by_instance(
        "process-memory", one_gauge("process_resident_memory_bytes"), lambda n: n * 1e7
    ),
)
