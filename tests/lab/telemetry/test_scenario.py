"""Telemetry scenarios: their laws, and what a run sees of them."""

from dataclasses import replace

import numpy as np
import pytest

from judge.lab.scenarios import SCENARIOS
from judge.lab.telemetry.measures import Failures
from judge.lab.telemetry.scenario import TelemetryRollouts, TelemetryScenario
from judge.lab.telemetry_scenarios import TELEMETRY_SCENARIOS
from judge.spec.resolved import BASELINE, CANARY, SHADOW
from judge.stats.samples import Count, Histogram, Interval, Level

ERRORS = "error-rate"


def drawn(name: str, histories: int = 1, runs: int = 10, **changed) -> TelemetryRollouts:
    scenario = SCENARIOS[name]
    assert isinstance(scenario, TelemetryScenario)
    changed = {"history": 60, **changed}
    return replace(scenario, **changed).simulate(np.random.default_rng(1), histories, runs)


def runs(rollouts: TelemetryRollouts, effect: int = 0) -> list[Interval]:
    found = range(rollouts.histories * rollouts.runs)
    return [one for number in found for one in rollouts.run(effect, number)]


def counts(intervals: list[Interval], track: str, metric: str = ERRORS) -> tuple[float, float]:
    of = [one for each in intervals for one in each.samples[metric].get(track, {}).values()]
    assert all(isinstance(one, Count) for one in of)
    return sum(one.events for one in of), sum(one.total for one in of)


@pytest.mark.parametrize("scenario", TELEMETRY_SCENARIOS, ids=lambda one: one.name)
def test_every_run_has_its_tracks_and_metrics_and_is_the_same_again(
    scenario: TelemetryScenario,
) -> None:
    rollouts = drawn(scenario.name, runs=2, history=5, looks=6)
    run = rollouts.run(1, 1)
    assert [one.start for one in run] == [60.0 * look for look in range(6)]
    assert len(rollouts.history(0)) == 5
    assert rollouts.history(0)[-1].end == 0.0
    names = {one.name for one in scenario.measures}
    for one in run:
        assert set(one.samples) == names
        assert set(one.samples[min(names)]) == {BASELINE, *scenario.released}
    assert run == rollouts.run(1, 1)
    assert run != rollouts.run(1, 0)


def test_an_effect_is_the_ratio_of_the_tracks_shares() -> None:
    rollouts = drawn("restarts", histories=4, runs=25, measures=(Failures(),))
    for effect, ratio in enumerate(rollouts.scenario.effects):
        ours, theirs = (counts(runs(rollouts, effect), track) for track in (CANARY, BASELINE))
        assert ours[0] / ours[1] == pytest.approx(0.005 * ratio, rel=0.06)
        assert theirs[0] / theirs[1] == pytest.approx(0.005, rel=0.03)


def test_all_effects_have_the_same_baseline() -> None:
    rollouts = drawn("pod-churn", runs=2)
    good, bad = rollouts.run(0, 1), rollouts.run(3, 1)
    for one, other in zip(good, bad, strict=True):
        assert one.samples[ERRORS][BASELINE] == other.samples[ERRORS][BASELINE]
    assert counts(list(good), CANARY) != counts(list(bad), CANARY)


def test_runs_have_the_pods_of_their_history_with_what_they_keep() -> None:
    measures = (replace(SCENARIOS["restarts"].measures[0], own=(Kept(),)),)
    rollouts = drawn("restarts", histories=2, runs=3, measures=measures, history=100)
    for history in range(2):
        past = shares(rollouts.history(history))
        for run in range(3):
            now = shares(rollouts.run(0, 3 * history + run))
            assert now.keys() == past.keys()
            assert all(now[pod] == pytest.approx(past[pod], rel=0.15) for pod in now)


class Kept:
    """Pods fail from 10 % to 50 % of their requests, for good."""

    permanent = True
    mean = 1.0

    def draw(self, rng, shape):
        return rng.uniform(20, 100, (shape[0], 1, shape[2]))


def shares(intervals) -> dict[str, float]:
    pods = intervals[0].samples[ERRORS][BASELINE]
    return {
        pod: sum(one.samples[ERRORS][BASELINE][pod].events for one in intervals)
        / sum(one.samples[ERRORS][BASELINE][pod].total for one in intervals)
        for pod in pods
    }


def test_scrapes_are_missing_as_often_as_stated() -> None:
    rollouts = drawn("missing-scrapes", histories=4, runs=25)
    seen = [one.samples[ERRORS] for one in runs(rollouts)]
    neither = np.mean([not one[CANARY] and not one[BASELINE] for one in seen])
    assert neither == pytest.approx(3 / 123, rel=0.4)
    pods = np.mean([len(one[BASELINE]) for one in seen])
    assert pods == pytest.approx(9 * 0.9 * (60 / 63) * (120 / 123), rel=0.03)


def test_weights_are_told_and_are_what_the_tracks_get() -> None:
    rollouts = drawn("run-weight-steps", runs=20)
    for number, share in enumerate((0.1, 0.25, 0.5, 0.75, 1.0)):
        step = slice(6 * number, 6 * (number + 1))
        seen = [one for run in range(20) for one in rollouts.run(0, run)[step]]
        assert {one.weights[CANARY] for one in seen} == {share}
        ours, theirs = (counts(seen, track)[1] for track in (CANARY, BASELINE))
        assert ours / (ours + theirs) == pytest.approx(share, abs=0.01)


def test_a_shadow_gets_copies_of_a_tenth() -> None:
    totals = [counts(runs(drawn("shadow")), track)[1] for track in (BASELINE, CANARY, SHADOW)]
    assert totals[0] / totals[1] == pytest.approx(9, rel=0.02)
    assert totals[2] / totals[1] == pytest.approx(1, rel=0.02)


def slow(rollouts: TelemetryRollouts, track: str, look: int) -> float:
    """The share of a track's requests that take more than the usual p90, at one look."""
    found = []
    for run in range(rollouts.runs):
        for one in rollouts.run(0, run)[look].samples["latency"][track].values():
            assert isinstance(one, Histogram)
            below = np.interp(0.147, one.bounds[:-1], one.counts[:-1])
            found.append(1 - below / one.total)
    return float(np.mean(found))


def test_a_cold_canary_is_slower_at_first_unless_it_warms_up() -> None:
    cold, warm = drawn("cold-start-no-warmup", runs=6), drawn("cold-start", runs=6)
    assert slow(cold, CANARY, 0) > 3 * slow(cold, BASELINE, 0)
    assert slow(cold, CANARY, 20) == pytest.approx(slow(cold, BASELINE, 20), rel=0.3)
    assert slow(warm, CANARY, 0) == pytest.approx(slow(warm, BASELINE, 0), rel=0.3)


def test_ten_metrics_are_judged_of_which_a_bad_release_makes_two_worse() -> None:
    rollouts = drawn("ten-metrics", runs=4)
    good, bad = runs(rollouts), runs(rollouts, 3)
    assert len(good[0].samples) == 10
    assert isinstance(good[0].samples["cpu"][CANARY]["canary-0-0"], Level)
    one, two = (counts(each, CANARY)[0] for each in (good, bad))
    assert two == pytest.approx(2 * one, rel=0.4)
    others = [counts(each, CANARY, "client-errors") for each in (good, bad)]
    assert others[0] == others[1]
