"""Analyses and intervals for tests of the judge: simulated counts, with everything settable."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from judge.spec.resolved import Direction, Kind, Metric, ResolvedAnalysis
from judge.stats.samples import Count, Interval


def metric(name: str = "error-rate", **changed) -> Metric:
    return Metric(
        **{
            "name": name,
            "kind": Kind.PROPORTION,
            "direction": Direction.INCREASE,
            "limit": 1.25,
            "worst": 2.0,
            **changed,
        }
    )


def analysis(*metrics: Metric, **changed) -> ResolvedAnalysis:
    return ResolvedAnalysis(**{"name": "checkout", "metrics": metrics or (metric(),), **changed})


def intervals(
    rng: np.random.Generator,
    looks: int,
    *,
    start: float = 0.0,
    tracks: dict[str, float] | None = None,
    pods: dict[str, int] | None = None,
    metrics: Iterable[str] = ("error-rate",),
    requests: int = 600,
    rate: float = 0.005,
) -> list[Interval]:
    """Intervals of a minute; ``tracks`` maps each track to the ratio of its error rate."""
    tracks = {"baseline": 1.0, "canary": 1.0} if tracks is None else tracks
    pods = {"baseline": 9, **(pods or {})}

    def one(ratio: float) -> Count:
        return Count(float(rng.binomial(requests, min(1.0, rate * ratio))), float(requests))

    return [
        Interval(
            start + 60.0 * i,
            start + 60.0 * (i + 1),
            {
                name: {
                    track: {f"{track}-{k}": one(ratio) for k in range(pods.get(track, 1))}
                    for track, ratio in tracks.items()
                }
                for name in metrics
            },
        )
        for i in range(looks)
    ]


def history(rng: np.random.Generator, looks: int = 480, **changed) -> list[Interval]:
    return intervals(rng, looks, start=-60.0 * looks, tracks={"baseline": 1.0}, **changed)
