"""What was counted: one pod in one interval, and how a hole is told apart from a zero.

This module owns the values that every room passes on: `Count` and `Interval`. It reads nothing
and judges nothing.
"""

from __future__ import annotations

import enum
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


Pods = Mapping[str, Count]
Tracks = Mapping[str, Pods]
Samples = Mapping[str, Tracks]


@dataclass(frozen=True, slots=True)
class Interval:
    """One look's worth of samples.

    ``start`` and ``end`` are Unix seconds. ``samples[metric][track][pod]`` is a `Count`; a
    metric, track or pod that is missing is a hole. ``weights`` are the expected shares of
    requests by track, empty where nobody said. ``absent[metric][track]`` tells why a hole is one.
    """

    start: float
    end: float
    samples: Samples
    weights: Mapping[str, float] = field(default_factory=dict)
    absent: Mapping[str, Mapping[str, Absence]] = field(default_factory=dict)
