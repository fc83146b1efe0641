"""Reading tracks that lie side by side, or before and after: which hours each is read from.

Owned here: that a baseline with an offset is read so much earlier than the others and placed on
their intervals, and that weeks of its past are read in parts, each made one arm as it comes. Raises
what the source raises. Not here: which windows a run has (`run`), placing them (`reading`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from judge.runs.before_run import going_back, joined, reach
from judge.runs.one_arm import Arms
from judge.sources.source import Source
from judge.spec.resolved import BASELINE, ResolvedAnalysis
from judge.stats.samples import Interval

PART = 2_880  # intervals of a history that are read at once; two days at one a minute

T = TypeVar("T")


def read_past(
    source: Source, analysis: ResolvedAnalysis, *, start: float, intervals: int
) -> list[Interval]:
    """So many intervals of the baseline from ``start`` on: by pod, or as one arm for before/after.

    Raises `SourceError`.
    """
    if intervals < 1:
        return []
    if not analysis.shift:
        return _read(source, analysis, start, intervals, [BASELINE], thorough=False)
    arms, found = Arms(), []
    for first in range(0, intervals, PART):
        begins = start + first * analysis.interval
        part = min(PART, intervals - first)
        found += arms.of(_read(source, analysis, begins, part, [BASELINE], thorough=False))
    return found


def read_tracks(
    source: Source,
    analysis: ResolvedAnalysis,
    *,
    start: float,
    intervals: int,
    opens: bool = False,
) -> list[Interval]:
    """So many intervals of all tracks; a baseline with an offset is as it was then.

    ``opens``: the first of them is a run's first, which also has what a lookback reaches before it.
    Raises `SourceError`.
    """
    found = _all(source, analysis, start, intervals, analysis.interval)
    back = reach(analysis) if opens and found else 0.0
    if back:
        (before,) = _all(source, going_back(analysis), start - back, 1, back)
        found[0] = joined(found[0], replace(before, start=found[0].start - back))
    return found


def _all(
    source: Source, analysis: ResolvedAnalysis, start: float, intervals: int, step: float
) -> list[Interval]:
    """So many intervals of ``step`` seconds."""
    tracks = list(analysis.tracks)
    if not analysis.shift:
        return _read(source, analysis, start, intervals, tracks, thorough=True, step=step)
    others = [track for track in tracks if track != BASELINE]
    after = _read(source, analysis, start, intervals, others, thorough=True, step=step)
    earlier = start - analysis.baseline_offset
    before = _read(source, analysis, earlier, intervals, [BASELINE], thorough=True, step=step)
    return [_beside(*pair) for pair in zip(after, before, strict=True)]


def _read(
    source: Source,
    analysis: ResolvedAnalysis,
    start: float,
    intervals: int,
    tracks: Sequence[str],
    *,
    thorough: bool,
    step: float | None = None,
) -> list[Interval]:
    step = analysis.interval if step is None else step
    end = start + intervals * step
    return source.read(analysis, start=start, end=end, step=step, tracks=tracks, thorough=thorough)


def _beside(after: Interval, before: Interval) -> Interval:
    """An interval of before as if it had been at the time of after."""
    return replace(
        after,
        samples=_both(after.samples, before.samples),
        absent=_both(after.absent, before.absent),
        weights={},
    )


def _both(
    one: Mapping[str, Mapping[str, T]], other: Mapping[str, Mapping[str, T]]
) -> dict[str, dict[str, T]]:
    """By metric and track, what either has."""
    return {metric: {**one.get(metric, {}), **other.get(metric, {})} for metric in {**one, **other}}
