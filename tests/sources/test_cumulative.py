"""Cumulative counts: what two of them say together, and that nothing else is said."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judge.errors import SourceMalformed
from judge.sources.answers import NativeHistogram
from judge.sources.cumulative import (
    NOT_FINITE,
    NOTHING,
    Cumulative,
    classic,
    difference,
    grown,
    native,
    sample,
    together,
)
from judge.sources.sample_forms import reader, sample_document
from judge.spec.resolved import Kind
from judge.stats.samples import Histogram

INF = math.inf


def held(*pairs: tuple[float, float], native: bool = False) -> Cumulative:
    bounds, counts = zip(*pairs, strict=True)
    return Cumulative(bounds, counts, native=native)


def test_a_classic_histogram_is_sorted_and_ends_with_everything() -> None:
    assert classic({INF: 5.0, 0.1: 2.0}) == held((0.1, 2.0), (INF, 5.0))
    assert classic({0.1: 2.0}) is None
    assert classic({}) is None


def answer(*buckets: tuple[str, str, str], count: str, total: str = "1.5") -> NativeHistogram:
    return NativeHistogram(count, total, [(0, *bucket) for bucket in buckets])


def test_a_native_histogram_has_both_edges_of_each_bucket() -> None:
    found = native(answer(("1", "2", "3"), ("2", "4", "1"), ("8", "16", "2"), count="6"), "it")
    assert found == Cumulative(
        (1.0, 2.0, 4.0, 8.0, 16.0, INF), (0.0, 3.0, 4.0, 4.0, 6.0, 6.0), 1.5, native=True
    )


def test_an_empty_native_histogram_holds_nothing() -> None:
    assert native(answer(count="0", total="0"), "it") == Cumulative((INF,), (0.0,), 0.0, True)


def test_its_last_bucket_may_have_no_upper_edge() -> None:
    found = native(answer(("1", "2", "3"), ("2", "+Inf", "1"), count="4"), "it")
    assert found is not None
    assert (found.bounds, found.counts) == ((1.0, 2.0, INF), (0.0, 3.0, 4.0))


def test_observations_that_are_no_numbers_are_beyond_every_bound() -> None:
    found = native(answer(("1", "2", "3"), count="5", total="NaN"), "it")
    assert found is not None
    assert found.counts == (0.0, 3.0, 5.0)


@pytest.mark.parametrize(
    "wrong",
    [
        answer(("1", "4", "3"), ("2", "8", "1"), count="4"),
        answer(("4", "1", "3"), count="3"),
        answer(("1", "2", "3"), count="1"),
    ],
    ids=["overlapping", "upside down", "more than its count"],
)
def test_what_cannot_be_a_histogram_is_none(wrong: NativeHistogram) -> None:
    assert native(wrong, "it") is None


def test_what_is_no_number_is_told() -> None:
    with pytest.raises(SourceMalformed, match="it answered with the value 'many', no number"):
        native(answer(count="many"), "it")
    with pytest.raises(SourceMalformed, match=r"it answered with a native histogram: .*'two'"):
        native(answer(("1", "two", "3"), count="3"), "it")


@pytest.mark.parametrize(
    ("bound", "count"),
    [(0.5, 0.0), (1, 0.0), (1.5, None), (2, 3.0), (3, 3.0), (8, 3.0), (9, None), (16, 5.0),
     (99, 5.0), (INF, 5.0)],
)  # fmt: skip
def test_a_count_is_known_wherever_nothing_lies_between(bound: float, count: float | None) -> None:
    found = held((1, 0.0), (2, 3.0), (8, 3.0), (16, 5.0), (INF, 5.0))
    assert found.at(bound) == count


def test_growth_is_told_where_both_tell() -> None:
    fine = held((1, 0.0), (2, 3.0), (4, 4.0), (INF, 4.0), native=True)
    coarse = held((1, 0.0), (4, 9.0), (8, 10.0), (INF, 10.0), native=True)
    grew = grown(fine, coarse)
    assert grew is not None
    assert (grew.bounds, grew.counts) == ((1, 4, 8, INF), (0.0, 5.0, 6.0, 6.0))
    assert grew.native


@pytest.mark.parametrize(
    ("before", "after", "is_native"),
    [
        pytest.param(held((1, 2.0), (INF, 5.0)), held((1, 2.0), (INF, 4.0)), False, id="total"),
        pytest.param(held((1, 2.0), (INF, 5.0)), held((1, 1.0), (INF, 9.0)), False, id="low one"),
        pytest.param(held((1, 2.0), (INF, 5.0)), held((1, 7.0), (INF, 9.0)), True, id="a bucket"),
    ],
)
def test_a_histogram_that_fell_did_not_grow(
    before: Cumulative, after: Cumulative, is_native: bool
) -> None:
    after = Cumulative(after.bounds, after.counts, native=is_native)
    assert grown(before, after) is None


def test_a_classic_bucket_may_be_read_later_than_the_next_one() -> None:
    grew = grown(held((1, 2.0), (INF, 5.0)), held((1, 7.0), (INF, 9.0)))
    assert grew is not None
    assert sample(grew) is None


def test_a_sum_is_told_where_all_tell() -> None:
    fine = held((1, 1.0), (2, 3.0), (INF, 4.0))
    coarse = held((2, 2.0), (INF, 9.0))
    both = together([fine, coarse])
    assert (both.bounds, both.counts) == ((2, INF), (5.0, 13.0))
    assert together([fine, NOTHING]).counts == fine.counts
    assert together([fine]) is fine


def test_a_classic_sample_keeps_its_layout_and_a_native_one_the_edges_of_what_grew() -> None:
    pairs = ((1, 0.0), (2, 0.0), (4, 3.0), (8, 3.0), (16, 3.0), (32, 5.0), (INF, 5.0))
    bounds, counts = zip(*pairs, strict=True)
    assert sample(held(*pairs)) == Histogram(bounds, counts)
    assert sample(held(*pairs, native=True)) == Histogram(
        (2, 4, 16, 32, INF), (0.0, 3.0, 3.0, 5.0, 5.0)
    )


@pytest.mark.parametrize(
    ("counts", "made"),
    [
        ((3.0, 3.0 - 1e-12, 3.0), (3.0, 3.0, 3.0)),
        ((-1e-12, 2.0, 3.0), (0.0, 2.0, 3.0)),
        ((2.0, 1.0, 3.0), None),
        ((-1.0, 2.0, 3.0), None),
    ],
)
def test_falls_are_ironed_out_within_rounding_alone(
    counts: tuple[float, ...], made: tuple[float, ...] | None
) -> None:
    found = sample(Cumulative((1.0, 2.0, INF), counts))
    assert (found.counts if found else None) == made


@pytest.mark.parametrize("odd", [INF, math.nan, -INF])
def test_with_anything_that_is_no_number_no_count_is_one(odd: float) -> None:
    found = sample(held((1, 2.0), (2, odd), (INF, 4.0)))
    assert found is not None
    assert found == Histogram((1, 2, INF), (math.nan,) * 3)
    told = sample(together([held((1, 2.0), (INF, 4.0)), NOT_FINITE]))
    assert told is not None
    assert math.isnan(told.total)


GRID = [2.0**k for k in range(-4, 5)]
OBSERVATIONS = st.lists(st.sampled_from([1.01 * one for one in GRID[:-1]]), max_size=30)
BOUNDS = st.sets(st.sampled_from(GRID), max_size=9).map(sorted)


def truth(observations: Sequence[float], bound: float) -> float:
    return float(sum(one <= bound for one in observations))


def seen(observations: Sequence[float], bounds: Sequence[float]) -> Cumulative:
    counts: Mapping[float, float] = {one: truth(observations, one) for one in (*bounds, INF)}
    found = classic(counts)
    assert found is not None
    return found


@given(OBSERVATIONS, OBSERVATIONS, BOUNDS, BOUNDS)
def test_whatever_is_told_of_growth_is_true(
    before: list[float], more: list[float], first: list[float], second: list[float]
) -> None:
    grew = difference(seen(before, first), seen([*before, *more], second))
    assert grew.counts == tuple(truth(more, bound) for bound in grew.bounds)
    assert {*first, INF} & {*second, INF} <= set(grew.bounds)


@given(OBSERVATIONS, OBSERVATIONS, BOUNDS, BOUNDS)
def test_whatever_is_told_of_a_sum_is_true(
    some: list[float], others: list[float], first: list[float], second: list[float]
) -> None:
    both = together([seen(some, first), seen(others, second)])
    assert both.counts == tuple(truth([*some, *others], bound) for bound in both.bounds)


@given(OBSERVATIONS, BOUNDS, st.sampled_from(GRID))
def test_a_native_sample_tells_as_much_as_the_whole(
    observations: list[float], bounds: list[float], bound: float
) -> None:
    whole = seen(observations, bounds)
    short = sample(Cumulative(whole.bounds, whole.counts, native=True))
    assert short is not None
    assert Cumulative(short.bounds, short.counts).at(bound) == whole.at(bound)


ANY_COUNT = st.one_of(st.floats(), st.floats(0, 100).map(round).map(float))


@given(st.dictionaries(st.floats(allow_nan=False).filter(lambda one: one > -INF), ANY_COUNT),
       ANY_COUNT, st.booleans())  # fmt: skip
def test_whatever_is_a_sample_can_be_stored(
    counts: dict[float, float], total: float, is_native: bool
) -> None:
    whole = classic({**counts, INF: total})
    assert whole is not None
    made = sample(Cumulative(whole.bounds, whole.counts, native=is_native))
    if made is not None:
        stored = reader(Kind.HISTOGRAM)(sample_document(made), "here")
        assert sample_document(stored) == sample_document(made)
