"""Whether the canary got the requests that it was meant to get, so that a pass means something.

Owned here: no requests at all, requests that ended, and a share that is not the configured one. Any
of them keeps a run from passing; none of them fails one: comparisons are made per request.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from judge.spec.resolved import BASELINE
from judge.stats.arms import Array
from judge.stats.samples import Interval
from judge.stats.split import split_evidence
from judge.verdict import run_reasons
from judge.verdict.kinds.gathering import weights
from judge.verdict.kinds.looked import Looked

MISMATCH = math.log(1000.0)  # an odds mismatch is told wrongly of one run in a thousand at most


def misrouted(
    looked: Sequence[Looked], intervals: Sequence[Interval], track: str, *, block: int
) -> str:
    """Why this run's traffic keeps it from passing; "" where nothing is wrong.

    Of several metrics that count requests the one that saw most of them on the baseline counts.
    """
    counted = [(*one.requests, one.seen[0]) for one in looked if one.requests is not None]
    if not counted:
        return ""
    canary, baseline, seen = max(counted, key=lambda each: float(each[1].sum()))
    if not baseline.sum() > 0:
        return ""
    if not canary.sum() > 0:
        return run_reasons.no_traffic(
            track, len(intervals), float(baseline.sum()), sampled=bool(seen.any())
        )
    expected = weights(intervals, track, BASELINE)
    meant = seen & (expected != 0)
    ended = _ended(np.where(meant, canary, np.nan), baseline)
    if ended >= 3 * block:
        return run_reasons.traffic_ended(track, ended, len(intervals))
    if split_evidence(canary, baseline, expected)[-1] >= MISMATCH:
        known = np.isfinite(expected)
        whole = canary[known] + baseline[known]
        share = float((expected[known] * whole).sum() / whole.sum())
        return run_reasons.other_share(track, float(canary[known].sum() / whole.sum()), share)
    return ""


def _ended(canary: Array, baseline: Array) -> int:
    """For how many looks up to the last the canary got nothing while the baseline got something.

    NaN is a canary without samples, or one that was meant to get nothing.
    """
    count = 0
    for ours, theirs in zip(canary[::-1], baseline[::-1], strict=True):
        if ours != 0:
            break
        count += int(theirs > 0)
    return count
