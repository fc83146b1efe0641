"""Limits of latencies that buckets can test."""

from __future__ import annotations

import math

import numpy as np
import pytest

from judge.spec.suggestion.slowdowns import Slowdowns, slowdowns
from judge.stats.boundaries import pairs

CLIENT = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
NATIVE = tuple(0.01 * 2 ** (i / 8) for i in range(60))


def lognormal(
    bounds: tuple[float, ...], *, median: float, total: float = 1e5
) -> dict[float, float]:
    """Cumulative counts of latencies whose logarithm has a standard deviation of 1."""
    below = {b: total * (1 + math.erf(math.log(b / median) / math.sqrt(2))) / 2 for b in bounds}
    return {**below, math.inf: total}


def test_default_buckets_of_client_libraries_test_a_doubling_and_a_bit() -> None:
    found = slowdowns(lognormal(CLIENT, median=0.08))
    assert found is not None
    assert 2.0 <= found.limit <= 2.5
    assert found.worst is not None
    assert found.worst > 1.5 * found.limit


def test_fine_buckets_test_a_small_slowdown() -> None:
    assert slowdowns(lognormal(NATIVE, median=0.1)) == Slowdowns(limit=1.25, worst=2.0)


@pytest.mark.parametrize("bounds", [CLIENT, NATIVE, (1, 2, 3, 4, 5, 10, 20, 30, 40, 50, 100)])
@pytest.mark.parametrize("share", [0.02, 0.3])
def test_what_is_written_can_be_tested(bounds: tuple[float, ...], share: float) -> None:
    counts = lognormal(bounds, median=bounds[int(len(bounds) * share)])
    found = slowdowns(counts)
    assert found is not None
    above = np.array([1 - counts[bound] / 1e5 for bound in (*bounds, math.inf)])
    for ratio in (found.limit, found.worst):
        assert ratio is not None
        assert pairs(np.array([*bounds, math.inf]), above, ratio) is not None


def test_without_traffic_every_bucket_counts() -> None:
    found = slowdowns(dict.fromkeys((*CLIENT, math.inf), 0.0))
    assert found is not None
    assert 2.0 <= found.limit <= 2.5


def test_one_bucket_tests_nothing() -> None:
    assert slowdowns({0.5: 90.0, math.inf: 100.0}) is None
    assert slowdowns({}) is None
