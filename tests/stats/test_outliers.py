"""Outliers and percentiles, on Kayenta's own cases and by what they must satisfy."""

import math

import numpy as np
import pytest

from judge.stats.outliers import fences, kept, kept_within, percentile
from tests.kayenta_cases import cases, parametrized


def left(case):
    values = np.array(case["data"], float)
    if case["detector"] == "KSigma":
        return kept_within(values, deviations=case["factor"])
    return kept(values, factor=case["factor"], widened=case.get("reduceSensitivity", False))


@parametrized("outliers")
def test_outliers_are_kayentas(case):
    outlying = case["expected"]["isOutlier"]
    wanted = [value for value, out in zip(case["data"], outlying, strict=True) if not out]
    assert left(case).tolist() == wanted


OUTLIERS_REMOVED = [case for case in cases("transform") if case["op"] == "removeOutliers"]


@pytest.mark.parametrize("case", OUTLIERS_REMOVED, ids=lambda case: case["id"])
def test_what_is_left_is_what_kayenta_leaves(case):
    assert left(case).tolist() == case["expected"]["data"]


@parametrized("percentileR7")
def test_percentiles_are_kayentas(case):
    found = percentile(np.array(case["data"]), case["p"])
    within = case.get("tolerance_abs", 0.0)
    assert found == pytest.approx(case["expected"]["value"], rel=0.0, abs=within)


def test_percentiles_of_nothing_and_of_one():
    assert math.isnan(percentile(np.array([]), 25.0))
    assert percentile(np.array([7.0]), 1.0) == 7.0


def test_wider_fences_keep_what_lies_between_the_outer_percentiles():
    """More than half zeros: both quartiles are 0, and only the 99th percentile saves the rest."""
    values = np.array([0.0] * 90 + [1.0] * 10)
    assert kept(values, factor=3.0, widened=False).size == 90
    assert kept(values, factor=3.0).size == 100


def test_an_infinity_in_a_quartile_takes_the_fences_away():
    values = np.array([1.0, 2.0, math.inf, math.inf, -1e9])
    assert math.isnan(fences(values, factor=3.0)[1])
    assert kept(values, factor=3.0).tolist() == values.tolist()


def test_a_factor_must_be_above_zero():
    with pytest.raises(ValueError, match="above 0"):
        kept(np.ones(3), factor=0.0)


def test_nothing_stays_nothing():
    assert kept(np.array([]), factor=3.0).size == 0
    assert kept_within(np.array([]), deviations=3.0).size == 0
