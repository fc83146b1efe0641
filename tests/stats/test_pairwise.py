"""The exact interval: against its definition, and unmoved by units."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy import special, stats

from judge.stats import pairwise
from judge.stats.pairwise import location_shift


def by_definition(ours: np.ndarray, theirs: np.ndarray, confidence: float) -> tuple[float, float]:
    """The outermost shifts between two differences that the test does not refuse."""
    differences = np.unique(np.subtract.outer(ours, theirs))
    quantile = special.ndtri((1 + confidence) / 2)

    def refused(shift: float) -> bool:
        ranks = stats.rankdata(np.concatenate((ours - shift, theirs)))
        n, m = len(ours), len(theirs)
        ties = np.unique(ranks, return_counts=True)[1].astype(float)
        off = ranks[:n].sum() - n * (n + 1) / 2 - n * m / 2
        spread = n + m + 1 - (ties**3 - ties).sum() / ((n + m) * (n + m - 1))
        return abs(off - 0.5 * np.sign(off)) / math.sqrt(n * m / 12 * spread) > quantile

    kept = [
        (low, high)
        for low, high in itertools.pairwise(differences)
        if not refused(0.5 * (low + high))
    ]
    return kept[0][0], kept[-1][1]


@pytest.mark.parametrize(("n", "m"), [(8, 8), (20, 7), (31, 30)])
@pytest.mark.parametrize("tied", [False, True])
def test_is_what_the_definition_says(n: int, m: int, *, tied: bool) -> None:
    rng = np.random.default_rng(n + m)
    for _ in range(5):
        ours, theirs = rng.gamma(2.0, 3.0, n) + 1.0, rng.gamma(2.0, 3.0, m)
        if tied:
            ours, theirs = ours.round(), theirs.round()
        low, high, estimate = location_shift(ours, theirs, confidence=0.98)
        assert (low, high) == pytest.approx(by_definition(ours, theirs, 0.98), abs=1e-12)
        assert estimate == pytest.approx(np.median(np.subtract.outer(ours, theirs)), abs=1e-12)


@pytest.mark.parametrize("tied", [False, True])
def test_selecting_says_the_same_as_sorting(monkeypatch: pytest.MonkeyPatch, *, tied: bool) -> None:
    rng = np.random.default_rng(3)
    ours, theirs = rng.normal(5.0, 2.0, 190), rng.normal(4.0, 2.0, 170)
    if tied:
        ours, theirs = ours.round(), theirs.round()
    sorted_out = location_shift(ours, theirs, confidence=0.98)
    monkeypatch.setattr(pairwise, "ENUMERATED", 0)
    assert location_shift(ours, theirs, confidence=0.98) == pytest.approx(sorted_out, abs=1e-12)


def test_too_few_to_refuse_anything_spans_everything() -> None:
    assert location_shift(np.array([5.0]), np.array([1.0, 2.0]), confidence=0.98) == (3.0, 4.0, 3.5)
