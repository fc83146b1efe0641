"""The times of an analysis: which go together.

Owned here: the checks of interval, duration and watching on, and the default history.
"""

from __future__ import annotations

from judge.errors import Issue
from judge.spec.analysis import SpecFields, SpecWritten
from judge.spec.units import format_duration
from judge.spec.written import Written

SHORTEST_INTERVAL = 1.0
MOST_LOOKS = 11_000
EIGHT_HOURS = 28_800.0


def default_history(duration: float) -> float:
    """Seconds of the baseline's past to calibrate on: 8 h, or 16 runs if that is more.

    ``duration`` is that of a whole run, watching on included.
    """
    return max(EIGHT_HOURS, 16 * duration)


def schedule_issues(spec: SpecWritten, written: Written) -> list[Issue]:
    """What is wrong with the times."""
    fault = interval_fault(spec.interval, spec.duration)
    issues = []
    if fault:
        field = "interval" if spec.interval < SHORTEST_INTERVAL else "duration"
        issues.append(written.issue(("spec", field), fault))
    else:
        issues += watching_issues(spec, spec.duration, written)
    return issues


def watching_issues(spec: SpecFields, duration: float, written: Written) -> list[Issue]:
    """What is wrong with the time after a pass."""
    after, place = spec.keep_watching, ("spec", "keepWatching")
    if 0 < after < spec.interval:
        message = (
            f"{format_duration(after)} is shorter than one interval "
            f"({format_duration(spec.interval)}); write an interval or more, or remove it"
        )
        return [written.issue(place, message)]
    looks = (duration + after) / spec.interval
    if after and looks > MOST_LOOKS:
        message = f"{looks:.0f} looks with the duration, more than {MOST_LOOKS}; write less"
        return [written.issue(place, message)]
    return []


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
