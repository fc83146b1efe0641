import math

import numpy as np
import pytest

from judge.stats.arms import PodCounts
from judge.stats.calibration import (
    draw,
    group_size,
    pseudo_rollouts,
    raised_threshold,
    stride,
)


@pytest.mark.parametrize(
    ("canary", "baseline", "size"), [(1, 9, 1), (3, 9, 3), (9, 9, 4), (2, 3, 1), (1, 1, 1)]
)
def test_as_many_pods_play_the_canary_as_it_has_but_half_at_most(canary, baseline, size):
    assert group_size(canary, baseline) == size


def numbered(intervals, pods):
    """Counts that tell where they come from: events = interval, total = 1000 (pod + 1)."""
    events = np.broadcast_to(np.arange(intervals)[:, None], (intervals, pods)).astype(float)
    total = np.broadcast_to(1000.0 * (1 + np.arange(pods)), (intervals, pods))
    return PodCounts(events, total)


def test_each_group_plays_the_canary_against_all_the_other_pods_in_every_window():
    history = numbered(480, 4)
    arms = pseudo_rollouts(draw(480, 4, looks=30, group=1), history)
    assert arms is not None
    assert arms.treated.total.shape == (65 * 4, 30)
    assert sorted(set(arms.treated.total[:, 0])) == [1000, 2000, 3000, 4000]
    assert ((arms.treated.total + arms.reference.total) == 10000).all()
    assert (np.diff(arms.treated.events, axis=-1) == 1).all()  # consecutive intervals
    assert arms.treated.events.max() == 479  # the newest history is used


def test_few_pods_are_watched_in_windows_that_overlap_more():
    assert stride(480, 9, 30) == 15
    assert stride(480, 3, 30) == 7


@pytest.mark.parametrize(
    ("intervals", "pods", "looks"),
    [(60, 10, 120), (480, 1, 30), (60, 3, 30)],
    ids=["shorter than a run", "one pod", "too few windows"],
)
def test_without_history_enough_nothing_is_calibrated(intervals, pods, looks):
    assert draw(intervals, pods, looks=looks, group=1) is None


def test_a_quiet_service_pays_nothing():
    rng = np.random.default_rng(1)
    exact = np.maximum(rng.exponential(1.0, (50, 300)) - 0.5, 0.0)  # P(max > x) below e^-x
    assert np.median(raised_threshold(exact, alpha=0.01, overlap=0.5)) < 0.3
    assert (raised_threshold(np.zeros((1, 300)), alpha=0.01, overlap=0.5) == 0).all()


@pytest.mark.parametrize("alpha", [0.01, 0.05])
def test_the_raised_threshold_bounds_the_false_alarms_of_a_noisy_service(alpha):
    rng = np.random.default_rng(2)

    # most windows see nothing, a fifth sees an incident whose evidence is heavy-tailed
    def drawn(shape):
        return np.where(
            rng.random(shape) < 0.2, rng.exponential(6.0, shape), 0.1 * rng.random(shape)
        )

    thresholds = math.log(1 / alpha) + raised_threshold(drawn((400, 300)), alpha=alpha, overlap=0.5)
    truth = drawn(200_000)
    false = np.mean([(truth > one).mean() for one in thresholds])
    assert false <= alpha
    assert (thresholds > math.log(1 / alpha)).mean() > 0.9


def test_parts_of_a_draw_are_the_whole_of_it():
    chosen, history = draw(480, 9, looks=30, group=2), numbered(480, 9)
    parts = [pseudo_rollouts(part, history).treated.events for part in chosen.chunks()]
    assert len(parts) > 1
    assert (np.concatenate(parts) == pseudo_rollouts(chosen, history).treated.events).all()
