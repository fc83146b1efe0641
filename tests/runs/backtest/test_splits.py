"""Pods that play the canary: which of them can, and what a judge then sees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from judge.runs.backtest.splits import ALONE, NOTHING, groups, played, players, split
from judge.spec.resolved import Metric
from judge.stats.samples import Count, Interval
from tests.servers.analyses import analysis, error_rate

PODS = tuple("abcd")


def interval(number: int, pods: Mapping[str, Sequence[str]]) -> Interval:
    samples = {
        metric: {"baseline": {pod: Count(1.0, 10.0) for pod in named}}
        for metric, named in pods.items()
    }
    return Interval(60.0 * number, 60.0 * number + 60, samples, {"canary": 0.1})


def metrics(*names: str) -> list[Metric]:
    return [error_rate(name) for name in names]


def test_the_playing_pods_are_the_canary_and_the_rest_the_baseline() -> None:
    (one,) = split([interval(0, {"errors": PODS})], ["b"])
    assert set(one.samples["errors"]["canary"]) == {"b"}
    assert set(one.samples["errors"]["baseline"]) == {"a", "c", "d"}
    assert one.weights == {}


def test_pods_that_were_there_for_half_of_the_window_can_play() -> None:
    window = [interval(i, {"errors": "abc" if i < 5 else "abd"}) for i in range(11)]
    assert players(metrics("errors"), window).pods == ("a", "b", "d")


def test_a_metric_without_pods_cannot_be_split() -> None:
    window = [interval(i, {"errors": PODS, "alerts": [""]}) for i in range(4)]
    able = players(metrics("alerts", "errors", "nothing"), window)
    assert able.pods == PODS
    assert able.unsplit == {"alerts": ALONE, "nothing": NOTHING}


def test_a_metric_with_other_pods_cannot_be_split_with_the_rest() -> None:
    window = [interval(i, {"errors": PODS, "ingress": "xyz"}) for i in range(4)]
    able = players(metrics("errors", "ingress"), window)
    assert able.pods == PODS
    assert able.unsplit == {"ingress": "pods by other names than those of errors"}


def test_one_pod_cannot_be_split() -> None:
    able = players(metrics("errors"), [interval(0, {"errors": "a"})])
    assert able.pods == ()
    assert set(able.unsplit) == {"errors"}


def test_every_pod_plays_once() -> None:
    assert groups(PODS, playing=1, most=10, turn=3) == [("a",), ("b",), ("c",), ("d",)]


def test_groups_are_never_more_than_half_of_the_pods() -> None:
    assert groups(PODS, playing=3, most=10, turn=0) == [
        ("a", "b"), ("b", "c"), ("c", "d"), ("a", "d"),
    ]  # fmt: skip


def test_all_get_their_turn_where_there_are_many() -> None:
    pods = [f"{number:02}" for number in range(25)]
    turns = [groups(pods, playing=1, most=10, turn=turn) for turn in range(5)]
    assert all(len(one) == 10 for one in turns)
    times = [sum((pod,) in one for one in turns) for pod in pods]
    assert times == [2] * 25


def test_the_judged_analysis_knows_no_weights() -> None:
    one = played(analysis())
    assert set(one.tracks) == {"baseline", "canary"}
    assert all(track.weight is None for track in one.tracks.values())
