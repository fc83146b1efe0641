"""Shares of trials that come in clusters: exact where they do not, wider where they do."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import stats

from judge.stats.clustered import clustered_share


def test_many_independent_events_have_the_exact_interval() -> None:
    rng = np.random.default_rng(3)
    trials = [10] * 400
    events = rng.binomial(10, 0.1, 400)
    found = clustered_share([int(one) for one in events], trials)
    exact = stats.binomtest(int(events.sum()), 4000).proportion_ci(0.95, "exact")
    assert found.share == pytest.approx(events.mean() / 10)
    assert (found.low, found.high) == pytest.approx((exact.low, exact.high), rel=0.03)


def test_events_that_come_together_are_worth_one() -> None:
    found = clustered_share([10] * 40 + [0] * 360, [10] * 400)
    alone = stats.binomtest(40, 400).proportion_ci(0.95, "exact")
    assert found.effective == pytest.approx(400, rel=0.15)
    assert (found.low, found.high) == pytest.approx((alone.low, alone.high), rel=0.1)


def test_without_an_event_there_is_still_an_upper_end() -> None:
    found = clustered_share([0] * 10, [10] * 10)
    assert (found.share, found.low) == (0.0, 0.0)
    assert found.high == pytest.approx(1 - 0.025 ** (1 / 50))  # an event would bring another


def test_more_events_never_lower_the_upper_end() -> None:
    upper = [clustered_share([1] * n + [0] * (50 - n), [20] * 50).high for n in range(50)]
    assert all(later > before for before, later in itertools.pairwise(upper))


def test_where_everything_failed_nothing_is_ruled_out_above() -> None:
    found = clustered_share([5, 5], [5, 5])
    assert (found.share, found.high) == (1.0, 1.0)
    assert 0 < found.low < 0.9


def test_without_trials_nothing_is_known() -> None:
    found = clustered_share([], [])
    assert (found.share, found.low, found.high) == (None, None, None)


def test_more_events_than_trials_are_a_mistake() -> None:
    with pytest.raises(ValueError, match="as many trials"):
        clustered_share([2], [1])


@pytest.mark.parametrize("share", [0.01, 0.05])
def test_the_interval_covers_the_truth_where_clusters_fail_together(share: float) -> None:
    """A failing hour takes half of its trials with it; 168 clusters of 10, 400 pasts."""
    rng = np.random.default_rng(5)
    missed = 0
    for _ in range(400):
        bad = rng.random(168) < 2 * share
        events = np.where(bad, rng.binomial(10, 0.5, 168), 0)
        found = clustered_share([int(one) for one in events], [10] * 168)
        missed += not found.low <= share <= found.high
    assert missed / 400 <= 0.08
