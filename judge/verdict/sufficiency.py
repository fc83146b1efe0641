"""When there is too little data to let a release pass.

A metric can fail on little data, if the data say so; it passes only on enough: at least half of the
planned intervals usable (three minutes' worth at the least), and, where exposures are requests, 50
of them on each track, with five events in all or 500 requests to the canary.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from judge.stats.arms import Arms

FEWEST_BLOCKS = 3  # fewer than that could not have convicted a total outage
SHARE_OF_INTERVALS = 0.5
FEWEST_EXPOSURES = 50
FEWEST_EVENTS = 5
MANY_EXPOSURES = 500


@dataclass(frozen=True, slots=True)
class Amount:
    """How much was seen of one metric: intervals, and events among exposures of each track.

    ``block`` is the number of intervals in a minute, the least step in which evidence grows.
    """

    usable: int
    planned: int
    block: int
    canary_events: float
    canary_total: float
    baseline_events: float
    baseline_total: float

    @property
    def needed_intervals(self) -> int:
        """Usable intervals that a pass takes."""
        half = math.ceil(SHARE_OF_INTERVALS * self.planned)
        return max(FEWEST_BLOCKS * self.block, half)


def amount(arms: Arms, planned: int, block: int) -> Amount:
    """What these arms hold (canary over baseline, not exchanged)."""
    return Amount(
        usable=int(arms.usable.sum()),
        planned=planned,
        block=block,
        canary_events=float(arms.treated.events.sum()),
        canary_total=float(arms.treated.total.sum()),
        baseline_events=float(arms.reference.events.sum()),
        baseline_total=float(arms.reference.total.sum()),
    )


def lacking(seen: Amount, name: str, *, exposures_are_pods: bool) -> str | None:
    """What is missing for a pass, in words, with the figure that is needed; None if nothing is.

    ``name`` is the track that is compared with the baseline.
    """
    if seen.usable < seen.needed_intervals:
        return (
            f"{seen.usable} of {seen.planned} intervals had data on both tracks, "
            f"a pass takes {seen.needed_intervals}"
        )
    if exposures_are_pods:
        return None
    fewest = min(seen.canary_total, seen.baseline_total)
    if fewest < FEWEST_EXPOSURES:
        track = name if seen.canary_total == fewest else "baseline"
        return f"the {track} had {fewest:,.0f} requests, a pass takes {FEWEST_EXPOSURES}"
    events = seen.canary_events + seen.baseline_events
    if events < FEWEST_EVENTS and seen.canary_total < MANY_EXPOSURES:
        return (
            f"{events:,.0f} events in all and {seen.canary_total:,.0f} {name} requests, "
            f"a pass takes {FEWEST_EVENTS} events or {MANY_EXPOSURES} {name} requests"
        )
    return None
