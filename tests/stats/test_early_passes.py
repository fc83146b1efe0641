"""How often a bad release passes early, and a good one that is watched on fails: simulated rates.

Nine baseline pods and one of the canary, 10 requests a second each, 0.5 % of them errors; a pod may
have incidents of its own, five times the errors for four minutes. Seeds are fixed.
"""

import math

import numpy as np
import pytest

from judge.stats.arms import PodCounts
from judge.stats.risks import compare_counts
from judge.stats.terms import Terms

ROLLOUTS, HISTORY, LOOKS, AFTER = 300, 480, 30, 30
ALPHA, BETA = 0.05, 0.05


def counts(rng, looks, pods, *, ratio=1.0, onset=0, incidents):
    """(rollouts, looks, pods): good before ``onset``, ``ratio`` times the errors from there on."""
    shape = (ROLLOUTS, looks, pods)
    trouble = np.ones(shape)
    if incidents:
        begins = rng.random(shape) < 1 / 240
        for late in range(4):
            hit = np.roll(begins, late, axis=1)
            trouble = np.where(hit, 5.0, trouble)
    released = np.where(np.arange(looks) < onset, 1.0, ratio)[:, None]
    total = rng.poisson(600.0, shape)
    return PodCounts(rng.binomial(total, 0.005 * trouble * released).astype(float), total * 1.0)


def compared(seed, looks, *, limit=1.25, incidents=False, **canary):
    rng = np.random.default_rng(seed)
    return compare_counts(
        counts(rng, HISTORY, 9, incidents=incidents),
        counts(rng, looks, 1, incidents=incidents, **canary),
        counts(rng, looks, 9, incidents=incidents),
        Terms(limit=limit, worst=2.0, alpha=ALPHA, beta=BETA, interval=60.0, looks=looks),
        calibrate=False,
    )


@pytest.mark.parametrize("incidents", [False, True])
def test_what_must_not_be_missed_passes_early_no_more_often_than_promised(incidents):
    said = compared(1, LOOKS, ratio=2.0, incidents=incidents)
    ever = (said.log_pass >= math.log(1 / BETA)).any(-1)
    assert said.log_pass.max() > 0
    assert ever.mean() <= BETA


def test_a_good_release_passes_long_before_its_end():
    said = compared(2, LOOKS)
    proven = said.log_pass >= math.log(1 / BETA)
    assert proven.any(-1).mean() > 0.95
    assert np.median(proven.argmax(-1) + 1) <= 10


def test_watched_on_a_good_release_fails_no_more_often_than_promised():
    """At the very limit, over the looks before a pass and after it."""
    said = compared(3, LOOKS + AFTER, limit=1.0)
    ever = (said.log_evidence >= said.threshold[:, None]).any(-1)
    assert ever.mean() <= ALPHA


def test_a_regression_that_begins_after_the_pass_is_seen():
    said = compared(4, LOOKS + AFTER, ratio=4.0, onset=LOOKS)
    failed = said.log_evidence >= said.threshold[:, None]
    assert failed[:, :LOOKS].any(-1).mean() <= ALPHA
    assert failed.any(-1).mean() > 0.95
    assert np.median(failed.argmax(-1) - LOOKS) <= 8
