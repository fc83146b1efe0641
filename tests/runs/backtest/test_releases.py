"""Telling releases from scalings, by when pods were seen and whose they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from judge.runs.backtest.releases import RollingUpdate, Sighted, releases, rolling_updates
from judge.sources.pod_owners import Owner
from judge.sources.pods_seen import GAP, Span, spans

HOUR = 3600.0


def seen(**pods: tuple[float, float]) -> dict[str, list[Span]]:
    return {pod: [Span(*hours_of(when))] for pod, when in pods.items()}


def hours_of(when: tuple[float, float]) -> tuple[float, float]:
    return when[0] * HOUR, when[1] * HOUR


def owned(
    pods: Mapping[str, Sequence[Span]], created: float | None = None, deployment: str = "shop"
) -> dict[str, Owner]:
    """A pod's ReplicaSet is the first letter of its name."""
    return {pod: Owner(f"shop-{pod[0]}", deployment, created) for pod in pods}


def test_new_pods_beside_old_ones_are_a_rolling_update() -> None:
    pods = seen(a1=(0, 5.2), a2=(0, 5.4), b1=(5, 9), b2=(5.1, 9))
    (found,) = rolling_updates(pods, owned(pods))
    assert found == RollingUpdate(
        5 * HOUR, 5.4 * HOUR, "shop-b", frozenset({"b1", "b2"}), frozenset({"a1", "a2"})
    )


def test_it_began_when_its_first_pod_was_made() -> None:
    pods = seen(a1=(0, 5.2), b1=(5, 9))
    (found,) = rolling_updates(pods, owned(pods, created=5 * HOUR - 40))
    assert found.at == 5 * HOUR - 40


def test_more_pods_of_the_same_replica_set_are_a_scaling() -> None:
    pods = seen(a1=(0, 9), a2=(4, 9), a3=(5, 6))
    assert rolling_updates(pods, owned(pods)) == []


def test_going_back_to_an_old_release_is_a_release() -> None:
    pods = {
        **seen(b1=(5, 6.1)),
        "a1": [Span(0, 5.1 * HOUR)],
        "a2": [Span(6 * HOUR, 9 * HOUR)],
    }
    found = rolling_updates(pods, owned(pods))
    assert [(one.at / HOUR, one.replica_set, one.new) for one in found] == [
        (5, "shop-b", {"b1"}),
        (6, "shop-a", {"a2"}),
    ]


def test_other_deployments_are_not_old_releases() -> None:
    pods = seen(a1=(0, 9), b1=(5, 9))
    owners = {"a1": Owner("cart-a", "cart", None), "b1": Owner("shop-b", "shop", None)}
    assert rolling_updates(pods, owners) == []
    nameless = {"a1": Owner("cart-a", "", None), "b1": Owner("shop-b", "", None)}
    assert rolling_updates(pods, nameless) == []


def test_pods_that_nobody_owns_tell_nothing() -> None:
    assert rolling_updates(seen(a1=(0, 5), b1=(5, 9)), {}) == []


def test_old_pods_that_had_just_gone_are_told_too() -> None:
    """Of a recreate deployment: nothing can be compared, and that is said."""
    pods = seen(a1=(0, 4.95), b1=(5, 9))
    (found,) = rolling_updates(pods, owned(pods))
    assert found.both_until < found.at


def listed(
    given: Sequence[float] = (),
    canary: Mapping[str, Sequence[Span]] | None = None,
    updates: Sequence[RollingUpdate] = (),
    *,
    find: bool = True,
) -> list[tuple[float, str, bool]]:
    sighted = Sighted(canary or {}, updates, ())
    found = releases(given, sighted, start=0, end=10 * HOUR, find=find)
    return [(one.at / HOUR, one.found, one.update is not None) for one in found]


UPDATE = RollingUpdate(5 * HOUR, 6 * HOUR, "shop-b", frozenset({"b1"}), frozenset({"a1"}))


def test_a_canary_that_appears_is_a_release_each_time() -> None:
    canary = {"c1": [Span(2 * HOUR, 3 * HOUR), Span(7 * HOUR, 8 * HOUR)], "c2": [Span(7100, 9000)]}
    assert listed(canary=canary) == [
        (7100 / HOUR, "the canary's pods appeared", False),
        (7, "the canary's pods appeared", False),
    ]


def test_a_canary_that_was_always_there_is_none() -> None:
    assert listed(canary=seen(c1=(0, 10))) == []


def test_one_rollout_is_told_once() -> None:
    canary = seen(c1=(5.01, 6))
    assert listed([5 * HOUR + 60], canary, [UPDATE]) == [(5 + 60 / HOUR, "given", True)]


def test_nothing_is_looked_for_unless_asked() -> None:
    assert listed([HOUR], seen(c1=(5, 6)), [UPDATE], find=False) == [(1, "given", False)]


def test_what_lies_outside_is_left_out() -> None:
    assert listed([-1.0, 10 * HOUR]) == []


def test_times_make_spans_where_no_gap_is_between() -> None:
    assert spans([0, 60, 120, 120 + GAP, 121 + 2 * GAP]) == [
        Span(0, 120 + GAP),
        Span(121 + 2 * GAP, 121 + 2 * GAP),
    ]
