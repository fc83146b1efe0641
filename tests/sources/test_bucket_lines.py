"""What a histogram's sums at two ends say."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pytest

from judge.sources.bucket_lines import BucketLine, BucketLines
from judge.sources.cumulative import Cumulative
from judge.sources.increments import Unknown
from judge.sources.queries import What

INF = math.inf
Ends = tuple[float | None, float | None]


def line(
    sums: Mapping[float, Ends] | None = None,
    *,
    partial: Mapping[float, Ends] | None = None,
    **others: Ends,
) -> BucketLine:
    made = BucketLine(2)
    for what, columns in ((What.SUM, sums), (What.PARTIAL, partial)):
        for bound, values in (columns or {}).items():
            column = made.column(what, bound)
            assert column is not None
            column[:] = values
    for name, values in others.items():
        column = made.column(What[name.upper()], math.nan)
        assert column is not None
        column[:] = values
    return made


GREW = {0.1: (2.0, 5.0), 1.0: (3.0, 8.0), INF: (3.0, 9.0)}


def test_a_histogram_grew_at_each_bound() -> None:
    grew = line(GREW).increment(0)
    assert isinstance(grew, Cumulative)
    assert (grew.bounds, grew.counts) == ((0.1, 1.0, INF), (3.0, 5.0, 6.0))


@pytest.mark.parametrize(
    ("one", "said"),
    [
        pytest.param(line(), Unknown.ABSENT, id="never was"),
        pytest.param(line({INF: (None, 5.0)}), Unknown.DOUBTFUL, id="came"),
        pytest.param(line({INF: (5.0, None)}), Unknown.DOUBTFUL, id="went"),
        pytest.param(line({INF: (5.0, 4.0)}), Unknown.DOUBTFUL, id="fell"),
        pytest.param(line({1.0: (2.0, 1.0), INF: (5.0, 9.0)}), Unknown.DOUBTFUL, id="one fell"),
        pytest.param(line(GREW, doubts=(None, 1.0)), Unknown.DOUBTFUL, id="reset and overtook"),
        pytest.param(line(GREW, series=(2.0, 3.0)), Unknown.DOUBTFUL, id="a series came"),
        pytest.param(
            line({0.5: (None, 2.0), 1.0: (2.0, 5.0), INF: (3.0, 9.0)}),
            Unknown.DOUBTFUL,
            id="other buckets",
        ),
        pytest.param(line({1.0: (2.0, 5.0)}), Unknown.BROKEN, id="no +Inf"),
        pytest.param(line({1.0: (None, 5.0)}), Unknown.BROKEN, id="came without +Inf"),
        pytest.param(line(unbounded=(2.0, 2.0)), Unknown.BROKEN, id="plain numbers"),
    ],
)
def test_an_increment_is_certain_or_not(one: BucketLine, said: Unknown) -> None:
    assert one.increment(0) is said


@pytest.mark.parametrize("before", [INF, math.nan])
def test_nothing_is_counted_on_from_what_was_no_number(before: float) -> None:
    grew = line({0.1: (before, 2.0), INF: (before, 5.0)}, doubts=(None, 1.0)).increment(0)
    assert isinstance(grew, Cumulative)
    assert not grew.finite


def test_a_reset_in_the_interval_before_is_no_doubt() -> None:
    assert isinstance(line(GREW, doubts=(1.0, None)).increment(0), Cumulative)


def test_a_bound_that_not_every_series_has_is_left_out() -> None:
    grew = line(GREW, partial={0.1: (1.0, 1.0)}).increment(0)
    assert isinstance(grew, Cumulative)
    assert grew.bounds == (1.0, INF)


def test_a_native_histogram_is_taken_whole() -> None:
    one = line(unbounded=(1.0, 1.0))
    one.natives[:] = [
        Cumulative((1.0, INF), (0.0, 4.0), native=True),
        Cumulative((1.0, INF), (0.0, 6.0), native=True),
    ]
    grew = one.increment(0)
    assert isinstance(grew, Cumulative)
    assert (grew.bounds, grew.counts, grew.native) == ((1.0, INF), (0.0, 2.0), True)


def test_a_sum_without_a_bound_has_no_place() -> None:
    assert BucketLine(2).column(What.SUM, math.nan) is None


def test_something_without_a_bound_may_be_native() -> None:
    lines = BucketLines(2)
    assert not lines.unbounded
    lines.line("a").unbounded[1] = 1.0
    assert lines.unbounded
    assert lines.line("a") is lines.pods["a"]
