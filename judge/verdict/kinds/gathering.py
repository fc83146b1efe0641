"""From intervals to one metric's samples of one track, by interval and pod."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from judge.stats.arms import Array
from judge.stats.samples import Absence, Interval, Pods


@dataclass(frozen=True, slots=True)
class Gathered:
    """A track's samples of one metric.

    ``found`` are the pods' samples by interval, ``pods`` their names, ``absent`` counts the
    intervals without any sample, by reason.
    """

    found: list[Pods]
    pods: list[str]
    absent: dict[Absence, int]

    @property
    def seen(self) -> NDArray[np.bool_]:
        """At which intervals there was a sample, (intervals,)."""
        return np.array([bool(one) for one in self.found], dtype=bool)


def gathered(intervals: Sequence[Interval], metric: str, track: str) -> Gathered:
    """A track's samples of a metric; an interval without any is an empty mapping."""
    found = [interval.samples.get(metric, {}).get(track, {}) for interval in intervals]
    pods = sorted(set().union(*found))
    return Gathered(found, pods, _absent(intervals, found, metric, track))


def weights(intervals: Sequence[Interval], track: str, other: str) -> Array:
    """The expected share of ``track`` in the requests of both, NaN where nobody said, (looks,)."""
    return np.array([_weight(interval, track, other) for interval in intervals])


def _weight(interval: Interval, track: str, other: str) -> float:
    own = interval.weights.get(track, np.nan)
    rest = interval.weights.get(other, 1.0 - own)
    return own / (own + rest) if own + rest > 0 else np.nan


def _absent(
    intervals: Sequence[Interval], found: Sequence[Pods], metric: str, track: str
) -> dict[Absence, int]:
    reasons: dict[Absence, int] = {}
    for interval, pods in zip(intervals, found, strict=True):
        if not pods:
            reason = interval.absent.get(metric, {}).get(track, Absence.NO_DATA)
            reasons[reason] = reasons.get(reason, 0) + 1
    return reasons
