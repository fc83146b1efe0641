"""A run's timing, as pure functions of its analysis and of when it began.

Owned here: which window a look covers and when it is due, which history comes before it, and how
long a source that does not answer is waited for. All times are Unix seconds of the run's clock.
The states are the store's; carrying a look out is `look`'s.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from judge.spec.resolved import ResolvedAnalysis
from judge.store.run import Run
from judge.verdict.verdict import Verdict

DELAY = 15.0  # seconds that samples settle where neither the analysis nor the source says
MARGIN = 1.0  # seconds on top of a scrape interval
LEAST_PATIENCE = 120.0  # seconds that a source may be silent, whatever the interval
LONGEST_PAUSE = 30.0  # seconds between two attempts


@dataclass(frozen=True, slots=True)
class Window:
    """From ``start`` up to, and without, ``end``."""

    start: float
    end: float


def look_window(run: Run, index: int) -> Window:
    """What look ``index`` covers. Each window begins exactly where the one before it ends."""
    analysis = run.analysis
    begins = run.started_at + analysis.warmup
    return Window(
        begins + index * analysis.interval,
        begins + (index + 1) * analysis.interval,
    )


def look_due(run: Run, index: int, *, delay: float) -> float:
    """When look ``index`` can be taken: at its window's end, once the samples have settled.

    A run that is judged at once waits for neither.
    """
    usual = look_window(run, index).end + delay
    return min(usual, run.created_at) if run.analysis.at_once else usual


def settling_delay(analysis: ResolvedAnalysis, scrape_interval: float | None) -> float:
    """How long samples settle, in seconds: as written, else a scrape and a little."""
    if analysis.delay is not None:
        return analysis.delay
    return DELAY if scrape_interval is None else scrape_interval + MARGIN


def history_windows(run: Run) -> list[Window]:
    """The whole intervals before the run began that calibrate it, oldest first."""
    interval = run.analysis.interval
    count = int(run.analysis.history / interval + 1e-9)
    return [
        Window(run.started_at - (left + 1) * interval, run.started_at - left * interval)
        for left in reversed(range(count))
    ]


def is_last(run: Run) -> bool:
    """Whether the look that is next is the last before the decision."""
    return run.next_index + 1 >= run.analysis.looks


def ends(run: Run, verdict: Verdict) -> bool:
    """Whether the run ends with the look that is next, of which ``verdict`` was said."""
    if run.next_index + 1 >= run.analysis.all_looks:
        return True
    return (verdict.decided or is_last(run)) and not verdict.watching


def waits_until(run: Run, due: float, *, failing_since: float) -> float:
    """Until when a source that does not answer is asked again for what was due at ``due``.

    Counted from the first failure where the run is catching up. That stays the same while the
    source is silent, so an outage delays a run once, and not once a look. Whoever wants a run
    judged at once waits the least.
    """
    intervals = 0.0 if run.analysis.at_once else 3 * run.analysis.interval
    return max(due, failing_since) + max(intervals, LEAST_PATIENCE)


def pause(run: Run, attempts: int, *, rng: random.Random) -> float:
    """Seconds before the next attempt after ``attempts`` failed ones: doubling, with jitter."""
    longest = min(LONGEST_PAUSE, max(1.0, run.analysis.interval / 2), 2.0 ** min(attempts, 16))
    return rng.uniform(longest / 2, longest)
