"""Regressions put into samples: what they do to each kind of metric."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from judge.runs.backtest.regressions import beyond, worsened
from judge.spec.resolved import Compare, Direction, Metric
from judge.stats.samples import Count, Histogram, Interval, Level, Sample
from tests.servers.analyses import error_rate, gauge, latency

CLASSIC = (0.1, 0.2, 0.4, 0.8, math.inf)


def worse(metric: Metric, ours: Sample, theirs: Sample, ratio: float, many: int = 1) -> list:
    window = [
        Interval(
            60.0 * i,
            60.0 * i + 60,
            {metric.name: {"canary": {"a": ours}, "baseline": {"b": theirs}}},
        )
        for i in range(many)
    ]
    found = worsened(window, metric, ratio, rng=np.random.default_rng(2))
    assert all(one.samples[metric.name]["baseline"] == {"b": theirs} for one in found)
    return [one.samples[metric.name]["canary"]["a"] for one in found]


def test_events_are_added_as_chance_brings_them() -> None:
    found = worse(error_rate(), Count(10.0, 1000.0), Count(30.0, 3000.0), 4.0, many=400)
    events = np.array([one.events for one in found])
    assert events.mean() == pytest.approx(40, rel=0.02)
    assert events.var() == pytest.approx(30, rel=0.2)  # what was added is Poisson
    assert {one.total for one in found} == {1000.0}


def test_there_are_never_more_events_than_requests() -> None:
    found = worse(error_rate(), Count(8.0, 10.0), Count(800.0, 1000.0), 4.0, many=20)
    assert max(one.events for one in found) == 10.0


def test_of_a_decrease_events_are_taken_away() -> None:
    metric = replace(error_rate(), direction=Direction.DECREASE, limit=0.8, worst=0.5)
    found = worse(metric, Count(100.0, 1000.0), Count(300.0, 3000.0), 2.0, many=200)
    assert np.mean([one.events for one in found]) == pytest.approx(50, rel=0.03)


def test_of_an_a_b_test_the_bad_side_is_the_regression() -> None:
    metric = replace(error_rate(), direction=Direction.EITHER, better=Direction.INCREASE)
    found = worse(metric, Count(100.0, 1000.0), Count(300.0, 3000.0), 2.0, many=200)
    assert np.mean([one.events for one in found]) == pytest.approx(50, rel=0.03)


def test_classic_latencies_are_stretched_over_the_same_bounds() -> None:
    sample = Histogram(CLASSIC, (10.0, 40.0, 80.0, 95.0, 100.0), 25.0)
    (found,) = worse(latency(), sample, sample, 2.0)
    assert found.bounds == CLASSIC
    assert found.counts == pytest.approx((0.0, 10.0, 40.0, 80.0, 100.0))
    assert found.sum == 50.0


def test_between_two_bounds_requests_lie_evenly_on_a_log_scale() -> None:
    sample = Histogram(CLASSIC, (10.0, 40.0, 80.0, 95.0, 100.0))
    (found,) = worse(latency(), sample, sample, math.sqrt(2.0))
    assert found.counts[1] == pytest.approx(25.0)


def test_the_edges_of_native_latencies_move() -> None:
    ours = Histogram((0.25, 0.5, math.inf), (0.0, 7.0, 9.0))
    theirs = Histogram((0.5, 1.0, math.inf), (0.0, 7.0, 9.0))
    (found,) = worse(latency(), ours, theirs, 2.0)
    assert found.bounds == (0.5, 1.0, math.inf)
    assert found.counts == ours.counts


def test_levels_are_raised_and_growths_made_steeper() -> None:
    (found,) = worse(gauge(), Level(3.0), Level(3.0), 2.0)
    assert found.value == 6.0
    leak = replace(gauge(), compare=Compare.SLOPE, limit=1.1)
    grown = [one.value for one in worse(leak, Level(3.0), Level(3.0), 4.0, many=60)]
    assert grown[-1] == pytest.approx(12.0)
    assert grown[29] == pytest.approx(6.0)


def test_only_what_is_beyond_the_limit_is_a_regression() -> None:
    assert beyond(error_rate(), 2.0)
    assert not beyond(replace(error_rate(), limit=2.0), 2.0)
    assert not beyond(replace(error_rate(), limit=0.5), 2.0)
    assert not beyond(replace(error_rate(), limit=None), 2.0)


def test_what_is_not_finite_stays_as_it_is() -> None:
    (found,) = worse(error_rate(), Count(math.inf, 10.0), Count(1.0, 10.0), 2.0)
    assert found == Count(math.inf, 10.0)
