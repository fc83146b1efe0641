import math

import numpy as np

from judge.stats.samples import Absence, Count, Interval
from judge.verdict.kinds.counts import pod_counts
from judge.verdict.kinds.gathering import gathered, weights

INTERVALS = [
    Interval(0, 60, {"errors": {"canary": {"a": Count(1, 10)}}}),
    Interval(60, 120, {"errors": {"canary": {"b": Count(2, 20), "a": Count(3, 30)}}}),
    Interval(120, 180, {}, absent={"errors": {"canary": Absence.PARTIAL}}),
    Interval(180, 240, {"errors": {"canary": {"b": Count(math.nan, 5)}}}),
]


def test_a_pod_is_a_column_and_a_missing_one_a_hole():
    found = pod_counts(gathered(INTERVALS, "errors", "canary"))
    assert found.total[:2].tolist()[1] == [30, 20]
    assert np.isnan(found.total).tolist() == [
        [False, True],
        [False, False],
        [True, True],
        [True, False],
    ]


def test_why_an_interval_has_no_sample_is_kept():
    found = gathered(INTERVALS, "errors", "canary")
    assert found.absent == {Absence.PARTIAL: 1}
    assert gathered(INTERVALS, "errors", "baseline").absent == {
        Absence.NO_DATA: 4,
    }


def test_a_metric_that_nobody_has_is_empty():
    found = pod_counts(gathered(INTERVALS, "latency", "canary"))
    assert found.total.shape == (4, 0)


def test_the_expected_share_is_of_both_tracks():
    both = Interval(0, 60, {}, weights={"canary": 0.1, "baseline": 0.4})
    alone = Interval(60, 120, {}, weights={"canary": 0.1})
    nobody = Interval(120, 180, {})
    found = weights([both, alone, nobody], "canary", "baseline")
    assert found[:2].tolist() == [0.2, 0.1]
    assert np.isnan(found[2])
