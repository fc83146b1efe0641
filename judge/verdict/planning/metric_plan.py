"""What one metric of a run will see: when regressions are seen, and which are; proven passes.

Owned here: which releases are played, and what is kept of what came out. A regression is there from
the run's first look on. Not here: playing (`players`), words and pictures (`judge.cli`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from judge.spec.resolved import Direction, Kind, Metric
from judge.stats.arms import Array
from judge.stats.comparison import Side, failing, passing, threshold_raise
from judge.stats.planning.foresight import NEVER, Foresight, Looks, first
from judge.stats.planning.scenes import Planned, Scenes, group_of, scenes
from judge.stats.terms import Terms
from judge.verdict.planning.players import Player, Stage

FOLDS = (1.5, 2.0, 4.0)
SHARES = (0.5, 0.95)  # of releases in which a regression is to be seen
SCENES = 200
FEWEST_SCENES = 60
WORK = 60_000.0  # scenes x looks x starts x tests: bounds the time that a release takes
LATENCY_TESTS = 6  # what a latency costs, about, in comparisons of counts
FARTHEST = 32.0  # times the limit: regressions beyond that are not looked for
NEAREST = 1.03
STEPS = 5  # of the search for the smallest regression


@dataclass(frozen=True, slots=True)
class Regression:
    """A release that is ``fold`` times worse, ``effect`` as a ratio canary / baseline.

    ``within``: the limit tolerates it, so nothing is to be seen.
    """

    fold: float
    effect: float
    within: bool
    seen: Foresight


@dataclass(frozen=True, slots=True)
class Smallest:
    """The smallest regression, as a fold, that is seen in a ``share`` of runs; None: none is."""

    share: float
    fold: float | None


@dataclass(frozen=True, slots=True)
class Prospect:
    """What a run of these tracks sees and proves.

    ``good`` are false rollbacks of a release that is like the baseline, on the very history that
    the threshold was measured on: no estimate of the promise. ``proven``: when it has shown that it
    is not worse than ``worst``. ``raised``: what calibration adds to the threshold, None where
    there was too little to calibrate on. ``made``: the history that was played is made up.
    ``limit`` is the one that is tested, as buckets allow it.
    """

    planned: Planned
    limit: float
    regressions: tuple[Regression, ...]
    smallest: tuple[Smallest, ...]
    proven: Foresight
    good: Foresight
    raised: float | None
    made: bool


def prospect(
    metric: Metric,
    terms: Terms,
    player: Player,
    planned: Planned,
    *,
    pass_looks: int,
    seed: int,
    done: Callable[[], None],
    count: int = SCENES,
) -> Prospect | None:
    """Play runs of the tracks ``planned``, which pass after ``pass_looks`` of their looks.

    ``done`` is called after each release that was played. None where nothing of the two tracks can
    be compared.
    """
    rng = np.random.default_rng([seed, 0])
    raised = player.raised(planned)
    found = _scenes(metric, player, terms, planned, count, rng)
    if found is None or not player.testable:
        return None
    drawn, played = found
    stage = played.stage(drawn, planned, rng=rng)
    releases = _Releases(metric, terms, stage, raised, drawn, pass_looks, seed, done)
    good, proven = releases.good()
    folds = sorted({*FOLDS, _fold(metric, terms.worst)})
    return Prospect(
        planned=planned,
        limit=effect_of(metric, releases.tested),
        regressions=tuple(releases.regression(fold) for fold in folds),
        smallest=tuple(Smallest(share, releases.smallest(share)) for share in SHARES),
        proven=proven,
        good=good,
        raised=None if raised is None else float(np.max(threshold_raise(raised, terms))),
        made=played is not player,
    )


def folds_seen(
    metric: Metric,
    terms: Terms,
    player: Player,
    planned: Planned,
    folds: Sequence[float],
    *,
    seed: int,
) -> list[Foresight]:
    """When releases that are so many times worse are seen. Raises ValueError where none can be."""
    rng = np.random.default_rng([seed, 0])
    found = _scenes(metric, player, terms, planned, SCENES, rng)
    if found is None or not player.testable:
        raise ValueError(f"nothing of {metric.name} can be compared")
    drawn, played = found
    stage, raised = played.stage(drawn, planned, rng=rng), player.raised(planned)
    releases = _Releases(metric, terms, stage, raised, drawn, terms.looks, seed, lambda: None)
    return [releases.regression(fold).seen for fold in folds]


def releases_played(metric: Metric, terms: Terms) -> int:
    """About how many releases a prospect plays, for a progress bar."""
    return 1 + len({*FOLDS, _fold(metric, terms.worst)}) + STEPS * len(SHARES)


def effect_of(metric: Metric, fold: float) -> float:
    """The ratio canary / baseline of a release that is ``fold`` times worse."""
    return 1.0 / fold if metric.direction is Direction.DECREASE else fold


def _fold(metric: Metric, ratio: float) -> float:
    return 1.0 / ratio if metric.direction is Direction.DECREASE else ratio


def scenes_for(metric: Metric, terms: Terms, count: int) -> int:
    """How many scenes are played: fewer where runs have many looks, or each costs more."""
    tests = LATENCY_TESTS if metric.kind is Kind.HISTOGRAM else 1
    work = terms.looks * len(terms.plan.starts) * tests
    return int(np.clip(WORK / work, FEWEST_SCENES, count))


def _scenes(
    metric: Metric,
    player: Player,
    terms: Terms,
    planned: Planned,
    count: int,
    rng: np.random.Generator,
) -> tuple[Scenes, Player] | None:
    """The scenes, and who plays them: a made-up history where the real one cannot."""
    count = scenes_for(metric, terms, count)
    group = group_of(planned, usual_pods(player))
    drawn = scenes(player.present, looks=terms.looks, group=group, count=count, rng=rng)
    if drawn is not None:
        return drawn, player
    pods = planned.canary + planned.baseline
    made = player.made(pods, rng=rng)
    drawn = scenes(made.present, looks=terms.looks, group=planned.canary, count=count, rng=rng)
    return None if drawn is None else (drawn, made)


@dataclass
class _Releases:
    """Releases that are played on one stage; each once, the good one first.

    ``tested`` is the limit, as a fold, that the good one was held to.
    """

    metric: Metric
    terms: Terms
    stage: Stage
    raised: Array | None
    scenes: Scenes
    pass_looks: int
    seed: int
    done: Callable[[], None]

    def __post_init__(self) -> None:
        self._seen: dict[float, Foresight] = {}
        self.tested = _fold(self.metric, self.terms.limit)

    def good(self) -> tuple[Foresight, Foresight]:
        """When a release like the baseline is rolled back, and when it is proven."""
        sides = self._played(1.0)
        self.tested = sides[0].null
        failed = self._failed(sides)
        shown = passing(sides, self.terms) >= math.log(1.0 / self.terms.beta)
        ended = shown[..., self.pass_looks - 1]
        proven = first(shown) * (ended & ((failed == NEVER) | (failed > self.pass_looks)))
        return self._foresight(failed), self._foresight(proven)

    def regression(self, fold: float) -> Regression:
        """When a release that is ``fold`` times worse is seen."""
        within = fold <= self.tested * (1 + 1e-9)
        return Regression(fold, effect_of(self.metric, fold), within, self._seen_of(fold))

    def smallest(self, share: float) -> float | None:
        """The smallest fold that is seen in that share of the scenes, within some 5 %."""
        low, high = self.tested * NEAREST, self.tested * FARTHEST
        for fold, seen in sorted(self._seen.items()):
            if fold > low and seen.by_look[-1] < share:
                low = fold
        for fold, seen in sorted(self._seen.items(), reverse=True):
            if low < fold < high and seen.by_look[-1] >= share:
                high = fold
        if high == self.tested * FARTHEST and self._share(high) < share:
            return None
        for _ in range(STEPS):
            if high / low < 1.06:
                break
            middle = math.sqrt(low * high)
            low, high = (low, middle) if self._share(middle) >= share else (middle, high)
        return self._between(low, high, share)

    def _between(self, low: float, high: float, share: float) -> float:
        below, above = self._share(low), self._share(high)
        if above <= below or below >= share:
            return high
        part = (share - below) / (above - below)
        return float(low * (high / low) ** part)

    def _share(self, fold: float) -> float:
        return float(self._seen_of(fold).by_look[-1])

    def _seen_of(self, fold: float) -> Foresight:
        if fold not in self._seen:
            failed = self._failed(self._played(effect_of(self.metric, fold)))
            self._seen[fold] = self._foresight(failed)
        return self._seen[fold]

    def _failed(self, sides: tuple[Side, ...]) -> Looks:
        raised = None if self.raised is None else np.asarray(self.raised)[..., None]
        failed = failing(sides, self.terms, raised)
        return first(failed.log_evidence >= np.asarray(failed.threshold)[..., None])

    def _played(self, effect: float) -> tuple[Side, ...]:
        rng = np.random.default_rng([self.seed, 1, round(1e6 * effect)])
        sides = self.stage(effect, rng)
        self.done()
        return sides

    def _foresight(self, at: Looks) -> Foresight:
        return Foresight(at, self.terms.looks, self.scenes.independent)


def usual_pods(player: Player) -> int:
    """How many pods the baseline has at a time, as a median."""
    there = player.present.sum(-1)
    return int(np.median(there[there > 0])) if (there > 0).any() else 1
