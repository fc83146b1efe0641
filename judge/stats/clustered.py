"""A share of trials that come in clusters, and how well it is known.

Trials of one cluster (the same hour of a service, say) tend to go the same way, so they tell less
than as many independent ones. The interval is Clopper and Pearson's exact one with as many trials
as the clustered ones are worth (Kish's design effect). Before any was seen, one event is taken to
come with one more of its cluster. Not promised: that the upper end holds where clusters are few and
an event comes with most of its own; none seen then says little, and the interval does not know it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from judge.stats.arms import Array

_MORE = 1.0  # what an event is taken to bring with it, before any was seen
_WORTH = 1.0  # for how many seen events that counts


@dataclass(frozen=True, slots=True)
class ClusteredShare:
    """``events`` of ``trials``; the share and the ends of its interval, None without a trial.

    ``effective`` is how many independent trials they are worth.
    """

    events: int
    trials: int
    share: float | None = None
    low: float | None = None
    high: float | None = None
    effective: float = 0.0


def clustered_share(
    events: Sequence[int], trials: Sequence[int], *, confidence: float = 0.95
) -> ClusteredShare:
    """The share of events, given events and trials by cluster, with a two-sided interval."""
    if len(events) != len(trials) or any(e > n for e, n in zip(events, trials, strict=True)):
        raise ValueError("each cluster has as many trials as events, or more")
    found, tried = int(sum(events)), int(sum(trials))
    if not tried:
        return ClusteredShare(found, tried)
    share = found / tried
    effective = tried / _design_effect(np.asarray(events, float), np.asarray(trials, float))
    tail, hits = (1.0 - confidence) / 2.0, share * effective
    low = special.betaincinv(hits, effective - hits + 1.0, tail) if hits > 0 else 0.0
    high = special.betaincinv(hits + 1.0, effective - hits, 1.0 - tail) if share < 1.0 else 1.0
    return ClusteredShare(found, tried, share, float(low), float(high), float(effective))


def _design_effect(events: Array, trials: Array) -> float:
    """One plus the events that one brings with it in its cluster beyond what chance would."""
    share = events.sum() / trials.sum()
    together = float((events * (events - 1.0)).sum()) + _MORE * _WORTH
    brought = together / (events.sum() + _WORTH)
    largest = float(trials.max())
    by_chance = share * float((events * (trials - 1.0)).sum()) / max(float(events.sum()), 1.0)
    excess = max(brought - by_chance, 0.0) / max(1.0 - share, 1e-9)
    return float(min(1.0 + excess, max(largest, 1.0)))
