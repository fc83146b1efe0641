import numpy as np
import pytest

from judge.stats.arms import Arm
from judge.stats.bounds import bound_evidence, broken_for
from judge.stats.evidence import schedule

LOOKS = 30
PLAN = schedule(interval=60.0, looks=LOOKS)
CLIP = np.log(20) / 2.5


def arm(rng, risk, runs=400, requests=600):
    events = rng.binomial(requests, risk, (runs, LOOKS)).astype(float)
    return Arm(events, np.full(events.shape, float(requests)), np.ones(events.shape))


def reached(one, bound, *, above=True, temper=1.0):
    grown = bound_evidence(
        one, bound, np.full(one.total.shape, temper), PLAN, clip=CLIP, above=above
    )
    return (grown.max(-1) >= np.log(20)).mean()


@pytest.mark.parametrize(("risk", "above"), [(0.05, True), (0.05, False), (0.5, True)])
def test_a_risk_at_the_bound_is_convicted_seldom(risk, above):
    assert reached(arm(np.random.default_rng(1), risk), risk, above=above) <= 0.05


@pytest.mark.parametrize(("risk", "bound", "above"), [(0.08, 0.05, True), (0.01, 0.03, False)])
def test_a_risk_beyond_it_is_convicted(risk, bound, above):
    assert reached(arm(np.random.default_rng(2), risk), bound, above=above) >= 0.95


def test_a_bound_of_nothing_at_all_can_be_broken():
    assert reached(arm(np.random.default_rng(3), 0.001), 0.0) >= 0.95
    assert reached(arm(np.random.default_rng(3), 0.0), 0.0) == 0.0


def test_no_minute_convicts_by_itself():
    one = arm(np.random.default_rng(4), 1.0, runs=1)
    grown = bound_evidence(one, 0.01, np.ones((1, LOOKS)), PLAN, clip=CLIP, above=True)
    assert (grown[0, :2] < np.log(20)).all()
    assert grown[0, 3] >= np.log(20)


def test_a_plain_bound_must_be_broken_in_a_row():
    broken = np.array([1, 1, 0, 1, 1, 1, 0], bool)
    assert broken_for(broken, 3).tolist() == [False] * 5 + [True, False]
    assert broken_for(broken, 1).tolist() == broken.tolist()
