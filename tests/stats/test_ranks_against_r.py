"""The shift by ranks beside R's wilcox.test: data/wilcox.R records what R 4.2 says.

R inverts the same statistic by the same search, so the bounds agree but for roundings: R's normal
quantile and the order of its sums end in other last digits. The estimate is another matter: R
leaves the correction for continuity out there, so the two searches may stop at different shifts of
a stretch on which as many differences lie above as below, or to either side of one step. Each such
shift is a median of the differences, to the search's absolute tolerance of 1e-4.
"""

import csv
from pathlib import Path

import numpy as np
import pytest

from judge.stats.ranks import shift, standardised
from judge.stats.root_search import TOLERANCE

with (Path(__file__).parent / "data" / "wilcox.csv").open() as file:
    RECORDED = list(csv.DictReader(file))


@pytest.fixture(params=RECORDED, ids=lambda row: f"{row['name']} at {row['confidence']}")
def row(request):
    return request.param


def samples(row):
    return tuple(np.array(row[name].split(), dtype=float) for name in ("experiment", "control"))


def test_the_bounds_are_rs(row):
    found = shift(*samples(row), confidence=float(row["confidence"]))
    assert found.low == pytest.approx(float(row["low"]), rel=1e-11, abs=1e-13)
    assert found.high == pytest.approx(float(row["high"]), rel=1e-11, abs=1e-13)


def test_estimates_are_medians_of_the_differences_as_rs_are(row):
    experiment, control = samples(row)
    ours = shift(experiment, control, confidence=float(row["confidence"])).estimate
    for estimate in (ours, float(row["estimate"])):
        assert standardised(estimate - TOLERANCE, experiment, control) >= 0.0
        assert standardised(estimate + TOLERANCE, experiment, control) <= 0.0
