"""A release that is put into recorded samples has just the effect that it is said to have."""

import math

import numpy as np
import pytest
from scipy.stats import norm

from judge.lab.telemetry.released import Thinning, slower
from judge.stats.samples import Count, Histogram, Level

BOUNDS = (0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0, math.inf)
KEPT = Thinning(0.5)


def rng() -> np.random.Generator:
    return np.random.default_rng(1)


@pytest.mark.parametrize(("effect", "share"), [(1.0, 0.5), (1.25, 0.625), (2.0, 1.0)])
def test_of_the_errors_a_share_is_kept_that_grows_with_the_effect(effect, share) -> None:
    thinned = KEPT(Count(100_000.0, 200_000.0), effect, rng())
    assert isinstance(thinned, Count)
    assert thinned.events == pytest.approx(100_000 * share, rel=0.01)
    assert thinned.total == 200_000


def test_in_an_outage_every_request_fails() -> None:
    assert KEPT(Count(3.0, 600.0), math.inf, rng()) == Count(600.0, 600.0)


def test_a_level_is_raised_and_a_good_release_is_left_alone() -> None:
    assert KEPT(Level(2.0), 1.5, rng()) == Level(3.0)
    times = Histogram(BOUNDS, (1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0))
    assert KEPT(times, 1.0, rng()) is times


def lognormal(slower_by: float, requests: float = 1e6) -> Histogram:
    within = norm.cdf(np.log(np.array(BOUNDS) / (0.12 * slower_by)) / 0.4)
    return Histogram(BOUNDS, tuple(np.round(requests * within)))


@pytest.mark.parametrize("effect", [1.5, 2.0, 3.375])
def test_slower_requests_are_where_slower_requests_would_be(effect: float) -> None:
    moved, meant = slower(lognormal(1.0), effect, rng()), lognormal(effect)
    assert moved.bounds == BOUNDS
    assert moved.total == meant.total
    assert np.array(moved.counts) == pytest.approx(np.array(meant.counts), abs=0.035 * moved.total)


def test_nobody_gets_faster_and_what_is_beyond_stays_there() -> None:
    alone = Histogram(BOUNDS, (0.0,) * 8 + (50.0,))
    assert slower(alone, 4.0, rng()) == alone
    before = lognormal(1.0, 1000.0)
    after = slower(before, 1.2, rng())
    assert all(now <= then for now, then in zip(after.counts, before.counts, strict=True))
