"""The shift by ranks: Kayenta's own cases and what its program answered, to the last bit."""

import numpy as np
import pytest

from judge.stats.normal_quantile import normal_quantile
from judge.stats.ranks import AllTied, shift, standardised
from tests.kayenta_cases import cases, parametrized


@parametrized("wilcoxonDiff")
def test_the_standardised_statistic_is_kayentas(case):
    experiment, control = np.array(case["experiment"]), np.array(case["control"])
    found = standardised(case["mu"], experiment, control) - case["quantile"]
    assert found == pytest.approx(case["expected"]["value"], rel=0.0, abs=case["tolerance_abs"])


@parametrized("zQuant")
def test_the_normal_quantile_is_kayentas(case):
    found = normal_quantile(case["p"])
    assert found == pytest.approx(case["expected"]["value"], rel=0.0, abs=case["tolerance_abs"])


@parametrized("mannwhitney")
def test_interval_and_estimate_are_kayentas(case):
    experiment, control = np.array(case["experiment"]), np.array(case["control"])
    found = shift(experiment, control, confidence=case["confLevel"])
    wanted, within = case["expected"], case["tolerance_abs"]
    assert found.low == pytest.approx(wanted["ciLow"], rel=0.0, abs=within)
    assert found.high == pytest.approx(wanted["ciHigh"], rel=0.0, abs=within)
    of_estimate = case.get("tolerance_abs_estimate", within)
    assert found.estimate == pytest.approx(wanted["estimate"], rel=0.0, abs=of_estimate)


STEP_BY_STEP = [case for case in cases("mannwhitney") if "muMin" in case["expected"]]


@pytest.mark.parametrize("case", STEP_BY_STEP, ids=lambda case: case["id"])
def test_the_search_starts_where_kayentas_does(case):
    """The range of the shifts, the quantiles, and the four values at the range's ends."""
    experiment, control = np.array(case["experiment"]), np.array(case["control"])
    wanted, quantile = case["expected"], normal_quantile((1.0 - case["confLevel"]) / 2)
    low, high = experiment.min() - control.max(), experiment.max() - control.min()
    found = [low, high, -quantile, quantile]

    at_low, at_high = (standardised(mu, experiment, control) for mu in (low, high))
    found += [at_low + quantile, at_high + quantile, at_low - quantile, at_high - quantile]
    names = ("muMin", "muMax", "zqLower", "zqUpper", "fLower1", "fUpper1", "fLower2", "fUpper2")
    assert found == pytest.approx([wanted[name] for name in names], rel=1e-12)


def test_values_that_all_tie_have_no_interval():
    with pytest.raises(AllTied):
        shift(np.array([5.0]), np.array([3.0]))
