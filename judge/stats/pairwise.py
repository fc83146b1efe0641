"""The shift between two samples, exactly: order statistics of the differences of all pairs.

Owned here: the Hodges-Lehmann estimate and the Mann-Whitney interval (normal approximation, with
correction for ties and continuity) as they are defined, without the tolerance of a search, so that
another unit scales them and changes nothing else. Not here: the interval that Kayenta's search
finds (`ranks`).

Source: Hollander, Wolfe, Chicken, Nonparametric Statistical Methods (2014), 4.2-4.3.
"""

from __future__ import annotations

import math

import numpy as np
from scipy import special

from judge.stats.arms import Array

ENUMERATED = 40_000
"""Pairs up to which their differences are simply sorted."""
_HALVINGS = 60
_AT_ONCE = 4_000_000


def location_shift(
    experiment: Array, control: Array, *, confidence: float
) -> tuple[float, float, float]:
    """(low, high, estimate) of the shift of ``experiment`` (n,) over ``control`` (m,), all finite.

    ``low`` and ``high`` bound the shifts that the two-sided test at ``confidence`` does not refuse;
    where not even the largest difference is refused, they are the extreme differences.
    """
    ours, theirs = np.sort(experiment), np.sort(control)
    pairs = ours.size * theirs.size
    beyond = float(special.ndtri((1.0 + confidence) / 2.0)) * _sigma(ours, theirs)
    # A shift is refused as too small where more than pairs/2 + 1/2 + beyond differences exceed it.
    exceeding = math.floor(pairs / 2.0 + 0.5 + beyond) + 1
    rank = max(pairs - exceeding, 0)
    low, high = _ranked(ours, theirs, [rank, pairs - 1 - rank])
    middle = _ranked(ours, theirs, [(pairs - 1) // 2, pairs // 2])
    return low, high, 0.5 * (middle[0] + middle[1])


def _sigma(ours: Array, theirs: Array) -> float:
    """The standard deviation of the rank sum at any shift that ties no value across the sides."""
    n, m = ours.size, theirs.size
    whole = n + m
    tied = sum(_cubes(side) for side in (ours, theirs))
    spread = whole + 1.0 - tied / (whole * (whole - 1.0))
    return math.sqrt(max(n * m / 12.0 * spread, 0.0))


def _cubes(ascending: Array) -> float:
    """The sum of t^3 - t over the groups of t equal values."""
    if ascending.size < 2:
        return 0.0
    edges = np.flatnonzero(np.diff(ascending)) + 1
    if edges.size == ascending.size - 1:
        return 0.0
    sizes = np.diff(np.concatenate(([0], edges, [ascending.size]))).astype(float)
    return float((sizes**3 - sizes).sum())


def _ranked(ours: Array, theirs: Array, ranks: list[int]) -> tuple[float, float]:
    """The differences with these two ranks, counted from the smallest, 0."""
    if ours.size * theirs.size <= ENUMERATED:
        differences = np.partition((ours[:, None] - theirs).ravel(), sorted(set(ranks)))
        return float(differences[ranks[0]]), float(differences[ranks[1]])
    found = [_selected(ours, theirs, rank) for rank in ranks]
    return found[0], found[1]


def _selected(ours: Array, theirs: Array, rank: int) -> float:
    """The difference with this rank in O((n + m) log m): halving, then sorting the few left."""
    low, high = float(ours[0] - theirs[-1]), float(ours[-1] - theirs[0])
    below = 0  # differences under ``low``
    upto = ours.size * theirs.size  # differences up to ``high``
    for _ in range(_HALVINGS):
        middle = low + (high - low) / 2.0
        if upto - below <= ours.size + theirs.size or not low < middle < high:
            break
        # Differences under ``middle``: for each of ours, the theirs that lie above ours - middle.
        under = int((theirs.size - np.searchsorted(theirs, ours - middle, side="right")).sum())
        if rank < under:
            high, upto = middle, under
        else:
            low, below = middle, under
    return _among(ours, theirs, low, high, rank)


def _among(ours: Array, theirs: Array, low: float, high: float, rank: int) -> float:
    """The difference with this rank, which lies from ``low`` to ``high`` but for rounding."""
    largest = max(abs(float(end)) for end in (ours[0], ours[-1], theirs[0], theirs[-1]))
    slack = 4.0 * float(np.finfo(float).eps) * largest
    first = np.searchsorted(theirs, ours - (high + slack), side="left")
    last = np.searchsorted(theirs, ours - (low - slack), side="right")
    below = int((theirs.size - last).sum())
    counts = np.maximum(last - first, 0)
    if counts.sum() > _AT_ONCE:  # halved until they were one value
        one = int(counts.argmax())
        return float(ours[one] - theirs[first[one]])
    owner = np.repeat(np.arange(ours.size), counts)
    inside = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    differences = ours[owner] - theirs[first[owner] + inside]
    at = rank - below
    return float(np.partition(differences, at)[at])
