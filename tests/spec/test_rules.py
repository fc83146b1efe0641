"""A metric's rules go before its template's, and what neither says has its default."""

from __future__ import annotations

import pytest

from judge.spec.resolved import Bound, Compare, Direction, Kind, Metric
from judge.spec.rules import Rules

UP, DOWN, SLOPE = Direction.INCREASE, Direction.DECREASE, Compare.SLOPE


def metric(rules: Rules, kind: Kind = Kind.GAUGE) -> Metric:
    return rules.metric("a", kind, template="", pod_label="", queries={})


def test_what_nobody_said_has_its_default() -> None:
    assert metric(Rules()) == Metric("a", Kind.GAUGE, UP, 1.25, 2.0)
    assert metric(Rules(direction=DOWN)) == Metric("a", Kind.GAUGE, DOWN, 0.8, 0.5)


def test_what_was_said_arrives() -> None:
    said = Rules(DOWN, 0.9, 0.6, 8, 2, 60.0, 0.5, 3.0, SLOPE, "MB", 0.5, False, True)
    assert metric(said, Kind.HISTOGRAM) == Metric(
        name="a",
        kind=Kind.HISTOGRAM,
        direction=DOWN,
        limit=0.9,
        worst=0.6,
        bound=Bound(max=8, min=2, lasting=60.0, quantile=0.5),
        compare=SLOPE,
        floor=3.0,
        unit="MB",
        weight=0.5,
        critical=False,
        observe=True,
    )


@pytest.mark.parametrize(
    ("rules", "limit", "bound"),
    [
        (Rules(), 1.25, None),
        (Rules(max=5), None, Bound(max=5)),
        (Rules(min="5%"), None, Bound(min=0.05)),
        (Rules(max=0), None, Bound(max=0)),
        (Rules(max=5, limit=1.5), 1.5, Bound(max=5)),
    ],
)
def test_a_bound_without_a_limit_is_all_that_a_metric_is_held_to(
    rules: Rules, limit: float | None, bound: Bound | None
) -> None:
    found = metric(rules)
    assert (found.limit, found.bound) == (limit, bound)
    assert (found.worst is None) is (limit is None)


@pytest.mark.parametrize(
    ("own", "template", "both"),
    [
        (Rules(), Rules(limit=1.5, worst=3), Rules(limit=1.5, worst=3)),
        (Rules(limit=2.0), Rules(limit=1.5, worst=3), Rules(limit=2.0)),
        (Rules(worst=4.0), Rules(limit=1.5, worst=3), Rules(limit=1.5, worst=4.0)),
        (Rules(max=5), Rules(limit=1.5, min=1), Rules(limit=1.5, max=5, min=1)),
        (Rules(max=5), Rules(max=9, lasting=60), Rules(max=5, lasting=60)),
        (Rules(max=5), Rules(), Rules(max=5)),
        (Rules(critical=True, weight=1), Rules(critical=False), Rules(critical=True, weight=1)),
        (Rules(floor=0.0), Rules(floor=5.0), Rules(floor=0.0)),
        (Rules(unit=""), Rules(unit="s"), Rules(unit="")),
        (Rules(direction=UP), Rules(limit=1.5, worst=3), Rules(UP, 1.5, 3)),
        (Rules(direction=DOWN), Rules(limit=1.5, worst=3), Rules(DOWN, 0.8)),
        (Rules(direction=DOWN), Rules(limit=1.5, max=9), Rules(DOWN, 0.8, max=9)),
        (Rules(direction=DOWN), Rules(max=9), Rules(DOWN, max=9)),
        (Rules(compare=SLOPE), Rules(limit=1.5, worst=3), Rules(compare=SLOPE)),
        (Rules(compare=Compare.LEVEL), Rules(limit=1.5), Rules(limit=1.5, compare=Compare.LEVEL)),
        (
            Rules(compare=Compare.LEVEL),
            Rules(UP, 1.5, compare=SLOPE),
            Rules(UP, compare=Compare.LEVEL),
        ),
        (
            Rules(compare=SLOPE, direction=DOWN, limit=0.9, worst=0.3),
            Rules(limit=1.5, worst=3, floor=2),
            Rules(compare=SLOPE, direction=DOWN, limit=0.9, worst=0.3, floor=2),
        ),
    ],
)
def test_a_metric_goes_before_its_template(own: Rules, template: Rules, both: Rules) -> None:
    assert own.over(template) == both
