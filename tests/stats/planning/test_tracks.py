"""The tracks of a run to come: traffic as planned, and the release in the canary."""

import math

import numpy as np
import pytest
from scipy import special

from judge.stats.arms import PodCounts
from judge.stats.histograms import PodHistograms
from judge.stats.levels import PodLevels
from judge.stats.planning.counts import cast
from judge.stats.planning.latencies import by_bucket, latency_cast, transition
from judge.stats.planning.levels import planned_levels
from judge.stats.planning.scenes import Planned, scenes

NATIVE = np.array([*(2.0 ** (k / 8) for k in range(-48, 9)), math.inf])


def counts(rng, *, intervals=300, pods=6, requests=600, rate=0.01):
    total = np.full((intervals, pods), float(requests))
    return PodCounts(rng.binomial(requests, rate, total.shape).astype(float), total)


def set_up(planned, *, group=1, rate=0.01, seed=1, phi=1.0):
    rng = np.random.default_rng(seed)
    history = counts(rng, rate=rate)
    drawn = scenes(np.ones((300, 6), bool), looks=30, group=group, count=200, rng=rng)
    return cast(history, drawn, planned, phi=phi, moved=True, rng=rng), rng


@pytest.mark.parametrize("share", [0.02, 0.15, 0.5])
def test_the_canary_gets_its_share_of_the_requests(share):
    tracks, rng = set_up(Planned(2, 6, share))
    arms = tracks.arms(1.0, rng=rng)
    canary, baseline = arms.treated.total.sum(), arms.reference.total.sum()
    assert canary / (canary + baseline) == pytest.approx(share, rel=0.01)
    for arm in (arms.treated, arms.reference):
        assert arm.events.sum() / arm.total.sum() == pytest.approx(0.01, rel=0.05)
    assert (arms.treated.pods == 2).all()
    assert (arms.reference.pods == 6).all()


@pytest.mark.parametrize(("rate", "effect"), [(0.01, 4.0), (0.4, 2.0), (0.995, 0.5)])
def test_a_release_multiplies_the_risk_whatever_it_is(rate, effect):
    tracks, rng = set_up(Planned(1, 6, 0.1), rate=rate)
    arms = tracks.arms(effect, rng=rng)
    risk = arms.treated.events.sum() / arms.treated.total.sum()
    assert risk == pytest.approx(rate * effect, rel=0.05)
    assert (arms.treated.events <= arms.treated.total).all()
    assert arms.reference.events.sum() / arms.reference.total.sum() == pytest.approx(rate, rel=0.05)


def test_what_a_bad_release_adds_varies_as_the_pods_own_trouble_does():
    quiet, noisy = (set_up(Planned(1, 6, 1 / 7), phi=phi) for phi in (1.0, 6.0))
    added = [tracks.arms(4.0, rng=rng).treated.events for tracks, rng in (quiet, noisy)]
    assert added[1].mean() == pytest.approx(added[0].mean(), rel=0.05)
    assert added[1].var() > 2.0 * added[0].var()


def test_pods_that_are_counted_are_not_sent_elsewhere():
    rng = np.random.default_rng(1)
    ones = PodCounts(np.zeros((100, 6)), np.ones((100, 6)))
    drawn = scenes(np.ones((100, 6), bool), looks=30, group=1, count=20, rng=rng)
    tracks = cast(ones, drawn, Planned(1, 6, 0.01), phi=1.0, moved=False, rng=rng)
    arms = tracks.arms(2.0, rng=rng)
    assert (arms.treated.total == 1.0).all()
    assert (arms.reference.total == 5.0).all()


def lognormal(bounds, slower=1.0):
    return special.ndtr(np.log(bounds / (0.1 * slower)) / 0.5)


@pytest.mark.parametrize("slower", [1.2, 2.0, 4.0, 0.8])
def test_requests_move_to_where_slower_ones_are(slower):
    moved = np.diff(lognormal(NATIVE), prepend=0.0) @ transition(
        NATIVE, 1.0 - lognormal(NATIVE), slower
    )
    assert moved.cumsum() == pytest.approx(lognormal(NATIVE, slower), abs=0.01)
    rows = transition(NATIVE, 1.0 - lognormal(NATIVE), slower).sum(-1)
    assert rows == pytest.approx(np.ones(len(NATIVE)))


def test_a_slower_canary_beside_a_baseline_as_it_was():
    rng = np.random.default_rng(1)
    drawn = rng.poisson(300 * np.diff(lognormal(NATIVE), prepend=0.0), (200, 4, len(NATIVE)))
    history = PodHistograms(NATIVE, drawn.cumsum(-1).astype(float))
    chosen = scenes(np.ones((200, 4), bool), looks=30, group=1, count=50, rng=rng)
    tracks = latency_cast(history, chosen, Planned(2, 4, 0.4), phi=1.0, rng=rng)
    canary, baseline = tracks.tracks(2.0)
    assert canary.counts.shape == (50, 30, 2, len(NATIVE))
    share = canary.counts.sum((0, 1, 2)) / canary.counts[..., -1].sum()
    assert share == pytest.approx(lognormal(NATIVE, 2.0), abs=0.02)
    ours, theirs = canary.counts[..., -1].sum(), baseline.counts[..., -1].sum()
    assert ours / (ours + theirs) == pytest.approx(0.4, rel=0.01)


def test_holes_and_unknown_bounds_hold_no_requests_of_their_own():
    holed = np.array([[3.0, np.nan, 7.0], [np.nan, np.nan, np.nan]])
    assert by_bucket(holed).tolist() == [[3.0, 0.0, 4.0], [0.0, 0.0, 0.0]]


@pytest.mark.parametrize(("slope", "last"), [(False, 2.0), (True, 2.0**0.5)])
def test_a_level_is_raised_at_once_or_hour_by_hour(slope, last):
    rng = np.random.default_rng(1)
    history = PodLevels(np.full((100, 3), 5.0))
    drawn = scenes(np.ones((100, 3), bool), looks=30, group=1, count=4, rng=rng)
    arms = planned_levels(
        history, drawn, Planned(1, 3, 0.25), 2.0, interval=60.0, floor=0.0, slope=slope
    )
    assert np.exp(arms.difference[:, -1]) == pytest.approx(np.full(4, last))
    assert (arms.treated == 1).all()
    assert (arms.reference == 3).all()
