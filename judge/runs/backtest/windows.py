"""Which windows of the past a backtest judges, and which of them share a judge.

Owned here: the times, as pure functions of the analysis and the options. Every window lies on one
grid of intervals, which ends where the backtest ends; so what is read once serves all of them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from judge.spec.resolved import ResolvedAnalysis

RECALIBRATED = 14400.0  # seconds for which windows share a judge where nobody said
TOGETHER = 14400.0  # seconds within which what goes wrong may be one thing
LEAST_EVERY = 3600.0  # seconds between windows where nobody said and a run is shorter
SPLITS = 10  # pods that play the canary in one window
_CLOSE = 1e-6


@dataclass(frozen=True, slots=True)
class Plan:
    """What a backtest goes over. Times in Unix seconds, lengths in seconds.

    Runs that begin from ``since`` on and end by ``until``, one ``every`` so often. A judge is
    calibrated anew after ``recalibrated``. At once ``playing`` pods play the canary, in at most
    ``splits`` splits of a window.
    """

    since: float
    until: float
    every: float
    recalibrated: float = RECALIBRATED
    playing: int = 1
    splits: int = SPLITS


@dataclass(frozen=True, slots=True)
class PastWindow:
    """A run that could have been: released at ``released``, looked at from ``start`` to ``end``.

    ``block`` is the number of the judge that it shares with its neighbours; those of one
    ``cluster`` are so near to each other that what goes wrong in them may be one thing.
    """

    index: int
    released: float
    start: float
    end: float
    block: int
    cluster: int


def usual_every(analysis: ResolvedAnalysis) -> float:
    """Seconds between windows where nobody said: no two of them overlap."""
    return max(LEAST_EVERY, analysis.warmup + analysis.all_looks * analysis.interval)


def windows(analysis: ResolvedAnalysis, plan: Plan) -> list[PastWindow]:
    """Every window of a plan, oldest first."""
    run = analysis.all_looks * analysis.interval
    step = max(1, round(plan.every / analysis.interval)) * analysis.interval
    found: list[tuple[float, float, float]] = []
    count = math.floor((plan.until - plan.since - analysis.warmup - run + _CLOSE) / step) + 1
    for back in reversed(range(max(count, 0))):
        end = plan.until - back * step
        start = end - run
        found.append((start - analysis.warmup, start, end))
    if not found:
        return []
    sharing = max(plan.recalibrated, step)
    together = max(sharing, TOGETHER)
    since = [times[0] - found[0][0] + _CLOSE for times in found]
    return [
        PastWindow(i, *times, int(since[i] // sharing), int(since[i] // together))
        for i, times in enumerate(found)
    ]


def history_of(analysis: ResolvedAnalysis, window: PastWindow, plan: Plan) -> tuple[float, float]:
    """From when to when a run of this window reads its history: on the grid, at most as late."""
    interval = analysis.interval
    count = math.floor(analysis.history / interval + _CLOSE)
    ends = plan.until - math.ceil((plan.until - window.released) / interval - _CLOSE) * interval
    return ends - count * interval, ends
