"""Who is measured: this judge in several settings, its peers, and the oracle.

A contender answers, for a batch of rollouts, at which look it rolls each of them back and whether
it passes it proven. This judge is the very code that the daemon runs (`judge.stats.comparison`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from judge.lab import oracle, peers
from judge.lab.peers import NEVER, Looks, first
from judge.lab.rollouts import Rollouts, Scenario
from judge.stats.arms import PodCounts, summed
from judge.stats.comparison import Terms, compare

ALPHAS = (0.05, 0.01)
DEFAULT_ALPHA = 0.01
BETA = 0.05
WORST = 2.0
Oracles = Mapping[float, dict[float, float]]


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
class Contender:
    """Somebody who judges.

    ``alpha`` is the share of good releases that it may roll back, None where nothing is promised;
    effects up to ``limit`` are good ones. ``looks`` is the length of its runs, None for all looks.
    ``ours``: it is this judge.
    """

    name: str
    judge: Callable[[Rollouts], Answer]
    alpha: float | None = None
    limit: float = 1.0
    calibrated: bool = False
    looks: int | None = None
    ours: bool = False

    def sees(self, scenario: Scenario) -> bool:
        """Whether its runs are long enough to see what the scenario is about."""
        return self.looks is None or self.looks > scenario.onset


@dataclass(frozen=True, slots=True)
class Sequential:
    """This judge with one set of terms."""

    alpha: float
    limit: float = 1.0
    calibrate: bool = False
    looks: int | None = None

    def __call__(self, rollouts: Rollouts) -> Answer:
        """Judge every rollout, after each of its looks."""
        service = rollouts.scenario.service
        looks = self.looks or service.looks
        terms = Terms(
            limit=self.limit,
            worst=WORST,
            alpha=self.alpha,
            beta=BETA,
            interval=service.interval,
            looks=looks,
        )
        comparison = compare(
            rollouts.history,
            _cut(rollouts.canary, looks),
            _cut(rollouts.baseline, looks),
            terms,
            calibrate=self.calibrate,
        )
        rolled_back = first(comparison.log_evidence >= comparison.threshold[..., None])
        passing = comparison.log_pass >= math.log(1.0 / BETA)
        early = first(passing)
        before = (rolled_back == NEVER) | (early < rolled_back)
        return Answer(
            rolled_back=rolled_back,
            proven=passing[..., -1] & (rolled_back == NEVER),
            early=np.where(before, early, NEVER),
        )


def contenders(oracles: Oracles, *, calibrated: bool = True) -> tuple[Contender, ...]:
    """All of them. ``oracles``: their thresholds, by alpha and by the effect that they seek."""
    return (*ours(calibrated=calibrated), *rules(), *_oracles(oracles))


def ours(*, calibrated: bool = True) -> tuple[Contender, ...]:
    """This judge: at limit 1, where a good release is on the very edge, and as users have it by
    default (limit 1.25, 1 %, half an hour)."""
    return tuple(
        Contender(
            _name(one),
            one,
            alpha=one.alpha,
            limit=one.limit,
            calibrated=one.calibrate,
            looks=one.looks,
            ours=True,
        )
        for calibrate in (False, True)[: 1 + calibrated]
        for one in (
            *(Sequential(alpha, calibrate=calibrate) for alpha in ALPHAS),
            Sequential(DEFAULT_ALPHA, limit=1.25, looks=30, calibrate=calibrate),
        )
    )


def rules() -> tuple[Contender, ...]:
    """The peers."""
    return (
        *(
            Contender(f"z-test {alpha:.0%}, every look", _armed(peers.z_test, alpha=alpha), alpha)
            for alpha in ALPHAS
        ),
        Contender("Kayenta", _armed(peers.kayenta)),
        Contender("Flagger 99 %, 5 failed", _alone(peers.flagger)),
        Contender("Argo 95 %, 4 failed", _alone(peers.argo)),
        Contender("Argo 99 %, 4 failed", _alone(peers.argo, success=0.99)),
    )


def _name(one: Sequential) -> str:
    parts = [f"judge {one.alpha:.0%}"]
    parts += [f"limit {one.limit:g}"] if one.limit != 1.0 else []
    parts += [f"{one.looks} looks"] if one.looks else []
    parts += ["calibrated"] if one.calibrate else []
    return " ".join(parts)


def _oracles(thresholds: Oracles) -> tuple[Contender, ...]:
    """No promise of theirs can break: their thresholds are what a share alpha reaches."""
    return tuple(
        Contender(f"oracle {alpha:.0%}", _knowing(by_effect))
        for alpha, by_effect in thresholds.items()
    )


def _knowing(by_effect: dict[float, float]) -> Callable[[Rollouts], Answer]:
    return lambda rollouts: Answer(oracle.oracle(rollouts, by_effect))


def _armed(rule: Callable[..., Looks], **settings: float) -> Callable[[Rollouts], Answer]:
    return lambda rollouts: Answer(
        rule(summed(rollouts.canary), summed(rollouts.baseline), **settings)
    )


def _alone(rule: Callable[..., Looks], **settings: float) -> Callable[[Rollouts], Answer]:
    return lambda rollouts: Answer(rule(summed(rollouts.canary), **settings))


def _cut(counts: PodCounts, looks: int) -> PodCounts:
    return PodCounts(counts.events[..., :looks, :], counts.total[..., :looks, :])
