"""Error series that vanished from processes which live on: what they count since, nobody knows.

Pure. Such series do not exist before the first error, so a process that never had any, or that has
begun anew since the last of them, has had no errors. One whose totals went on without a reset has
lost them: dropped on the way here, by relabelling, a limit or a bug. Not here: finding pods that
may be concerned (`queries`), reading their raw samples (`recount`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from judge.sources.raw_series import RawSeries
from judge.spec.resolved import ResolvedAnalysis

SHORTEST = 3600.0
LONGEST = 86400.0


def reach(analysis: ResolvedAnalysis) -> float:
    """For how many seconds error series are missed: as long as a run lasts, at least an hour."""
    return min(max(SHORTEST, analysis.warmup + analysis.duration), LONGEST)


def last_seen(events: Sequence[RawSeries[float]], *, until: int) -> dict[str, int]:
    """When each pod's series had their last sample up to ``until`` (both in milliseconds)."""
    found: dict[str, int] = {}
    for one in events:
        times = [time for time in one.times if time <= until]
        if times:
            found[one.pod] = max(times[-1], found.get(one.pod, times[-1]))
    return found


def lives_on(total: Sequence[RawSeries[float]], *, since: int, until: int) -> bool:
    """Whether the process that was there at ``since`` was seen later, and still after ``until``.

    ``total`` are all series of its pod, times in milliseconds. A reset of any of them between the
    two is a new process.
    """
    return any(_goes_on(one, since, until) for one in total) and not any(
        _is_reset(one, since, until) for one in total
    )


def _goes_on(one: RawSeries[float], since: int, until: int) -> bool:
    seen_between = any(since < time <= until for time in one.times)
    return one.times[0] <= since and seen_between and one.times[-1] > until


def _is_reset(one: RawSeries[float], since: int, until: int) -> bool:
    """A fall to the first sample after ``until`` counts: nobody saw the old process until then."""
    numbers = [
        (time, value)
        for time, value in zip(one.times, one.values, strict=True)
        if math.isfinite(value)
    ]
    return any(
        after < before and then > since and time <= until
        for (time, before), (then, after) in pairwise(numbers)
    )
