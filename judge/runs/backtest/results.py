"""What a backtest found, piece by piece: plain values that are written down and read back as such.

Owned here: the forms. A piece never changes once it is there; the report is made of pieces alone,
so a backtest that was resumed says what an uninterrupted one says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from judge.verdict.verdict import Outcome, Promise


@dataclass(frozen=True, slots=True)
class FailedMetric:
    """A metric that failed, and what it showed; None: not known."""

    metric: str
    estimate: float | None
    low: float | None
    high: float | None
    reason: str


@dataclass(frozen=True, slots=True)
class Split:
    """A pseudo-rollout: the ``pods`` that played the canary, and what became of it.

    ``looks`` is how many looks it took to decide.
    """

    pods: tuple[str, ...]
    outcome: Outcome
    proven: bool
    looks: int
    promise: Promise
    failed: tuple[FailedMetric, ...] = ()


@dataclass(frozen=True, slots=True)
class Raise:
    """A metric's threshold, log E, as it is without calibration, and by how much that raised it."""

    plain: float
    raised: float


@dataclass(frozen=True, slots=True)
class Detection:
    """A regression ``ratio`` times for the worse, put into a metric of one split.

    ``seen`` and ``uncalibrated`` are looks until it was convicted, by the judge as it is and by one
    that was not calibrated; None where it was not within the run.
    """

    metric: str
    ratio: float
    seen: int | None
    uncalibrated: int | None


@dataclass(frozen=True, slots=True)
class WindowResult:
    """What was found in a window (see `PastWindow`).

    ``skipped`` says why it was not judged, else "".
    ``history``: how long that of its judge really was, in intervals that had a sample.
    ``replaced``: more than half of the pods at its end were not there at its beginning.
    """

    index: int
    released: float
    start: float
    end: float
    block: int
    cluster: int
    pods: int = 0
    skipped: str = ""
    replaced: bool = False
    history: int = 0
    splits: tuple[Split, ...] = ()
    unsplit: Mapping[str, str] = field(default_factory=dict)
    raises: Mapping[str, Raise] = field(default_factory=dict)
    detections: tuple[Detection, ...] = ()


@dataclass(frozen=True, slots=True)
class MetricSaid:
    """What a verdict on a past rollout said of a metric."""

    verdict: Outcome
    estimate: float | None
    low: float | None
    high: float | None
    reason: str


@dataclass(frozen=True, slots=True)
class RolloutResult:
    """What was found of a past rollout that began at ``at`` (Unix seconds).

    ``found`` says by what it is known, ``compared`` what was compared with what ("" where nothing
    could be, and ``reason`` then says why). ``decided`` is when the verdict would have been known.
    """

    at: float
    found: str
    compared: str
    reason: str
    outcome: Outcome | None = None
    proven: bool = False
    promise: Promise | None = None
    score: float | None = None
    start: float | None = None
    decided: float | None = None
    metrics: Mapping[str, MetricSaid] = field(default_factory=dict)
