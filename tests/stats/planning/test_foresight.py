"""Shares and times of what was seen, and how sure they are."""

import numpy as np
import pytest

from judge.stats.planning.foresight import Estimate, Foresight, first


def test_the_first_look_counts_from_one_and_never_is_none():
    reached = np.array([[False, True, True], [False, False, False], [True, False, False]])
    assert first(reached).tolist() == [2, 0, 1]


def seen(at, independent=100.0):
    return Foresight(np.array(at), 10, independent)


def test_shares_by_look_and_the_time_by_which_half_have_seen_it():
    told = seen([2] * 30 + [5] * 30 + [0] * 40)
    assert told.by_look.tolist() == [0, 0.3, 0.3, 0.3, *[0.6] * 6]
    assert told.share.value == pytest.approx(0.6)
    assert told.look(0.5).value == 5
    assert told.look(0.95) == Estimate(None, None, None)


def test_the_interval_of_a_share_is_clopper_and_pearsons():
    # R: binom.test(60, 100)
    told = seen([1] * 60 + [0] * 40).share
    assert (told.low, told.high) == pytest.approx((0.4972, 0.6967), abs=1e-4)
    assert seen([0] * 100).share.low == 0.0
    assert seen([1] * 100).share.high == 1.0


def test_the_bounds_of_a_time_lie_around_it_and_may_lie_beyond_the_run():
    told = seen([look for look in range(1, 11) for _ in range(10)])
    half = told.look(0.5)
    assert (half.low, half.value, half.high) == (4, 5, 7)
    assert seen([*range(1, 11)] * 9 + [0] * 10).look(0.9).high is None
    wider = seen([look for look in range(1, 11) for _ in range(10)], independent=10.0).look(0.5)
    assert wider.low < half.low
    assert wider.high > half.high
