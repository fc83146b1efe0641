"""Made-up histories have the noise that they are made with."""

import numpy as np
import pytest

from judge.stats.arms import PodCounts
from judge.stats.dispersion import assumed, dispersion
from judge.stats.histograms import PodHistograms
from judge.stats.level_noise import assumed_level, level_noise
from judge.stats.levels import PodLevels
from judge.stats.planning.synthetic import made_counts, made_histograms, made_levels

SHAPE = {"intervals": 4800, "pods": 12, "interval": 60.0}


def test_counts_have_the_rate_and_the_assumed_noise():
    one = PodCounts(np.full((30, 1), 6.0), np.full((30, 1), 600.0))
    made = made_counts(one, assumed(), **SHAPE, rng=np.random.default_rng(1))
    assert made.total.sum(-1).mean() == pytest.approx(600.0, rel=0.01)
    found = dispersion(made, interval=60.0)
    assert float(found.phi) == pytest.approx(4.0, rel=0.15)
    assert float(found.tau) == pytest.approx(0.2, rel=0.5)
    assert float(found.rate) == pytest.approx(0.01, rel=0.2)


def test_histograms_have_the_law_of_the_history():
    bounds = np.array([0.1, 0.2, np.inf])
    one = PodHistograms(bounds, np.tile([300.0, 500.0, 600.0], (30, 1, 1)))
    made = made_histograms(one, assumed(), **SHAPE, rng=np.random.default_rng(1))
    assert made.pooled()[0] == pytest.approx(0.5, rel=0.15)
    assert made.pooled()[1] == pytest.approx(1 / 6, rel=0.25)


def test_levels_wander_as_is_assumed():
    noise = assumed_level((), interval=60.0)
    made = made_levels(
        PodLevels(np.full((30, 1), 7.0)), noise, **SHAPE, rng=np.random.default_rng(1)
    )
    assert np.median(made.values) == pytest.approx(7.0, rel=0.2)
    found = level_noise(made.logs(0.0), interval=60.0)
    assert float(found.variance) == pytest.approx(0.1, rel=0.3)
    assert float(found.tau) == pytest.approx(0.2, rel=0.5)
