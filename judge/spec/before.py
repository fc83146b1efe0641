"""Before/after: a baseline that is the same service some time ago (`baselineOffset`).

Owned here: which offsets go with the other times of an analysis and with its tracks, and how much
of the past such a comparison is calibrated on. Not here: reading it (`judge.runs.reading`), what it
is worth (`judge.stats.shifted`).
"""

from __future__ import annotations

from judge.errors import Issue
from judge.spec.analysis import SpecFields, SpecWritten
from judge.spec.judges import alone
from judge.spec.schedule import default_history
from judge.spec.tracks import present
from judge.spec.units import format_duration
from judge.spec.written import Written

DAY = 86_400.0
PAIRED = 7 * DAY  # of pairs where they are a day apart or less: every weekday once
PAIRED_LONGER = 28 * DAY  # where they are farther apart
RUNS = 60  # pairs enough for that many runs, one after the other
ROUNDING = 1e-6
MOST_INTERVALS = 60_000  # of a history that nobody asked for


def default_past(spec: SpecFields, duration: float) -> float:
    """Seconds of the baseline's past to calibrate on, where nobody said.

    Kayenta's judge calibrates nothing.
    Of a baseline beside the canary as ever; before/after, a week of pairs (four where they are more
    than a day apart), or sixty runs if that is more, and the offset itself.
    """
    if alone(spec):
        return 0.0
    if not spec.baseline_offset:
        return default_history(duration)
    week = PAIRED if spec.baseline_offset <= DAY else PAIRED_LONGER
    wanted = spec.baseline_offset + max(week, RUNS * duration)
    most = max(MOST_INTERVALS * spec.interval, 2 * spec.baseline_offset)
    whole = int(min(wanted, most) // spec.interval)
    return whole * spec.interval


def before_issues(spec: SpecWritten, written: Written) -> list[Issue]:
    """What is wrong with ``spec.baselineOffset``, as a user wrote it."""
    found = [
        written.issue(("spec", field), message)
        for field, message in before_faults(spec, spec.duration)
    ]
    if not spec.baseline_offset:
        return found
    weight = (
        "says nothing before and after: each period has all of its requests; remove it, or "
        "baselineOffset"
    )
    found += [
        written.issue(("spec", "tracks", name, "weight"), weight)
        for name, track in present(spec.tracks).items()
        if track.weight is not None
    ]
    better = "an A/B test has its variants side by side; remove it, or baselineOffset"
    return found + [
        written.issue(("spec", "metrics", i, "better"), better)
        for i, metric in enumerate(spec.metrics)
        if metric.better is not None
    ]


def before_faults(spec: SpecFields, duration: float) -> list[tuple[str, str]]:
    """Fields that do not go with the offset, and why."""
    offset, interval, past = spec.baseline_offset, spec.interval, spec.history
    if offset is None:
        return []
    faults, told = [], format_duration(offset)
    after = spec.warmup + duration + spec.keep_watching
    if offset < after:
        run = format_duration(after)
        message = (
            f"{told} is shorter than the run ({run} with its warm-up): the end of before would be "
            f"read from after the release; write {run} or more"
        )
        faults.append(("baselineOffset", message))
    if interval > 0 and abs(offset / interval - round(offset / interval)) > ROUNDING:
        message = (
            f"{told} is no multiple of the interval ({format_duration(interval)}), so that before "
            "and after have no bounds in common; write a multiple"
        )
        faults.append(("baselineOffset", message))
    if past is not None and 0 < past < offset + duration and not alone(spec):
        message = (
            f"no two runs {told} apart lie within {format_duration(past)}; write several days more "
            f"than {format_duration(offset + duration)}, or remove it"
        )
        faults.append(("history", message))
    return faults
