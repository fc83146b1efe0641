"""What every server must be counted to in histograms, pod by pod, bound by bound, look by look."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from judge.sources.prometheus import PrometheusSource
from judge.spec.resolved import Metric
from judge.stats.samples import Histogram, Interval
from tests.servers.analyses import analysis
from tests.servers.histories import END, LOOKS, START, STEP, Pod
from tests.servers.latencies import BOUNDS, truth


@dataclass
class Latencies:
    """The histograms of ``metric`` on the server at ``address``, read in three ways, each once."""

    address: str
    metric: Metric
    _looks: list[Interval] = field(default_factory=list)

    @property
    def looks(self) -> list[Interval]:
        """A run's looks, one after the other, as a daemon takes them."""
        if not self._looks:
            for look in range(LOOKS):
                start = START + look * STEP
                self._looks += self.read(start, start + STEP)
        return self._looks

    def read(self, start: float, end: float, *, thorough: bool = True) -> list[Interval]:
        """The baseline's intervals."""
        wanted = analysis(self.metric, address=self.address)
        with PrometheusSource(wanted.prometheus) as source:
            return source.read(
                wanted, start=start, end=end, step=STEP, tracks=["baseline"], thorough=thorough
            )

    def of(self, intervals: Sequence[Interval], pod: str) -> list[Histogram | None]:
        """A pod's histograms in each interval; None where it is a hole."""
        found = []
        for one in intervals:
            sample = one.samples.get(self.metric.name, {}).get("baseline", {}).get(pod)
            assert sample is None or isinstance(sample, Histogram)
            found.append(sample)
        return found


def telescopes(latencies: Latencies, pod: Pod) -> None:
    """The increments of all looks add up to what truly happened, exactly, at every bound."""
    found = [one for one in latencies.of(latencies.looks, pod.name) if one is not None]
    added = {bound: sum(at(one, bound) for one in found) for bound in (*BOUNDS, math.inf)}
    assert added == {bound: truth(pod, bound) for bound in (*BOUNDS, math.inf)}


def says_the_same_at_once(latencies: Latencies) -> None:
    """Hours read at once are the looks that were taken one by one."""
    assert latencies.read(START, END) == latencies.looks


def leaves_doubts_out(latencies: Latencies, doubted: Sequence[str], pods: Sequence[Pod]) -> None:
    """Without raw samples a doubtful pod's interval is a hole, and the rest the same."""
    history = latencies.read(START, END, thorough=False)
    for pod in pods:
        rough = latencies.of(history, pod.name)
        exact = latencies.of(latencies.looks, pod.name)
        pairs = list(zip(rough, exact, strict=True))
        assert all(a is None or a == b for a, b in pairs), pod.name
        if pod.name in doubted:
            assert any(a is None and b is not None for a, b in pairs), pod.name
    assert None not in latencies.of(history, "steady")


def at(histogram: Histogram, bound: float) -> float:
    """How many took at most ``bound``; fails where the histogram does not tell."""
    below = 0.0
    for upper, count in zip(histogram.bounds, histogram.counts, strict=True):
        if math.isclose(upper, bound, rel_tol=1e-12):
            return count
        if upper > bound:
            assert below == count, f"{bound} lies within a bucket of {histogram}"
            return below
        below = count
    raise AssertionError(f"{histogram} has no bucket +Inf")
