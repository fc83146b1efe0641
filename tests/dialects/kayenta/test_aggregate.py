"""The last score of an execution decides it, as with Kayenta."""

from __future__ import annotations

from typing import Any

import pytest

from judge.dialects.kayenta.aggregate import aggregate
from tests.kayenta_cases import parametrized


@parametrized("aggregate")
def test_the_last_score_decides(case: dict[str, Any]) -> None:
    found = aggregate(case["finalScore"], marginal=case["marginal"], passing=case["pass"])
    assert found.passed is case["expected"]["didPassThresholds"]


@pytest.mark.parametrize(
    ("score", "passed", "said"),
    [
        (50.0, False, "Final canary score 50.0 is not above the marginal score threshold."),
        (50.01, False, "Final canary score 50.01 is below the pass score threshold."),
        (75, True, "Final canary score 75.0 met or exceeded the pass score threshold."),
    ],
)
def test_the_sentence_is_kayentas(score: float, passed: bool, said: str) -> None:
    found = aggregate(score, marginal=50, passing=75)
    assert (found.passed, found.message) == (passed, said)
