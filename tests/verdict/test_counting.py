import math

import numpy as np

from judge.stats.samples import Absence, Count, Interval
from judge.verdict.counting import track_counts

INTERVALS = [
    Interval(0, 60, {"errors": {"canary": {"a": Count(1, 10)}}}),
    Interval(60, 120, {"errors": {"canary": {"b": Count(2, 20), "a": Count(3, 30)}}}),
    Interval(120, 180, {}, absent={"errors": {"canary": Absence.PARTIAL}}),
    Interval(180, 240, {"errors": {"canary": {"b": Count(math.nan, 5)}}}),
]


def test_a_pod_is_a_column_and_a_missing_one_a_hole():
    found = track_counts(INTERVALS, "errors", "canary").counts
    assert found.total[:2].tolist()[1] == [30, 20]
    assert np.isnan(found.total).tolist() == [
        [False, True],
        [False, False],
        [True, True],
        [True, False],
    ]


def test_a_broken_number_is_told_apart_from_a_hole():
    assert track_counts(INTERVALS, "errors", "canary").not_finite == ("b",)


def test_why_an_interval_has_no_sample_is_kept():
    found = track_counts(INTERVALS, "errors", "canary")
    assert found.absent == {Absence.PARTIAL: 1}
    assert track_counts(INTERVALS, "errors", "baseline").absent == {
        Absence.NO_DATA: 4,
    }


def test_a_metric_that_nobody_has_is_empty():
    found = track_counts(INTERVALS, "latency", "canary").counts
    assert found.total.shape == (4, 0)
