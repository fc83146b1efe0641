import pytest

from judge.verdict.score import judged_share, score
from judge.verdict.verdict import MetricVerdict, Outcome
from tests.verdict.rollouts import metric

METRICS = [metric("a", weight=2.0), metric("b"), metric("c")]


def verdicts(**outcomes):
    return {name: MetricVerdict(Outcome(outcome), "") for name, outcome in outcomes.items()}


@pytest.mark.parametrize(
    ("outcomes", "points"),
    [
        ({"a": "pass", "b": "pass", "c": "pass"}, 100),
        ({"a": "fail", "b": "pass", "c": "pass"}, 50),
        ({"a": "pass", "b": "fail", "c": "inconclusive"}, 66.67),
        ({"a": "inconclusive", "b": "inconclusive", "c": "inconclusive"}, None),
    ],
)
def test_it_is_the_weight_of_what_did_not_fail_over_what_was_judged(outcomes, points):
    assert score(METRICS, verdicts(**outcomes), finished=True) == points


def test_before_the_end_what_has_not_failed_stands():
    found = verdicts(a="inconclusive", b="fail", c="inconclusive")
    assert score(METRICS, found, finished=False) == 75


def test_observed_metrics_do_not_count():
    metrics = [metric("a"), metric("b", observe=True)]
    assert score(metrics, verdicts(a="pass", b="fail"), finished=True) == 100
    assert judged_share(metrics, verdicts(a="pass", b="inconclusive")) == 1


def test_the_judged_share_is_by_weight():
    assert judged_share(METRICS, verdicts(a="inconclusive", b="pass", c="fail")) == 0.5
