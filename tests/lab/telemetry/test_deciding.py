"""The daemon's judge and the peers on telemetry, in tiny sizes."""

from dataclasses import replace

import numpy as np
import pytest

from judge.lab import bench
from judge.lab.contenders import contenders
from judge.lab.peers import NEVER
from judge.lab.rollouts import Setting
from judge.lab.scenarios import SCENARIOS
from judge.lab.telemetry.deciding import Deciding
from judge.lab.telemetry.rules import count_rules
from judge.lab.telemetry.scenario import TelemetryScenario
from judge.lab.telemetry_scenarios import TELEMETRY_SCENARIOS
from judge.spec.resolved import CANARY, SHADOW
from judge.stats.samples import Count, Interval

ERRORS = "error-rate"


def shorter(name: str, **changed) -> TelemetryScenario:
    scenario = SCENARIOS[name]
    assert isinstance(scenario, TelemetryScenario)
    return replace(scenario, **{"history": 120, "effects": (1.0, 8.0), **changed})


@pytest.mark.parametrize("name", [one.name for one in TELEMETRY_SCENARIOS])
def test_good_releases_stay_and_awful_ones_go(name: str) -> None:
    scenario = shorter(name)
    rollouts = scenario.simulate(np.random.default_rng(2), 1, 3)
    judge = Deciding(Setting(0.01, 1.25), scenario, scenario.released)
    good, awful = judge(rollouts, 3)
    assert (good.rolled_back == NEVER).all() or not scenario.promised
    assert (awful.rolled_back > NEVER).all()
    assert awful.rolled_back.max() <= 30
    assert awful.proven is not None
    assert not awful.proven.any()


def test_what_is_promised_is_judged_on_all_runs_and_the_rest_on_a_few() -> None:
    scenario = shorter("restarts", effects=(1.0, 1.25, 2.0, 4.0), looks=3)
    rollouts = scenario.simulate(np.random.default_rng(3), 2, 4)
    judge = Deciding(Setting(0.05, 1.25), scenario)
    assert [one.rolled_back.shape for one in judge(rollouts, 1)] == [
        (2, 1),
        (2, 4),
        (2, 4),
        (2, 1),
    ]


def test_an_awful_shadow_rolls_no_good_canary_back_and_has_a_verdict_of_its_own() -> None:
    scenario = shorter("shadow")
    awful = scenario.simulate(np.random.default_rng(4), 1, 3)
    beside = _Beside(awful)
    ours, shadows = (
        Deciding(Setting(0.01, 1.25), replace(scenario, effects=(1.0,)), tracks)(beside, 3)[0]
        for tracks in ((CANARY, SHADOW), (SHADOW,))
    )
    assert (ours.rolled_back == NEVER).all()
    assert (shadows.rolled_back > NEVER).all()


class _Beside:
    """The good canary with the shadow of the awful release."""

    histories, runs, effects = 1, 3, 1

    def __init__(self, rollouts) -> None:
        self._rollouts = rollouts
        self.history, self.analysis = rollouts.history, rollouts.analysis

    def run(self, effect: int, rollout: int) -> tuple[Interval, ...]:
        good, awful = (self._rollouts.run(each, rollout) for each in (0, 1))
        return tuple(
            replace(
                one,
                samples={ERRORS: {**one.samples[ERRORS], SHADOW: other.samples[ERRORS][SHADOW]}},
            )
            for one, other in zip(good, awful, strict=True)
        )


class _Told:
    """One run, as it is written down."""

    histories, runs, effects = 1, 1, 1

    def __init__(self, intervals: tuple[Interval, ...]) -> None:
        self._intervals = intervals

    def run(self, effect: int, rollout: int) -> tuple[Interval, ...]:
        return self._intervals


def test_a_peer_leaves_out_intervals_without_both_tracks() -> None:
    def interval(look: int, *, hole: bool) -> Interval:
        baseline = {"baseline": {"b": Count(0.0, 100.0)}} if not hole else {}
        canary = {"canary": {"c": Count(50.0, 100.0), "d": Count(0.0, 100.0)}}
        return Interval(60.0 * look, 60.0 * (look + 1), {ERRORS: {**baseline, **canary}})

    whole = _Told(tuple(interval(look, hole=False) for look in range(20)))
    holed = _Told(tuple(interval(look, hole=2 <= look < 5) for look in range(20)))
    (flagger,) = (one for one in count_rules(ERRORS) if one.name.startswith("Flagger"))
    (first,), (later,) = (flagger.judge(one, 1) for one in (whole, holed))
    assert first.rolled_back.tolist() == [[6]]
    assert later.rolled_back.tolist() == [[9]]


def test_the_bench_counts_telemetry_like_everything_else() -> None:
    scenario = shorter("pod-churn", portion=1.0, sharing=0.5, effects=(1.0, 4.0), looks=12)
    plan = bench.Plan((scenario,), 4, seed=1)
    tallies: bench.Tallies = {}
    for _, more in bench.run(plan, jobs=1):
        bench.add(tallies, more)
    names = {one.name for one in contenders(scenario)}
    assert {cell.contender for cell in tallies} == names
    assert {"judge 5% limit 1.25", "Kayenta", "z-test 1%, every look"} <= names
    good = tallies[bench.Cell("pod-churn", "judge 1% limit 1.25", 1.0)]
    assert good.rolled_back.trials == bench.sizes(scenario, 4).rollouts == 4
