"""Effect sizes and descriptive statistics, on Kayenta's own cases and by what they must satisfy."""

import math

import numpy as np
import pytest

from judge.stats.effect_sizes import (
    Summary,
    cles,
    cohen_d,
    mean_ratio,
    summaries,
    summary,
)
from tests.kayenta_cases import parametrized

_MEASURES = {"meanRatio": mean_ratio, "cohenD": cohen_d, "cles": cles}


@parametrized("meanRatio", "cohenD", "cles")
def test_effect_sizes_are_kayentas(case):
    found = _MEASURES[case["kind"]](np.array(case["experiment"]), np.array(case["control"]))
    within = case.get("tolerance_abs", 0.0)
    assert found == pytest.approx(case["expected"]["value"], rel=0.0, abs=within, nan_ok=True)


@parametrized("summary")
def test_summaries_are_kayentas(case):
    found, wanted = summary(np.array(case["data"], float)), case["expected"]
    assert found.count == wanted["count"]
    for name in ("min", "max", "mean", "std"):
        within = case.get("tolerance_abs", 0.0)
        assert getattr(found, name) == pytest.approx(wanted[name], rel=0.0, abs=within)


def test_an_infinity_leaves_no_mean_and_no_ratio():
    values = np.array([1.0, math.inf])
    assert math.isnan(summary(values).mean)
    assert math.isnan(mean_ratio(values, np.ones(2)))


def test_rows_are_summed_up_as_each_alone():
    values = np.random.default_rng(1).lognormal(3.0, 1.0, (5, 33))
    together = summaries(values)
    for row, alone in enumerate(map(summary, values)):
        assert alone == Summary(
            together.min[row], together.max[row], together.mean[row], together.std[row], 33
        )


def test_rows_of_nothing_are_zeros():
    assert summaries(np.empty((3, 0))).mean.tolist() == [0.0] * 3


def test_the_mean_is_corrected_where_a_plain_sum_is_not_exact():
    """Ten tenths add up to a little less than one; the residuals tell."""
    assert summary(np.full(10, 0.1)).mean == 0.1
    assert np.add.accumulate(np.full(10, 0.1))[-1] / 10 != 0.1


def test_cles_counts_pairs_and_halves_ties():
    experiment, control = np.array([3.0, 1.0, 2.0]), np.array([2.0, 2.0, 0.0])
    pairs = [(x > y) + 0.5 * (x == y) for x in experiment for y in control]
    assert cles(experiment, control) == sum(pairs) / 9


def test_cles_puts_minus_zero_below_zero():
    assert cles(np.array([0.0]), np.array([-0.0])) == 1.0
    assert cles(np.array([-0.0]), np.array([0.0])) == 0.0
