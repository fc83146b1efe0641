"""Before/after in a verdict: how the history lies, and what the comparison rests on, in words.

Owned here: putting a history on a grid, so that what is ``shift`` intervals apart can be paired
though there are gaps, and the sentences that say what such a history is worth. Not here: the noise
of its pairs (`judge.stats.shifted`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from judge.spec.resolved import BASELINE, Metric, ResolvedAnalysis
from judge.spec.units import format_duration
from judge.stats.samples import Interval
from judge.stats.shifted import DAY, FEWEST_RUNS, Apart
from judge.verdict.kinds.gathering import Gathered, gathered
from judge.verdict.reasons import title, worst


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


def unweighted(analysis: ResolvedAnalysis, intervals: Sequence[Interval]) -> Sequence[Interval]:
    """The intervals without weights where they say nothing: each period has all its requests."""
    if not analysis.shift:
        return intervals
    return [replace(one, weights={}) for one in intervals]


def basis(analysis: ResolvedAnalysis, history: Sequence[Interval]) -> str:
    """What a before/after verdict rests on, as the end of its reason; "" for any other.

    ``history`` is on a grid.
    """
    if not analysis.shift:
        return ""
    ago = told(analysis.baseline_offset)
    before = f"; before/after: the baseline is the service {ago} before"
    each = [
        gathered(history, metric.name, BASELINE)
        for metric in analysis.metrics
        if metric.limit is not None
    ]
    if not each:
        return before
    replaced = next(filter(None, (_replaced(analysis, past) for past in each)), "")
    before += f"; {replaced}" if replaced else ""
    least = min((past.seen for past in each), key=lambda one: float(one.sum()))
    short = _short(analysis, least)
    if short:
        return f"{before}; {short}, so the promise is uncalibrated"
    since = _day(history[0].start + analysis.baseline_offset)
    return (
        f"{before}; the promise is empirical: it rests on {_apart(analysis).days(least):.1f} days "
        f"of such pairs, {since} to {_day(history[-1].end)} (UTC), each against {ago} before"
    )


def assumed() -> str:
    """Why the noise of pairs could not be learned."""
    return "noise assumed, not learned (too few pairs of runs in the history, or too few events)"


def hidden(metric: Metric, spread: float) -> str:
    """Why the service's own changes hide what must not be missed; ``spread`` is an arm's."""
    apart = f"{math.sqrt(2.0) * spread:.0%}"
    return (
        f"whole runs differ by {apart} from those before, so {worst(metric)} cannot be convicted; "
        "another offset may differ by less, a baseline beside the canary surely does"
    )


def weak(
    metric: Metric, analysis: ResolvedAnalysis, past: Gathered, holes: Sequence[str]
) -> list[str]:
    """What takes from the promise of a before/after comparison of a metric, in words."""
    found = []
    short = _short(analysis, past.seen)
    if short:
        needed = analysis.baseline_offset + _apart(analysis).fewest_days * DAY
        found.append(
            f"{title(metric)}: {short}: the promise will be called uncalibrated, and what cannot "
            f"be learned is assumed; let Prometheus keep, and history ask for, more than "
            f"{told(-(-needed // DAY) * DAY)}{''.join(f'; {hole}' for hole in holes)}"
        )
    elif holes:
        found.append(
            f"{title(metric)}: {'; '.join(holes)}; what is left is enough for an empirical promise"
        )
    replaced = _replaced(analysis, past)
    if not replaced:
        return found
    advice = f"wait {told(analysis.baseline_offset)}, or write an offset that begins after it"
    return [*found, f"{title(metric)}: {replaced}; {advice}"]


def _short(analysis: ResolvedAnalysis, seen: NDArray[np.bool_]) -> str:
    """Why these intervals do not calibrate; "" where they do."""
    apart, ago = _apart(analysis), told(analysis.baseline_offset)
    if apart.enough(seen):
        return ""
    days = apart.days(seen)
    if days < apart.fewest_days:
        needed = f"{apart.fewest_days:g} days"
    else:
        needed = f"{FEWEST_RUNS * apart.looks * apart.interval / DAY:.1f} for so long a run"
    return f"the history has {days:.1f} days of pairs {ago} apart, and it takes {needed}"


def _replaced(analysis: ResolvedAnalysis, past: Gathered) -> str:
    """Whether before has other pods than the end of the history, and how often that happened."""
    arms = [next(iter(pods), "") for pods in past.found]
    then, last = arms[-analysis.shift :], arms[-1:]
    now = next((name for name in [*last, *reversed(then)] if name), "")
    first = next((name for name in then if name), "")
    if not now or first == now:
        return ""
    ago = told(analysis.baseline_offset)
    return (
        f"all pods were replaced in the {ago} before the release, as by a deploy: the service "
        f"{ago} before is not what the release replaces, so what that deploy changed counts as its "
        "change, too"
    )


def told(offset: float) -> str:
    """An offset as a person says it: 1d, 1w, 45m."""
    for unit, seconds in (("w", 7 * DAY), ("d", DAY)):
        if offset % seconds == 0:
            return f"{offset / seconds:g}{unit}"
    return format_duration(offset)


def _apart(analysis: ResolvedAnalysis) -> Apart:
    return Apart(analysis.all_looks, analysis.shift, analysis.interval)


def _day(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d")
