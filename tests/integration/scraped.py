"""What a scraping server must be counted to, state by state, whatever series did meanwhile."""

from __future__ import annotations

import time
from collections import defaultdict

from judge.sources.prometheus import PrometheusSource
from judge.stats.samples import Count
from tests.servers.analyses import analysis
from tests.servers.target import State, Target, settle

STEP = 2.0


def _state(**pods: dict[str, float]) -> State:
    return {
        f'http_requests_total{{pod="{pod}",track="canary",code="{code}"}}': value
        for pod, codes in pods.items()
        for code, value in codes.items()
    }


BEFORE = _state(old={"200": 100, "500": 20})
# Each state with what it adds to what every pod's counters have grown by since BEFORE.
STATES: list[State | None] = [
    _state(old={"200": 110, "500": 25}),
    _state(old={"200": 120}, young={"200": 7}),  # one code's series goes, a pod is born
    _state(old={"200": 125, "500": 26}, young={"200": 3, "500": 1}),  # back; restarted
    _state(old={"200": 130, "500": 26}, late={"200": 4}),  # one pod gone, another born
    None,  # scrapes fail: everything goes stale
    _state(old={"200": 150, "500": 30}, late={"200": 9, "500": 2}),
]
GROWN = {
    "old": Count(events=10, total=60),
    "young": Count(events=1, total=11),
    "late": Count(events=2, total=11),
}


def count_exactly(target: Target, source: PrometheusSource) -> None:
    """Show the states one after the other, read looks over them, compare with the truth."""
    target.show(BEFORE, scrapes=3)
    start = time.time()
    for state in STATES:
        target.show(state)
    settle()
    looks = 1 + int((time.time() - start) // STEP)
    time.sleep(max(0.0, start + looks * STEP - time.time()) + 0.5)
    grown: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for look in range(looks):
        begin = start + look * STEP
        (interval,) = source.read(
            analysis(), start=begin, end=begin + STEP, step=STEP, tracks=["canary"], thorough=True
        )
        for pod, count in interval.samples.get("error-rate", {}).get("canary", {}).items():
            grown[pod][0] += count.events
            grown[pod][1] += count.total
    assert {pod: Count(*sums) for pod, sums in grown.items()} == GROWN
