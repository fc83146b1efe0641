"""What a scraping server must be counted to, state by state, whatever series did meanwhile."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping

from judge.sources.prometheus import PrometheusSource
from judge.spec.resolved import Metric
from judge.stats.samples import Count, Histogram, Sample
from tests.servers.analyses import analysis, error_rate, latency
from tests.servers.latencies import LATENCY, held
from tests.servers.native import PROTOBUF, exposition
from tests.servers.target import Shown, State, Target, settle

STEP = 2.0


Pods = Mapping[str, Mapping[str, float]]  # by pod and code

BEFORE: Pods = {"old": {"200": 100, "500": 20}}
# Each state with what it adds to what every pod's counters have grown by since BEFORE.
STATES: list[Pods | None] = [
    {"old": {"200": 110, "500": 25}},
    {"old": {"200": 120}, "young": {"200": 7}},  # one code's series goes, a pod is born
    {"old": {"200": 125, "500": 26}, "young": {"200": 3, "500": 1}},  # back; restarted
    {"old": {"200": 130, "500": 26}, "late": {"200": 4}},  # one pod gone, another born
    None,  # scrapes fail: everything goes stale
    {"old": {"200": 150, "500": 30}, "late": {"200": 9, "500": 2}},
]
GROWN = {
    "old": Count(events=10, total=60),
    "young": Count(events=1, total=11),
    "late": Count(events=2, total=11),
}


def as_counters(state: Pods) -> State:
    """Requests by code."""
    return {
        f'http_requests_total{{pod="{pod}",track="canary",code="{code}"}}': value
        for pod, codes in state.items()
        for code, value in codes.items()
    }


def as_natives(state: Pods) -> State:
    """Latencies by code, as native histograms."""
    metrics = [
        ({"pod": pod, "track": "canary", "code": code}, held(value))
        for pod, codes in state.items()
        for code, value in codes.items()
    ]
    return Shown(exposition(LATENCY, metrics), PROTOBUF)


def count_exactly(target: Target, source: PrometheusSource) -> None:
    """Show the states one after the other, read looks over them, compare with the truth."""
    grown: dict[str, Count] = {}
    for samples in _looks(target, source, error_rate(), as_counters):
        for pod, count in samples.items():
            assert isinstance(count, Count)
            so_far = grown.get(pod, Count(0, 0))
            grown[pod] = Count(so_far.events + count.events, so_far.total + count.total)
    assert grown == GROWN


def measure_exactly(target: Target, source: PrometheusSource) -> None:
    """The same with the latencies of the same requests."""
    totals: dict[str, float] = defaultdict(float)
    for samples in _looks(target, source, latency(buckets=LATENCY), as_natives):
        for pod, histogram in samples.items():
            assert isinstance(histogram, Histogram)
            totals[pod] += histogram.total
    assert totals == {pod: count.total for pod, count in GROWN.items()}


def _looks(
    target: Target, source: PrometheusSource, metric: Metric, shown: Callable[[Pods], State]
) -> Iterator[Mapping[str, Sample]]:
    """The canary's samples in looks over all states."""
    target.show(shown(BEFORE), scrapes=3)
    start = time.time()
    for state in STATES:
        target.show(None if state is None else shown(state))
    settle()
    looks = 1 + int((time.time() - start) // STEP)
    time.sleep(max(0.0, start + looks * STEP - time.time()) + 0.5)
    for look in range(looks):
        begin = start + look * STEP
        (interval,) = source.read(
            analysis(metric),
            start=begin,
            end=begin + STEP,
            step=STEP,
            tracks=["canary"],
            thorough=True,
        )
        yield interval.samples.get(metric.name, {}).get("canary", {})
