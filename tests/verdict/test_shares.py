import pytest

from judge.spec.resolved import Bound, ScoreThresholds
from judge.verdict.shares import score_can_fail, shares
from tests.verdict.rollouts import metric

SCORE = ScoreThresholds(75, 50)


def test_critical_metrics_share_by_weight():
    found = shares([metric("a", weight=3.0), metric("b")], SCORE)
    assert found == {"a": pytest.approx(0.75), "b": pytest.approx(0.25)}


def test_metrics_that_cannot_sink_the_score_take_nothing_from_the_critical_ones():
    light = metric("b", critical=False, weight=0.5)
    assert not score_can_fail([metric("a"), light], SCORE)
    assert shares([metric("a"), light], SCORE) == {"a": 1.0, "b": 1.0}


def test_metrics_that_can_sink_the_score_share_the_promise():
    heavy = metric("b", critical=False, weight=3.0)
    found = shares([metric("a"), heavy], SCORE)
    assert score_can_fail([metric("a"), heavy], SCORE)
    assert sum(found.values()) == pytest.approx(1.0)


def test_an_observed_metric_takes_nothing():
    found = shares([metric("a"), metric("b", observe=True)], SCORE)
    assert found == {"a": 1.0, "b": 1.0}


def test_a_plain_bound_takes_nothing_and_one_inside_the_promise_its_share():
    plain = metric("b", limit=None, worst=None, bound=Bound(max=0.1, lasting=60.0))
    tested = metric("c", limit=None, worst=None, bound=Bound(max=0.1))
    found = shares([metric("a"), plain, tested], SCORE)
    assert found == {"a": 0.5, "b": 0.0, "c": 0.5}
