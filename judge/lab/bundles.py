"""Evidence bundles of simulated rollouts: what the cost of judging is measured on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from judge.lab.rollouts import Rollouts, simulate
from judge.lab.scenarios import SCENARIOS
from judge.sources.recording import bundle_document
from judge.spec.resolved import BASELINE, CANARY, Direction, Kind, Metric, ResolvedAnalysis, Track
from judge.stats.arms import PodCounts
from judge.stats.samples import Count, Interval, Pods

METRIC = "error-rate"
EFFECTS = (1.0, 2.0)  # every other release is bad
AT_ONCE = 100  # rollouts drawn together


def write_bundles(
    folder: Path, count: int, *, rng: np.random.Generator, looks: int = 60, history: int = 120
) -> None:
    """Write ``count`` bundles of one-minute intervals, nine baseline pods and one canary pod."""
    for number, bundle in enumerate(_bundles(count, rng, looks, history)):
        (folder / f"rollout-{number:04}.json").write_text(json.dumps(bundle))


def _bundles(
    count: int, rng: np.random.Generator, looks: int, history: int
) -> Iterator[dict[str, object]]:
    common = SCENARIOS["overdispersed"]
    scenario = replace(
        common,
        service=replace(common.service, looks=looks, history=history),
        effects=EFFECTS,
    )
    for done in range(0, count, AT_ONCE):
        rollouts = simulate(scenario, rng, min(AT_ONCE, count - done))
        for one in range(len(rollouts.history.events)):
            yield _bundle(rollouts, one)


def _bundle(rollouts: Rollouts, one: int) -> dict[str, object]:
    service = rollouts.scenario.service
    metric = Metric(METRIC, Kind.PROPORTION, Direction.INCREASE, limit=1.25, worst=2.0)
    analysis = ResolvedAnalysis(
        name="lab",
        metrics=(metric,),
        tracks={BASELINE: Track('track="stable"'), CANARY: Track('track="canary"')},
        interval=service.interval,
        duration=service.interval * service.looks,
        history=service.interval * service.history,
    )
    history = _intervals(service.interval, 0, {BASELINE: _of(rollouts.history, (one,))})
    run = {
        CANARY: _of(rollouts.canary, (one % len(EFFECTS), one)),
        BASELINE: _of(rollouts.baseline, (one,)),
    }
    return bundle_document(analysis, history, _intervals(service.interval, service.history, run))


def _intervals(seconds: float, first: int, tracks: dict[str, PodCounts]) -> list[Interval]:
    length = len(next(iter(tracks.values())).events)
    return [
        Interval(
            start=(first + now) * seconds,
            end=(first + now + 1) * seconds,
            samples={METRIC: {name: _pods(name, counts, now) for name, counts in tracks.items()}},
        )
        for now in range(length)
    ]


def _pods(track: str, counts: PodCounts, now: int) -> Pods:
    return {
        f"{track}-{pod}": Count(float(counts.events[now, pod]), float(counts.total[now, pod]))
        for pod in range(counts.events.shape[-1])
    }


def _of(counts: PodCounts, index: tuple[int, ...]) -> PodCounts:
    return PodCounts(counts.events[index], counts.total[index])
