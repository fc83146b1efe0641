"""The words on an A/B test."""

from __future__ import annotations

import pytest

from judge.spec.resolved import Direction
from judge.stats.confidence import Effect
from judge.verdict import ab_reasons
from judge.verdict.verdict import Difference
from tests.verdict.rollouts import metric


def of(limit=1.0, margin=1.05):
    return metric(
        "conversion",
        direction=Direction.EITHER,
        limit=limit,
        worst=margin,
        better=Direction.INCREASE,
    )


@pytest.mark.parametrize(
    ("difference", "alike", "limit", "words"),
    [
        (Difference.BETTER, False, 1.0, "better"),
        (Difference.WORSE, True, 1.0, "worse, but by less than 5 %"),
        (Difference.WORSE, False, 1.02, "worse by more than 2 %"),
        (Difference.BETTER, True, 1.02, "better by more than 2 %, and by less than 5 %"),
        (Difference.NONE, True, 1.0, "no difference larger than 5 %"),
        (None, False, 1.0, "not known whether better, worse, or no different by 5 %"),
    ],
)
def test_the_answer(difference, alike, limit, words):
    assert ab_reasons.answer(of(limit), difference, alike=alike) == words


@pytest.mark.parametrize(
    ("effect", "margin", "words"),
    [
        (Effect(1.07, 1.02, 1.12), 1.05, "1.07 times the baseline's, between 1.02 and 1.12"),
        (Effect(1.07, 1.002, 1.12), 1.05, "1.070 times the baseline's, between 1.002 and 1.120"),
        (Effect(1.004, 0.98, 1.03), 1.02, "1.004 times the baseline's, between 0.980 and 1.030"),
        (Effect(1.07, None, 1.5), 1.05, "1.07 times the baseline's, at most 1.50"),
        (Effect(1.07, 0.5, None), 1.05, "1.07 times the baseline's, at least 0.50"),
        (Effect(2.0, None, None), 1.05, "2.00 times the baseline's"),
        (Effect(250.0, 1.2, 3000.0), 1.05, "250 times the baseline's, between 1.20 and 3,000"),
    ],
)
def test_ratios_have_the_digits_that_tell_an_end_from_the_limit(effect, margin, words):
    assert ab_reasons.ratios(of(margin=margin), effect) == words


@pytest.mark.parametrize(
    ("effect", "words"),
    [
        # twice as wide as the margin: four times as long
        (Effect(1.0, 1 / 1.05**2, 1.05**2), "; a test about 4.0 times as long may tell"),
        (Effect(1.10, 0.9, 1.35), "; a test about 4.5 times as long may tell"),
        (Effect(1.0, 0.5, 2.0), "; a test more than 20 times as long may tell"),
        (Effect(None, None, None), ""),
        (Effect(1.0, None, 1.2), ""),
        (Effect(1.0, 0.99, 1.01), ""),
    ],
)
def test_how_much_longer_it_may_take(effect, words):
    assert ab_reasons.longer(of(), effect) == words
