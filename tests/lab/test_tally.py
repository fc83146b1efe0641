import math

import numpy as np
import pytest

from judge.lab.tally import Tally, tallied


def tally(looks: list[int], longest: int = 10) -> Tally:
    return tallied(np.array([looks]), longest)


def test_shares_count_rollbacks_among_all() -> None:
    counted = tally([0, 0, 3, 10])
    assert counted.rollouts == 4
    assert counted.rolled_back.value == 0.5
    assert (counted.by(3), counted.by(9), counted.by(10)) == (0.25, 0.25, 0.5)


def test_parts_add_up_whatever_their_order() -> None:
    one, other = tally([0, 2, 3]), tally([5, 0])
    both = one + other
    assert np.array_equal(both.looks, tally([0, 0, 2, 3, 5]).looks)
    assert both.looks.tolist() == (other + one).looks.tolist()
    assert (both.rolled_back.hits, both.rolled_back.clusters) == (3, 2)


def test_proofs_are_counted_apart_and_may_be_of_more_rollouts() -> None:
    looks, early = np.array([[0, 1]]), np.array([[2, 0, 0, 3]])
    proving = tallied(looks, 3, early > 0, early)
    both = proving + proving
    assert both.rollouts == 4
    assert both.proven is not None
    assert both.shown is not None
    assert (both.proven.hits, both.proven.trials) == (4, 8)
    assert both.early is not None
    assert both.early.tolist() == [4, 0, 2, 2]
    assert (both.shown_by(1), both.shown_by(2), both.shown_by(3)) == (0.0, 0.25, 0.5)
    assert both.early_median == 3
    assert (proving + tally([1, 2, 0], 3)).proven is None


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
