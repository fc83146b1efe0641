"""A track's counts in an interval: which pods are certain, which are recounted, which are holes.

A hole is joint: a pod has both parts or none. Events without a series beside a total that has one
are no events: error series do not exist until the first error. Where there were some not long ago
that is a doubt (`lost_events`).
"""

from __future__ import annotations

import math
from collections.abc import Collection

from judge.sources.increments import Line, Lines, Unknown, count
from judge.sources.pod_samples import Look, PodSamples
from judge.sources.queries import Branch
from judge.stats.samples import Absence, Count

Part = tuple[Branch, Lines]


def counts(events: Part | None, total: Part, look: Look) -> PodSamples:
    """The counts of the pods that have a total; ``events`` None where nobody asks for them."""
    found, doubtful = _certain(events, total, look.index)
    if doubtful:
        _settle(found, events, total, doubtful, look)
    return found


def _certain(events: Part | None, total: Part, index: int) -> tuple[PodSamples, list[str]]:
    """The pods that the sums alone decide, and those that they do not."""
    found, doubtful = PodSamples(), []
    for pod, line in total[1].pods.items():
        of_all = reading(total[0], line, index)
        of_events = _of_events(events, pod, index)
        if of_all is Unknown.ABSENT:
            if of_events is Unknown.DOUBTFUL:
                doubtful.append(pod)
        elif _no_number(of_all) or _no_number(of_events):
            found.add(pod, Count(_known(of_events), _known(of_all)))
        elif isinstance(of_all, Unknown) or of_events in (Unknown.DOUBTFUL, Unknown.GONE):
            doubtful.append(pod)
        else:
            found.add(pod, count(_known(of_events), of_all))
    return found, doubtful


def _of_events(events: Part | None, pod: str, index: int) -> float | Unknown:
    beside = None if events is None else events[1].pods.get(pod)
    if events is None or beside is None:
        return Unknown.ABSENT
    return reading(events[0], beside, index)


def _no_number(said: float | Unknown) -> bool:
    return not isinstance(said, Unknown) and not math.isfinite(said)


def _known(said: float | Unknown) -> float:
    """An increment; none where there is no series, NaN where the ends alone do not tell."""
    if isinstance(said, Unknown):
        return 0.0 if said is Unknown.ABSENT else math.nan
    return said


def _settle(
    found: PodSamples, events: Part | None, total: Part, doubtful: Collection[str], look: Look
) -> None:
    counters = total[0].counter and (events is None or events[0].counter)
    recounted = None
    if look.recount is not None and counters:
        recounted = look.recount.counts(
            None if events is None else events[0],
            total[0],
            doubtful,
            look.window,
            first=look.first,
            missed=_missed(events, doubtful, look.index),
        )
    if recounted is None:
        found.why = Absence.UNRELIABLE
        return
    for pod, one in recounted.items():
        found.add(pod, one)


def _missed(events: Part | None, pods: Collection[str], index: int) -> list[str]:
    """Those of ``pods`` whose events were there before the interval and are missing from it."""
    lines = {} if events is None else events[1].pods
    return [pod for pod in pods if pod in lines and lines[pod].missed(index)]


def reading(branch: Branch, line: Line, index: int) -> float | Unknown:
    """What a pod's line says of the interval ``index``, as its branch is to be read."""
    return line.increment(index) if branch.counter else line.value(index)
