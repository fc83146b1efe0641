"""What was sampled: one pod in one interval, and how a hole is told apart from a zero.

This module owns the values that every room passes on: a `Sample` by kind of metric, and `Interval`.
It reads nothing and judges nothing.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Mapping
from dataclasses import dataclass, field


class Absence(enum.StrEnum):
    """Why a metric has no sample of a track in an interval."""

    NO_DATA = "no data"  # the query answered, with no series for this track
    NOT_FINITE = "not finite"  # NaN or an infinity among the values
    PARTIAL = "partial"  # the server warned that its answer is partial
    UNRELIABLE = "unreliable"  # series came and went and the raw samples could not settle it
    UNREACHABLE = "unreachable"  # the server gave no usable answer


@dataclass(frozen=True, slots=True)
class Count:
    """Events (errors, say) among a total (requests) of one pod in one interval.

    Both are increments within the interval; finite or not, they are kept as they came.
    """

    events: float
    total: float


@dataclass(frozen=True, slots=True)
class Histogram:
    """How many requests of one pod took at most how long, in one interval.

    ``counts`` are cumulative increments, one for each of the upper ``bounds``, which ascend and end
    with infinity: the last count is the total. Where two neighbouring counts are equal nothing lies
    between their bounds, so the count is known everywhere between them; a native histogram names
    both edges of each bucket that holds something and says all that it knows. ``sum`` is NaN where
    it is not known.
    """

    bounds: tuple[float, ...]
    counts: tuple[float, ...]
    sum: float = math.nan

    @property
    def total(self) -> float:
        """All requests."""
        return self.counts[-1]


@dataclass(frozen=True, slots=True)
class Level:
    """What a gauge of one pod was in one interval; finite or not."""

    value: float


@dataclass(frozen=True, slots=True)
class Series:
    """The values of one label set in one interval, oldest first; finite or not.

    ``at`` are seconds after the interval's start, ascending: 0 and the interval's length are both
    in it. Where nothing was said there is no value, which is not the same as NaN.
    """

    at: tuple[float, ...]
    values: tuple[float, ...]


Sample = Count | Histogram | Level | Series
Pods = Mapping[str, Sample]
Tracks = Mapping[str, Pods]
Samples = Mapping[str, Tracks]


@dataclass(frozen=True, slots=True)
class Interval:
    """One look's worth of samples.

    ``start`` and ``end`` are Unix seconds. ``samples[metric][track][pod]`` is a `Count`, a
    `Histogram`, a `Level` or, by label set in place of a pod, a `Series`, as the metric's kind is;
    what is missing is a hole. ``weights`` are the expected shares of requests by track, empty where
    nobody said. ``absent[metric][track]`` tells why a hole is one.
    """

    start: float
    end: float
    samples: Samples
    weights: Mapping[str, float] = field(default_factory=dict)
    absent: Mapping[str, Mapping[str, Absence]] = field(default_factory=dict)
