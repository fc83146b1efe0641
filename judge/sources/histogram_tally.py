"""A track's histograms in an interval: which pods are certain, recounted, or holes.

What is there and cannot be a histogram (series without the bucket +Inf, plain numbers) is a hole
with that reason, never an empty histogram.
"""

from __future__ import annotations

from judge.sources.bucket_lines import BucketLines
from judge.sources.cumulative import sample
from judge.sources.increments import Unknown
from judge.sources.pod_samples import Look, PodSamples
from judge.sources.queries import Branch
from judge.stats.samples import Absence


def histograms(branch: Branch, lines: BucketLines, look: Look) -> PodSamples:
    """The histograms of the pods, those in doubt recounted."""
    found, doubtful = PodSamples(), []
    for pod, line in lines.pods.items():
        grew = line.increment(look.index)
        if grew is Unknown.DOUBTFUL:
            doubtful.append(pod)
        elif grew is Unknown.BROKEN:
            found.add(pod, None)
        elif not isinstance(grew, Unknown):
            found.add(pod, sample(grew))
    if not doubtful:
        return found
    recounted = None
    if look.recount is not None:
        recounted = look.recount.histograms(branch, doubtful, look.window, first=look.first)
    if recounted is None:
        found.why = Absence.UNRELIABLE
        return found
    for pod, one in recounted.items():
        found.add(pod, one)
    return found
