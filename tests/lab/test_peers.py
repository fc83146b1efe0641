"""The peers' rules, each against a plain reading of what its project documents."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from judge.lab import oracle, peers
from judge.lab.counts import CountRollouts
from judge.lab.effects import OUTAGE
from judge.lab.scenarios import SCENARIOS
from judge.stats.arms import Arm

REQUESTS = 1000.0


def arm(events: list[float] | np.ndarray, total: float = REQUESTS) -> Arm:
    counts = np.asarray(events, float)
    return Arm(counts, np.full(counts.shape, total), np.ones(counts.shape))


def rollouts(name: str, count: int, seed: int) -> CountRollouts:
    scenario = SCENARIOS[name]
    bare = replace(scenario, service=replace(scenario.service, history=0))
    return bare.simulate(np.random.default_rng(seed), count)


def test_first_counts_looks_from_one_and_never_is_zero() -> None:
    crossed = np.array([[False, True, True], [True, False, False], [False, False, False]])
    assert peers.first(crossed).tolist() == [2, 1, peers.NEVER]


def test_flagger_counts_failed_checks_over_the_run_and_acts_at_the_next_tick() -> None:
    bad, good = 11.0, 10.0  # of 1,000: below and at 99 %
    checks = [[good, bad, good, bad, bad, good, bad, bad, good, good], [bad] * 4 + [good] * 6]
    assert peers.flagger(arm(np.array(checks))).tolist() == [9, peers.NEVER]


def test_flagger_has_no_tick_after_the_last_one() -> None:
    assert peers.flagger(arm([11.0] * 5)) == peers.NEVER
    assert peers.flagger(arm([11.0] * 6)) == 6


def test_argo_fails_at_the_fourth_bad_window_of_five_minutes() -> None:
    bad, good = [51.0] * 5, [50.0] * 5  # of 1,000: below and at 95 %
    assert peers.argo(arm(bad + good + bad + bad + good + bad + good)) == 30
    assert peers.argo(arm(bad * 3 + good * 9)) == peers.NEVER


def test_argo_looks_at_the_window_not_at_its_minutes() -> None:
    assert peers.argo(arm([0.0, 0.0, 0.0, 0.0, 260.0] * 4)) == 20
    assert peers.argo(arm([0.0, 0.0, 0.0, 0.0, 240.0] * 4)) == peers.NEVER


def test_the_z_test_is_that_of_two_proportions_on_all_that_came_so_far() -> None:
    canary, baseline = arm([6.0, 9.0, 14.0]), arm([40.0, 55.0, 48.0], 9 * REQUESTS)
    sums = [(6, 1000, 40, 9000), (15, 2000, 95, 18000), (29, 3000, 143, 27000)]
    tables = [np.array([[x, n - x], [y, m - y]]) for x, n, y, m in sums]
    p_values = [stats.chi2_contingency(table, correction=False).pvalue for table in tables]
    assert p_values[1] > 0.05 > 0.01 > p_values[2]
    assert peers.z_test(canary, baseline, alpha=0.05) == 3
    assert peers.z_test(canary, baseline, alpha=0.01) == 3
    assert peers.z_test(canary, baseline, alpha=float(p_values[2]) * 0.99) == peers.NEVER


def test_the_z_test_does_not_roll_back_a_better_canary() -> None:
    assert peers.z_test(arm([0.0] * 5), arm([500.0] * 5), alpha=0.05) == peers.NEVER


def plain_kayenta(x: np.ndarray, y: np.ndarray) -> int:
    """Kayenta's rule window by window, by scipy's Mann-Whitney test at a shift."""
    for look in range(5, len(x) + 1):
        mine, theirs = x[:look], y[:look]
        least = 0.25 * abs(float(np.median(np.subtract.outer(mine, theirs))))
        shifted = [
            stats.mannwhitneyu(mine - by, theirs, alternative="greater", method="asymptotic").pvalue
            for by in (0.0, least)
        ]
        if max(shifted) < 0.01 and mine.mean() >= theirs.mean():
            return look
    return peers.NEVER


@pytest.mark.parametrize(
    ("name", "effect"),
    [("independent", 2), ("overdispersed", 4), ("overdispersed", 3), ("bursts", 0)],
)
def test_kayenta_is_mann_whitney_over_the_grown_window(name: str, effect: int) -> None:
    drawn = rollouts(name, 12, seed=5)
    canary = Arm(
        *(v[effect].sum(-1) for v in (drawn.canary.events, drawn.canary.total)), np.ones(1)
    )
    baseline = Arm(drawn.baseline.events.sum(-1), drawn.baseline.total.sum(-1), np.ones(1))
    plain = [
        plain_kayenta(x, y)
        for x, y in zip(canary.events / canary.total, baseline.events / baseline.total, strict=True)
    ]
    assert peers.kayenta(canary, baseline).tolist() == plain


def test_kayenta_corrects_for_ties() -> None:
    x, y = np.tile([0.0, 1.0], 8), np.zeros(16)
    found = peers.kayenta(arm(x), arm(y))
    assert found == plain_kayenta(x / REQUESTS, y / REQUESTS) == 11


def test_kayenta_judges_each_rollout_on_its_own_and_broadcasts_the_baseline() -> None:
    drawn = rollouts("independent", 3 * peers.KAYENTA_AT_ONCE // 6, seed=6)
    canary = Arm(drawn.canary.events.sum(-1), drawn.canary.total.sum(-1), np.ones(1))
    baseline = Arm(drawn.baseline.events.sum(-1), drawn.baseline.total.sum(-1), np.ones(1))
    together = peers.kayenta(canary, baseline)
    assert together.shape == canary.events.shape[:2]
    for effect, one in ((0, 0), (3, 7), (4, 2)):
        alone = peers.kayenta(
            arm_of(canary, (effect, slice(one, one + 1))), arm_of(baseline, (slice(one, one + 1),))
        )
        assert alone[0] == together[effect, one]


def arm_of(whole: Arm, index: tuple[int | slice, ...]) -> Arm:
    return Arm(whole.events[index], whole.total[index], whole.pods)


def test_a_peer_s_false_alarms_are_those_that_were_measured_of_it() -> None:
    """STATISTICS: a z-test at 5 %, looked at 60 times, 19 % (57 % on overdispersed traffic);
    Flagger 25 % (88 %); Kayenta 1.1 % (3.3 %). Tolerances: four binomial standard errors."""
    measured = {"independent": (0.19, 0.25, 0.011), "overdispersed": (0.57, 0.88, 0.033)}
    for name, (z_test, flagger, kayenta) in measured.items():
        drawn = rollouts(name, 600, seed=7)
        canary = Arm(drawn.canary.events[0].sum(-1), drawn.canary.total[0].sum(-1), np.ones(1))
        baseline = Arm(drawn.baseline.events.sum(-1), drawn.baseline.total.sum(-1), np.ones(1))
        for looks, rate in (
            (peers.z_test(canary, baseline, alpha=0.05), z_test),
            (peers.flagger(canary), flagger),
            (peers.kayenta(canary, baseline), kayenta),
        ):
            error = (rate * (1 - rate) / 600) ** 0.5
            assert (looks > 0).mean() == pytest.approx(rate, abs=4 * error), (name, rate)


def test_the_oracle_rolls_back_a_share_alpha_of_other_good_releases() -> None:
    learned, fresh = (
        rollouts("overdispersed", 3000, seed=8),
        rollouts("overdispersed", 3000, seed=9),
    )
    sought = {effect: oracle.threshold(learned, effect, alpha=0.05) for effect in (1.5, 2.0, 4.0)}
    bounds = dict.fromkeys(fresh.scenario.effects, 0.0) | sought
    found = oracle.oracle(fresh, bounds)
    error = (0.05 * 0.95 / 3000) ** 0.5
    assert (found[0] > 0).mean() == pytest.approx(0.05, abs=4 * 2**0.5 * error)
    medians = [np.median(np.where(looks > 0, looks, 99)) for looks in found[[2, 3, 4]]]
    assert medians == pytest.approx([47, 16, 3], abs=4)


def test_the_oracle_seeks_the_true_effect_and_an_outage_as_one() -> None:
    drawn = rollouts("independent", 50, seed=10)
    assert oracle.sought_for(1.0) == oracle.STAND_IN
    assert oracle.sought_for(OUTAGE) == OUTAGE
    ends = oracle.scores(drawn, 2.0)[:, :, -1].mean(-1)
    assert ends[0] < 0 < ends[3]  # good, and twice as many errors
    assert oracle.scores(drawn, OUTAGE)[5].min() > 1000


def test_the_oracle_needs_good_releases_to_learn_from() -> None:
    drawn = rollouts("independent", 5, seed=11)
    bad = replace(drawn, scenario=replace(drawn.scenario, effects=drawn.scenario.effects[1:]))
    with pytest.raises(ValueError, match="first effect must be 1"):
        oracle.threshold(bad, 2.0, alpha=0.05)
