"""How large a difference is: ratio of the means, common language effect size, Cohen's d.

Owned here: the descriptive statistics and effect sizes that Kayenta reports, to the last bit.
Nothing is judged here.

Sources: Vargha and Delaney, Journal of Educational and Behavioral Statistics 25 (2000) 101-132;
Cohen, Statistical Power Analysis for the Behavioral Sciences (1988).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from judge.stats.arms import Array
from judge.stats.moments import mean_and_deviation
from judge.stats.total_order import in_total_order


@dataclass(frozen=True, slots=True)
class Summary:
    """Least, greatest, mean and sample standard deviation of ``count`` values; zeros for none."""

    min: float
    max: float
    mean: float
    std: float
    count: int


@dataclass(frozen=True, slots=True)
class Summaries:
    """As `Summary`, of many rows at once: arrays of shape (B,), and the ``count`` of each row."""

    min: Array
    max: Array
    mean: Array
    std: Array
    count: int


def summary(values: Array) -> Summary:
    """What ``values`` (n,), without NaN, look like."""
    if not values.size:
        return Summary(0.0, 0.0, 0.0, 0.0, 0)
    least, greatest = np.minimum.reduce(values), np.maximum.reduce(values)
    mean, std = mean_and_deviation(values)
    return Summary(float(least), float(greatest), float(mean), float(std), values.size)


def summaries(values: Array) -> Summaries:
    """What each row of ``values`` (B, n), without NaN, looks like."""
    rows, count = values.shape
    if not count:
        none = np.zeros(rows)
        return Summaries(none, none, none, none, 0)
    mean, std = mean_and_deviation(values)
    return Summaries(values.min(axis=1), values.max(axis=1), mean, std, count)


def ratio_of_means(experiment: float, control: float) -> float:
    """One mean over the other; NaN where either is 0."""
    return math.nan if experiment == 0.0 or control == 0.0 else experiment / control


def mean_ratio(experiment: Array, control: Array) -> float:
    """The mean of ``experiment`` (n,) over that of ``control`` (m,); NaN where either is 0."""
    return ratio_of_means(summary(experiment).mean, summary(control).mean)


def cles(experiment: Array, control: Array) -> float:
    """P(experiment > control) of ``experiment`` (n,) and ``control`` (m,), a tie counted half."""
    above, below = in_total_order(experiment, control)
    in_order = np.sort(below)
    strictly = in_order.searchsorted(above, "left").sum()
    at_most = in_order.searchsorted(above, "right").sum()
    return float(strictly + at_most) / (2.0 * experiment.size * control.size)


def cohen_d(experiment: Array, control: Array) -> float:
    """The distance of the means in pooled standard deviations, never negative.

    NaN or infinite where the pooled standard deviation is 0.
    """
    first, second = summary(experiment), summary(control)
    squares = (first.count - 1) * first.std**2 + (second.count - 1) * second.std**2
    pooled = math.sqrt(squares / (first.count + second.count - 2))
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(np.float64(abs(first.mean - second.mean)) / pooled)
