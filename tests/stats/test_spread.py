import math

import numpy as np
import pytest

from judge.stats.spread import FARTHEST, USUAL, WORTH, Spread, lasting, pods_for

ONE_OF_FOUR = math.sqrt(1 + 1 / 3)


def law(tau, pods, beyond=1e-4):
    both = np.full(5, math.sqrt(1 + 1 / pods))
    return lasting(np.asarray(tau), np.asarray(pods - 1.0), both, beyond=beyond)


def test_many_pods_that_are_alike_are_taken_at_their_word():
    assert law(0.0, 12).tau.max() == 0.0
    assert law(0.02, 12).degrees == 11


def test_few_pods_are_helped_by_what_pods_usually_do():
    """Three that differ by 3 % have a law of two degrees of freedom, which explains all away."""
    alone = Spread(np.full(5, 0.03 * ONE_OF_FOUR), np.asarray(2.0), 3e-4, np.asarray(0.05))
    helped = law(0.03, 3, beyond=3e-4)
    assert alone.reach[0] > 1.0
    assert helped.reach[0] < 0.9
    assert helped.degrees == 2 + WORTH
    assert USUAL * 0.5 < helped.tau[0] / ONE_OF_FOUR < USUAL


def test_pods_that_differ_much_are_believed():
    assert law(0.5, 9).tau[0] > 0.35
    assert law(0.5, 3).reach[0] == pytest.approx(math.log(FARTHEST))


def test_an_assumed_spread_stays_what_it_is():
    assumed = lasting(np.asarray(0.2), np.asarray(np.inf), np.ones(5), beyond=1e-4)
    assert assumed.tau.tolist() == [0.2] * 5
    assert np.isinf(assumed.degrees)


def test_each_of_a_batch_has_its_own_law():
    both = lasting(np.array([0.0, 0.03]), np.array([11.0, 2.0]), np.ones((2, 5)), beyond=1e-4)
    assert both.degrees.tolist() == [11.0, 2.0 + WORTH]


@pytest.mark.parametrize(
    ("wanted", "needed"), [(math.log(3.0), None), (0.5, (1, 2)), (0.1, (1, None))]
)
def test_the_canary_pods_that_would_do(wanted, needed):
    tau = 0.15 * math.sqrt(1 + 1 / 9)
    spread = Spread(np.full(1, tau), np.asarray(np.inf), 1e-4, np.asarray(0.2))
    assert pods_for(wanted, spread, 1.0, 9.0) == needed
