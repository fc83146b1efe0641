"""The peers' rules on telemetry: errors and requests summed over the pods that are seen.

Their own metrics are such sums. Intervals without a sample on either track are left out: what a
live system makes of missing data is not measured here. Kayenta is no rule here but a judge
(`kayenta`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from judge.lab import peers
from judge.lab.contender import Answer, AnyContender, Contender
from judge.lab.peers import NEVER, Looks
from judge.lab.rollouts import ALPHAS
from judge.lab.telemetry.rollouts import Telemetry
from judge.spec.resolved import BASELINE, CANARY
from judge.stats.arms import Arm, PodCounts, summed
from judge.stats.samples import Count, Interval

Rule = Callable[[Arm, Arm], Looks]


@dataclass(frozen=True, slots=True)
class Ruling:
    """A rule on the counts of one ``metric``, of a few runs."""

    rule: Rule
    metric: str

    def __call__(self, rollouts: Telemetry, few: int) -> list[Answer]:
        """Judge a few runs of every history."""
        return [self._answer(rollouts, effect, few) for effect in range(rollouts.effects)]

    def _answer(self, rollouts: Telemetry, effect: int, runs: int) -> Answer:
        looks = np.full((rollouts.histories, min(runs, rollouts.runs)), NEVER)
        for place in np.ndindex(*looks.shape):
            history, run = place
            looks[place] = self._judged(rollouts.run(effect, history * rollouts.runs + run))
        return Answer(looks)

    def _judged(self, intervals: Sequence[Interval]) -> int:
        canary, baseline = (
            np.array([_summed(one, self.metric, track) for one in intervals])
            for track in (CANARY, BASELINE)
        )
        known = np.flatnonzero((canary[:, 1] > 0) & (baseline[:, 1] > 0))
        if not len(known):
            return NEVER
        arms = [
            summed(PodCounts(one[None, known, :1], one[None, known, 1:]))
            for one in (canary, baseline)
        ]
        look = int(self.rule(*arms)[0])
        return NEVER if look == NEVER else int(known[look - 1]) + 1


def _summed(interval: Interval, metric: str, track: str) -> tuple[float, float]:
    pods = interval.samples.get(metric, {}).get(track, {}).values()
    counts = [one for one in pods if isinstance(one, Count)]
    return sum(one.events for one in counts), sum(one.total for one in counts)


def count_rules(metric: str) -> tuple[AnyContender, ...]:
    """The peers that are rules, on errors among requests."""
    rules: list[tuple[str, Rule, float | None]] = [
        (f"z-test {alpha:.0%}, every look", _z_test(alpha), alpha) for alpha in ALPHAS
    ]
    rules += [
        ("Flagger 99 %, 5 failed", lambda canary, _: peers.flagger(canary), None),
        ("Argo 95 %, 4 failed", lambda canary, _: peers.argo(canary), None),
        ("Argo 99 %, 4 failed", lambda canary, _: peers.argo(canary, success=0.99), None),
    ]
    return tuple(Contender(name, Ruling(rule, metric), alpha) for name, rule, alpha in rules)


def _z_test(alpha: float) -> Rule:
    return lambda canary, baseline: peers.z_test(canary, baseline, alpha=alpha)
