"""Which stretches of a history and which pods play the canary."""

import numpy as np
import pytest

from judge.stats.planning.scenes import Planned, group_of, scenes


def drawn(present, *, looks=10, group=2, count=40):
    return scenes(present, looks=looks, group=group, count=count, rng=np.random.default_rng(1))


def test_each_pod_is_on_one_side_and_stretches_lie_within_the_history():
    found = drawn(np.ones((50, 6), bool))
    assert len(found) == 40
    for group, others in zip(found.groups, found.others, strict=True):
        assert sorted([*group, *others]) == list(range(6))
    assert found.within.min() in (0, 1)
    assert found.within.max() in (48, 49)
    assert (np.diff(found.within, axis=1) == 1).all()
    assert set(found.groups.ravel()) == set(range(6))


def test_only_pods_that_are_there_play_the_canary():
    present = np.zeros((100, 8), bool)
    present[:50, :4] = True
    present[50:, 4:] = True
    found = drawn(present, group=1)
    for within, group in zip(found.within, found.groups, strict=True):
        assert present[within][:, group].mean() >= 0.5


def test_what_is_played_and_what_rests():
    present = np.ones((30, 3), bool)
    values = np.arange(90.0).reshape(30, 3)
    found = drawn(present, group=1, count=5)
    both = np.concatenate([found.playing(values), found.resting(values)], axis=2)
    assert both.shape == (5, 10, 3)
    assert (np.sort(both, axis=2) == values[found.within]).all()


@pytest.mark.parametrize(
    ("intervals", "pods", "group"), [(9, 6, 1), (50, 1, 1), (50, 2, 2)], ids=str
)
def test_too_little_for_a_single_scene(intervals, pods, group):
    assert drawn(np.ones((intervals, pods), bool), group=group) is None


def test_scenes_that_share_their_stretches_count_for_few():
    assert drawn(np.ones((20, 2), bool), group=1).independent == pytest.approx(2.2)
    assert drawn(np.ones((1000, 9), bool), group=1).independent == 40


def test_no_more_than_half_of_the_pods_play_the_canary():
    assert group_of(Planned(canary=5, baseline=9, share=0.3), pods=9) == 4
    assert group_of(Planned(canary=2, baseline=9, share=0.2), pods=9) == 2
    assert group_of(Planned(canary=2, baseline=1, share=0.5), pods=1) == 1
