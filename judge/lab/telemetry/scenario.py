"""Simulated telemetry: a service of pods that come and go, with holes, and a release beside it.

Owned here: a `TelemetryScenario`, which draws histories and the runs that follow them, and
`TelemetryRollouts`, which says what a run saw, interval by interval. Every run after a history has
the pods that it had at its end, with all that they keep; everything else is drawn afresh.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from judge.lab.effects import Effect
from judge.lab.noise import Array
from judge.lab.rollouts import Setting, at_limit
from judge.lab.sampled import samples
from judge.lab.telemetry.measures import Drawn, Failures, Measure, kept, trouble
from judge.lab.telemetry.presence import OLD, Presence, Scene
from judge.spec.resolved import BASELINE, CANARY, SHADOW, ResolvedAnalysis, Risk, Track
from judge.stats.samples import Interval, Pods

EFFECTS = (1.0, 1.25, 2.0, 4.0)
SETTINGS = at_limit(1.25)
PORTION = 0.3  # a look costs a hundred times what it costs in arrays
SHARING = 0.1  # few runs a history tell more, and calibrating costs less than a dozen runs


@dataclass(frozen=True, slots=True)
class TelemetryScenario:
    """A service with a law of trouble; see `rollouts.Scenario`.

    ``requests`` a second in all, of which the canary gets ``shares`` in steps of equal length over
    the run (and the analysis is told so with ``weighed``); ``shadow``: what share of the requests a
    shadow gets copies of, 0 without one. ``uneven`` is a log-sd of how the pods of a track divide
    its requests. ``scene`` is what happens to the pods, ``measures`` what is judged; the release
    strikes those named in ``struck``, all where none is. The run begins ``warmup`` intervals after
    the release. ``promised``: a release of effect 1 is a good one from its first interval on.
    """

    name: str
    law: str
    measures: tuple[Measure, ...] = (Failures(),)
    scene: Scene = field(default_factory=Scene)
    requests: float = 100.0
    baseline_pods: int = 9
    canary_pods: int = 1
    shares: tuple[float, ...] = (0.1,)
    weighed: bool = False
    shadow: float = 0.0
    uneven: float = 0.0
    struck: tuple[str, ...] = ()
    warmup: int = 0
    promised: bool = True
    looks: int = 30
    history: int = 480
    interval: float = 60.0
    onset: int = 0
    effects: tuple[Effect, ...] = EFFECTS
    settings: tuple[Setting, ...] = SETTINGS
    sharing: float = SHARING
    portion: float = PORTION

    @property
    def released(self) -> tuple[str, ...]:
        """The tracks that have the release."""
        return (CANARY, SHADOW) if self.shadow else (CANARY,)

    @property
    def counted(self) -> str:
        """The proportion that the peers look at, "" where there is none."""
        return next((one.name for one in self.measures if isinstance(one, Failures)), "")

    def canary_share(self) -> Array:
        """The canary's share of the requests at each look, (looks,)."""
        step = np.arange(self.looks) * len(self.shares) // self.looks
        return np.asarray(self.shares)[step]

    def simulate(
        self, rng: np.random.Generator, histories: int, runs: int = 1
    ) -> TelemetryRollouts:
        """Draw a batch of rollouts: so many histories, and so many runs after each."""
        drawn = [_Service(self, rng).rollouts(runs) for _ in range(histories)]
        return TelemetryRollouts(self, histories, runs, tuple(drawn))

    def analysis(self, setting: Setting, tracks: tuple[str, ...]) -> ResolvedAnalysis:
        """See `rollouts.Telemetry`."""
        looks = setting.looks or self.looks
        return ResolvedAnalysis(
            name=self.name,
            metrics=tuple(one.metric(setting.limit) for one in self.measures),
            tracks={one: Track(f'track="{one}"') for one in (BASELINE, *tracks)},
            interval=self.interval,
            duration=self.interval * looks,
            delay=0.0,
            history=self.interval * self.history,
            risk=Risk(setting.alpha),
        )


@dataclass(frozen=True, slots=True)
class Seen:
    """A track's pods in some runs, and what each metric shows of them.

    ``drawn[metric][effect]`` has the batch axes (runs,); a track without the release has one
    effect.
    """

    presence: Presence
    drawn: Mapping[str, tuple[Drawn, ...]]

    def pods(self, track: str, metric: str, effect: int, place: tuple[int, int]) -> Pods:
        """A metric's samples in one interval of one run."""
        of_effects = self.drawn[metric]
        found = samples(of_effects[effect if len(of_effects) > 1 else 0], place)
        return {
            f"{track}-{name}": sample
            for name, sample, seen in zip(
                self.presence.names(place), found, self.presence.seen[place], strict=True
            )
            if seen
        }


@dataclass(frozen=True, slots=True)
class Followed:
    """One history, a run by itself, and the runs that follow it."""

    before: Seen
    tracks: Mapping[str, Seen]


@dataclass(frozen=True, slots=True)
class TelemetryRollouts:
    """A batch of rollouts; see `rollouts.Telemetry`."""

    scenario: TelemetryScenario
    histories: int
    runs: int
    followed: tuple[Followed, ...]

    @property
    def effects(self) -> int:
        """See `rollouts.Telemetry`."""
        return len(self.scenario.effects)

    def analysis(self, setting: Setting, tracks: tuple[str, ...]) -> ResolvedAnalysis:
        """See `rollouts.Telemetry`."""
        return self.scenario.analysis(setting, tracks)

    def history(self, history: int) -> tuple[Interval, ...]:
        """See `rollouts.Telemetry`."""
        before = {BASELINE: self.followed[history].before}
        intervals = range(-self.scenario.history, 0)
        return tuple(
            self._interval(before, 0, (0, place), number) for place, number in enumerate(intervals)
        )

    def run(self, effect: int, rollout: int) -> tuple[Interval, ...]:
        """See `rollouts.Telemetry`."""
        tracks = self.followed[rollout // self.runs].tracks
        weights = self.scenario.canary_share() if self.scenario.weighed else None
        found = (
            self._interval(tracks, effect, (rollout % self.runs, look), look)
            for look in range(self.scenario.looks)
        )
        if weights is None:
            return tuple(found)
        return tuple(
            replace(one, weights={CANARY: float(weight)})
            for one, weight in zip(found, weights, strict=True)
        )

    def _interval(
        self, tracks: Mapping[str, Seen], effect: int, place: tuple[int, int], number: int
    ) -> Interval:
        seconds = self.scenario.interval
        return Interval(
            number * seconds,
            (number + 1) * seconds,
            {
                measure.name: {
                    track: seen.pods(track, measure.name, effect, place)
                    for track, seen in tracks.items()
                }
                for measure in self.scenario.measures
            },
        )


class _Service:
    """One history and its runs, as they are drawn."""

    def __init__(self, scenario: TelemetryScenario, rng: np.random.Generator) -> None:
        self._scenario, self._rng = scenario, rng

    def rollouts(self, runs: int) -> Followed:
        """The history, and what follows it."""
        one = self._scenario
        before = self._before()
        share = one.canary_share()
        split = {BASELINE: 1.0 - share, CANARY: share, SHADOW: np.full(one.looks, one.shadow)}
        nothing = one.scene.gaps.common(self._rng, runs, one.looks)
        presences = {
            track: one.scene.gaps.punched(self._born(track, runs, before), nothing, self._rng)
            for track in (BASELINE, *one.released)
        }
        drawn: dict[str, dict[str, tuple[Drawn, ...]]] = {track: {} for track in presences}
        for measure in one.measures:
            common = _common(measure, self._rng, runs, one.looks)
            for track, presence in presences.items():
                first = self._kept[measure.name] if track == BASELINE else None
                drawn[track][measure.name] = self._measured(
                    measure, track, presence, common, split[track], first
                )
        return Followed(before, {track: Seen(presences[track], drawn[track]) for track in drawn})

    def _before(self) -> Seen:
        one, rng = self._scenario, self._rng
        shape = (1, one.history, one.baseline_pods)
        nothing = one.scene.gaps.common(rng, 1, one.history)
        presence = one.scene.gaps.punched(one.scene.lives.draw(rng, shape), nothing, rng)
        self._weights = {BASELINE: _uneven(one.uneven, rng, one.baseline_pods)}
        self._kept: dict[str, Array] = {}
        drawn: dict[str, tuple[Drawn, ...]] = {}
        for measure in one.measures:
            common = _common(measure, rng, 1, one.history)
            lasting = kept(measure, rng, presence)
            self._kept[measure.name] = lasting[0, -1]
            factor = trouble(measure, rng, presence, common, one.scene.cold) * lasting
            requests = self._requests(BASELINE, presence, np.ones(one.history))
            drawn[measure.name] = (measure.draw(rng, requests, factor),)
        return Seen(presence, drawn)

    def _born(self, track: str, runs: int, before: Seen) -> Presence:
        """A track's pods in the runs: the baseline's last ones, or new ones."""
        one, rng = self._scenario, self._rng
        if track == BASELINE:
            shape = (runs, one.looks, one.baseline_pods)
            return one.scene.lives.draw(rng, shape, age=OLD)
        self._weights[track] = _uneven(one.uneven, rng, one.canary_pods)
        lives = replace(one.scene.lives, fewest=None)
        return lives.draw(rng, (runs, one.looks, one.canary_pods), age=one.warmup)

    def _measured(
        self,
        measure: Measure,
        track: str,
        presence: Presence,
        common: Array,
        share: Array,
        first: Array | None,
    ) -> tuple[Drawn, ...]:
        one, rng = self._scenario, self._rng
        factor = trouble(measure, rng, presence, common, one.scene.cold)
        factor = factor * kept(measure, rng, presence, first)
        requests = self._requests(track, presence, share)
        struck = track != BASELINE and (not one.struck or measure.name in one.struck)
        late = np.arange(one.looks)[:, None] >= one.onset
        effects = one.effects if struck else (1.0,)
        return tuple(
            measure.draw(rng, requests, np.where(late, factor * effect, factor))
            for effect in effects
            if isinstance(effect, float)
        )

    def _requests(self, track: str, presence: Presence, share: Array) -> Array:
        """What each pod is expected to get, of what the track gets: (runs, intervals, places)."""
        whole = self._scenario.requests * self._scenario.interval * share[:, None]
        there = (presence.up > 0) * self._weights[track]
        return np.asarray(whole * presence.up * there / there.sum(-1, keepdims=True))


def _common(measure: Measure, rng: np.random.Generator, runs: int, intervals: int) -> Array:
    factors = np.ones((runs, intervals, 1))
    for law in measure.shared:
        factors *= law.draw(rng, factors.shape)
    return factors


def _uneven(log_sd: float, rng: np.random.Generator, places: int) -> Array:
    return np.exp(log_sd * rng.standard_normal(places))
