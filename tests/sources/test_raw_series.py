"""Counters followed through their raw samples."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judge.sources.arithmetic import NUMBERS
from judge.sources.raw_series import RawSeries, Target, grown, unknown_pods

START, END = 1000, 2000


def raw(
    *samples: tuple[int, float],
    pod: str = "a",
    replica: str = "",
    code: str = "200",
    earlier: float | None = None,
) -> RawSeries[float]:
    counter = frozenset({("pod", pod), ("code", code)})
    times, values = zip(*samples, strict=True)
    return RawSeries(
        counter | {("replica", replica)}, counter, (pod, "app", "1"), times, values, earlier
    )


def growth(*series: RawSeries[float], found: Sequence[Target] = ()) -> Mapping[str, float]:
    return grown(series, NUMBERS, start=START, end=END, found=found)


CASES = [
    pytest.param([raw((900, 10), (1100, 12), (1900, 15))], 5.0, id="plain"),
    pytest.param([raw((1000, 10), (2000, 15))], 5.0, id="a sample at an end belongs before it"),
    pytest.param([raw((900, 10), (1900, 15), (2001, 99))], 5.0, id="what comes later is not in it"),
    pytest.param([raw((900, 10), (1100, 12), (1900, 4))], 6.0, id="reset"),
    pytest.param([raw((900, 10), (1100, 1), (1500, 3), (1900, 2))], 5.0, id="two resets"),
    pytest.param([raw((1100, 7), (1900, 9))], 9.0, id="born"),
    pytest.param([raw((1100, 7), (1900, 9), earlier=6)], 3.0, id="back after a gap"),
    pytest.param([raw((1100, 7), (1900, 9), earlier=50)], 9.0, id="restarted in the gap"),
    pytest.param([raw((900, 10), (1100, 12))], 2.0, id="gone"),
    pytest.param(
        [raw((900, 10), (1900, 12)), raw((1900, 3), code="500")], 5.0, id="one series born"
    ),
    pytest.param(
        [raw((900, 10), (1900, 12), replica="a"), raw((950, 10), (1950, 13), replica="b")],
        3.0,
        id="a pair counts once",
    ),
    pytest.param(
        [raw((900, 9), (1900, 12), replica="a"), raw((950, 10), replica="b")],
        2.0,
        id="the one that is ahead dies",
    ),
    pytest.param(
        [raw((900, 10), (1900, 12), replica="a"), raw((1950, 13), replica="b")],
        3.0,
        id="a second one joins",
    ),
    pytest.param(
        [raw((900, 10), (1901, 12), replica="a"), raw((905, 10), (1900, 13), replica="b")],
        3.0,
        id="a slower one is no reset",
    ),
    pytest.param(
        [raw((900, 90), (1100, 3), (1900, 9), replica="a"), raw((950, 95), (1150, 4), replica="b")],
        9.0,
        id="a pair sees one reset",
    ),
    pytest.param(
        [raw((900, 90), (1100, 3), replica="a"), raw((950, 95), (1050, 97), replica="b")],
        5.0,
        id="one of a pair has not seen the reset yet",
    ),
]


@pytest.mark.parametrize(("series", "grew"), CASES)
def test_growth_within_an_interval(series: list[RawSeries[float]], grew: float) -> None:
    assert growth(*series) == {"a": grew}


def test_pods_are_kept_apart() -> None:
    assert growth(raw((900, 1), (1900, 2)), raw((1900, 7), pod="b")) == {"a": 1.0, "b": 7.0}


def test_a_pod_without_a_sample_in_the_interval_is_left_out() -> None:
    assert growth(raw((900, 10))) == {}


def test_a_target_that_was_only_found_counts_from_its_first_scrape() -> None:
    old = raw((1100, 700), (1900, 705))
    later = raw((1900, 2), code="500")
    assert growth(old, later, found=[old.target]) == {"a": 5.0 + 2.0}


def test_what_is_not_finite_spoils_its_pod_alone() -> None:
    grew = growth(raw((900, 1), (1900, math.inf)), raw((900, 1), (1900, 2), pod="b"))
    assert math.isnan(grew["a"])
    assert grew["b"] == 1.0


@pytest.mark.parametrize("broken", [math.inf, math.nan])
@pytest.mark.parametrize("earlier", [False, True], ids=["shown at the start", "before a gap"])
def test_nothing_is_counted_on_from_what_was_no_number(broken: float, earlier: bool) -> None:
    if earlier:
        mended = raw((1100, 5000), (1900, 5003), earlier=broken)
    else:
        mended = raw((900, broken), (1100, 5000), (1900, 5003))
    grew = growth(mended, raw((900, 1), (1900, 2), code="500"))
    assert math.isnan(grew["a"])


def test_what_was_no_number_is_over_once_there_was_one() -> None:
    assert growth(raw((800, math.inf), (900, 5000), (1900, 5003))) == {"a": 3.0}


def test_a_pod_is_unknown_where_none_of_its_series_had_a_value() -> None:
    known = [raw((900, 1), (1900, 2)), raw((1900, 1), code="500"), raw((1900, 1), pod="b")]
    assert unknown_pods(known, start=START) == {"b"}
    assert unknown_pods([raw((1900, 1), pod="b", earlier=1)], start=START) == frozenset()


lives = st.lists(
    st.lists(st.integers(0, 20), min_size=1, max_size=6), min_size=1, max_size=4
)  # increments between scrapes, by life of the process


@given(lives, st.lists(st.integers(0, 3000), min_size=1, max_size=4, unique=True))
def test_increments_of_consecutive_intervals_add_up(
    increments: list[list[int]], cuts: list[int]
) -> None:
    """Wherever time is cut, the parts add up to what the samples show in all."""
    values = [float(sum(life[: index + 1])) for life in increments for index in range(len(life))]
    falls = [max(0.0, a - b) for a, b in pairwise(values)]
    lost = sum(a for a, fell in zip(values, falls, strict=False) if fell)
    samples = [(100 * index + 50, value) for index, value in enumerate(values)]
    whole = grown([raw(*samples)], NUMBERS, start=0, end=10_000)
    ends = [0, *sorted(cuts), 10_000]
    parts = []
    for start, end in pairwise(ends):
        parts.append(grown([raw(*samples)], NUMBERS, start=start, end=end).get("a", 0.0))
    assert sum(parts) == whole["a"] == values[-1] + lost
