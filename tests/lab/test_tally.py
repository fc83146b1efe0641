import math

import numpy as np
import pytest
from scipy import stats

from judge.lab.tally import Tally, binomial_bounds, histogram


def tally(looks: list[int], longest: int = 10) -> Tally:
    return Tally(histogram(np.array(looks), longest))


def test_shares_count_rollbacks_among_all() -> None:
    counted = tally([0, 0, 3, 10])
    assert (counted.rollouts, counted.rollbacks) == (4, 2)
    assert counted.share == 0.5
    assert counted.standard_error == pytest.approx(0.25)
    assert (counted.by(3), counted.by(9), counted.by(10)) == (0.25, 0.25, 0.5)


def test_parts_add_up_whatever_their_order() -> None:
    one, other = tally([0, 2, 3]), tally([5, 0])
    assert np.array_equal((one + other).rolled_back, tally([0, 0, 2, 3, 5]).rolled_back)
    proving = Tally(histogram(np.array([0, 1]), 3), 1, histogram(np.array([2, 0]), 3))
    both = proving + proving
    assert both.proven == 2
    assert both.early is not None
    assert both.early.tolist() == [2, 0, 2, 0]


@pytest.mark.parametrize(
    ("looks", "onset", "median"),
    [
        ([2, 4, 9], 0, 4),
        ([0, 4, 9], 0, 9),
        ([0, 0, 9], 0, math.inf),
        ([0, 0, 3, 4], 0, 4),
        ([32 - 30, 6, 9, 10], 4, 5),  # the first was rolled back before the onset: left out
    ],
)
def test_the_median_counts_what_was_never_seen(looks: list[int], onset: int, median: float) -> None:
    assert tally(looks).median(onset) == median


def test_bounds_are_clopper_and_pearson_s() -> None:
    for successes, trials in ((0, 20), (3, 50), (20, 20)):
        exact = stats.binomtest(successes, trials).proportion_ci(0.95, method="exact")
        assert binomial_bounds(successes, trials, 0.95) == pytest.approx((exact.low, exact.high))
