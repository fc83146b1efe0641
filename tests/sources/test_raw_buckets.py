"""A classic histogram's raw buckets, put together."""

from __future__ import annotations

import math

import pytest

from judge.sources.arithmetic import HISTOGRAMS
from judge.sources.cumulative import Cumulative
from judge.sources.raw_buckets import histograms
from judge.sources.raw_series import RawSeries, grown

INF = math.inf


def bucket(
    le: str, *samples: tuple[int, float], earlier: float | None = None, **labels: str
) -> RawSeries[float]:
    counter = frozenset({"pod": "a", "le": le, **labels}.items())
    times, values = zip(*samples, strict=True)
    whole = counter | {("replica", labels.get("by", ""))}
    return RawSeries(whole, counter, ("a", "app", "1"), times, values, earlier)


def growth(*buckets: RawSeries[float]) -> Cumulative:
    found = grown(histograms(buckets), HISTOGRAMS, start=1000, end=2000)
    return found["a"]


def test_buckets_of_a_scrape_are_one_histogram() -> None:
    (one,) = histograms([bucket("+Inf", (900, 5), (1100, 7)), bucket("0.1", (900, 2), (1100, 3))])
    assert one.times == (900, 1100)
    assert [whole.counts for whole in one.values] == [(2, 5), (3, 7)]
    assert one.counter == frozenset({("pod", "a")})


def test_a_scrape_without_the_last_bucket_is_left_out() -> None:
    (one,) = histograms([bucket("+Inf", (1100, 7)), bucket("0.1", (900, 2), (1100, 3))])
    assert one.times == (1100,)
    assert histograms([bucket("0.1", (900, 2))]) == []


@pytest.mark.parametrize("le", ["", "much", "NaN"])
def test_what_has_no_bound_is_no_bucket(le: str) -> None:
    assert histograms([bucket(le, (900, 2))]) == []


def test_what_a_histogram_held_before_is_put_together_too() -> None:
    (one,) = histograms([bucket("+Inf", (1100, 7), earlier=5), bucket("1", (1100, 3), earlier=2)])
    assert one.earlier == Cumulative((1.0, INF), (2, 5))


def test_a_histogram_is_reset_as_a_whole() -> None:
    # The lower bucket's count has passed its old one; the other one tells that it began anew.
    grew = growth(bucket("0.1", (900, 2), (1100, 6)), bucket("+Inf", (900, 50), (1100, 8)))
    assert (grew.bounds, grew.counts) == ((0.1, INF), (6, 8))


def test_a_new_layout_keeps_the_bounds_that_both_have_however_they_are_written() -> None:
    grew = growth(
        bucket("0.1", (900, 2), (1100, 3)),
        bucket("1", (900, 4), (1100, 6)),
        bucket("0.5", (1200, 1)),
        bucket("1.0", (1200, 2)),
        bucket("+Inf", (900, 5), (1100, 7), (1200, 2)),
    )
    assert (grew.bounds, grew.counts) == ((1.0, INF), (4, 4))


def test_histograms_of_a_pod_are_added() -> None:
    grew = growth(
        bucket("+Inf", (900, 5), (1100, 7), path="/"),
        bucket("0.1", (900, 5), (1100, 6), path="/"),
        bucket("+Inf", (900, 50), (1100, 60), path="/slow"),
    )
    assert (grew.bounds, grew.counts) == ((INF,), (12,))


def test_a_histogram_that_was_not_finite_is_not_counted() -> None:
    grew = growth(bucket("+Inf", (900, 5), (1100, INF), (1200, 9)))
    assert math.isnan(grew.total)
