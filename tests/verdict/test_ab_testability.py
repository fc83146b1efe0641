"""Whether an A/B test is long enough is told beforehand, and is so."""

from __future__ import annotations

import re

import numpy as np
import pytest

from judge.spec.resolved import Direction, Risk, Track
from judge.stats.samples import Count, Interval
from judge.verdict.testability import shortfalls
from tests.verdict.rollouts import analysis, metric

HOUR = 3600.0


def fortnight(*, weight=0.5, margin=1.05, days=14):
    one = metric("conversion", direction=Direction.EITHER, limit=1.0, worst=margin,
                 better=Direction.INCREASE)  # fmt: skip
    return analysis(
        one,
        interval=HOUR,
        duration=days * 24 * HOUR,
        risk=Risk(0.05, 0.05),
        tracks={"baseline": Track("a"), "canary": Track("b", weight)},
    )


def past(visits, rate=0.03, hours=48, pods=1):
    rng = np.random.default_rng(1)
    return [
        Interval(HOUR * i, HOUR * (i + 1), {"conversion": {"baseline": {
            f"pod-{k}": Count(float(rng.binomial(visits // pods, rate)), float(visits // pods))
            for k in range(pods)
        }}})
        for i in range(hours)
    ]  # fmt: skip


def told(of, history):
    return [one.reason for one in shortfalls(of, history)]


def test_a_test_that_is_long_enough_has_nothing_short():
    assert told(fortnight(), past(2000)) == []


def test_too_few_events_for_the_margin_are_told_with_what_would_do():
    (said,) = shortfalls(fortnight(), past(200))
    assert not said.hopeless
    assert "events a day on the baseline are few for a margin of 5 %" in said.reason
    assert "in 14 days differences from about" in said.reason
    days = int(re.search(r"about (\d+) days long", said.reason).group(1))
    assert told(fortnight(days=days), past(200)) == []
    assert len(told(fortnight(days=days - 2), past(200))) == 1


def test_a_wider_margin_and_an_even_split_do_with_less():
    def days(of):
        (said,) = told(of, past(200))
        return int(re.search(r"about (\d+) days long", said).group(1))

    assert days(fortnight(margin=1.03)) == pytest.approx(days(fortnight()) * 2.72, rel=0.1)
    assert days(fortnight(weight=0.1)) == pytest.approx(days(fortnight()) * 5, rel=0.1)


def test_without_a_past_it_says_for_whom_that_matters():
    (said,) = told(fortnight(), [Interval(HOUR * i, HOUR * (i + 1), {}) for i in range(5)])
    assert "where the same pods serve both variants none is needed" in said
