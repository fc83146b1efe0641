"""The bench's figures depend on its seed and on nothing else."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from judge.cli.lab import lab
from judge.errors import SpecError
from judge.lab import bench
from judge.lab.contender import Sequential, ours
from judge.lab.contenders import contenders
from judge.lab.count_scenarios import COUNT_SCENARIOS
from judge.lab.counts import CountScenario, Service
from judge.lab.effects import OUTAGE
from judge.lab.rollouts import Setting, at_limit
from judge.lab.scenarios import SCENARIOS, chosen

SHORT = Service(looks=6, history=120)


def small(name: str, **fields: object) -> CountScenario:
    """A scenario of counts with short runs."""
    (scenario,) = (one for one in COUNT_SCENARIOS if one.name == name)
    short = replace(scenario.service, looks=6, history=120)
    return replace(scenario, service=short, settings=at_limit(1.0), **fields)  # type: ignore[arg-type]


SCENARIO = small("outage-3")
OTHER = small("overdispersed", effects=(1.0, 2.0, OUTAGE))


def measured(*, jobs: int, seed: int = 1, rollouts: int = 12) -> bench.Tallies:
    tallies: bench.Tallies = {}
    for _, more in bench.run(bench.Plan((SCENARIO, OTHER), rollouts, seed), jobs=jobs):
        bench.add(tallies, more)
    return tallies


def test_the_number_of_jobs_changes_no_figure() -> None:
    alone, together = measured(jobs=1), measured(jobs=2)
    assert alone.keys() == together.keys()
    for cell, tally in alone.items():
        assert np.array_equal(tally.looks, together[cell].looks), cell
        assert tally.rolled_back == together[cell].rolled_back
        assert tally.proven == together[cell].proven


def test_another_seed_makes_other_rollouts() -> None:
    one, other = measured(jobs=1), measured(jobs=1, seed=2)
    cell = bench.Cell("overdispersed", "z-test 5%, every look", 2.0)
    assert not np.array_equal(one[cell].looks, other[cell].looks)


def test_five_thousand_rollouts_are_fifty_histories_of_a_hundred_runs() -> None:
    size = bench.sizes(SCENARIO, 5000)
    assert (size.histories, size.runs, size.few) == (50, 100, 10)
    assert bench.sizes(replace(SCENARIO, sharing=2.0), 5000).histories == 25
    for rollouts in (1, 7, 200, 4999):
        assert bench.sizes(SCENARIO, rollouts).rollouts >= rollouts


def test_parts_are_all_histories_once() -> None:
    plan = bench.Plan((OTHER,), 50, 1)
    work = list(bench.parts(plan))
    assert sum(part.sizes.histories for part in work) == bench.sizes(OTHER, 50).histories == 5
    assert [part.number for part in work] == [0, 1]
    assert [part.sizes.histories for part in work] == [4, 1]
    assert {part.sizes.runs for part in work} == {10}


def test_what_is_promised_is_measured_on_all_rollouts_and_the_rest_on_a_few() -> None:
    scenario = replace(OTHER, effects=(1.0, 1.25, 1.5, 2.0, 4.0), settings=at_limit(1.25))
    rollouts = scenario.simulate(np.random.default_rng(1), 2, 20)
    found = bench.tallied(scenario, rollouts, ours(scenario), 2)
    counted = {cell.effect: tally for cell, tally in found.items() if "1%" in cell.contender}
    assert {effect: one.rollouts for effect, one in counted.items()} == {
        1.0: 4, 1.25: 40, 1.5: 4, 2.0: 4, 4.0: 4,
    }  # fmt: skip
    shown = {effect: one.shown.trials for effect, one in counted.items() if one.shown}
    assert shown == {1.0: 4, 1.25: 40, 1.5: 4, 2.0: 40, 4.0: 4}
    assert {tally.rolled_back.clusters for tally in found.values()} == {2}


def test_a_wrong_pass_is_one_before_any_rollback() -> None:
    """Of many rollouts the failures are looked for only where a pass was shown: to the same end."""
    scenario = small("overdispersed", effects=(1.0, 2.0))
    scenario = replace(scenario, service=replace(scenario.service, looks=30, requests=1000.0))
    judge = Sequential(Setting(0.05), scenario)
    rollouts = scenario.simulate(np.random.default_rng(2), 1, 40)
    some, every = (judge(rollouts, few)[1] for few in (1, 40))
    assert some.early is not None
    assert every.early is not None
    assert np.array_equal(some.early, every.early)
    assert np.array_equal(some.rolled_back[0], every.rolled_back[0, :1])


def test_every_rollout_is_counted_by_every_contender() -> None:
    tallies = measured(jobs=1)
    for scenario in (SCENARIO, OTHER):
        names = {one.name for one in contenders(scenario)}
        assert {c.contender for c in tallies if c.scenario == scenario.name} >= names
    good = [(cell, tally.rollouts) for cell, tally in tallies.items() if cell.effect == 1.0]
    assert {count for cell, count in good if "judge" in cell.contender} == {15}
    assert {count for cell, count in good if "judge" not in cell.contender} == {6}


def test_what_is_permanent_of_pods_is_common_to_a_history_and_its_runs() -> None:
    scenario = SCENARIOS["pod-spread"]
    drawn = replace(scenario, effects=(1.0,)).simulate(np.random.default_rng(3), 2, 3)
    before = np.log(drawn.history.events.sum(1) / drawn.history.total.sum(1))
    during = np.log(drawn.baseline.events.sum(1) / drawn.baseline.total.sum(1))
    assert during.shape == (6, 9)
    own, other = during - before[[0, 0, 0, 1, 1, 1]], during - before[[1, 1, 1, 0, 0, 0]]
    assert own.std() < 0.12  # some 180 events a pod
    assert other.std() > 0.25


def test_every_setting_of_every_scenario_is_calibrated_but_where_that_tells_something() -> None:
    for scenario in SCENARIOS.values():
        assert {0.05, 0.01} <= {one.alpha for one in ours(scenario) if one.calibrated}
        named = [one.name for one in ours(scenario)]
        assert all(one.name in named for one in ours(scenario) if not one.calibrated)


def called(*arguments: str) -> Result:
    call = ["--rollouts", "4", "--jobs", "1", *arguments]
    answer = CliRunner().invoke(lab, call)
    assert answer.exit_code == 0, answer.output
    return answer


def test_the_command_prints_a_table_and_its_json() -> None:
    text = called("--scenario", "outage-3").stdout
    assert "outage-3: 3 baseline pods" in text
    assert "judge 1% limit 1.25 30" in text
    assert "Not reached:" in text  # four rollouts show next to nothing
    document = json.loads(called("--scenario", "outage-3", "--output", "json").stdout)
    (cell,) = (
        one for one in document["cells"] if (one["judge"], one["effect"]) == ("judge 5%", "outage")
    )
    assert cell["rolledBack"] == cell["rollouts"]
    assert cell["byFourthLook"] == 1.0
    assert cell["alpha"] == 0.05
    assert cell["medianMinutes"] == 3.0
    assert document["scenarios"]["outage-3"]["looks"] == 60


def test_the_command_goes_on_where_its_file_ends(tmp_path: Path) -> None:
    file = tmp_path / "lab.json"
    once = called("--scenario", "outage-3", "--json-out", str(file), "--output", "json").stdout
    assert json.loads(file.read_text()) == json.loads(once)
    found = json.loads(once)
    marked = next(one for one in found["cells"] if one["judge"] == "judge 5%")
    marked["counts"]["looks"][7] += 5  # nobody would measure this
    file.write_text(json.dumps(found))
    again = called(
        "--scenario", "outage-3", "--json-out", str(file), "--output", "json", "--resume"
    )
    taken = json.loads(again.stdout)["cells"][0]
    assert taken["counts"]["looks"][7] == marked["counts"]["looks"][7]
    file.write_text(json.dumps(found | {"code": "other"}))
    for other in ((), ("--seed", "2")):
        call = ("--scenario", "outage-3", "--json-out", str(file), "--output", "json", "--resume")
        anew = json.loads(called(*call, *other).stdout)
        assert anew["cells"][0]["counts"]["looks"][7] < 5


def test_a_file_that_is_none_of_the_lab_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "lab.json"
    file.write_text("{}")
    call = ["--scenario", "outage-3", "--rollouts", "1", "--resume"]
    for arguments, message in (
        (["--json-out", str(file)], "is no document of the lab"),
        ([], "needs the file to go on from"),
    ):
        answer = CliRunner().invoke(lab, [*call, *arguments])
        assert isinstance(answer.exception, SpecError)
        assert message in str(answer.exception)


def test_the_command_measures_latency_and_gauges_like_counts() -> None:
    scenarios = ["--scenario", "latency", "--scenario", "gauge-0.3"]
    document = json.loads(called(*scenarios, "--output", "json").stdout)
    (tail,) = (
        one
        for one in document["cells"]
        if (one["judge"], one["effect"])
        == ("judge 5% limit 1.19 30 looks", {"share": 0.02, "slower": 8.0})
    )
    assert tail["rolledBack"] == tail["rollouts"]
    assert {one["scenario"] for one in document["cells"]} == {"latency", "gauge-0.3"}
    judges = {one["judge"] for one in document["cells"]}
    assert {"Kayenta on p99", "Flagger p99 0.25 s, 5 failed", "Kayenta"} <= judges


def test_the_command_lists_every_scenario_with_its_law() -> None:
    text = CliRunner().invoke(lab, ["--list"]).stdout
    assert [line.split()[0] for line in text.splitlines()] == list(SCENARIOS)
    listed = json.loads(CliRunner().invoke(lab, ["--list", "--output", "json"]).stdout)
    assert listed["bursts"] == SCENARIOS["bursts"].law


def test_runs_that_end_before_the_onset_are_left_out() -> None:
    late = SCENARIOS["late-onset"]
    blind = {one.name for one in ours(late) if not one.sees(late)}
    assert blind == {f"judge {alpha} limit 1.25 30 looks" for alpha in ("1%", "5%")}
    independent = SCENARIOS["independent"]
    assert all(one.sees(independent) for one in ours(independent))
    drawn = replace(late, service=replace(late.service, history=120)).simulate(
        np.random.default_rng(1), 1, 1
    )
    found = bench.tallied(late, drawn, ours(late), 1)
    assert not any("30 looks" in cell.contender for cell in found)


@pytest.mark.parametrize("names", [("bursts", "independent"), ("latency",)])
def test_scenarios_are_chosen_by_name(names: tuple[str, ...]) -> None:
    assert {one.name for one in chosen(names)} == set(names)
