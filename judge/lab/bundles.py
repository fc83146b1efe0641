"""Evidence bundles of simulated rollouts: what the cost of judging is measured on."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from judge.lab.count_scenarios import OVERDISPERSED
from judge.lab.counts import CountRollouts, CountScenario, Service
from judge.lab.fleet import Fleet
from judge.lab.gauge_scenarios import SHARED, noise
from judge.lab.gauges import GaugeRollouts, GaugeScenario
from judge.lab.latencies import LatencyRollouts, LatencyScenario
from judge.lab.sampled import Tracks, at, intervals
from judge.sources.recording import Bundle, bundle_document
from judge.spec.resolved import BASELINE, CANARY, Direction, Kind, Metric, ResolvedAnalysis, Track

METRIC = "error-rate"
GOOD, BAD = 0, 1  # the places of the effects that are drawn
AT_ONCE = 100  # rollouts drawn together
INTERVAL = 60.0
_KINDS = {
    CountRollouts: Kind.PROPORTION,
    LatencyRollouts: Kind.HISTOGRAM,
    GaugeRollouts: Kind.GAUGE,
}

Simulated = CountRollouts | LatencyRollouts | GaugeRollouts
Place = tuple[Simulated, int]  # a batch, and a rollout's number in it


def write_bundles(
    folder: Path, count: int, *, rng: np.random.Generator, looks: int = 60, history: int = 120
) -> None:
    """Write ``count`` bundles of one metric, every other release bad, into ``folder``.

    One-minute intervals, nine baseline pods and one canary pod.
    """
    for number, place in enumerate(_drawn(count, rng, looks, history)):
        bundle = _bundle({METRIC: place}, effect=number % 2, looks=looks, history=history)
        document = bundle_document(bundle.analysis, bundle.history, bundle.intervals)
        (folder / f"rollout-{number:04}.json").write_text(json.dumps(document))


def good_bundle(metrics: int, *, rng: np.random.Generator, looks: int, history: int) -> Bundle:
    """A good release of as many metrics, each with counts of its own."""
    places = enumerate(_drawn(metrics, rng, looks, history))
    named = {f"{METRIC}-{number}": place for number, place in places}
    return _bundle(named, effect=GOOD, looks=looks, history=history)


def mixed_bundle(*, rng: np.random.Generator, looks: int, history: int) -> Bundle:
    """A good release of two counts, a latency in some 40 native buckets, and two gauges."""
    fleet = Fleet(looks=looks, history=history, interval=INTERVAL)
    errors, timeouts = _drawn(2, rng, looks, history)
    slow = LatencyScenario("bundles", "", fleet, log_sd=0.6, effects=(1.0,))
    level = GaugeScenario("bundles", "", fleet, own=(noise(0.8),), shared=SHARED, effects=(1.0,))
    places: dict[str, Place] = {
        METRIC: errors,
        "timeouts": timeouts,
        "latency": (slow.simulate(rng, 1), 0),
        "cpu": (level.simulate(rng, 1), 0),
        "memory": (level.simulate(rng, 1), 0),
    }
    return _bundle(places, effect=GOOD, looks=looks, history=history)


def _drawn(count: int, rng: np.random.Generator, looks: int, history: int) -> Iterator[Place]:
    """Rollouts one by one: the batch that each was drawn in, and its place there."""
    service = Service(looks=looks, history=history, interval=INTERVAL)
    scenario = CountScenario("bundles", "", service, own=(OVERDISPERSED,), effects=(1.0, 2.0))
    for done in range(0, count, AT_ONCE):
        size = min(AT_ONCE, count - done)
        rollouts = scenario.simulate(rng, size)
        yield from ((rollouts, one) for one in range(size))


def _bundle(places: Mapping[str, Place], *, effect: int, looks: int, history: int) -> Bundle:
    """One bundle of the rollouts at these ``places``, a metric each."""
    before: dict[str, Tracks] = {
        metric: {BASELINE: at(drawn.history, (one,))} for metric, (drawn, one) in places.items()
    }
    run: dict[str, Tracks] = {
        metric: {
            CANARY: at(drawn.canary, (effect, one)),
            BASELINE: at(drawn.baseline, (one,)),
        }
        for metric, (drawn, one) in places.items()
    }
    metrics = [_metric(name, drawn) for name, (drawn, _) in places.items()]
    return Bundle(
        _analysis(metrics, looks=looks, history=history),
        intervals(before, INTERVAL, range(history)),
        intervals(run, INTERVAL, range(history, history + looks)),
    )


def _metric(name: str, drawn: Simulated) -> Metric:
    return Metric(name, _KINDS[type(drawn)], Direction.INCREASE, limit=1.25, worst=2.0)


def _analysis(metrics: Sequence[Metric], *, looks: int, history: int) -> ResolvedAnalysis:
    return ResolvedAnalysis(
        name="lab",
        metrics=tuple(metrics),
        tracks={BASELINE: Track('track="stable"'), CANARY: Track('track="canary"')},
        interval=INTERVAL,
        duration=INTERVAL * looks,
        delay=0.0,
        history=INTERVAL * history,
    )
