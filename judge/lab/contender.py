"""What a contender is, and this judge as one.

A contender answers, for a batch of rollouts, at which look it rolls each of them back and whether
it passes it proven. This judge is the very code that the daemon runs (`judge.stats`). The others
are in `contenders`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from judge.lab.effects import Effect, is_good
from judge.lab.peers import NEVER, Looks, first
from judge.lab.rollouts import Batch, Learned, Rollouts, Scenario, Setting
from judge.lab.tally import Tally, tallied
from judge.spec.limits import default_worst
from judge.spec.resolved import Direction
from judge.stats.comparison import failing, passing
from judge.stats.terms import Terms

BETA = 0.05
AT_ONCE = 32  # rollouts, which stay in a core's cache

Judged = TypeVar("Judged", bound=Batch, contravariant=True)
Numbers = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a contender said of rollouts under one effect; arrays (histories, runs).

    ``rolled_back``: the look, from 1, or `NEVER`. ``proven``: it passed, proven, at the end of the
    run. ``early``: the first look at which a pass was proven, if before any rollback. The latter
    two are None for contenders that prove nothing, and may be of more runs than the first.
    """

    rolled_back: Looks
    proven: NDArray[np.bool_] | None = None
    early: Looks | None = None

    def tally(self, looks: int) -> Tally:
        """It counted, for runs of so many looks."""
        return tallied(self.rolled_back, looks, self.proven, self.early)


@dataclass(frozen=True, slots=True)
class Contender(Generic[Judged]):
    """Somebody who judges rollouts of one kind.

    ``judge`` answers for each of the scenario's effects, of which those that nothing is promised of
    may be judged on the first ``few`` runs of every history only. ``alpha`` is the share of good
    releases that it may roll back, None where nothing is promised; effects up to ``limit`` are good
    ones. ``looks`` is the length of its runs, None for all looks. ``ours``: it is this judge.
    """

    name: str
    judge: Callable[[Judged, int], list[Answer]]
    alpha: float | None = None
    limit: float = 1.0
    calibrated: bool = False
    looks: int | None = None
    ours: bool = False

    @property
    def worst(self) -> float:
        """The ratio that it must not miss, as an analysis has it that does not name one."""
        return default_worst(self.limit, Direction.INCREASE)

    def sees(self, scenario: Scenario) -> bool:
        """Whether its runs are long enough to see what the scenario is about."""
        return self.looks is None or self.looks > scenario.onset


AnyContender = Contender[Any]


@dataclass(slots=True)
class Proofs:
    """Which runs of a batch look proven at which look: alpha changes nothing of it.

    So settings that differ in alpha alone find them once. Kept for one batch at a time.
    """

    batch: Rollouts | None = None
    found: dict[tuple[Any, ...], NDArray[np.bool_]] = field(default_factory=dict)

    def of(self, batch: Rollouts) -> dict[tuple[Any, ...], NDArray[np.bool_]]:
        """What is known of a batch, by limit, looks, history and numbers of runs."""
        if self.batch is not batch:
            self.batch, self.found = batch, {}
        return self.found


@dataclass(frozen=True, slots=True)
class Sequential:
    """This judge in one setting, on a scenario.

    What is promised of it is measured on all rollouts: how often it rolls back the worst of the
    good releases (`worst_good`), and how often a release with the worst ratio looks proven.
    Everything else takes a few.
    """

    setting: Setting
    scenario: Scenario
    proofs: Proofs = field(default_factory=Proofs, compare=False)

    def __call__(self, rollouts: Rollouts, few: int) -> list[Answer]:
        """Judge rollouts after each of their looks."""
        known = [
            rollouts.learn(history, self.terms, calibrate=self.setting.calibrated)
            for history in range(rollouts.histories)
        ]
        few = min(few, rollouts.runs)
        effects = self.scenario.effects
        judged = [rollouts.runs if self.promised_of(effect) else few for effect in effects]
        seen = [
            judged[index] if is_good(effect, self.setting.limit) else few
            for index, effect in enumerate(effects)
        ]
        each = [
            self._history(rollouts, history, learned, judged, seen)
            for history, learned in enumerate(known)
        ]
        return [
            _together([answers[index] for answers in each], count)
            for index, count in enumerate(seen)
        ]

    def promised_of(self, effect: Effect) -> bool:
        """Whether something is promised of a release with this effect."""
        if not self.setting.calibrated:
            return False
        bad = effect == self.terms.worst and not self.scenario.onset
        return effect == worst_good(self.scenario, self.setting.limit) or bad

    @property
    def looks(self) -> int:
        """Of a run."""
        return self.setting.looks or self.scenario.looks

    @property
    def terms(self) -> Terms:
        """What it judges by."""
        limit = self.setting.limit
        return Terms(
            limit=limit,
            worst=default_worst(limit, Direction.INCREASE),
            alpha=self.setting.alpha,
            beta=BETA,
            interval=self.scenario.interval,
            looks=self.looks,
        )

    def _history(
        self,
        rollouts: Rollouts,
        history: int,
        learned: Learned[Any],
        judged: Sequence[int],
        seen: Sequence[int],
    ) -> list[Answer]:
        """By effect the first ``judged`` runs of a history, (runs,).

        Whether they fail is looked for in ``seen`` of them, and where one looks proven, since no
        pass is said after a failure. All effects go together: small batches cost as much as large.
        """
        effects = np.repeat(np.arange(len(judged)), judged)
        runs = np.concatenate([np.arange(count) for count in judged])
        numbers = history * rollouts.runs + runs
        rolled_back = np.full(len(runs), NEVER)
        shown = np.zeros((len(runs), self.looks), dtype=bool)
        key = (self.setting.limit, self.looks, history, tuple(judged))
        known = self.proofs.of(rollouts).get(key)
        for part in _chunks(len(runs) if known is None else 0):
            sides = rollouts.sides(effects[part], numbers[part], self.terms, learned)
            shown[part] = passing(sides, self.terms) >= math.log(1.0 / BETA)
        shown = self.proofs.of(rollouts).setdefault(key, shown)
        wanted = np.flatnonzero((runs < np.asarray(seen)[effects]) | shown.any(-1))
        for chunk in _chunks(len(wanted)):
            part = wanted[chunk]
            sides = rollouts.sides(effects[part], numbers[part], self.terms, learned)
            failed = failing(sides, self.terms, learned.raised)
            rolled_back[part] = first(failed.log_evidence >= failed.threshold[..., None])
        early = first(shown)
        before = (rolled_back == NEVER) | (early < rolled_back)
        proven, early = shown[:, -1] & (rolled_back == NEVER), np.where(before, early, NEVER)
        return [
            Answer(rolled_back[own], proven[own], early[own])
            for own in (effects == effect for effect in range(len(judged)))
        ]


def worst_good(scenario: Scenario, limit: float) -> Effect:
    """The effect of a release that uses the limit up; one that does not is rolled back less."""
    good = [effect for effect in scenario.effects if is_good(effect, limit)]
    return max(good, key=lambda effect: effect if isinstance(effect, float) else 0.0)


def _chunks(size: int) -> Iterator[Numbers]:
    for start in range(0, size, AT_ONCE):
        yield np.arange(start, min(start + AT_ONCE, size))


def _together(each: list[Answer], seen: int) -> Answer:
    """The answers of the histories' runs as one, (histories, runs)."""
    return Answer(
        np.stack([one.rolled_back[:seen] for one in each]),
        np.stack([one.proven for one in each if one.proven is not None]),
        np.stack([one.early for one in each if one.early is not None]),
    )


def ours(scenario: Scenario) -> tuple[AnyContender, ...]:
    """This judge in the scenario's settings."""
    proofs = Proofs()
    return tuple(_this(setting, scenario, proofs) for setting in scenario.settings)


def _this(setting: Setting, scenario: Scenario, proofs: Proofs) -> AnyContender:
    return Contender(
        setting_name(setting),
        Sequential(setting, scenario, proofs),
        alpha=setting.alpha,
        limit=setting.limit,
        calibrated=setting.calibrated,
        looks=setting.looks,
        ours=True,
    )


def setting_name(setting: Setting) -> str:
    """What this judge is called in a setting."""
    parts = [f"judge {setting.alpha:.0%}"]
    parts += [f"limit {setting.limit:.3g}"] if setting.limit != 1.0 else []
    parts += [f"{setting.looks} looks"] if setting.looks else []
    parts += [] if setting.calibrated else ["not calibrated"]
    return " ".join(parts)
