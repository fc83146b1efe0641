import numpy as np
import pytest

from judge.stats.arms import PodCounts, paired, summed


def counts(events, total):
    return PodCounts(np.array(events, dtype=float), np.array(total, dtype=float))


def test_pods_are_summed_by_interval():
    arm = summed(counts([[1, 2], [3, 4]], [[10, 10], [10, 30]]))
    assert arm.events.tolist() == [3, 7]
    assert arm.total.tolist() == [20, 40]


@pytest.mark.parametrize("hole", ["events", "total"])
def test_a_hole_in_one_count_of_a_pod_drops_the_other_too(hole):
    events, total = [[1.0, 2.0]], [[10.0, 20.0]]
    {"events": events, "total": total}[hole][0][1] = np.nan
    arm = summed(counts(events, total))
    assert (arm.events[0], arm.total[0]) == (1, 10)


def test_infinite_counts_and_more_events_than_exposures_are_holes():
    arm = summed(counts([[1, 5, np.inf]], [[10, 4, np.inf]]))
    assert (arm.events[0], arm.total[0]) == (1, 10)


def test_an_interval_without_traffic_in_one_arm_is_dropped_from_both():
    arms = paired(counts([[1], [2]], [[10], [0]]), counts([[3], [4]], [[90], [90]]))
    assert arms.usable.tolist() == [True, False]
    assert arms.reference.total.tolist() == [90, 0]
    assert arms.reference.events.tolist() == [3, 0]


def test_pods_count_by_their_traffic():
    even = summed(counts([[0] * 4], [[10] * 4]))
    uneven = summed(counts([[0] * 4], [[100, 0, 0, 0]]))
    assert even.pods[0] == pytest.approx(4)
    assert uneven.pods[0] == pytest.approx(1)


def test_arrays_of_unlike_shapes_are_refused():
    with pytest.raises(ValueError, match="must be alike"):
        PodCounts(np.zeros((3, 2)), np.zeros((3, 1)))
