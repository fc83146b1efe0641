"""Groups and weights in the order of Kayenta's maps: the orders are those that its judge gave."""

from __future__ import annotations

import pytest

from judge.verdict.kayenta.group_order import group_order, weight_order

PEERS = [
    (["p99 latency", "b"], ["b", "p99 latency"]),
    (["b", "p99 latency", "cpu"], ["p99 latency", "b", "cpu"]),
    (["gc", "a", "Größe", "errors"], ["gc", "a", "errors", "Größe"]),
    (
        ["kafka lag", "threads", "日本", "queue_depth", "saturation"],
        ["日本", "queue_depth", "saturation", "kafka lag", "threads"],
    ),
    (
        ["disk", "a", "errors", "latency", "日本", "cpu", "threads"],
        ["disk", "日本", "latency", "a", "errors", "cpu", "threads"],
    ),
]


@pytest.mark.parametrize(("given", "said"), PEERS)
def test_groups_are_in_the_peers_order(given: list[str], said: list[str]) -> None:
    assert group_order(given) == said


def test_a_name_counts_once_where_it_came_first() -> None:
    assert group_order(["b", "p99 latency", "b"]) == group_order(["b", "p99 latency"])
    assert group_order([]) == []


def test_up_to_four_weights_are_added_as_written_and_more_by_their_names() -> None:
    assert weight_order(["d", "c", "b", "a"]) == ["d", "c", "b", "a"]
    given, said = PEERS[-1]
    assert weight_order(given) == weight_order(given[::-1]) == said
