"""Latency histograms of the pods that count requests (`histories`), classic and native.

A process's requests take turns to be slow: of each hundred as many take at most a bound as its
share says, well mixed. The same truth for both kinds.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise

from tests.servers.exposition import Series
from tests.servers.histories import Pod
from tests.servers.native import Native, NativeSeries, upper_bound

LATENCY = "http_request_duration_seconds"
# Upper bounds of native buckets of schema 3, so that both kinds can tell them.
INDEXES = (-24, -8, -3, 0, 9)
BOUNDS = tuple(upper_bound(3, index) for index in INDEXES)
PER_HUNDRED = (0, 31, 73, 90, 98)
SECONDS = 0.25  # what a request takes on average


def at_most(bound: float, requests: float) -> float:
    """How many of a process's first requests took at most ``bound``."""
    share = 100 if bound == math.inf else PER_HUNDRED[BOUNDS.index(bound)]
    hundreds, rest = divmod(int(requests), 100)
    return float(share * hundreds + sum(37 * turn % 100 < share for turn in range(rest)))


def truth(pod: Pod, bound: float) -> float:
    """How many requests of a pod the scrapes of all looks show that took at most ``bound``."""
    return pod.truth(errors=False, of=lambda requests: at_most(bound, requests))


def classic(pod: Pod, track: str) -> list[Series]:
    """The pod's buckets."""
    return [
        Series(
            f"{LATENCY}_bucket",
            {**one.labels, "le": "+Inf" if bound == math.inf else repr(bound)},
            [(at, at_most(bound, value)) for at, value in one.samples],
        )
        for one in pod.series(track)
        for bound in (*BOUNDS, math.inf)
    ]


def native(pod: Pod, track: str) -> list[NativeSeries]:
    """The pod's native histograms."""
    return [
        NativeSeries(LATENCY, one.labels, [(at, held(value)) for at, value in one.samples])
        for one in pod.series(track)
    ]


def held(requests: float) -> Native:
    """What a process's native histogram holds after so many requests."""
    last = INDEXES[-1] + 8
    upto = [at_most(bound, requests) for bound in (*BOUNDS, math.inf)]
    buckets: Mapping[int, int] = {
        index: int(after - before)
        for index, (before, after) in zip((*INDEXES[1:], last), pairwise(upto), strict=True)
        if after > before
    }
    return Native(positive=buckets, sum=SECONDS * requests)
