"""The oracle: a judge that knows what nobody can, to show how early a verdict is possible at all.

It knows the canary's error rate if it were good (with all that is shared), the regression's factor
and onset, and the law of the noise. It adds up the log-likelihood ratio of Poisson counts and rolls
back where the sum reaches a threshold, which is found by simulating good releases: it rolls back a
share alpha of them, neither more nor less. Tempering by the true long-run variance scales both the
sum and the threshold, so it changes nothing. Where the noise is more than a variance (incidents of
a pod's own, lasting differences) a better oracle could be built.
"""

from __future__ import annotations

import math

import numpy as np

from judge.lab.counts import CountRollouts
from judge.lab.peers import Looks, first
from judge.stats.arms import Array

STAND_IN = 2.0  # the regression that the oracle looks for where the release is good


def scores(rollouts: CountRollouts, effect: float) -> Array:
    """The log-likelihood ratio of each good or bad canary against ``effect``, after each look:
    (effects, rollouts, looks)."""
    late = np.arange(rollouts.expected.shape[-1]) >= rollouts.scenario.onset
    ratio = _ratio(rollouts, effect)
    gained = rollouts.canary.events.sum(-1) * math.log(ratio) - rollouts.expected * (ratio - 1.0)
    return np.where(late, gained, 0.0).cumsum(-1)


def threshold(rollouts: CountRollouts, effect: float, *, alpha: float) -> float:
    """What a share ``alpha`` of good releases reaches; the first effect of the rollouts is 1."""
    if rollouts.scenario.effects[0] != 1.0:
        raise ValueError("the oracle needs good releases: the scenario's first effect must be 1")
    highest = scores(rollouts, effect)[0].max(-1)
    return float(np.quantile(highest, 1.0 - alpha))


def oracle(rollouts: CountRollouts, thresholds: dict[float, float]) -> Looks:
    """At which look it rolls back, (effects, rollouts), by ``thresholds`` of each effect sought."""
    return np.stack(
        [
            first(scores(rollouts, sought)[index] > thresholds[sought])
            for index, effect in enumerate(rollouts.scenario.effects)
            for sought in [sought_for(effect)]
        ]
    )


def sought_for(effect: float) -> float:
    """The regression that the oracle looks for where the truth is ``effect``."""
    return STAND_IN if effect == 1.0 else effect


def _ratio(rollouts: CountRollouts, effect: float) -> float:
    return 1.0 / rollouts.scenario.service.error_rate if math.isinf(effect) else effect
