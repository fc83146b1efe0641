"""Shares of rollouts in clusters: their error and their bounds."""

import math

import numpy as np
import pytest
from scipy import stats

from judge.lab.shares import Share

HISTORIES, RUNS = 100, 50


def share(hits: list[int], trials: int) -> Share:
    """Clusters with so many hits each."""
    return Share.of(np.arange(trials) < np.array(hits)[:, None])


def test_a_share_is_hits_of_trials_and_parts_add_up() -> None:
    one, other = share([1, 0, 3], 4), share([2], 2)
    both = one + other
    assert (both.hits, both.trials, both.clusters) == (6, 14, 4)
    assert both.value == 6 / 14
    assert (both.hits_hits, both.hits_trials, both.trials_trials, both.struck) == (14, 20, 52, 3)
    assert both == other + one
    assert math.isnan(Share().value)


def test_with_a_run_each_it_is_a_binomial_share() -> None:
    plain = share([1] * 30 + [0] * 470, 1)
    assert plain.standard_error == pytest.approx(math.sqrt(0.06 * 0.94 / 500), rel=0.01)
    exact = stats.binomtest(30, 500).proportion_ci(0.9, method="exact")
    assert plain.upper() == pytest.approx(exact.high, rel=0.01)
    assert plain.lower() == pytest.approx(exact.low, rel=0.01)


def test_its_error_is_that_of_the_mean_over_histories() -> None:
    hits = [0, 5, 1, 0, 9, 2, 2, 0]
    found = share(hits, 20)
    means = np.array(hits) / 20
    assert found.standard_error == pytest.approx(stats.sem(means))
    alone = found.value * (1 - found.value) / found.trials
    assert found.design_effect == pytest.approx(stats.sem(means) ** 2 / alone)


def test_hits_that_come_together_say_less() -> None:
    spread, together = share([1] * 25 + [0] * 75, 50), share([25] + [0] * 99, 50)
    assert spread.value == together.value
    assert together.upper() > 2 * spread.upper()
    assert together.lower() < spread.lower()


def test_nothing_seen_is_not_nothing() -> None:
    none = share([0] * HISTORIES, RUNS)
    assert none.lower() == 0.0
    assert stats.beta.ppf(0.95, 1, HISTORIES * RUNS) < none.upper() < 0.01
    assert share([0], 50).upper() > 0.2  # one history says next to nothing
    assert (Share().lower(), Share().upper()) == (0.0, 1.0)
    assert share([2, 2], 2).upper() == 1.0


@pytest.mark.parametrize("mean", [0.003, 0.01, 0.05])
@pytest.mark.parametrize("correlation", [0.0, 0.02, 0.1])
def test_the_upper_bound_lies_above_the_truth_about_nineteen_times_in_twenty(
    mean: float, correlation: float
) -> None:
    """Histories whose own probabilities follow a beta law with this correlation between runs."""
    rng = np.random.default_rng(1)
    if correlation:
        more = 1.0 / correlation - 1.0
        own = rng.beta(mean * more, (1.0 - mean) * more, (1000, HISTORIES))
    else:
        own = np.full((1000, HISTORIES), mean)
    hits = rng.binomial(RUNS, own)
    covered = np.mean([share(list(one), RUNS).upper() >= mean for one in hits])
    assert covered >= 0.92
