"""What raw samples say of pods whose sums are in doubt: how much their counters grew.

Pure. Per series: a fall is a reset, counted from 0; a series born in the interval began at 0 and
counts whole; one that is back after a gap goes on from its last value before it; one that vanishes
counts up to its last sample. Series that differ in replica labels alone are one counter seen twice.
So the increments of consecutive intervals add up to what the counters grew by in all.
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

Labels = frozenset[tuple[str, str]]
Target = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class RawSeries:
    """One series' samples, oldest first, at least one; times in milliseconds.

    ``labels`` are all of its labels, ``counter`` those without the replica's, ``target`` its pod,
    job and instance. ``earlier`` is its last value from before these samples, None where it had
    none.
    """

    labels: Labels
    counter: Labels
    target: Target
    times: tuple[int, ...]
    values: tuple[float, ...]
    earlier: float | None = None

    @property
    def pod(self) -> str:
        """The pod that it belongs to."""
        return self.target[0]

    def shown(self, time: int) -> float | None:
        """Its last value among the samples up to ``time``."""
        index = bisect.bisect_right(self.times, time)
        return self.values[index - 1] if index else None

    def base(self, time: int) -> float | None:
        """Its last value known at ``time``, from whenever."""
        shown = self.shown(time)
        return self.earlier if shown is None else shown

    def within(self, start: int, end: int) -> tuple[float, ...]:
        """Its values within (start, end]."""
        first, last = bisect.bisect_right(self.times, start), bisect.bisect_right(self.times, end)
        return self.values[first:last]


def grown(
    series: Sequence[RawSeries], *, start: int, end: int, found: Collection[Target] = ()
) -> dict[str, float]:
    """By how much each pod's counters grew within (start, end].

    Pods without a sample in the interval are left out. A target in ``found`` was not born in the
    interval but first scraped in it: what that scrape showed is from before.
    """
    counters: dict[Labels, list[RawSeries]] = {}
    for one in series:
        counters.setdefault(one.counter, []).append(one)
    first_scrapes = _first_scrapes(series)
    pods: dict[str, float] = {}
    for replicas in counters.values():
        target = replicas[0].target
        old = target in found and min(one.times[0] for one in replicas) <= first_scrapes[target]
        growth = _growth(replicas, start, end, old=old)
        if growth is not None:
            pods[target[0]] = pods.get(target[0], 0.0) + growth
    return pods


def unknown_pods(series: Sequence[RawSeries], *, start: int) -> frozenset[str]:
    """The pods none of whose series had a value by ``start``."""
    known = {one.pod for one in series if one.base(start) is not None}
    return frozenset(one.pod for one in series) - known


def _first_scrapes(series: Sequence[RawSeries]) -> Mapping[Target, int]:
    first: dict[Target, int] = {}
    for one in series:
        first[one.target] = min(one.times[0], first.get(one.target, one.times[0]))
    return first


def _growth(replicas: Sequence[RawSeries], start: int, end: int, *, old: bool) -> float | None:
    """How much one counter grew, as its replicas saw it; None where none saw it.

    The sums on the server follow the replica that is ahead, so what lies between it and a slower
    one has been counted already: all are measured from where the leader was at the start.
    """
    seen = [(one.base(start), one.within(start, end)) for one in replicas]
    paths = [(base, values) for base, values in seen if values]
    if not paths:
        return None
    if not all(math.isfinite(value) for _, values in paths for value in values):
        return math.nan
    shown = [value for one in replicas if (value := one.shown(start)) is not None]
    counted = shown or [base for base, _ in seen if base is not None]
    if not counted:
        counted = [min(values[0] for _, values in paths) if old else 0.0]
    lives = [_lives(base, values) for base, values in paths]
    reached = sum(max(tops) for tops in zip_longest(*map(reversed, lives), fillvalue=0.0))
    return max(0.0, reached - max(counted))


def _lives(base: float | None, values: Sequence[float]) -> list[float]:
    """The highest value of each life of the counter's process: a fall begins the next one.

    Replicas see the same lives, but not as far, and maybe not the first of them: lives are
    compared from the last one backwards.
    """
    tops = [values[0] if base is None else base]
    for value in values:
        if value >= tops[-1]:
            tops[-1] = value
        else:
            tops.append(value)
    return tops
