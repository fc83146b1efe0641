"""Evidence bundles of simulated rollouts: what the cost of judging is measured on."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from judge.lab.count_scenarios import OVERDISPERSED
from judge.lab.counts import CountRollouts, CountScenario, Service
from judge.sources.recording import Bundle, bundle_document
from judge.spec.resolved import BASELINE, CANARY, Direction, Kind, Metric, ResolvedAnalysis, Track
from judge.stats.arms import PodCounts
from judge.stats.samples import Count, Interval, Pods

METRIC = "error-rate"
GOOD, BAD = 0, 1  # the places of the effects that are drawn
AT_ONCE = 100  # rollouts drawn together

Tracks = Mapping[str, PodCounts]


def write_bundles(
    folder: Path, count: int, *, rng: np.random.Generator, looks: int = 60, history: int = 120
) -> None:
    """Write ``count`` bundles of one metric, every other release bad, into ``folder``.

    One-minute intervals, nine baseline pods and one canary pod.
    """
    for number, (rollouts, one) in enumerate(_drawn(count, rng, looks, history)):
        bundle = _bundle(rollouts, {METRIC: one}, effect=number % 2)
        document = bundle_document(bundle.analysis, bundle.history, bundle.intervals)
        (folder / f"rollout-{number:04}.json").write_text(json.dumps(document))


def good_bundle(metrics: int, *, rng: np.random.Generator, looks: int, history: int) -> Bundle:
    """A good release of as many metrics, each with counts of its own."""
    rollouts, _ = next(_drawn(metrics, rng, looks, history))
    return _bundle(rollouts, {f"{METRIC}-{one}": one for one in range(metrics)}, effect=GOOD)


def _drawn(
    count: int, rng: np.random.Generator, looks: int, history: int
) -> Iterator[tuple[CountRollouts, int]]:
    """Rollouts one by one: the batch that each was drawn in, and its place there."""
    service = Service(looks=looks, history=history)
    scenario = CountScenario("bundles", "", service, own=(OVERDISPERSED,), effects=(1.0, 2.0))
    for done in range(0, count, AT_ONCE):
        size = min(AT_ONCE, count - done)
        rollouts = scenario.simulate(rng, size)
        yield from ((rollouts, one) for one in range(size))


def _bundle(rollouts: CountRollouts, places: Mapping[str, int], *, effect: int) -> Bundle:
    """One bundle of the rollouts at these ``places``, a metric each."""
    service = rollouts.scenario.service
    before = {metric: {BASELINE: _at(rollouts.history, (one,))} for metric, one in places.items()}
    run = {
        metric: {
            CANARY: _at(rollouts.canary, (effect, one)),
            BASELINE: _at(rollouts.baseline, (one,)),
        }
        for metric, one in places.items()
    }
    return Bundle(
        _analysis(service, list(places)),
        _intervals(before, service.interval, range(service.history)),
        _intervals(run, service.interval, range(service.history, service.history + service.looks)),
    )


def _analysis(service: Service, metrics: Sequence[str]) -> ResolvedAnalysis:
    return ResolvedAnalysis(
        name="lab",
        metrics=tuple(
            Metric(name, Kind.PROPORTION, Direction.INCREASE, limit=1.25, worst=2.0)
            for name in metrics
        ),
        tracks={BASELINE: Track('track="stable"'), CANARY: Track('track="canary"')},
        interval=service.interval,
        duration=service.interval * service.looks,
        delay=0.0,
        history=service.interval * service.history,
    )


def _intervals(
    metrics: Mapping[str, Tracks], seconds: float, numbers: range
) -> tuple[Interval, ...]:
    return tuple(
        Interval(
            start=number * seconds,
            end=(number + 1) * seconds,
            samples={
                metric: {track: _pods(track, counts, place) for track, counts in tracks.items()}
                for metric, tracks in metrics.items()
            },
        )
        for place, number in enumerate(numbers)
    )


def _pods(track: str, counts: PodCounts, interval: int) -> Pods:
    both = zip(counts.events[interval], counts.total[interval], strict=True)
    return {
        f"{track}-{pod}": Count(float(events), float(total))
        for pod, (events, total) in enumerate(both)
    }


def _at(counts: PodCounts, index: tuple[int, ...]) -> PodCounts:
    return PodCounts(counts.events[index], counts.total[index])
