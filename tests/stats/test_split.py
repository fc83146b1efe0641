import numpy as np
import pytest

from judge.stats.split import CLUMPS, TOLERATED, split_evidence

LOOKS = 60


def evidence(rng, share, expected=0.1, requests=6000, clumps=1):
    canary = rng.binomial(requests // clumps, share, LOOKS) * float(clumps)
    return split_evidence(canary, requests - canary, np.full(LOOKS, expected))


@pytest.mark.parametrize("clumps", [1, int(CLUMPS)])
def test_the_configured_share_is_seldom_doubted(clumps):
    rng = np.random.default_rng(1)
    doubted = [evidence(rng, 0.1, clumps=clumps).max() >= np.log(20) for _ in range(400)]
    assert np.mean(doubted) <= 0.05


def test_what_is_tolerated_is_seldom_doubted():
    odds = 0.1 / 0.9 * TOLERATED
    rng = np.random.default_rng(2)
    share = odds / (1 + odds)
    assert np.mean([evidence(rng, share).max() >= np.log(20) for _ in range(200)]) <= 0.05


@pytest.mark.parametrize("share", [0.0, 0.02, 0.2, 1.0])
def test_another_share_is_seen_within_minutes(share):
    grown = evidence(np.random.default_rng(3), share)
    assert (grown[:15] >= np.log(1000)).any()


def test_looks_without_a_known_share_say_nothing():
    nobody = np.full(LOOKS, np.nan)
    assert split_evidence(np.full(LOOKS, 5.0), np.full(LOOKS, 100.0), nobody).max() <= 1e-9
