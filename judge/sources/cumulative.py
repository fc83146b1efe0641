"""What a histogram holds at one moment, classic or native, and what it grew by between two.

Pure arithmetic on cumulative counts. Where two neighbouring counts are equal nothing lies between
their bounds, so the count is known everywhere between them: that is what lets native histograms of
different resolutions, and classic ones of different layouts, be differenced and added wherever both
are known, exactly, and nowhere else. Not here: whose histogram it is, which moments count.
"""

from __future__ import annotations

import bisect
import itertools
import math
import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from judge.errors import SourceMalformed
from judge.sources.answers import NativeHistogram, number
from judge.sources.increments import ROUNDING
from judge.stats.samples import Histogram


@dataclass(frozen=True, slots=True)
class Cumulative:
    """Observations up to each of ``bounds``, which ascend and end with infinity.

    ``native`` says that it was a native histogram, whose bounds are the edges of what it holds;
    ``sum`` is of all observations, NaN where it is not known.
    """

    bounds: tuple[float, ...]
    counts: tuple[float, ...]
    sum: float = math.nan
    native: bool = False

    @property
    def total(self) -> float:
        """All observations."""
        return self.counts[-1]

    @property
    def finite(self) -> bool:
        """Whether every count is a number."""
        return math.isfinite(sum(self.counts))

    def at(self, bound: float) -> float | None:
        """How many are at most ``bound``; None where the buckets do not tell."""
        index = bisect.bisect_left(self.bounds, bound)
        if self.bounds[index] == bound:
            return self.counts[index]
        below = self.counts[index - 1] if index else 0.0
        return below if below == self.counts[index] else None


NOTHING = Cumulative((math.inf,), (0.0,), 0.0)
NOT_FINITE = Cumulative((math.inf,), (math.nan,))


def classic(counts: Mapping[float, float]) -> Cumulative | None:
    """The histogram with these counts by upper bound; None without the bound +Inf."""
    if math.inf not in counts:
        return None
    bounds = sorted(counts)
    return Cumulative(tuple(bounds), tuple(counts[bound] for bound in bounds))


def native(answer: NativeHistogram, server: str) -> Cumulative | None:
    """A server's native histogram; None where its buckets overlap or exceed its count.

    Raises `SourceMalformed` for what is no number.
    """
    bounds: list[float] = []
    counts: list[float] = []
    total, summed = number(answer.count, server), number(answer.sum, server)
    held, last = 0.0, -math.inf
    for low, high, count in _read_buckets(answer, server):
        if low < last or high <= low:
            return None
        if low > last:
            bounds.append(low)
            counts.append(held)
        held += count
        bounds.append(high)
        counts.append(held)
        last = high
    if bounds and bounds[-1] == math.inf:
        bounds.pop()
        counts.pop()
    if total < held * (1 - ROUNDING):
        return None
    return Cumulative((*bounds, math.inf), (*counts, max(total, held)), summed, native=True)


def _read_buckets(answer: NativeHistogram, server: str) -> list[tuple[float, float, float]]:
    """Lower edge, upper edge and count of each bucket."""
    try:
        return [(float(low), float(high), float(count)) for _, low, high, count in answer.buckets]
    except ValueError as error:
        raise SourceMalformed(f"{server} answered with a native histogram: {error}") from error


def difference(before: Cumulative, after: Cumulative) -> Cumulative:
    """What ``after`` holds more than ``before``, wherever both tell; less than nothing, perhaps."""
    if before.bounds == after.bounds:
        bounds, earlier, later = after.bounds, before.counts, after.counts
    else:
        bounds, (earlier, later) = _on_common_bounds((before, after))
    counts = tuple(map(operator.sub, later, earlier))
    return Cumulative(bounds, counts, after.sum - before.sum, after.native)


def grown(before: Cumulative, after: Cumulative) -> Cumulative | None:
    """What one histogram grew by; None where it holds less than before.

    Of a native one no bucket can hold less, of a classic one no cumulative count: there each is a
    counter of its own, and some exporters do not read them all at once.
    """
    grew = difference(before, after)
    if min(grew.counts) < 0 or (after.native and not _ascend(grew.counts)):
        return None
    return grew


def together(parts: Sequence[Cumulative]) -> Cumulative:
    """All of ``parts`` (at least one) as one, wherever each of them tells."""
    if len(parts) == 1:
        return parts[0]
    bounds, counts = _on_common_bounds(parts)
    return Cumulative(
        bounds,
        tuple(map(sum, zip(*counts, strict=True))),
        sum(one.sum for one in parts),
        any(one.native for one in parts),
    )


def sample(grew: Cumulative) -> Histogram | None:
    """What grew in an interval as its sample; None where the counts cannot be a histogram's.

    A classic one keeps its whole layout, a native one the edges of what grew. With anything that is
    no number among them, none of the counts is.
    """
    # One and the same NaN, so that equal samples are equal.
    summed = math.nan if math.isnan(grew.sum) else grew.sum
    if not grew.finite:
        return Histogram(grew.bounds, (math.nan,) * len(grew.counts), summed)
    counts = grew.counts if _ascend((0.0, *grew.counts)) else _ironed(grew.counts)
    if counts is None:
        return None
    if not grew.native:
        return Histogram(grew.bounds, counts, summed)
    edges = _edges(counts)
    return Histogram(
        tuple(itertools.compress(grew.bounds, edges)),
        tuple(itertools.compress(counts, edges)),
        summed,
    )


def _on_common_bounds(
    parts: Sequence[Cumulative],
) -> tuple[tuple[float, ...], list[tuple[float, ...]]]:
    """The bounds at which each of ``parts`` tells its count, and the counts of each there."""
    bounds = sorted(set().union(*(one.bounds for one in parts)))
    rows = {bound: row for bound in bounds if (row := _row(parts, bound)) is not None}
    return tuple(rows), list(zip(*rows.values(), strict=True))


def _row(parts: Sequence[Cumulative], bound: float) -> list[float] | None:
    """The count of each part at ``bound``; None where one does not tell."""
    counts = [count for one in parts if (count := one.at(bound)) is not None]
    return counts if len(counts) == len(parts) else None


def _ascend(counts: Sequence[float]) -> bool:
    return sorted(counts) == list(counts)


def _ironed(counts: Sequence[float]) -> tuple[float, ...] | None:
    """The counts with falls by rounding taken out; None where one falls by more."""
    highest = tuple(itertools.accumulate(counts, max, initial=0.0))[1:]
    allowed = ROUNDING * highest[-1]
    return highest if all(a - b <= allowed for a, b in zip(highest, counts, strict=True)) else None


def _edges(counts: Sequence[float]) -> list[bool]:
    """Whether each count differs from the one before or the one after it; always of the last."""
    rises = [a != b for a, b in zip((0.0, *counts), counts, strict=False)]
    return [rise or next_one for rise, next_one in zip(rises, [*rises[1:], True], strict=True)]
