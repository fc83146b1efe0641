import itertools
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from judge.stats.arms import Arm, Arms
from judge.stats.counts import BlockCounts, RareCounts, Tempering, likelihood, pair_tempering
from judge.stats.dispersion import Dispersion, assumed


def arms(ours, n_ours, theirs, n_theirs):
    def one(events, total):
        events, total = np.asarray(events, float), np.asarray(total, float)
        return Arm(events, total, np.ones_like(total))

    return Arms(one(ours, n_ours), one(theirs, n_theirs))


def plain(looks=1):
    return Tempering(np.asarray(1.0), np.ones(looks))


def test_rare_counts_are_binomial_given_both_arms():
    ratios, null = np.array([0.5, 1.5, 4.0]), np.asarray(1.25)
    curve = RareCounts(arms([7], [600], [12], [5400]), plain()).curve(ratios, null)

    def share(r):
        return 600 * r / (600 * r + 5400)

    expected = [
        stats.binom.logpmf(7, 19, share(r)) - stats.binom.logpmf(7, 19, share(1.25)) for r in ratios
    ]
    assert curve[0] == pytest.approx(expected)


def test_the_curve_is_divided_by_the_dispersion_at_this_volume_and_limit():
    data = arms([7, 7], [600, 600], [12, 12], [5400, 5400])
    temper = Tempering(np.asarray(3.0), np.array([1.0, 2.0]))
    ratios, null = np.array([2.0]), np.asarray(1.5)
    bare = RareCounts(data, plain(2)).curve(ratios, null)
    tempered = RareCounts(data, temper).curve(ratios, null)
    assert tempered[:, 0] == pytest.approx(bare[:, 0] / [1 + 1.5 * 2, 1 + 1.5 * 2 * 2])


def noisy(phi, volume):
    known = (np.asarray(one) for one in (phi, 0.0, 8.0, 0.005, volume, True))
    return Dispersion(*known)


@pytest.mark.parametrize(
    ("canary", "baseline", "factor"),
    [
        # phi 3 at 600 requests: a canary with 600 beside ten times as many on one pod, which
        # varies ten times as much, and as the tenth of what it is compared with counts for that
        (600, 6000, (3 * 6000 + 21 * 600) / 6600),
        (3000, 3000, 11.0),  # both arms like each other
        (600, 600, 3.0),
    ],
)
def test_a_comparison_is_tempered_for_the_noise_of_both_arms(canary, baseline, factor):
    temper = pair_tempering(noisy(3.0, 600.0), arms([1], [canary], [1], [baseline]), inverted=False)
    assert temper.at(np.asarray(1.0)) == pytest.approx([factor])


def test_calibrated_evidence_is_tempered_for_the_usual_noise_up_to_the_volume_of_the_history():
    noise = replace(noisy(3.0, 600.0), usual=np.asarray(1.5))
    data = arms([1, 1], [600, 1800], [1, 1], [600, 1800])
    temper = pair_tempering(noise, data, inverted=False, calibrated=True)
    assert temper.at(np.asarray(1.0)) == pytest.approx([1.5, 1.5 + 2 * 2.0])


def test_the_directions_of_a_comparison_are_tempered_for_the_same_release():
    data, noise = arms([1], [600], [1], [5400]), noisy(3.0, 600.0)
    doubled = pair_tempering(noise, data, inverted=False).at(np.asarray(2.0))
    # told the other way about: the baseline has half of the canary's events
    told = pair_tempering(noise, data.swapped(), inverted=True).at(np.asarray(0.5))
    assert doubled == pytest.approx(told)


def test_an_interval_without_traffic_says_nothing():
    for law in (RareCounts, lambda a, t: BlockCounts(a, t, np.asarray(0.2))):
        curve = law(arms([0, 3], [0, 10], [0, 30], [0, 90]), plain(2)).curve(
            np.array([0.5, 2.0]), np.asarray(1.0)
        )
        assert (curve[0] == 0).all()
        assert (curve[1] != 0).all()


@pytest.mark.parametrize("null", [0.8, 1.0, 1.25, 2.0])
@pytest.mark.parametrize("ratio", [0.3, 1.1, 1.7, 4.0])
def test_the_block_e_variable_has_expectation_at_most_one_on_the_whole_null_line(null, ratio):
    n_ours, n_theirs = 4, 9
    outcomes = list(itertools.product(range(n_ours + 1), range(n_theirs + 1)))
    ours, theirs = np.array(outcomes).T
    curve = np.array(
        [
            BlockCounts(arms([x], [n_ours], [y], [n_theirs]), plain(), np.asarray(0.2)).curve(
                np.array([ratio]), np.asarray(null)
            )[0, 0]
            for x, y in outcomes
        ]
    )
    for risk in np.linspace(0.01, 0.99 / max(null, 1.0), 25):
        chance = stats.binom.pmf(ours, n_ours, null * risk) * stats.binom.pmf(
            theirs, n_theirs, risk
        )
        assert (chance * np.exp(curve)).sum() <= 1 + 1e-9


def test_the_block_e_variable_grows_under_its_alternative():
    rng = np.random.default_rng(1)
    ours, theirs = rng.binomial(600, 0.4, 50), rng.binomial(5400, 0.2, 50)
    data = arms(ours, np.full(50, 600), theirs, np.full(50, 5400))
    curve = BlockCounts(data, plain(50), np.asarray(0.2)).curve(np.array([2.0]), np.asarray(1.0))
    assert (curve > 5).all()


def test_the_rate_before_the_run_chooses_the_likelihood():
    data = arms([1], [10], [2], [90])
    rare, high = assumed(rate=0.01), assumed(rate=0.2)
    assert isinstance(likelihood(data, rare, plain()), RareCounts)
    assert isinstance(likelihood(data, high, plain()), BlockCounts)
