"""Means and variances that add up from the first value to the last.

Owned here: the sums that Kayenta reports to the last bit: never pairwise, and corrected once by the
sum of the residuals. An infinity makes a mean NaN, as it does there.

Source: Chan, Golub and LeVeque, The American Statistician 37 (1983) 242-247.
"""

from __future__ import annotations

import numpy as np

from judge.stats.arms import Array


def mean_and_deviation(values: Array, *, population: bool = False) -> tuple[Array, Array]:
    """Mean and standard deviation of ``values`` (..., n) over the last axis, n at least 1.

    The deviation is the sample's (0 for one value), or the population's.
    """
    count = values.shape[-1]
    with np.errstate(invalid="ignore", over="ignore"):
        first = _sum(values) / count
        mean = first + _sum(values - first[..., None]) / count
        if count == 1:
            return mean, np.zeros_like(mean)
        residuals = values - mean[..., None]
        rest = _sum(residuals)
        squares = _sum(residuals * residuals) - rest * rest / count
        return mean, np.sqrt(squares / (count if population else count - 1.0))


def _sum(values: Array) -> Array:
    """`numpy.sum` adds pairwise, which ends in other bits."""
    return np.add.accumulate(values, axis=-1)[..., -1]
