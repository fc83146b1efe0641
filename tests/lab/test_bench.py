"""The bench's figures depend on its seed and on nothing else."""

import json
from dataclasses import replace

import numpy as np
from click.testing import CliRunner

from judge.cli.lab import lab
from judge.lab import bench, tables
from judge.lab.contender import ours
from judge.lab.contenders import contenders
from judge.lab.scenarios import SCENARIOS, chosen
from judge.lab.tally import Tally, histogram

NAMES = ("outage-3", "outage-9")


def measured(*, jobs: int, seed: int = 1, rollouts: int = 12) -> bench.Tallies:
    plan = bench.Plan(chosen(NAMES), rollouts, seed, calibrated=False)
    tallies: bench.Tallies = {}
    for _, more in bench.run(plan, jobs=jobs):
        bench.add(tallies, more)
    return tallies


def test_the_number_of_jobs_changes_no_figure() -> None:
    alone, together = measured(jobs=1), measured(jobs=2)
    assert alone.keys() == together.keys()
    for cell, tally in alone.items():
        assert np.array_equal(tally.rolled_back, together[cell].rolled_back), cell
        assert tally.proven == together[cell].proven


def test_another_seed_makes_other_rollouts() -> None:
    one, other = measured(jobs=1), measured(jobs=1, seed=2)
    cell = bench.Cell("outage-9", "Flagger 99 %, 5 failed", 1.0)
    assert not np.array_equal(one[cell].rolled_back, other[cell].rolled_back)


def test_every_rollout_is_counted_once_by_every_contender() -> None:
    tallies = measured(jobs=1)
    names = {one.name for one in contenders(SCENARIOS["outage-9"], calibrated=False)}
    assert {cell.contender for cell in tallies} == names
    assert {tally.rollouts for tally in tallies.values()} == {12}


def test_calibration_is_measured_unless_it_is_left_out() -> None:
    for scenario in SCENARIOS.values():
        assert {one.calibrated for one in ours(scenario)} == {False, True}
        assert {one.calibrated for one in ours(scenario, calibrated=False)} == {False}


def test_latency_is_calibrated_on_every_tenth_part_and_judged_on_all() -> None:
    plan = bench.Plan(chosen(("latency",)), 25, 1)
    work = list(bench.parts(plan))
    assert sum(part.rollouts for part in work) == 25
    assert [part.number for part in work if part.calibrated] == [0, 10]
    without = bench.parts(replace(plan, calibrated=False))
    assert not any(part.calibrated for part in without)


def test_cells_of_a_part_of_the_rollouts_say_how_many_they_are() -> None:
    scenario = SCENARIOS["gauge-0.8"]
    tallies: bench.Tallies = {}
    for calibrate in (True, False):
        rollouts = scenario.simulate(np.random.default_rng(1), 3)
        bench.add(tallies, bench.tallied(scenario, rollouts, ours(scenario, calibrated=calibrate)))
    counted = {tally.rollouts: cell.contender for cell, tally in tallies.items()}
    assert set(counted) == {3, 6}
    assert counted[3].endswith("calibrated")


def test_a_broken_promise_is_one_that_chance_does_not_explain() -> None:
    scenario = replace(SCENARIOS["independent"], effects=(1.0, 2.0))
    judge, *others = ours(scenario, calibrated=False)
    assert judge.name == "judge 5%"
    good = [0] * 960
    assert not tables.broken(judge, 1.0, Tally(histogram(np.array([*good, *[3] * 60]), 60)))
    broken = Tally(histogram(np.array([*good, *[3] * 90]), 60))
    assert tables.broken(judge, 1.0, broken)
    assert not tables.broken(judge, 2.0, broken)
    kept = Tally(histogram(np.array(good), 60))
    cells = {
        bench.Cell("independent", one.name, effect): broken if one is judge else kept
        for one in (judge, *others)
        for effect in scenario.effects
    }
    plan = bench.Plan((scenario,), 1050, seed=1, calibrated=False)
    assert tables.breaches(plan, cells) == [
        "independent: judge 5% rolls back 8.6% of good releases (good)"
    ]


def test_the_command_prints_a_table_and_its_json() -> None:
    call = ["--quick", "--rollouts", "4", "--jobs", "1", "--scenario", "outage-3"]
    text = CliRunner().invoke(lab, call)
    assert text.exit_code == 0, text.output
    assert "outage-3: 3 baseline pods" in text.stdout
    assert "judge 1% limit 1.25 30 looks" in text.stdout
    answer = CliRunner().invoke(lab, [*call, "--output", "json"])
    document = json.loads(answer.stdout)
    (cell,) = (
        one for one in document["cells"] if (one["judge"], one["effect"]) == ("judge 5%", "outage")
    )
    assert cell["rolledBack"] == cell["rollouts"] == 4
    assert cell["byFourthLook"] == 1.0
    assert cell["alpha"] == 0.05
    assert cell["medianMinutes"] == 3.0


def test_the_command_measures_latency_and_gauges_like_counts() -> None:
    call = ["--quick", "--rollouts", "4", "--jobs", "1", "--scenario", "latency"]
    call += ["--scenario", "gauge-0.3"]
    text = CliRunner().invoke(lab, call)
    assert text.exit_code == 0, text.output
    assert "2% 8x" in text.stdout
    assert "judge 1% limit 1.19" in text.stdout
    assert "Flagger p99 0.25 s, 5 failed" in text.stdout
    assert "gauge-0.3: a level with 10 % of noise" in text.stdout
    document = json.loads(CliRunner().invoke(lab, [*call, "--output", "json"]).stdout)
    (tail,) = (
        one
        for one in document["cells"]
        if (one["judge"], one["effect"]) == ("judge 5%", {"share": 0.02, "slower": 8.0})
    )
    assert tail["rolledBack"] == 4
    assert {one["scenario"] for one in document["cells"]} == {"latency", "gauge-0.3"}


def test_the_command_lists_every_scenario_with_its_law() -> None:
    text = CliRunner().invoke(lab, ["--list"]).stdout
    assert [line.split()[0] for line in text.splitlines()] == list(SCENARIOS)
    listed = json.loads(CliRunner().invoke(lab, ["--list", "--output", "json"]).stdout)
    assert listed["bursts"] == SCENARIOS["bursts"].law


def test_runs_that_end_before_the_onset_are_left_out() -> None:
    late = SCENARIOS["late-onset"]
    assert {one.name for one in ours(late, calibrated=False) if not one.sees(late)} == {
        "judge 1% limit 1.25 30 looks"
    }
    independent = SCENARIOS["independent"]
    assert all(one.sees(independent) for one in ours(independent))
    call = ["--quick", "--rollouts", "2", "--jobs", "1", "--scenario", late.name]
    text = CliRunner().invoke(lab, call)
    assert text.exit_code == 0, text.output
    assert "judge 1% " in text.stdout
    assert "30 looks" not in text.stdout
