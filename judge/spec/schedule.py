"""The times of an analysis: which go together.

Owned here: the checks of interval and duration, and the default history.
"""

from __future__ import annotations

from judge.errors import Issue
from judge.spec.analysis import SpecWritten
from judge.spec.units import format_duration
from judge.spec.written import Written

SHORTEST_INTERVAL = 1.0
MOST_LOOKS = 11_000
EIGHT_HOURS = 28_800.0


def default_history(duration: float) -> float:
    """Seconds of the baseline's past to calibrate on: 8 h, or 16 runs if that is more."""
    return max(EIGHT_HOURS, 16 * duration)


def schedule_issues(spec: SpecWritten, written: Written) -> list[Issue]:
    """What is wrong with the times."""
    fault = interval_fault(spec.interval, spec.duration)
    issues = []
    if fault:
        field = "interval" if spec.interval < SHORTEST_INTERVAL else "duration"
        issues.append(written.issue(("spec", field), fault))
    return issues


def interval_fault(interval: float, duration: float) -> str:
    """What is wrong with ``interval`` beside ``duration``, or ""."""
    if interval < SHORTEST_INTERVAL:
        return f"an interval of {format_duration(interval)} is too short; write 1s or more"
    if duration < interval:
        return (
            f"the duration {format_duration(duration)} is shorter than one interval "
            f"({format_duration(interval)}); write a longer duration, or a shorter interval"
        )
    if duration / interval > MOST_LOOKS:
        return (
            f"{duration / interval:.0f} looks, more than {MOST_LOOKS}; write a longer interval, "
            "or a shorter duration"
        )
    return ""
