"""From intervals of samples to arrays of counts, for one metric and track at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from judge.stats.arms import PodCounts
from judge.stats.samples import Absence, Count, Interval

_HOLE = Count(np.nan, np.nan)


@dataclass(frozen=True, slots=True)
class TrackCounts:
    """A track's counts of one metric, with what makes them less than they should be.

    ``not_finite`` are the pods with NaN or an infinity among their samples; ``absent`` counts the
    intervals without any sample, by reason.
    """

    counts: PodCounts
    not_finite: tuple[str, ...]
    absent: dict[Absence, int]


def track_counts(intervals: Sequence[Interval], metric: str, track: str) -> TrackCounts:
    """The counts (intervals, pods) of a track; a missing pod or interval is a hole."""
    found = [interval.samples.get(metric, {}).get(track, {}) for interval in intervals]
    pods = sorted(set().union(*found))
    values = np.array(
        [
            [(count.events, count.total) for count in (pods_of.get(pod, _HOLE) for pod in pods)]
            for pods_of in found
        ],
        dtype=float,
    ).reshape(len(found), len(pods), 2)
    given = np.array([[pod in pods_of for pod in pods] for pods_of in found], dtype=bool)
    broken = given.reshape(len(found), len(pods)) & ~np.isfinite(values).all(-1)
    not_finite = tuple(pod for i, pod in enumerate(pods) if broken[:, i].any())
    return TrackCounts(
        PodCounts(values[..., 0], values[..., 1]), not_finite, _absent(intervals, metric, track)
    )


def _absent(intervals: Sequence[Interval], metric: str, track: str) -> dict[Absence, int]:
    reasons: dict[Absence, int] = {}
    for interval in intervals:
        if not interval.samples.get(metric, {}).get(track):
            reason = interval.absent.get(metric, {}).get(track, Absence.NO_DATA)
            reasons[reason] = reasons.get(reason, 0) + 1
    return reasons
