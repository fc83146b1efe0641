"""When there is too little data to let a release pass.

A metric can fail on little data, if the data say so; it passes only on enough: at least half of the
planned intervals usable (three minutes' worth at the least), samples to the end of the run, and,
where exposures are requests, 50 of them on each track, with five events in all or 500 requests to
the canary.
"""

from __future__ import annotations

import math

import numpy as np

from judge.verdict.kinds.looked import Amount, Looked

FEWEST_BLOCKS = 3  # fewer than that could not have convicted a total outage
SHARE_OF_INTERVALS = 0.5
FEWEST_EXPOSURES = 50
FEWEST_EVENTS = 5
MANY_EXPOSURES = 500


def needed_intervals(amount: Amount) -> int:
    """Usable intervals that a pass takes."""
    half = math.ceil(SHARE_OF_INTERVALS * amount.planned)
    return max(FEWEST_BLOCKS * amount.block, half)


def lacking(seen: Amount, name: str) -> str | None:
    """What is missing for a pass, in words, with the figure that is needed; None if nothing is.

    ``name`` is the track that is compared with the baseline.
    """
    if seen.usable < needed_intervals(seen):
        return (
            f"{seen.usable} of {seen.planned} intervals had data on both tracks, "
            f"a pass takes {needed_intervals(seen)}"
        )
    if seen.requests is None:
        return None
    canary, baseline = seen.requests
    if min(seen.requests) < FEWEST_EXPOSURES:
        track = name if canary <= baseline else "baseline"
        return (
            f"the {track} had {min(seen.requests):,.0f} requests, a pass takes {FEWEST_EXPOSURES}"
        )
    if seen.events is not None and sum(seen.events) < FEWEST_EVENTS and canary < MANY_EXPOSURES:
        return (
            f"{sum(seen.events):,.0f} events in all and {canary:,.0f} {name} requests, "
            f"a pass takes {FEWEST_EVENTS} events or {MANY_EXPOSURES} {name} requests"
        )
    return None


def unseen(looked: Looked) -> int:
    """For how many looks up to the last there was no sample on one track or both.

    0 where that is less than three minutes: a scrape may fail.
    """
    canary, baseline = looked.seen
    both = np.flatnonzero(canary & baseline)
    gone = len(canary) - 1 - int(both[-1]) if both.size else 0
    return gone if gone >= FEWEST_BLOCKS * looked.amount.block else 0
