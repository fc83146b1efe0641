"""Outliers, one side at a time: fences of quartiles, or of standard deviations about the mean.

Owned here: which values Kayenta's detectors keep, with its percentiles. Values must not be NaN.
Where an infinity makes a fence NaN nothing is beyond that fence, so nothing is dropped.

Sources: Hyndman and Fan, The American Statistician 50 (1996) 361-365, definition 7, for
percentiles; Tukey, Exploratory Data Analysis (1977), for the fences.
"""

from __future__ import annotations

import math

import numpy as np

from judge.stats.arms import Array
from judge.stats.moments import mean_and_deviation


def kept(values: Array, *, factor: float, widened: bool = True) -> Array:
    """The ``values`` (n,) within ``factor`` interquartile ranges of the quartiles, in their order.

    ``widened``: and all between the 1st and the 99th percentile, as Kayenta's judge has it.
    Raises ValueError for a factor that is not above 0.
    """
    low, high = fences(values, factor=factor, widened=widened)
    return values[~((values > high) | (values < low))]


def fences(values: Array, *, factor: float, widened: bool = True) -> tuple[float, float]:
    """The least and the greatest value that `kept` keeps; NaN for no values."""
    if not factor > 0.0:
        raise ValueError(f"the factor of the outliers' fences must be above 0, not {factor}")
    in_order = np.sort(values)
    first, third = _percentile(in_order, 25.0), _percentile(in_order, 75.0)
    reach = factor * (third - first)
    low, high = first - reach, third + reach
    if widened:
        low = float(np.minimum(_percentile(in_order, 1.0), low))
        high = float(np.maximum(_percentile(in_order, 99.0), high))
    return low, high


def kept_within(values: Array, *, deviations: float) -> Array:
    """The ``values`` (n,) within so many population standard deviations of the mean, in order.

    Kayenta ships this detector, and its judge never asks it.
    """
    if not values.size:
        return values
    mean, deviation = mean_and_deviation(values, population=True)
    with np.errstate(invalid="ignore"):
        return values[~(np.abs(values - mean) > deviation * deviations)]


def percentile(values: Array, percent: float) -> float:
    """The percentile of ``values`` (n,) by Hyndman and Fan's definition 7; NaN for no values."""
    return _percentile(np.sort(values), percent)


def _percentile(in_order: Array, percent: float) -> float:
    count = in_order.size
    if not count:
        return math.nan
    position = 1.0 + (count - 1) * (percent / 100.0)
    below = math.floor(position)
    lower = float(in_order[below - 1])
    if below == count:
        return lower
    return lower + (position - below) * (float(in_order[below]) - lower)
