"""The confidence sequence: what is listed is what was said at each look, and it holds at all."""

import numpy as np
import pytest

from judge.spec.resolved import SHADOW, Direction, Risk, Track
from judge.verdict.sequence import FIELDS, with_sequences
from judge.verdict.sequential import SequentialJudge
from judge.verdict.verdict import document, from_document
from tests.verdict.rollouts import analysis, history, intervals, metric


def looked(judge, run):
    """What is said after each interval, whatever was said before."""
    return [judge.look(run[:upto], finished=False) for upto in range(1, len(run) + 1)]


def test_each_metric_has_what_was_said_of_it_at_each_look():
    rng = np.random.default_rng(1)
    judge = SequentialJudge(analysis(duration=600.0), history(rng))
    told = [document(one) for one in judge.verdicts(intervals(rng, 10))]
    whole = with_sequences(told[-1], told)
    listed = whole["metrics"]["error-rate"].pop("sequence")
    assert whole == told[-1]
    assert set(listed) == set(FIELDS)
    for look, one in enumerate(told):
        said = one["metrics"]["error-rate"]
        assert {field: values[look] for field, values in listed.items()} == {
            field: said[field] for field in FIELDS
        }


def test_the_tracks_of_several_have_their_own():
    rng = np.random.default_rng(1)
    tracks = {"baseline": 1, "canary": 1, SHADOW: 3}
    of = analysis(tracks=dict.fromkeys(tracks, Track("x")), duration=300.0)
    judge = SequentialJudge(of, history(rng))
    told = [document(one) for one in judge.verdicts(intervals(rng, 5, tracks=tracks))]
    whole = with_sequences(told[-1], told)
    canary, shadow = (
        whole["comparisons"][track]["metrics"]["error-rate"]["sequence"]["estimate"]
        for track in ("canary", SHADOW)
    )
    assert len(canary) == len(shadow) == 5
    assert min(shadow) > max(canary)
    assert whole["metrics"]["error-rate"]["sequence"]["estimate"] == canary


def test_a_verdict_with_sequences_is_read_as_one_without():
    rng = np.random.default_rng(1)
    told = [document(SequentialJudge(analysis(), []).look(intervals(rng, 3), finished=False))]
    assert document(from_document(with_sequences(told[-1], told))) == told[-1]


def test_before_the_first_look_there_is_nothing():
    said = document(SequentialJudge(analysis(), []).look([], finished=False))
    sequence = with_sequences(said, [])["metrics"]["error-rate"]["sequence"]
    assert sequence == {field: [] for field in FIELDS}


@pytest.mark.parametrize(
    ("direction", "limit", "worst", "ratio"),
    [(Direction.INCREASE, 1.25, 2.0, 4.0), (Direction.DECREASE, 0.8, 0.5, 0.3)],
)
def test_the_limit_is_outside_at_the_looks_at_which_the_evidence_convicts(
    direction, limit, worst, ratio
):
    rng = np.random.default_rng(5)
    of = analysis(metric(direction=direction, limit=limit, worst=worst), duration=900.0)
    run = intervals(rng, 15, tracks={"baseline": 1, "canary": ratio})
    told = [one.metrics["error-rate"] for one in looked(SequentialJudge(of, history(rng)), run)]
    convicts = [one.evidence >= one.threshold for one in told]
    if direction is Direction.INCREASE:
        outside = [one.low is not None and one.low > limit for one in told]
    else:
        outside = [one.high is not None and one.high < limit for one in told]
    assert outside == convicts
    assert 0 < sum(convicts) < len(convicts)


@pytest.mark.parametrize("seed", [28, 41])
@pytest.mark.parametrize("direction", list(Direction))
def test_the_limit_is_outside_nowhere_else(direction, seed):
    """Few events, so that an end of the search often comes to lie beside the limit."""
    rng = np.random.default_rng(seed)
    limit, worst = (0.8, 0.5) if direction is Direction.DECREASE else (1.25, 2.0)
    outside, convicts = [], []
    for ratio in (0.3, 1.0, 1.6, 2.0, 4.0):
        of = analysis(
            metric(direction=direction, limit=limit, worst=worst),
            duration=900.0,
            risk=Risk(false_rollback=0.2),
        )
        past, pods = history(rng, 120, pods={"baseline": 4}), {"baseline": 4}
        run = intervals(rng, 15, tracks={"baseline": 1, "canary": ratio}, pods=pods)
        for one in looked(SequentialJudge(of, past), run):
            said = one.metrics["error-rate"]
            above = said.low is not None and said.low > limit
            least = 1 / limit if direction is Direction.EITHER else limit
            below = said.high is not None and said.high < least
            wrong = {Direction.INCREASE: above, Direction.DECREASE: below}
            outside.append(wrong.get(direction, above or below))
            convicts.append(said.evidence >= said.threshold)
    assert outside == convicts
    assert 0 < sum(convicts) < len(convicts)


@pytest.mark.parametrize("ratio", [1.0, 2.0])
def test_it_holds_at_all_looks_at_once(ratio):
    """At alpha 20 % either end leaves the true ratio out in a fifth of the runs at most.

    An interval that held at each look alone would do so in about half of them.
    """
    alpha, runs = 0.2, 25
    rng = np.random.default_rng(11)
    of = analysis(risk=Risk(false_rollback=alpha), duration=720.0)
    judge = SequentialJudge(of, history(rng, 240))
    above = below = 0
    for _ in range(runs):
        run = intervals(rng, 12, tracks={"baseline": 1, "canary": ratio})
        told = [one.metrics["error-rate"] for one in looked(judge, run)]
        above += any(one.low is not None and one.low > ratio for one in told)
        below += any(one.high is not None and one.high < ratio for one in told)
    assert max(above, below) <= alpha * runs
    assert any(one.low is not None for one in told)
    assert any(one.high is not None for one in told)
