"""Simulated arrays become the samples that a Prometheus would have given."""

import numpy as np

from judge.lab.sampled import at, intervals, native
from judge.stats.arms import PodCounts
from judge.stats.histograms import PodHistograms
from judge.stats.levels import PodLevels
from judge.stats.samples import Count, Histogram, Level

BOUNDS = np.array([1.0, 2.0, 4.0, 8.0, 16.0, np.inf])


def test_a_native_histogram_names_both_edges_of_what_holds_something() -> None:
    lonely = native(BOUNDS, np.array([0.0, 0.0, 0.0, 5.0, 5.0, 5.0]))
    assert lonely == Histogram((4.0, 8.0, np.inf), (0.0, 5.0, 5.0))
    ends = native(BOUNDS, np.array([2.0, 2.0, 2.0, 2.0, 2.0, 3.0]))
    assert ends == Histogram((1.0, 16.0, np.inf), (2.0, 2.0, 3.0))
    assert native(BOUNDS, np.zeros(6)) == Histogram((np.inf,), (0.0,))


def test_each_kind_has_its_own_sample_by_pod_and_interval() -> None:
    counts = PodCounts(np.array([[1.0, 2.0], [3.0, 4.0]]), np.full((2, 2), 9.0))
    levels = PodLevels(np.array([[0.5], [0.25]]))
    times = PodHistograms(BOUNDS, np.arange(1.0, 13.0).reshape(2, 1, 6))
    metrics = {"errors": {"canary": counts}, "cpu": {"baseline": levels}, "t": {"canary": times}}
    first, second = intervals(metrics, 30.0, range(4, 6))
    assert (first.start, first.end, second.end) == (120.0, 150.0, 180.0)
    assert second.samples["errors"] == {
        "canary": {"canary-0": Count(3.0, 9.0), "canary-1": Count(4.0, 9.0)}
    }
    assert first.samples["cpu"] == {"baseline": {"baseline-0": Level(0.5)}}
    told = second.samples["t"]["canary"]["canary-0"]
    assert isinstance(told, Histogram)
    assert told.counts == (7.0, 8.0, 9.0, 10.0, 11.0, 12.0)


def test_one_rollout_of_a_batch_keeps_its_bounds() -> None:
    batch = PodHistograms(BOUNDS, np.arange(24.0).reshape(2, 2, 1, 6))
    one = at(batch, (1,))
    assert isinstance(one, PodHistograms)
    assert np.array_equal(one.bounds, BOUNDS)
    assert np.array_equal(one.counts, batch.counts[1])
