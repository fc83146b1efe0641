"""The variants of an A/B test that are a label of the series: the same pods serve both.

Owned here: telling that from variants with pods of their own, and the counts pod by pod. Promised:
it is told by the first interval that has both, so that it stays what it is during a run. Not here:
what follows from the counts (`judge.stats.within_pods`).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from judge.stats.arms import Arm, Arms, Array, PodCounts, paired
from judge.verdict.kinds.gathering import Gathered


def shared_pods(ours: Gathered, theirs: Gathered) -> list[str]:
    """The pods that serve both variants; none where the variants have pods of their own.

    They share pods where, at the first interval that has both, most of the one's pods (of the one
    that has fewer) are the other's as well.
    Series without the pod's label count as one pod, the same for both.
    """
    for mine, other in zip(ours.found, theirs.found, strict=True):
        if mine and other:
            common = mine.keys() & other.keys()
            if 2 * len(common) <= min(len(mine), len(other)):
                return []
            return [pod for pod in ours.pods if pod in set(theirs.pods)]
    return []


def pod_by_pod(
    ours: tuple[Gathered, PodCounts], theirs: tuple[Gathered, PodCounts], pods: list[str]
) -> Arms:
    """The counts of both variants in those pods, (pods, intervals).

    A pod that has no requests of one of them in an interval counts for nothing in it.
    """
    arms = paired(_apart(*ours, pods), _apart(*theirs, pods))
    return Arms(_whole(arms.treated), _whole(arms.reference))


def _apart(one: Gathered, counts: PodCounts, pods: list[str]) -> PodCounts:
    """(pods, intervals, 1)."""
    places = [one.pods.index(pod) for pod in pods]

    def moved(values: Array) -> Array:
        return np.moveaxis(values[:, places], -1, 0)[..., None]

    return PodCounts(moved(counts.events), moved(counts.total))


def _whole(arm: Arm) -> Arm:
    return replace(arm, pods=np.ones_like(arm.total))
