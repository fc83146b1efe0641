"""A metric's history that plays the runs to come: one player a kind.

Owned here: putting the statistics of a kind together as its judge does (`judge.verdict.kinds`), so
that the same noise, the same threshold and the same evidence come out. Not here: which releases are
played and what is told of them (`metric_plan`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from judge.spec.resolved import BASELINE, Compare, Kind, Metric
from judge.stats.arms import Array, PodCounts
from judge.stats.boundaries import Pairs, pairs
from judge.stats.comparison import Side
from judge.stats.dispersion import Dispersion
from judge.stats.histograms import PodHistograms, known_counts, quantile
from judge.stats.level_noise import LevelNoise
from judge.stats.levels import PodLevels, learn_levels, level_calibration, level_sides
from judge.stats.planning.counts import cast
from judge.stats.planning.latencies import latency_cast
from judge.stats.planning.levels import planned_levels
from judge.stats.planning.scenes import Planned, Scenes
from judge.stats.planning.synthetic import made_counts, made_histograms, made_levels
from judge.stats.risks import calibration, learn, sides
from judge.stats.samples import Interval
from judge.stats.slowdowns import slowdown_sides, tail_calibration
from judge.stats.tail_noise import TailNoise, learn_tails, shares_on
from judge.stats.terms import Terms
from judge.verdict.kinds.counts import pod_counts
from judge.verdict.kinds.gathering import gathered
from judge.verdict.kinds.gauges import pod_levels
from judge.verdict.kinds.latency import bounds_of, pod_histograms
from judge.verdict.kinds.terms import counts_pods

MADE_RUNS = 8  # a made-up history is that many runs long

# Plays a release of an effect ratio: the directions of its comparison, (scenes, looks).
Stage = Callable[[float, np.random.Generator], tuple[Side, ...]]


class Player(Protocol):
    """Plays runs of one metric out of its history."""

    @property
    def present(self) -> NDArray[np.bool_]:
        """Which pods were there when, (intervals, pods)."""

    @property
    def level(self) -> float | None:
        """What is usual: a share of events, the median of a latency, the mean of a gauge."""

    @property
    def testable(self) -> bool:
        """Whether the limit can be tested at all."""

    @property
    def exact(self) -> bool:
        """Whether nothing has to be tempered or widened."""

    def made(self, pods: int, *, rng: np.random.Generator) -> Player:
        """The same, playing a made-up history of so many pods."""

    def raised(self, planned: Planned) -> Array | None:
        """By how much calibration raises the threshold; None where there is too little for it."""

    def stage(self, scenes: Scenes, planned: Planned, *, rng: np.random.Generator) -> Stage:
        """The tracks of a run to come, set up."""


def player(metric: Metric, terms: Terms, history: Sequence[Interval]) -> Player | None:
    """The player of a metric that is compared; None where its history has nothing to learn of."""
    past = gathered(history, metric.name, BASELINE)
    if not past.seen.any():
        return None
    if metric.kind is Kind.PROPORTION:
        counts = pod_counts(past)
        noise = learn(counts, interval=terms.interval)
        moved = not counts_pods(metric)
        return None if noise is None else CountsPlayer(terms, counts, counts, noise, moved)
    if metric.kind is Kind.HISTOGRAM:
        times = pod_histograms(past, bounds_of([past]))
        tails = learn_tails(times, interval=terms.interval)
        return None if tails is None else LatencyPlayer(terms, times, times, tails)
    slope = metric.compare is Compare.SLOPE
    levels = pod_levels(past)
    level = learn_levels(levels, interval=terms.interval, floor=metric.floor, slope=slope)
    if level is None:
        return None
    return LevelPlayer(terms, levels, levels, level, metric.floor, slope)


@dataclass(frozen=True, slots=True)
class CountsPlayer:
    """Proportions; see `Player`. ``moved``: what is counted are requests, which go where sent."""

    terms: Terms
    known: PodCounts
    played: PodCounts
    noise: Dispersion
    moved: bool

    @property
    def present(self) -> NDArray[np.bool_]:
        """See `Player`."""
        return np.asarray(self.played.filled().total > 0)

    @property
    def level(self) -> float | None:
        """See `Player`."""
        rate = float(self.noise.rate)
        return rate if np.isfinite(rate) else None

    @property
    def testable(self) -> bool:
        """See `Player`."""
        return True

    @property
    def exact(self) -> bool:
        """See `Player`."""
        return bool(self.noise.phi == 1.0 and self.noise.tau == 0.0)

    def made(self, pods: int, *, rng: np.random.Generator) -> CountsPlayer:
        """See `Player`."""
        made = made_counts(
            self.known,
            self.noise,
            intervals=MADE_RUNS * self.terms.looks,
            pods=pods,
            interval=self.terms.interval,
            rng=rng,
        )
        return replace(self, played=made)

    def raised(self, planned: Planned) -> Array | None:
        """See `Player`."""
        return calibration(self.known, self.noise, self.terms, canary_pods=planned.canary)

    def stage(self, scenes: Scenes, planned: Planned, *, rng: np.random.Generator) -> Stage:
        """See `Player`."""
        # usual noise: a rare incident is in the counts themselves, and not in the minutes between
        phi = float(self.noise.phi_usually)
        tracks = cast(self.played, scenes, planned, phi=phi, moved=self.moved, rng=rng)

        def play(effect: float, rng: np.random.Generator) -> tuple[Side, ...]:
            return sides(tracks.arms(effect, rng=rng), self.noise.batched(), self.terms)

        return play


@dataclass(frozen=True, slots=True)
class LatencyPlayer:
    """Histograms; see `Player`."""

    terms: Terms
    known: PodHistograms
    played: PodHistograms
    noise: TailNoise

    @property
    def present(self) -> NDArray[np.bool_]:
        """See `Player`."""
        return np.asarray(np.nan_to_num(self.played.counts[..., -1]) > 0)

    @property
    def level(self) -> float | None:
        """See `Player`."""
        median = quantile(*known_counts(self.known), 0.5)
        return median if np.isfinite(median) else None

    @property
    def exact(self) -> bool:
        """See `Player`."""
        noises = [self.noise.at(self.known.bounds[one.reference]) for one in self._tested if one]
        return all(bool((one.phi == 1.0).all() and (one.tau == 0.0).all()) for one in noises)

    @property
    def testable(self) -> bool:
        """See `Player`."""
        return all(one is not None for one in self._tested)

    @property
    def _tested(self) -> list[Pairs | None]:
        """The bounds at which each direction's limit is tested."""
        bounds, shares = self.known.bounds, shares_on(self.known.bounds, self.noise)
        return [pairs(bounds, shares, null) for _, null, _ in self.terms.directions]

    def made(self, pods: int, *, rng: np.random.Generator) -> LatencyPlayer:
        """See `Player`."""
        made = made_histograms(
            self.known,
            self.noise.noise,
            intervals=MADE_RUNS * self.terms.looks,
            pods=pods,
            interval=self.terms.interval,
            rng=rng,
        )
        return replace(self, played=made)

    def raised(self, planned: Planned) -> Array | None:
        """See `Player`."""
        return tail_calibration(self.known, self.noise, self.terms, canary_pods=planned.canary)

    def stage(self, scenes: Scenes, planned: Planned, *, rng: np.random.Generator) -> Stage:
        """See `Player`."""
        phi = float(np.median(self.noise.noise.phi_usually))
        tracks = latency_cast(self.played, scenes, planned, phi=phi, rng=rng)
        noise = replace(self.noise, noise=self.noise.noise.batched())

        def play(effect: float, rng: np.random.Generator) -> tuple[Side, ...]:
            return slowdown_sides(*tracks.tracks(effect), noise, self.terms)

        return play


@dataclass(frozen=True, slots=True)
class LevelPlayer:
    """Gauges; see `Player`."""

    terms: Terms
    known: PodLevels
    played: PodLevels
    noise: LevelNoise
    floor: float
    slope: bool

    @property
    def present(self) -> NDArray[np.bool_]:
        """See `Player`."""
        return np.asarray(np.isfinite(self.played.values))

    @property
    def level(self) -> float | None:
        """See `Player`."""
        known = self.known.values[np.isfinite(self.known.values)]
        return float(known.mean()) if known.size else None

    @property
    def testable(self) -> bool:
        """See `Player`."""
        return True

    @property
    def exact(self) -> bool:
        """See `Player`."""
        return False

    def made(self, pods: int, *, rng: np.random.Generator) -> LevelPlayer:
        """See `Player`."""
        made = made_levels(
            self.known,
            self.noise,
            intervals=MADE_RUNS * self.terms.looks,
            pods=pods,
            interval=self.terms.interval,
            rng=rng,
        )
        return replace(self, played=made)

    def raised(self, planned: Planned) -> Array | None:
        """See `Player`."""
        return level_calibration(
            self.known,
            self.noise,
            self.terms,
            floor=self.floor,
            slope=self.slope,
            canary_pods=planned.canary,
        )

    def stage(self, scenes: Scenes, planned: Planned, *, rng: np.random.Generator) -> Stage:
        """See `Player`."""

        def play(effect: float, rng: np.random.Generator) -> tuple[Side, ...]:
            arms = planned_levels(
                self.played,
                scenes,
                planned,
                effect,
                interval=self.terms.interval,
                floor=self.floor,
                slope=self.slope,
            )
            return level_sides(arms, self.noise.batched(), self.terms, slope=self.slope)

        return play
