"""Who is measured on which scenario: this judge, its peers, and the oracle for counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from judge.lab import oracle, peers
from judge.lab.contender import Answer, AnyContender, Contender, ours
from judge.lab.counts import CountScenario
from judge.lab.gauges import GaugeRollouts
from judge.lab.latencies import LatencyRollouts, LatencyScenario
from judge.lab.peers import Looks
from judge.lab.rollouts import ALPHAS, Rollouts, Scenario
from judge.lab.telemetry.contenders import telemetry_contenders
from judge.lab.telemetry.recorded import RecordedScenario
from judge.lab.telemetry.scenario import TelemetryScenario
from judge.stats.arms import summed

Oracles = Mapping[float, dict[float, float]]
NO_ORACLES: Oracles = {alpha: {} for alpha in ALPHAS}

SOME = 2  # times a few runs of each history are what the rules of others judge
P99_SECONDS = 0.25  # a quarter above what it usually is in the lab


def contenders(scenario: Scenario, oracles: Oracles = NO_ORACLES) -> tuple[AnyContender, ...]:
    """All of them. ``oracles``: their thresholds, by alpha and by the effect that they seek."""
    if isinstance(scenario, TelemetryScenario | RecordedScenario):
        return telemetry_contenders(scenario)
    judges = ours(scenario)
    if isinstance(scenario, CountScenario):
        return (*judges, *COUNT_RULES, *_oracles(oracles))
    return (*judges, *(LATENCY_RULES if isinstance(scenario, LatencyScenario) else GAUGE_RULES))


def _oracles(thresholds: Oracles) -> tuple[AnyContender, ...]:
    """No promise of theirs can break: their thresholds are what a share alpha reaches."""
    return tuple(
        Contender(f"oracle {alpha:.0%}", _knowing(by_effect))
        for alpha, by_effect in thresholds.items()
    )


def _ruled(rule: Callable[[Any], Looks]) -> Callable[[Any, int], list[Answer]]:
    """A rule's answers, given what it says of some rollouts: (effects, rollouts).

    Nothing hangs on a history here, so some more than a few runs of each tell enough.
    """

    def judge(rollouts: Rollouts, few: int) -> list[Answer]:
        some = rollouts.first(min(SOME * few, rollouts.runs))
        shape = (some.histories, some.runs)
        return [Answer(looks.reshape(shape)) for looks in rule(some)]

    return judge


def _knowing(by_effect: dict[float, float]) -> Callable[[Any, int], list[Answer]]:
    return _ruled(lambda rollouts: oracle.oracle(rollouts, by_effect))


def _armed(rule: Callable[..., Looks], **settings: float) -> Callable[[Any, int], list[Answer]]:
    return _ruled(
        lambda rollouts: rule(summed(rollouts.canary), summed(rollouts.baseline), **settings)
    )


def _alone(rule: Callable[..., Looks], **settings: float) -> Callable[[Any, int], list[Answer]]:
    return _ruled(lambda rollouts: rule(summed(rollouts.canary), **settings))


COUNT_RULES: tuple[AnyContender, ...] = (
    *(
        Contender(f"z-test {alpha:.0%}, every look", _armed(peers.z_test, alpha=alpha), alpha)
        for alpha in ALPHAS
    ),
    Contender("Kayenta", _armed(peers.kayenta)),
    Contender("Flagger 99 %, 5 failed", _alone(peers.flagger)),
    Contender("Argo 95 %, 4 failed", _alone(peers.argo)),
    Contender("Argo 99 %, 4 failed", _alone(peers.argo, success=0.99)),
)


def _p99_shifted(rollouts: LatencyRollouts) -> Looks:
    return peers.mann_whitney(
        rollouts.quantile(rollouts.canary, 0.99), rollouts.quantile(rollouts.baseline, 0.99)
    )


def _p99_beyond(rollouts: LatencyRollouts) -> Looks:
    return peers.failed_checks(rollouts.quantile(rollouts.canary, 0.99) > P99_SECONDS)


LATENCY_RULES: tuple[AnyContender, ...] = (
    Contender("Kayenta on p99", _ruled(_p99_shifted)),
    Contender(f"Flagger p99 {P99_SECONDS:g} s, 5 failed", _ruled(_p99_beyond)),
)


def _level_shifted(rollouts: GaugeRollouts) -> Looks:
    return peers.mann_whitney(rollouts.canary.values.mean(-1), rollouts.baseline.values.mean(-1))


GAUGE_RULES: tuple[AnyContender, ...] = (Contender("Kayenta", _ruled(_level_shifted)),)
