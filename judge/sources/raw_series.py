"""What raw samples say of pods whose sums are in doubt: how much their counters grew.

Pure, and the same for plain counters and whole histograms (`arithmetic`). Per series: a fall is a
reset, counted from 0; a series born in the interval began at 0 and counts whole; one that is back
after a gap goes on from its last value before it; one that vanishes counts up to its last sample;
of one that was no number at the start nobody knows what it grew by.
Series that differ in replica labels alone are one counter seen twice.
So the increments of consecutive intervals add up to what the counters grew by in all.
"""

from __future__ import annotations

import bisect
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from judge.sources.arithmetic import Arithmetic

Labels = frozenset[tuple[str, str]]
Target = tuple[str, str, str]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RawSeries(Generic[T]):
    """One series' samples, oldest first, at least one; times in milliseconds.

    ``labels`` are all of its labels, ``counter`` those without the replica's, ``target`` its pod,
    job and instance. ``earlier`` is its last value from before these samples, None where it had
    none.
    """

    labels: Labels
    counter: Labels
    target: Target
    times: tuple[int, ...]
    values: tuple[T, ...]
    earlier: T | None = None

    @property
    def pod(self) -> str:
        """The pod that it belongs to."""
        return self.target[0]

    def shown(self, time: int) -> T | None:
        """Its last value among the samples up to ``time``."""
        index = bisect.bisect_right(self.times, time)
        return self.values[index - 1] if index else None

    def base(self, time: int) -> T | None:
        """Its last value known at ``time``, from whenever."""
        shown = self.shown(time)
        return self.earlier if shown is None else shown

    def within(self, start: int, end: int) -> tuple[T, ...]:
        """Its values within (start, end]."""
        first, last = bisect.bisect_right(self.times, start), bisect.bisect_right(self.times, end)
        return self.values[first:last]


def grown(
    series: Sequence[RawSeries[T]],
    arithmetic: Arithmetic[T],
    *,
    start: int,
    end: int,
    found: Collection[Target] = (),
) -> dict[str, T]:
    """By how much each pod's counters grew within (start, end].

    Pods without a sample in the interval are left out. A target in ``found`` was not born in the
    interval but first scraped in it: what that scrape showed is from before.
    """
    counters: dict[Labels, list[RawSeries[T]]] = {}
    for one in series:
        counters.setdefault(one.counter, []).append(one)
    first_scrapes = _first_scrapes(series)
    pods: dict[str, list[T]] = {}
    for replicas in counters.values():
        target = replicas[0].target
        old = target in found and min(one.times[0] for one in replicas) <= first_scrapes[target]
        growth = _growth(replicas, arithmetic, start, end, old=old)
        if growth is not None:
            pods.setdefault(target[0], []).append(growth)
    return {pod: arithmetic.plus(growths) for pod, growths in pods.items()}


def unknown_pods(series: Sequence[RawSeries[T]], *, start: int) -> frozenset[str]:
    """The pods none of whose series had a value by ``start``."""
    known = {one.pod for one in series if one.base(start) is not None}
    return frozenset(one.pod for one in series) - known


def returned_pods(series: Sequence[RawSeries[T]], *, start: int) -> frozenset[str]:
    """The pods with a counter that nobody showed at ``start``, but somebody had shown before.

    What it grew by since then it did not grow by within the interval.
    """
    counters: dict[Labels, list[RawSeries[T]]] = {}
    for one in series:
        counters.setdefault(one.counter, []).append(one)
    return frozenset(
        replicas[0].pod
        for replicas in counters.values()
        if all(one.shown(start) is None for one in replicas)
        and any(one.earlier is not None for one in replicas)
    )


def _first_scrapes(series: Sequence[RawSeries[T]]) -> Mapping[Target, int]:
    first: dict[Target, int] = {}
    for one in series:
        first[one.target] = min(one.times[0], first.get(one.target, one.times[0]))
    return first


def _growth(
    replicas: Sequence[RawSeries[T]], arithmetic: Arithmetic[T], start: int, end: int, *, old: bool
) -> T | None:
    """How much one counter grew, as its replicas saw it; None where none saw it."""
    within = [value for one in replicas for value in one.within(start, end)]
    if not within:
        return None
    bases = _bases(replicas, start)
    if not all(map(arithmetic.finite, (*within, *bases.values()))):
        return arithmetic.not_finite
    counter = _Counter(arithmetic, old=old)
    if all(one.shown(start) is None for one in replicas):
        for index, earlier in bases.items():
            counter.see(index, earlier)
    samples = sorted(
        (
            (time, index, value)
            for index, one in enumerate(replicas)
            for time, value in zip(one.times, one.values, strict=True)
            if time <= end
        ),
        key=lambda sample: sample[:2],
    )
    grew = [(time, counter.see(index, value)) for time, index, value in samples]
    return arithmetic.plus([growth for time, growth in grew if time > start])


def _bases(replicas: Sequence[RawSeries[T]], start: int) -> dict[int, T]:
    """What is counted on from: the last value that replicas showed by ``start``.

    From whenever it is, where none of them has one among its samples.
    """
    shown = {index: one.shown(start) for index, one in enumerate(replicas)}
    if all(value is None for value in shown.values()):
        shown = {index: one.earlier for index, one in enumerate(replicas)}
    return {index: value for index, value in shown.items() if value is not None}


class _Counter(Generic[T]):
    """One counter that several replicas look at, each at its own times.

    A fall is a reset only in a replica's own eyes: two replicas' clocks and delays differ, and a
    slower one must not look like a restart. Until a replica has seen a reset that another one saw,
    it speaks of the life before.
    """

    def __init__(self, arithmetic: Arithmetic[T], *, old: bool) -> None:
        self._arithmetic = arithmetic
        self._old = old
        self._top: T | None = None
        self._life = 0
        self._last: dict[int, T] = {}
        self._lives: dict[int, int] = {}

    def see(self, replica: int, value: T) -> T:
        """Take the next value that ``replica`` saw; how much the counter has grown by it."""
        count = self._arithmetic
        own = self._last.get(replica)
        self._last[replica] = value
        if own is None or count.fell(own, value):
            if own is not None and self._lives[replica] == self._life:
                self._life += 1
                self._top = count.nothing
            self._lives[replica] = self._life
        if self._top is None:
            self._top = value if self._old else count.nothing
        if self._lives[replica] < self._life or not count.ahead(value, self._top):
            return count.nothing
        growth = count.minus(value, self._top)
        self._top = value
        return growth
