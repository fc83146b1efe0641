"""Whether planned times are those that the lab measures: a small, seeded part of the whole."""

import json
import math

import pytest
from click.testing import CliRunner

from judge.cli.main import judge
from judge.lab.plan_accuracy import Accuracy, accuracies
from judge.lab.rollouts import Setting
from judge.lab.scenarios import SCENARIOS


def accuracy(planned, measured, looks=30):
    setting = Setting(0.01, 1.25, looks)
    return Accuracy("one", setting, looks, 2.0, 0.5, measured, 0.9, planned, (planned,), 0.9)


def test_a_factor_of_one_and_a_half_is_right_and_more_is_not():
    assert accuracy(12.0, 10.0).right
    assert not accuracy(16.0, 10.0).right
    assert not accuracy(6.0, 10.0).right


def test_what_neither_sees_is_right_and_what_one_sees_at_the_end_may_be():
    assert accuracy(math.inf, math.inf).right
    assert accuracy(25.0, math.inf).right
    assert not accuracy(10.0, math.inf).right
    assert not accuracy(math.inf, 10.0).right


@pytest.mark.parametrize(
    ("name", "setting", "effect"),
    [
        ("independent", Setting(0.01, 1.25, 30), 2.0),
        ("overdispersed", Setting(0.01, 1.25, 30), 4.0),
        ("half-split", Setting(0.05, 1.0, 30), 4.0),
        ("gauge-0.8", Setting(0.01, 1.25, 30), 2.0),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_planned_times_are_the_measured_ones(name, setting, effect):
    found = accuracies(SCENARIOS[name], setting, histories=4, runs=12, seed=3)
    (told,) = [one for one in found if (one.effect, one.share) == (effect, 0.5)]
    assert math.isfinite(told.planned)
    assert told.right, told
    for one in found:
        assert one.planned_share == pytest.approx(one.measured_share, abs=0.25), one


def test_the_lab_says_how_good_plans_are():
    arguments = ["lab", "--plans", "--scenario", "gauge-0.3", "--rollouts", "4"]
    text = CliRunner().invoke(judge, arguments)
    assert text.exit_code == 0, text.output
    assert "gauge-0.3" in text.output
    assert "planned times are within a factor of 1.5" in text.output.splitlines()[-1]
    told = json.loads(CliRunner().invoke(judge, [*arguments, "--output", "json"]).output)
    assert {one["scenario"] for one in told} == {"gauge-0.3"}
    assert all(one["effect"] > one["limit"] for one in told)
