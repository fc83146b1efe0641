"""Recorded telemetry: pods of a real Prometheus's recording play the canary among themselves.

Owned here: a `RecordedScenario`, whose rollouts are windows of a recording that follow each other
without overlap. In every window the pods are drawn into groups; each pod of a group plays the
canary, the pods of no group but its own are the baseline, and theirs is the history before the
window. So the judge has never seen the canary's pod, nor the window. There are as many rollouts as
the recording holds, and no more: asked for fewer, some are left out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from judge.lab.effects import Effect
from judge.lab.rollouts import Setting, at_limit
from judge.lab.telemetry.released import Thinning
from judge.sources.recording import Bundle, read_bundle
from judge.spec.limits import default_worst
from judge.spec.resolved import BASELINE, CANARY, Direction, ResolvedAnalysis, Risk, Track
from judge.stats.samples import Interval, Sample

FOLDER = Path(__file__).parent / "services"
GROUP = 3  # pods
PRESENT = 0.5  # of a window, for a pod that plays the canary
EFFECTS = (1.0, 1.25, 1.5, 2.0)
_ORDER = 1  # the seed of the order in which windows are taken


@dataclass(frozen=True, slots=True)
class Place:
    """A window from the interval ``start`` on, and the pods that play the canary in it."""

    start: int
    pods: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RecordedScenario:
    """Rollouts out of a recording; see `rollouts.Scenario`.

    The release strikes the metric ``struck``. Of the recorded errors a share ``kept`` counts.
    ``first`` is the first of the places that a batch takes.
    """

    name: str
    law: str
    recording: Path
    struck: str
    kept: float = 0.5
    first: int = 0
    looks: int = 30
    history: int = 480
    interval: float = 60.0
    onset: int = 0
    effects: tuple[Effect, ...] = EFFECTS
    settings: tuple[Setting, ...] = at_limit(1.25)
    sharing: float = 1.0
    portion: float = 1.0
    released: tuple[str, ...] = (CANARY,)
    promised: bool = True
    counted: str = "error-rate"

    @property
    def places(self) -> tuple[Place, ...]:
        """Every place of the recording, in the order in which they are taken."""
        return _places(self.recording, self.history, self.looks)

    def simulate(
        self, rng: np.random.Generator, histories: int, runs: int = GROUP
    ) -> RecordedRollouts:
        """The next places of the recording; there must be so many."""
        taken = self.places[self.first : self.first + histories]
        seeds = tuple(int(seed) for seed in rng.integers(2**32, size=len(taken)))
        return RecordedRollouts(self, len(taken), min(runs, GROUP), taken, seeds)

    def analysis(self, setting: Setting, tracks: tuple[str, ...]) -> ResolvedAnalysis:
        """What is judged."""
        looks, worst = setting.looks or self.looks, default_worst(setting.limit, Direction.INCREASE)
        recorded = _bundle(self.recording).analysis
        return replace(
            recorded,
            metrics=tuple(
                replace(one, limit=setting.limit, worst=worst, direction=Direction.INCREASE)
                for one in recorded.metrics
            ),
            tracks={one: Track(f'track="{one}"') for one in (BASELINE, *tracks)},
            duration=self.interval * looks,
            delay=0.0,
            history=self.interval * self.history,
            risk=Risk(setting.alpha),
        )


@dataclass(frozen=True, slots=True)
class RecordedRollouts:
    """A batch of them; see `rollouts.Telemetry`. ``seeds`` are of the places' generators."""

    scenario: RecordedScenario
    histories: int
    runs: int
    places: tuple[Place, ...]
    seeds: tuple[int, ...]

    @property
    def effects(self) -> int:
        """See `rollouts.Telemetry`."""
        return len(self.scenario.effects)

    def analysis(self, setting: Setting, tracks: tuple[str, ...]) -> ResolvedAnalysis:
        """See `rollouts.Telemetry`."""
        return self.scenario.analysis(setting, tracks)

    def history(self, history: int) -> tuple[Interval, ...]:
        """See `rollouts.Telemetry`."""
        place = self.places[history]
        rng = np.random.default_rng([self.seeds[history], 0])
        before = _past(self.scenario.recording)
        kept = before[place.start - self.scenario.history : place.start]
        return tuple(self._played(one, place, None, 1.0, (rng, rng)) for one in kept)

    def run(self, effect: int, rollout: int) -> tuple[Interval, ...]:
        """See `rollouts.Telemetry`."""
        history, run = divmod(rollout, self.runs)
        place, seed = self.places[history], self.seeds[history]
        both = np.random.default_rng([seed, 1, run]), np.random.default_rng([seed, 2, run, effect])
        during = _intervals(self.scenario)[place.start : place.start + self.scenario.looks]
        ratio = self.scenario.effects[effect]
        if not isinstance(ratio, float):
            raise TypeError(f"{self.scenario.name} can have no slow tail")
        return tuple(self._played(one, place, place.pods[run], ratio, both) for one in during)

    def _played(
        self,
        interval: Interval,
        place: Place,
        canary: str | None,
        effect: float,
        rngs: tuple[np.random.Generator, np.random.Generator],
    ) -> Interval:
        """With ``canary`` on its track; generators are the baseline's and the canary's."""
        released = Thinning(self.scenario.kept)
        samples: dict[str, dict[str, dict[str, Sample]]] = {}
        for metric, tracks in interval.samples.items():
            struck = effect if metric == self.scenario.struck else 1.0
            played: dict[str, dict[str, Sample]] = {BASELINE: {}, CANARY: {}}
            for pod, sample in tracks.get(BASELINE, {}).items():
                if pod == canary:
                    played[CANARY][pod] = released(sample, struck, rngs[1])
                elif pod not in place.pods:
                    played[BASELINE][pod] = released(sample, 1.0, rngs[0])
            samples[metric] = {track: pods for track, pods in played.items() if pods}
        return Interval(interval.start, interval.end, samples)


@lru_cache(maxsize=8)
def _bundle(path: Path) -> Bundle:
    return read_bundle(path)


def _intervals(scenario: RecordedScenario) -> tuple[Interval, ...]:
    return _bundle(scenario.recording).intervals


@lru_cache(maxsize=8)
def _past(path: Path) -> tuple[Interval, ...]:
    """The intervals as a history has them."""
    bundle = _bundle(path)
    otherwise = {one.start: one for one in bundle.history}
    return tuple(otherwise.get(one.start, one) for one in bundle.intervals)


@lru_cache(maxsize=8)
def _places(path: Path, history: int, looks: int) -> tuple[Place, ...]:
    intervals = _bundle(path).intervals
    rng = np.random.default_rng(_ORDER)
    found = [
        Place(start, tuple(group))
        for start in range(history, len(intervals) - looks + 1, looks)
        for group in _groups(intervals[start : start + looks], rng)
    ]
    return tuple(found[index] for index in rng.permutation(len(found)))


def _groups(window: tuple[Interval, ...], rng: np.random.Generator) -> list[list[str]]:
    """The pods that are there for long enough, in groups at random; what is left over is none's."""
    seen: dict[str, int] = {}
    for interval in window:
        there = {pod for tracks in interval.samples.values() for pod in tracks.get(BASELINE, {})}
        for pod in there:
            seen[pod] = seen.get(pod, 0) + 1
    pods = sorted(pod for pod, times in seen.items() if times >= PRESENT * len(window))
    drawn = [pods[index] for index in rng.permutation(len(pods))]
    return [drawn[at : at + GROUP] for at in range(0, len(drawn) - GROUP + 1, GROUP)]
