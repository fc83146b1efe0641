"""Intervals of every kind of metric: simulated latencies and levels, with everything settable."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from scipy.stats import norm

from judge.spec.resolved import Direction, Kind, Metric
from judge.stats.samples import Histogram, Interval, Level, Pods

NATIVE = (*(2.0 ** (k / 8) for k in range(-48, 9)), math.inf)
CLASSIC = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, math.inf)


def latency(name: str = "latency", **changed) -> Metric:
    return Metric(
        **{
            "name": name,
            "kind": Kind.HISTOGRAM,
            "direction": Direction.INCREASE,
            "limit": 1.2,
            "worst": 2.0,
            "unit": "s",
            **changed,
        }
    )


def gauge(name: str = "memory", **changed) -> Metric:
    return latency(name, **{"kind": Kind.GAUGE, "unit": "bytes", **changed})


def histogram(
    rng: np.random.Generator, *, slower: float = 1.0, bounds=NATIVE, requests: float = 600.0
) -> Histogram:
    """One pod's minute: lognormal around 100 ms with log-sd 0.5."""
    within = norm.cdf(np.log(np.array(bounds) / (0.1 * slower)) / 0.5)
    counts = rng.poisson(requests * np.diff(within, prepend=0.0)).cumsum()
    return Histogram(tuple(bounds), tuple(float(one) for one in counts))


def latencies(
    rng: np.random.Generator,
    looks: int,
    *,
    start: float = 0.0,
    pods: Mapping[str, int] | None = None,
    slower: float = 1.0,
    name: str = "latency",
    **drawn,
) -> list[Interval]:
    """Intervals of a minute with one canary pod and three of the baseline."""
    pods = {"baseline": 3, "canary": 1} if pods is None else pods

    def of(track: str) -> Pods:
        factor = slower if track == "canary" else 1.0
        return {f"{track}-{k}": histogram(rng, slower=factor, **drawn) for k in range(pods[track])}

    return _intervals(looks, start, name, lambda: {track: of(track) for track in pods})


def levels(
    rng: np.random.Generator,
    looks: int,
    *,
    start: float = 0.0,
    pods: Mapping[str, int] | None = None,
    higher: float = 1.0,
    an_hour: float = 1.0,
    noise: float = 0.05,
    level: float = 1e8,
    name: str = "memory",
) -> list[Interval]:
    """Intervals of a minute of a gauge; the canary's grows ``an_hour`` times in an hour."""
    pods = {"baseline": 3, "canary": 1} if pods is None else pods
    now = iter(range(looks))

    def sample() -> dict[str, Pods]:
        grown = an_hour ** (next(now) / 60.0)
        return {
            track: {
                f"{track}-{k}": Level(
                    level
                    * (higher * grown if track == "canary" else 1.0)
                    * math.exp(noise * rng.standard_normal())
                )
                for k in range(count)
            }
            for track, count in pods.items()
        }

    return _intervals(looks, start, name, sample)


def _intervals(looks, start, name, sample) -> list[Interval]:
    return [
        Interval(start + 60.0 * i, start + 60.0 * (i + 1), {name: sample()}) for i in range(looks)
    ]


def merged(*runs: list[Interval]) -> list[Interval]:
    """Several metrics' intervals as one run's."""
    return [
        Interval(one[0].start, one[0].end, {k: v for each in one for k, v in each.samples.items()})
        for one in zip(*runs, strict=True)
    ]
