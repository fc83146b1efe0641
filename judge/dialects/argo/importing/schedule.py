"""When a template's metrics are measured, as an analysis says it.

Owned here: durations as Argo Rollouts writes them, and the interval, the length and the warm-up of
an analysis that are nearest to those of its metrics. Not here: the limits on failures (`metrics`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from judge.dialects.argo.importing.arguments import Arguments
from judge.dialects.argo.importing.parts import Part
from judge.errors import Issue, SpecError
from judge.spec.units import format_duration

INTERVAL, LENGTH = 60.0, 1800.0
MOST_LOOKS = 11_000

_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_WRITTEN = re.compile(r"(?:\d+(?:\.\d+)?(?:h|ms|m|s))+")
_PIECE = re.compile(r"(\d+(?:\.\d+)?)(h|ms|m|s)")


@dataclass(frozen=True, slots=True)
class Timing:
    """Of one metric, in seconds; ``interval`` None: one measurement. ``count`` None: no end."""

    interval: float | None
    count: int | None
    delay: float
    part: Part


@dataclass(frozen=True, slots=True)
class Schedule:
    """Of the analysis, in seconds, and why it is so long."""

    interval: float
    duration: float
    warmup: float
    why: str


def seconds_of(text: str) -> float | None:
    """A duration such as ``1m30s``, in seconds; None where it is none."""
    if not _WRITTEN.fullmatch(text):
        return None
    return sum(float(number) * _UNITS[unit] for number, unit in _PIECE.findall(text))


def timing_of(metric: Part, arguments: Arguments) -> Timing:
    """When a metric is measured. Raises `SpecError` with the place."""
    count = _count(metric, arguments, "count")
    interval = _seconds(metric, arguments, "interval")
    if interval is None and count not in (None, 0, 1):
        raise metric.refused("needs an interval beside it", "count")
    ends = count if count and count > 0 else 1 if interval is None else None
    return Timing(interval, ends, _seconds(metric, arguments, "initialDelay") or 0.0, metric)


def limit_of(metric: Part, arguments: Arguments, name: str, default: int) -> int:
    """A limit such as `failureLimit`. Raises `SpecError` with the place."""
    found = _count(metric, arguments, name)
    return default if found is None else found


def schedule_of(timings: Sequence[Timing], rollout: Part | None) -> tuple[Schedule, list[Issue]]:
    """The schedule of all metrics together, and a remark on each that is measured otherwise."""
    given = [one.interval for one in timings if one.interval is not None]
    interval = max(1.0, round(min(given))) if given else INTERVAL
    warmup = max(one.delay for one in timings)
    duration, why = _length(timings, rollout)
    looks = min(max(1, round(duration / interval)), MOST_LOOKS)
    found = Schedule(interval, looks * interval, warmup, why)
    return found, [issue for one in timings for issue in _remarks(one, found)]


def _length(timings: Sequence[Timing], rollout: Part | None) -> tuple[float, str]:
    ends = [one.count * one.interval for one in timings if one.count and one.interval]
    if ends:
        return max(ends), "As many measurements as the template counts."
    pauses = None if rollout is None else _pauses(rollout)
    if pauses:
        return pauses, "The pauses of the Rollout's steps."
    return LENGTH, "The template says no end, so this is a guess."


def _pauses(rollout: Part) -> float | None:
    """The length of a canary's pauses, in seconds; None where there are none or one has no end."""
    canary = rollout.part("spec", "strategy", "canary")
    pauses = [step.part("pause") for step in (canary.parts("steps") if canary else [])]
    total = 0.0
    for pause in pauses:
        if pause is None:
            continue
        text = pause.text("duration")
        length = float(text) if text.isdigit() else seconds_of(text)
        if length is None:
            return None
        total += length
    return total or None


def _remarks(one: Timing, schedule: Schedule) -> list[Issue]:
    found = []
    if one.interval is None:
        message = f"is measured once; here at each look, every {format_duration(schedule.interval)}"
        found.append(one.part.issue(message))
    elif one.interval != schedule.interval:
        message = f"all metrics are looked at every {format_duration(schedule.interval)}"
        found.append(one.part.issue(message, "interval"))
    if one.delay != schedule.warmup:
        message = f"all metrics begin after {format_duration(schedule.warmup)} (warmup)"
        found.append(one.part.issue(message, "initialDelay"))
    return found


def _seconds(metric: Part, arguments: Arguments, name: str) -> float | None:
    if not metric.has(name):
        return None
    found = seconds_of(arguments.filled(metric, name))
    if found is None:
        raise metric.refused("is no duration such as 30s or 5m", name)
    return found


def _count(metric: Part, arguments: Arguments, name: str) -> int | None:
    if not metric.has(name):
        return None
    text = arguments.filled(metric, name)
    try:
        return int(text)
    except ValueError as error:
        message = f"{text!r:.40} is no whole number"
        raise SpecError([metric.issue(message, name)]) from error
