"""NaN removed or replaced before anything is judged, on Kayenta's own cases."""

import numpy as np
import pytest

from judge.spec.kayenta_rules import KayentaRules, NanStrategy
from judge.stats.effect_sizes import summary
from judge.verdict.kayenta.classification import classify
from judge.verdict.kayenta.terms import Terms
from tests.kayenta_cases import cases

STRATEGIES = {"removeNaNs": NanStrategy.REMOVE, "replaceNaNs": NanStrategy.REPLACE}
GAPS = [case for case in cases("transform") if case["op"] in STRATEGIES]


@pytest.mark.parametrize("case", GAPS, ids=lambda case: case["id"])
def test_gaps_are_taken_as_kayenta_takes_them(case):
    """What the classification says of a side is said of the values that are left."""
    terms = Terms("m", KayentaRules(nan_strategy=STRATEGIES[case["op"]]))
    said = classify(np.array(case["data"]), np.array([1.0, 2.0]), terms)
    assert said.experiment == summary(np.array(case["expected"]["data"], float))
