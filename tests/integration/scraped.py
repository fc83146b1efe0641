"""What a scraping server must be counted to, state by state, whatever series did meanwhile."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence

from judge.sources.prometheus import PrometheusSource
from judge.spec.resolved import Metric
from judge.stats.samples import Absence, Count, Histogram, Interval, Sample
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


# Of both pods' error series is lost, for some looks: one lives on meanwhile, one restarts.
FAILING: Pods = {"lives": {"200": 100, "500": 20}, "restarts": {"200": 100, "500": 20}}
LOSING: list[tuple[Pods | None, int]] = [
    ({"lives": {"200": 110, "500": 25}, "restarts": {"200": 110, "500": 21}}, 2),
    ({"lives": {"200": 120}, "restarts": {"200": 3}}, 12),
    ({"lives": {"200": 1130, "500": 95}, "restarts": {"200": 9, "500": 1}}, 6),
    ({"lives": {"200": 1133, "500": 96}, "restarts": {"200": 11, "500": 1}}, 2),
]


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
    metric = error_rate()
    for look in _looks(target, source, metric, as_counters, BEFORE, _each(STATES)):
        for pod, count in _canary(look, metric).items():
            assert isinstance(count, Count)
            grown[pod] = _sum(grown.get(pod, Count(0, 0)), count)
    assert grown == GROWN


def measure_exactly(target: Target, source: PrometheusSource) -> None:
    """The same with the latencies of the same requests."""
    totals: dict[str, float] = defaultdict(float)
    metric = latency(buckets=LATENCY)
    for look in _looks(target, source, metric, as_natives, BEFORE, _each(STATES)):
        for pod, histogram in _canary(look, metric).items():
            assert isinstance(histogram, Histogram)
            totals[pod] += histogram.total
    assert totals == {pod: count.total for pod, count in GROWN.items()}


def leave_out_lost_events(target: Target, source: PrometheusSource) -> None:
    """What a pod counts from the loss of its error series until they are back is left out.

    Both its errors and its requests are, and nothing of a pod that has begun anew.
    """
    grown = {"lives": Count(0, 0), "restarts": Count(0, 0)}
    holes: dict[str, int] = defaultdict(int)
    metric = error_rate()
    for look in _looks(target, source, metric, as_counters, FAILING, LOSING):
        found = _canary(look, metric)
        for pod, so_far in grown.items():
            count = found.get(pod)
            if isinstance(count, Count):
                grown[pod] = _sum(so_far, count)
            else:
                holes[pod] += 1
                assert look.absent == {metric.name: {"canary": Absence.UNRELIABLE}}
    assert grown == {"lives": Count(6, 29), "restarts": Count(2, 23)}
    assert set(holes) == {"lives"}
    assert holes["lives"] >= 3


def _sum(one: Count, other: Count) -> Count:
    return Count(one.events + other.events, one.total + other.total)


def _canary(look: Interval, metric: Metric) -> Mapping[str, Sample]:
    return look.samples.get(metric.name, {}).get("canary", {})


def _each(states: Sequence[Pods | None]) -> list[tuple[Pods | None, int]]:
    """``states``, each to be scraped twice."""
    return [(state, 2) for state in states]


def _looks(
    target: Target,
    source: PrometheusSource,
    metric: Metric,
    shown: Callable[[Pods], State],
    before: Pods,
    states: Sequence[tuple[Pods | None, int]],
) -> Iterator[Interval]:
    """Looks at the canary over all ``states``, each of which is scraped so many times."""
    target.show(shown(before), scrapes=3)
    start = time.time()
    for state, scrapes in states:
        target.show(None if state is None else shown(state), scrapes=scrapes)
    settle()
    looks = 1 + int((time.time() - start) // STEP)
    time.sleep(max(0.0, start + looks * STEP - time.time()) + 0.5)
    for look in range(looks):
        begin = start + look * STEP
        yield from source.read(
            analysis(metric),
            start=begin,
            end=begin + STEP,
            step=STEP,
            tracks=["canary"],
            thorough=True,
        )
