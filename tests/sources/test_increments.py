"""What two ends of an interval say."""

from __future__ import annotations

import math

import pytest

from judge.sources.increments import Line, Unknown, count
from judge.stats.samples import Count

DOUBTFUL, ABSENT = Unknown.DOUBTFUL, Unknown.ABSENT


@pytest.mark.parametrize(
    ("sums", "series", "resets", "said"),
    [
        pytest.param((10, 13), (2, 2), (None, None), 3.0, id="grew"),
        pytest.param((10, 10), (2, 2), (None, None), 0.0, id="stood still"),
        pytest.param((10, 9), (2, 2), (None, None), DOUBTFUL, id="fell"),
        pytest.param((10, 13), (2, 3), (None, None), DOUBTFUL, id="a series came"),
        pytest.param((10, 13), (3, 2), (None, None), DOUBTFUL, id="a series went"),
        pytest.param((10, 99), (2, 2), (None, 1), DOUBTFUL, id="reset and overtook"),
        pytest.param((10, 13), (2, 2), (1, None), 3.0, id="reset in the interval before"),
        pytest.param((None, 13), (None, 2), (None, None), DOUBTFUL, id="came"),
        pytest.param((10, None), (2, None), (None, None), DOUBTFUL, id="went"),
        pytest.param((None, None), (None, None), (None, None), ABSENT, id="never was"),
        pytest.param((10, math.inf), (2, 2), (None, None), math.inf, id="became infinite"),
    ],
)
def test_an_increment_is_certain_or_doubtful(
    sums: tuple[float, float],
    series: tuple[float, float],
    resets: tuple[float, float],
    said: object,
) -> None:
    assert Line(list(sums), list(series), list(resets), [None, None]).increment(0) == said


def test_what_was_there_not_long_ago_is_gone() -> None:
    line = Line([3.0, None, None, None, 9.0], [None] * 5, [None] * 5, [None, None, 1, 1, None])
    said = [line.increment(index) for index in range(4)]
    assert said == [DOUBTFUL, Unknown.GONE, Unknown.GONE, DOUBTFUL]
    assert [line.missed(index) for index in range(4)] == [False, True, True, True]


@pytest.mark.parametrize("before", [math.inf, -math.inf, math.nan])
def test_nothing_is_counted_on_from_what_was_no_number(before: float) -> None:
    grew = Line([before, 3.0], [2, 2], [None, 1], [None] * 2).increment(0)
    assert isinstance(grew, float)
    assert math.isnan(grew)


def test_a_gauge_is_what_it_is_at_the_end() -> None:
    line = Line([5.0, 3.0, None], [None] * 3, [None] * 3, [None] * 3)
    assert line.value(0) == 3.0
    assert line.value(1) is ABSENT


@pytest.mark.parametrize(
    ("events", "total", "made"),
    [
        (0.0, 0.0, Count(0.0, 0.0)),
        (3.0, 3.0, Count(3.0, 3.0)),
        (3.0 + 1e-12, 3.0, Count(3.0, 3.0)),
        (4.0, 3.0, None),
        (-1.0, 3.0, None),
        (1.0, math.inf, Count(1.0, math.inf)),
    ],
)
def test_a_count_has_no_more_events_than_its_total(
    events: float, total: float, made: Count | None
) -> None:
    assert count(events, total) == made


def test_what_is_not_a_number_is_kept() -> None:
    made = count(math.nan, 3.0)
    assert made is not None
    assert math.isnan(made.events)
