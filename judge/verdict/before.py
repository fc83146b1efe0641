"""Before/after in a verdict: how the history lies, and what the comparison rests on, in words.

Owned here: putting a history on a grid, so that what is ``shift`` intervals apart can be paired
though there are gaps, and the sentence that says how many days of pairs there were. Not here: the
noise of such pairs (`judge.stats.shifted`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from judge.spec.resolved import BASELINE, ResolvedAnalysis
from judge.spec.units import format_duration
from judge.stats.samples import Interval
from judge.stats.shifted import DAY, Apart
from judge.verdict.kinds.gathering import gathered


def on_grid(analysis: ResolvedAnalysis, history: Sequence[Interval]) -> Sequence[Interval]:
    """The history with an empty interval wherever there is none, if it is to be paired."""
    if not analysis.shift or not history:
        return history
    step, first = analysis.interval, history[0].start
    placed = {round((one.start - first) / step): one for one in history}
    return [
        placed.get(at) or Interval(first + at * step, first + (at + 1) * step, {})
        for at in range(max(placed) + 1)
    ]


def days_paired(analysis: ResolvedAnalysis, history: Sequence[Interval]) -> dict[str, float]:
    """The days of pairs that each compared metric has, by its name."""
    apart = _apart(analysis)
    return {
        metric.name: apart.days(gathered(history, metric.name, BASELINE).seen)
        for metric in analysis.metrics
        if metric.limit is not None
    }


def few_days(analysis: ResolvedAnalysis, days: float) -> str:
    """Why so many days of pairs do not calibrate; "" where they do."""
    needed = _apart(analysis).fewest_days
    if days >= needed:
        return ""
    return (
        f"its history has {days:.1f} days of pairs {told(analysis.baseline_offset)} apart, "
        f"{needed:g} are needed"
    )


def basis(analysis: ResolvedAnalysis, history: Sequence[Interval]) -> str:
    """What a before/after verdict rests on, as the end of its reason; "" for any other."""
    if not analysis.shift:
        return ""
    before = f"; before/after: the baseline is the service {told(analysis.baseline_offset)} before"
    days = days_paired(analysis, history)
    if not days:
        return before
    short = few_days(analysis, min(days.values()))
    if short:
        return f"{before}, and {short} to measure the promise on"
    since = _day(history[0].start + analysis.baseline_offset)
    return (
        f"{before}; the promise is empirical: it rests on {min(days.values()):.1f} days of such "
        f"pairs, {since} to {_day(history[-1].end)} (UTC) each against "
        f"{told(analysis.baseline_offset)} before"
    )


def told(offset: float) -> str:
    """An offset as a person says it: 1d, 1w, 45m."""
    for unit, seconds in (("w", 7 * DAY), ("d", DAY)):
        if offset % seconds == 0:
            return f"{offset / seconds:g}{unit}"
    return format_duration(offset)


def _apart(analysis: ResolvedAnalysis) -> Apart:
    return Apart(analysis.looks, analysis.shift, analysis.interval)


def _day(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d")
