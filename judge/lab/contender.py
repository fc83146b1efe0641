"""What a contender is, and this judge as one.

A contender answers, for a batch of rollouts, at which look it rolls each of them back and whether
it passes it proven. This judge is the very code that the daemon runs (`judge.stats`). The others
are in `contenders`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from judge.lab.peers import NEVER, Looks, first
from judge.lab.rollouts import Rollouts, Scenario, Setting
from judge.spec.limits import default_worst
from judge.spec.resolved import Direction
from judge.stats.terms import Terms

BETA = 0.05

Judged = TypeVar("Judged", bound=Rollouts)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a contender said of a batch; arrays (effects, rollouts).

    ``rolled_back``: the look, from 1, or `NEVER`. ``proven``: it passed, proven, at the end of the
    run. ``early``: the first look at which a pass was proven, if before any rollback. The latter
    two are None for contenders that prove nothing.
    """

    rolled_back: Looks
    proven: NDArray[np.bool_] | None = None
    early: Looks | None = None


@dataclass(frozen=True, slots=True)
class Contender(Generic[Judged]):
    """Somebody who judges rollouts of one kind.

    ``alpha`` is the share of good releases that it may roll back, None where nothing is promised;
    effects up to ``limit`` are good ones. ``looks`` is the length of its runs, None for all looks.
    ``ours``: it is this judge.
    """

    name: str
    judge: Callable[[Judged], Answer]
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


@dataclass(frozen=True, slots=True)
class Sequential:
    """This judge in one setting, for intervals of so many seconds."""

    setting: Setting
    interval: float
    looks: int
    calibrate: bool = False

    def __call__(self, rollouts: Rollouts) -> Answer:
        """Judge every rollout, after each of its looks."""
        comparison = rollouts.compare(self.terms, calibrate=self.calibrate)
        rolled_back = first(comparison.log_evidence >= comparison.threshold[..., None])
        passing = comparison.log_pass >= math.log(1.0 / BETA)
        early = first(passing)
        before = (rolled_back == NEVER) | (early < rolled_back)
        return Answer(
            rolled_back=rolled_back,
            proven=passing[..., -1] & (rolled_back == NEVER),
            early=np.where(before, early, NEVER),
        )

    @property
    def terms(self) -> Terms:
        """What it judges by."""
        limit = self.setting.limit
        return Terms(
            limit=limit,
            worst=default_worst(limit, Direction.INCREASE),
            alpha=self.setting.alpha,
            beta=BETA,
            interval=self.interval,
            looks=self.looks,
        )


def ours(scenario: Scenario, *, calibrated: bool = True) -> tuple[AnyContender, ...]:
    """This judge in the scenario's settings, before and, with ``calibrated``, after calibration."""
    return tuple(
        _this(setting, scenario, calibrate=calibrate)
        for calibrate in (False, True)[: 1 + calibrated]
        for setting in scenario.settings
        if setting.calibrated or not calibrate
    )


def _this(setting: Setting, scenario: Scenario, *, calibrate: bool) -> AnyContender:
    return Contender(
        _name(setting, calibrate=calibrate),
        Sequential(setting, scenario.interval, setting.looks or scenario.looks, calibrate),
        alpha=setting.alpha,
        limit=setting.limit,
        calibrated=calibrate,
        looks=setting.looks,
        ours=True,
    )


def _name(setting: Setting, *, calibrate: bool) -> str:
    parts = [f"judge {setting.alpha:.0%}"]
    parts += [f"limit {setting.limit:.3g}"] if setting.limit != 1.0 else []
    parts += [f"{setting.looks} looks"] if setting.looks else []
    parts += ["calibrated"] if calibrate else []
    return " ".join(parts)
