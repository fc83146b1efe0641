"""Before and after: the noise of pairs of the past is what it was made of; the promise is kept."""

from __future__ import annotations

import numpy as np
import pytest

from judge.stats.arms import PodCounts, paired
from judge.stats.calibration import draw, raised_apart, raised_threshold
from judge.stats.histograms import PodHistograms
from judge.stats.levels import PodLevels
from judge.stats.risks import calibration, weigh_counts
from judge.stats.shifted import (
    Apart,
    apart_counts,
    apart_levels,
    apart_tails,
    merged_counts,
    merged_histograms,
    merged_levels,
)
from judge.stats.terms import Terms

DAY, LOOKS = 1440, 30
APART = Apart(LOOKS, DAY, 60.0)


def wave(minutes: int, size: float) -> np.ndarray:
    return size * np.sin(2 * np.pi * np.arange(minutes) / DAY)


def by_run(rng: np.random.Generator, minutes: int, spread: float) -> np.ndarray:
    """Log levels that are another one in every half hour."""
    return np.repeat(spread * rng.standard_normal(minutes // LOOKS + 1), LOOKS)[:minutes]


def counts(
    rng: np.random.Generator, minutes: int, *, spread: float = 0.0, noise: float = 0.0
) -> PodCounts:
    """One arm (minutes, 1) with a daily rhythm in its traffic and its errors."""
    total = rng.poisson(3000 * np.exp(wave(minutes, 0.4)))
    rate = 0.01 * np.exp(wave(minutes, 0.5) + by_run(rng, minutes, spread))
    if noise:
        rate *= rng.gamma(1 / noise, noise, minutes)
    events = rng.poisson(total * rate)
    return PodCounts(events[:, None].astype(float), total[:, None].astype(float))


def test_a_rhythm_that_is_the_same_every_day_is_no_noise() -> None:
    noise = apart_counts(counts(np.random.default_rng(1), 8 * DAY), APART)
    assert noise is not None
    assert noise.learned
    assert noise.phi < 1.1
    assert noise.tau * np.sqrt(2) < 0.05
    assert noise.rate == pytest.approx(0.0106, rel=0.1)


def test_an_hours_shift_of_the_same_rhythm_is() -> None:
    noise = apart_counts(counts(np.random.default_rng(1), 8 * DAY), Apart(LOOKS, 240, 60.0))
    assert noise is not None
    # log rates four hours apart differ by sin(t) - sin(t - 60 degrees), 0.5 / sqrt(2) of it
    assert noise.tau * np.sqrt(2) == pytest.approx(0.5 / np.sqrt(2), rel=0.1)
    assert noise.degrees < 20  # of 330 runs: what one says of them, the others say too


def test_what_lasts_for_a_run_is_spread_and_what_changes_within_it_is_dispersion() -> None:
    rng = np.random.default_rng(2)
    noise = apart_counts(counts(rng, 15 * DAY, spread=0.2, noise=0.1), APART)
    assert noise is not None
    assert noise.tau * np.sqrt(2) == pytest.approx(0.2 * np.sqrt(2), rel=0.1)
    assert noise.phi == pytest.approx(1 + 30 * 0.1, rel=0.25)  # 30 events a minute, and gamma
    assert noise.degrees > 200  # of 672 runs that know nothing of each other


def test_holes_and_quiet_hours_leave_the_rest_to_learn_from() -> None:
    rng = np.random.default_rng(3)
    whole = counts(rng, 10 * DAY, spread=0.2)
    holes = rng.random(10 * DAY) < 0.1
    events, total = whole.events.copy(), whole.total.copy()
    events[holes], total[2 * DAY : 3 * DAY] = np.nan, 0.0
    noise = apart_counts(PodCounts(events, total), APART)
    assert noise is not None
    assert noise.tau * np.sqrt(2) == pytest.approx(0.2 * np.sqrt(2), rel=0.15)
    assert noise.phi < 1.15


def test_little_or_no_history_leaves_it_to_assumptions() -> None:
    nothing = PodCounts(np.zeros((0, 1)), np.zeros((0, 1)))
    assert apart_counts(nothing, APART) is None
    short = apart_counts(counts(np.random.default_rng(4), DAY + LOOKS - 1), APART)
    assert short is not None
    assert not short.learned
    assert (short.phi, short.tau) == (4.0, 0.2)
    empty = apart_levels(PodLevels(np.full((2 * DAY, 1), np.nan)), APART, floor=0.0)
    assert empty is not None
    assert not empty.learned


def test_a_gauges_noise_is_what_moves_it_from_day_to_day() -> None:
    rng = np.random.default_rng(5)
    minutes = 10 * DAY
    logs = wave(minutes, 0.5) + by_run(rng, minutes, 0.1) + 0.02 * rng.standard_normal(minutes)
    noise = apart_levels(PodLevels(100 * np.exp(logs)[:, None]), APART, floor=0.0)
    assert noise is not None
    assert noise.learned
    assert noise.tau == pytest.approx(0.1, rel=0.1)
    assert noise.variance == pytest.approx(0.02**2, rel=0.3)


def test_latencies_are_learned_bound_by_bound() -> None:
    rng = np.random.default_rng(6)
    minutes = 8 * DAY
    bounds = np.array([0.1, 0.2, 0.4, np.inf])
    scale = 0.1 * np.exp(by_run(rng, minutes, 0.1))
    below = 1 - np.exp(-bounds[:-1] / scale[:, None])
    parts = np.diff(np.column_stack([np.zeros(minutes), below, np.ones(minutes)]))
    histogram = rng.multinomial(2000, parts).cumsum(1)[:, None].astype(float)
    noise = apart_tails(PodHistograms(bounds, histogram), APART)
    assert noise is not None
    assert noise.bounds.tolist() == [0.1, 0.2, 0.4]
    # d log exp(-b / s) = b / s times d log s
    assert noise.noise.tau == pytest.approx(0.1 * bounds[:3] / 0.1, rel=0.2)


def test_arms_are_the_sums_and_means_of_the_pods_that_are_there() -> None:
    pods = PodCounts(np.array([[1.0, 2.0], [1.0, np.nan]]), np.array([[10.0, 10.0], [10.0, 10.0]]))
    arm = merged_counts(pods)
    assert (arm.events.tolist(), arm.total.tolist()) == ([[3.0], [1.0]], [[20.0], [10.0]])
    levels = PodLevels(np.array([[1.0, 3.0], [np.nan, 5.0], [np.nan, np.nan]]))
    assert np.array_equal(
        merged_levels(levels, 2.0).values, [[2.0], [5.0], [np.nan]], equal_nan=True
    )
    one, none = [1.0, np.nan, 4.0], [np.nan] * 3
    told = merged_histograms(
        PodHistograms(np.array([0.1, 0.2, np.inf]), np.array([[[1.0, 2, 3], one], [none, none]]))
    )
    assert np.array_equal(told.counts, [[[2.0, np.nan, 7.0]], [none]], equal_nan=True)


def test_days_of_pairs_are_counted_where_both_are_there() -> None:
    present = np.ones(8 * DAY, dtype=bool)
    assert APART.days(present) == 7.0
    assert APART.enough(present)
    present[DAY : 2 * DAY] = False
    assert APART.days(present) == 5.0
    assert not APART.enough(present)
    assert APART.days(present[: DAY - 1]) == 0.0
    assert Apart(LOOKS, 60, 60.0).enough(np.ones(4 * DAY, dtype=bool))
    assert not Apart(6 * 60, DAY, 60.0).enough(np.ones(8 * DAY, dtype=bool))  # 28 runs long


def test_pseudo_rollouts_are_stretches_of_the_history_against_the_same_a_shift_before() -> None:
    drawn = draw(8 * DAY, 1, looks=LOOKS, group=1, shift=DAY)
    assert drawn is not None
    clock = np.arange(8.0 * DAY)[:, None]
    playing, resting = drawn.playing(clock), drawn.resting(clock)
    assert playing.shape == (len(drawn.within), LOOKS, 1)
    assert np.array_equal(playing - resting, np.full_like(playing, DAY))
    assert (resting.min(), playing.max()) == (0.0, 8 * DAY - 1)
    assert draw(DAY + 24 * 60, 1, looks=LOOKS, group=1, shift=DAY) is None  # 48 runs
    weeks = draw(60 * DAY, 1, looks=LOOKS, group=1, shift=DAY)
    assert weeks is not None
    assert len(weeks.within) <= 1001


def test_what_a_few_incidents_did_raises_the_threshold_though_the_tail_below_is_light() -> None:
    rng = np.random.default_rng(7)
    highest = rng.exponential(0.4, 670)
    highest[::60] = 9.0
    tail = raised_threshold(highest, alpha=0.01, overlap=0.5)
    counted = raised_apart(highest, alpha=0.01, overlap=0.5)
    assert tail < 1.5
    assert counted == pytest.approx(9.0 - np.log(100))
    batches = np.stack([highest, rng.exponential(0.4, 670)])
    assert raised_apart(batches, alpha=0.01, overlap=0.5).tolist() == [counted, 0.0]


@pytest.mark.parametrize(("alpha", "least"), [(0.05, 0.7), (0.01, 0.25)])
def test_good_releases_are_rolled_back_no_more_often_than_promised(
    alpha: float, least: float
) -> None:
    """Services that change from run to run, with incidents; calibrated once, judged for a day."""
    rng = np.random.default_rng(8)
    terms = Terms(
        limit=1.0, worst=2.0, alpha=alpha, beta=0.05, interval=60.0, looks=LOOKS, shift=DAY
    )
    failed, seen = [], []
    for _ in range(4):
        whole = counts(rng, 9 * DAY, spread=0.15, noise=0.1)
        events = whole.events.copy()
        for begin in np.flatnonzero(rng.random(9 * DAY) < 0.5 / DAY):
            events[begin : begin + 15] *= 5
        past = PodCounts(events[: 8 * DAY], whole.total[: 8 * DAY])
        noise = apart_counts(past, APART)
        assert noise is not None
        raised = calibration(past, noise, terms, canary_pods=1)
        assert raised is not None
        within = np.arange(8 * DAY, 9 * DAY).reshape(-1, LOOKS)
        before = PodCounts(events[within - DAY], whole.total[within - DAY])
        for factor, told in ((1.0, failed), (4.0, seen)):
            after = PodCounts(events[within] * factor, whole.total[within])
            judged = weigh_counts(paired(after, before), noise.batched(), terms, raised[..., None])
            told.append((judged.log_evidence >= judged.threshold[:, None]).any(-1).mean())
    # 192 runs: one in a hundred more than promised is two standard errors
    assert np.mean(failed) <= alpha + 0.01
    assert np.mean(seen) >= least  # a five-fold incident every other day hides much
