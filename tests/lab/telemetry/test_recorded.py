"""Pods of a recording play the canary: who plays when, and who is never seen by the judge."""

import gzip
import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from judge.lab import bench
from judge.lab.peers import NEVER
from judge.lab.recorded_scenarios import RECORDED_SCENARIOS
from judge.lab.rollouts import Setting
from judge.lab.telemetry.deciding import Deciding
from judge.lab.telemetry.recorded import GROUP, RecordedScenario
from judge.sources.recording import bundle_document
from judge.spec.resolved import BASELINE, CANARY, Direction, Kind, Metric, ResolvedAnalysis, Track
from judge.stats.samples import Count, Interval

ERRORS = "error-rate"
PODS = 8
LENGTH = 300
DOCS = (Path(__file__).parents[3] / "docs" / "lab.md").read_text()


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight pods, of which the last one is there for the first half only."""
    rng = np.random.default_rng(1)
    intervals = [
        Interval(
            60.0 * number,
            60.0 * (number + 1),
            {
                ERRORS: {
                    BASELINE: {
                        f"pod-{pod}": Count(float(rng.binomial(1000, 0.02)), 1000.0)
                        for pod in range(PODS - (number >= LENGTH // 2))
                    }
                }
            },
        )
        for number in range(LENGTH)
    ]
    metric = Metric(ERRORS, Kind.PROPORTION, Direction.INCREASE, limit=1.25, worst=2.0)
    tracks = {BASELINE: Track('track="a"'), CANARY: Track('track="b"')}
    analysis = ResolvedAnalysis("recorded", (metric,), tracks=tracks)
    otherwise = Interval(intervals[7].start, intervals[7].end, {})
    path = tmp_path_factory.mktemp("recordings") / "service.json.gz"
    text = json.dumps(bundle_document(analysis, [otherwise], intervals))
    path.write_bytes(gzip.compress(text.encode()))
    return path


@pytest.fixture
def scenario(recording: Path) -> RecordedScenario:
    effects = (1.0, 2.0, math.inf)
    return RecordedScenario("recorded", "", recording, ERRORS, history=120, effects=effects)


def test_windows_follow_each_other_and_groups_share_no_pod(scenario: RecordedScenario) -> None:
    places = scenario.places
    assert sorted({one.start for one in places}) == list(range(120, LENGTH - 29, 30))
    for start in {one.start for one in places}:
        groups = [one.pods for one in places if one.start == start]
        assert [len(one) for one in groups] == [GROUP, GROUP]
        assert len(set().union(*groups)) == 2 * GROUP
    assert not any("pod-7" in one.pods for one in places if one.start >= LENGTH // 2)


def test_the_judge_has_never_seen_who_plays_the_canary(scenario: RecordedScenario) -> None:
    rollouts = scenario.simulate(np.random.default_rng(2), 2)
    assert (rollouts.histories, rollouts.runs) == (2, GROUP)
    for history, place in enumerate(rollouts.places):
        past = rollouts.history(history)
        assert len(past) == 120
        assert past[-1].end == 60.0 * place.start
        seen = set().union(*(one.samples.get(ERRORS, {}).get(BASELINE, {}) for one in past))
        assert not seen & set(place.pods)
        for run, pod in enumerate(place.pods):
            first = rollouts.run(0, GROUP * history + run)[0].samples[ERRORS]
            assert set(first[CANARY]) == {pod}
            assert set(first[BASELINE]) <= seen


def test_a_history_is_as_a_history_is_read(scenario: RecordedScenario) -> None:
    rollouts = scenario.simulate(np.random.default_rng(3), len(scenario.places))
    early = next(at for at, one in enumerate(rollouts.places) if one.start == 120)
    past = rollouts.history(early)
    assert not past[7].samples
    assert past[6].samples


def test_the_effect_is_the_ratio_of_the_kept_errors(scenario: RecordedScenario) -> None:
    rollouts = scenario.simulate(np.random.default_rng(4), len(scenario.places))
    for effect, ratio in ((0, 1.0), (1, 2.0)):
        shares = []
        for track in (CANARY, BASELINE):
            counts = [
                count
                for number in range(rollouts.histories * rollouts.runs)
                for one in rollouts.run(effect, number)
                for count in one.samples[ERRORS][track].values()
            ]
            shares.append(sum(one.events for one in counts) / sum(one.total for one in counts))
        assert shares[0] / shares[1] == pytest.approx(ratio, rel=0.05)
        assert shares[1] == pytest.approx(0.01, rel=0.05)
    assert rollouts.run(1, 0) == rollouts.run(1, 0)


def test_good_pods_stay_and_an_outage_goes(scenario: RecordedScenario) -> None:
    rollouts = scenario.simulate(np.random.default_rng(5), 2)
    good, _, outage = Deciding(Setting(0.01, 1.25), scenario)(rollouts, GROUP)
    assert (good.rolled_back == NEVER).all()
    assert (outage.rolled_back > NEVER).all()


@pytest.mark.parametrize("scenario", RECORDED_SCENARIOS, ids=lambda one: one.name)
def test_the_recordings_hold_the_windows_that_the_docs_tell(scenario: RecordedScenario) -> None:
    told = (
        f"{GROUP * len(scenario.places)} in {len({one.start for one in scenario.places})} windows"
    )
    (row,) = (line for line in DOCS.splitlines() if line.startswith(f"| `{scenario.name}`"))
    assert told in row
    assert bench.sizes(scenario, 5000).rollouts == GROUP * len(scenario.places)
    assert bench.sizes(scenario, 10).histories == 4


@pytest.mark.parametrize("scenario", RECORDED_SCENARIOS, ids=lambda one: one.name)
def test_a_recorded_release_that_is_far_worse_is_rolled_back(scenario: RecordedScenario) -> None:
    worse = replace(scenario, effects=(1.0, 8.0), kept=1 / 8)
    rollouts = worse.simulate(np.random.default_rng(6), 1)
    good, bad = Deciding(Setting(0.05, scenario.settings[0].limit), worse)(rollouts, 2)
    assert (good.rolled_back == NEVER).all()
    assert (bad.rolled_back > NEVER).any()


def test_parts_of_a_plan_take_every_place_once() -> None:
    scenario = RECORDED_SCENARIOS[0]
    taken = [
        place
        for part in bench.parts(bench.Plan((scenario,), 5000, seed=1))
        for place in part.scenario.simulate(np.random.default_rng(7), part.sizes.histories).places
    ]
    assert len(taken) == len(scenario.places)
    assert set(taken) == set(scenario.places)
