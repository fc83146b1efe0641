"""A track's gauges in an interval: what they are at its end, or how fast a counter grew in it."""

from __future__ import annotations

from judge.sources.count_tally import reading
from judge.sources.increments import Lines, Unknown
from judge.sources.pod_samples import Look, PodSamples
from judge.sources.queries import Branch
from judge.stats.samples import Absence, Level


def levels(branch: Branch, lines: Lines, look: Look) -> PodSamples:
    """The levels of the pods; of a counter its growth a second, pods in doubt recounted."""
    found, doubtful = PodSamples(), []
    seconds = look.window.end - look.window.start if branch.counter else 1.0
    for pod, line in lines.pods.items():
        value = reading(branch, line, look.index)
        if value is Unknown.DOUBTFUL:
            doubtful.append(pod)
        elif not isinstance(value, Unknown):
            found.add(pod, Level(value / seconds))
    if not doubtful:
        return found
    recounted = None
    if look.recount is not None:
        recounted = look.recount.growths(branch, doubtful, look.window, first=look.first)
    if recounted is None:
        found.why = Absence.UNRELIABLE
        return found
    for pod, grew in recounted.items():
        found.add(pod, Level(grew / seconds))
    return found
