"""Before/after: what the same service differs by from itself some time ago.

With no baseline beside the canary, time cancels nothing, and what shakes all pods of a day at once
is noise. So each track is one arm, the sum (the mean, of gauges) of its pods, and the noise is that
of pairs of the past: every stretch of the history as long as a run against the one ``shift``
intervals earlier. What lasts for a whole run is ``tau``, as if both arms were pods that differ for
good; what changes within a run is ``phi`` or the long-run variance. Not here: the evidence
(`risks`, `slowdowns`, `levels`) and the threshold (`calibration`), which take it from there.

Copies overlap: a day is "after" in one pair and "before" in the next. The two differences then hang
together, which leaves their mean square what it is; that they tell less than two does so too little
(a correlation of -1/2) to count.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from judge.stats.arms import LEAST, Array, PodCounts
from judge.stats.dispersion import (
    ASSUMED_PHI,
    ASSUMED_TAU,
    FEWEST_DEGREES,
    FEWEST_EVENTS,
    UPPER,
    Dispersion,
)
from judge.stats.histograms import PodHistograms
from judge.stats.level_noise import (
    BATCH_SECONDS,
    LEAST_VARIANCE,
    LevelNoise,
    assumed_level,
)
from judge.stats.levels import PodLevels
from judge.stats.tail_noise import BLOCK_SECONDS, TailNoise, tail_shares

DAY = 86_400.0
FEWEST_DAYS = 6.0  # of pairs a day apart or more: next to every weekday against another
FEWEST_DAYS_SHORT = 3.0  # of pairs that are nearer to each other
FEWEST_RUNS = 51.0
_PARTS = 3  # a run is cut into at least that many blocks
_ROUNDS = 20


@dataclass(frozen=True, slots=True)
class Apart:
    """How the pairs lie: ``looks`` intervals of ``interval`` seconds each, ``shift`` apart."""

    looks: int
    shift: int
    interval: float

    def cut(self, values: Array) -> tuple[Array, Array]:
        """A history (..., intervals) as windows after and before, (..., windows, looks) each.

        They follow one another and end with the history.
        """
        begins = np.arange(values.shape[-1] - self.looks, self.shift - 1, -self.looks)[::-1]
        within = begins[:, None] + np.arange(self.looks)
        return values[..., within], values[..., within - self.shift]

    @property
    def fewest_days(self) -> float:
        """How many days of pairs it takes to call a threshold measured."""
        return FEWEST_DAYS if self.shift * self.interval >= DAY - 1.0 else FEWEST_DAYS_SHORT

    def days(self, present: NDArray[np.bool_]) -> float:
        """The days of pairs that a history has, by when it has a sample (intervals,)."""
        pairs = present[self.shift :] & present[: max(len(present) - self.shift, 0)]
        return float(pairs.sum()) * self.interval / DAY

    def enough(self, present: NDArray[np.bool_]) -> bool:
        """Whether these are days enough, and runs enough one after the other."""
        days = self.days(present)
        runs = days * DAY / self.interval / self.looks
        return days >= self.fewest_days and runs > FEWEST_RUNS

    @property
    def day(self) -> int:
        """How many windows there are in a day; at least one."""
        return max(1, round(DAY / (self.looks * self.interval)))

    def block(self, seconds: float) -> int:
        """The intervals of a block of so many seconds, or of a part of a run if that is less."""
        return max(1, min(round(seconds / self.interval), self.looks // _PARTS))


def merged_counts(counts: PodCounts) -> PodCounts:
    """The pods (..., intervals, pods) as one arm (..., intervals, 1)."""
    counts = counts.filled()
    return PodCounts(counts.events.sum(-1, keepdims=True), counts.total.sum(-1, keepdims=True))


def merged_histograms(histograms: PodHistograms) -> PodHistograms:
    """The same of histograms: a bound is known where it is so for every pod that is there."""
    there = np.isfinite(histograms.counts[..., -1:])
    sums = np.where(there, histograms.counts, 0.0).sum(-2, keepdims=True)
    any_there = there.any(-2, keepdims=True)
    return PodHistograms(histograms.bounds, np.where(any_there, sums, np.nan))


def merged_levels(levels: PodLevels, floor: float) -> PodLevels:
    """The same of gauges: the mean over the pods that are there, NaN where there are none."""
    return PodLevels((levels.mean(floor)[0] - floor)[..., None])


def apart_counts(history: PodCounts, apart: Apart) -> Dispersion | None:
    """The noise of pairs of counts, given a history (..., intervals, 1); None without one."""
    if not history.events.size:
        return None
    return _apart_counts(history, apart)


def apart_tails(history: PodHistograms, apart: Apart) -> TailNoise | None:
    """The noise of pairs above every bound that a test may stand on; None without any."""
    if not history.counts.size or not np.nansum(history.counts[..., -1]):
        return None
    shares = tail_shares(history)
    at = np.flatnonzero(np.isfinite(shares))
    if not at.size:
        return None
    noise = _apart_counts(history.beyond(at), apart)
    return TailNoise(history.bounds[at], shares[at], noise)


def apart_levels(
    history: PodLevels, apart: Apart, *, floor: float, slopes: bool = False
) -> LevelNoise | None:
    """The noise of pairs of a gauge, given a history (..., intervals, 1); None without one.

    With ``slopes`` the variance is at least what the slopes of whole runs vary by.
    """
    if not history.values.size:
        return None
    logs = history.logs(floor)
    after, before = apart.cut(logs[..., 0])
    difference = after - before
    usable = np.isfinite(difference)
    own = _mean(difference)
    squares, degrees = _long_run(difference - own[..., None], apart, slopes=slopes)
    learned = np.asarray((degrees >= FEWEST_DEGREES).all(0))
    variance = (squares / special.chdtri(np.maximum(degrees, 1.0), UPPER)).max(0)
    variance = np.maximum(variance, LEAST_VARIANCE)
    chance = variance[..., None] / np.maximum(usable.sum(-1), 1)
    lasting = np.where(2 * usable.sum(-1) >= apart.looks, own, np.nan)
    tau = _lasting(lasting, chance)
    fallback = assumed_level(variance.shape, interval=apart.interval)
    return LevelNoise(  # of one arm: the difference of two has twice the variance
        variance=np.where(learned, variance / 2.0, fallback.variance),
        tau=np.where(learned, tau / math.sqrt(2.0), fallback.tau),
        degrees=np.where(learned, _worth(lasting, apart.day), np.inf),
        step=np.where(learned, _usual_step(logs[..., 0]), fallback.step),
        learned=learned,
    )


def _apart_counts(history: PodCounts, apart: Apart) -> Dispersion:
    counts = history.filled()
    events, total = counts.events[..., 0], counts.total[..., 0]
    (x, y), (n, m) = apart.cut(events), apart.cut(total)
    usable = (n > 0) & (m > 0)
    x, y, n, m = (np.where(usable, one, 0.0) for one in (x, y, n, m))
    phi, enough = _phi(x, y, n, m, apart)
    whole = [one.sum(-1) for one in (x, y, n, m)]
    own, chance = _log_ratio(*whole)
    lasting = np.where(2 * usable.sum(-1) >= apart.looks, own, np.nan)
    tau = _lasting(lasting, phi[..., None] * chance)
    rate, volume = events.sum(-1), total.sum(-1)
    present = (total > 0).sum(-1)
    return Dispersion(
        phi=np.where(enough, phi, ASSUMED_PHI),
        tau=np.where(enough, tau / math.sqrt(2.0), ASSUMED_TAU),
        degrees=np.where(enough, _worth(lasting, apart.day), np.inf),
        rate=np.divide(rate, volume, out=np.full_like(rate, np.nan), where=volume > 0),
        volume=np.divide(volume, present, out=np.full_like(rate, np.nan), where=present > 0),
        learned=enough,
    )


def _phi(x: Array, y: Array, n: Array, m: Array, apart: Apart) -> tuple[Array, NDArray[np.bool_]]:
    """Pearson's statistic of blocks within a run, given its own ratio, over what chance would give.

    Of all the events of a block, how many fell on after. The greatest bound of the lengths of block
    counts, and at least 1; and whether there was enough to learn from.
    """
    found, enough = [], []
    for seconds in BLOCK_SECONDS:
        cut = [_blocks(one, apart.block(seconds)) for one in (x, y, n, m)]
        squares, degrees = _pearson(*cut)
        events = (cut[0] + cut[1]).sum((-2, -1))
        enough.append((events >= FEWEST_EVENTS) & (degrees >= FEWEST_DEGREES))
        found.append(squares / special.chdtri(np.maximum(degrees, 1.0), UPPER))
    return np.maximum(np.maximum.reduce(found), 1.0), np.asarray(np.logical_and.reduce(enough))


def _pearson(x: Array, y: Array, n: Array, m: Array) -> tuple[Array, Array]:
    """Of blocks (..., windows, blocks): the statistic and its degrees of freedom, (...)."""
    ours = _quotient(x.sum(-1, keepdims=True), n.sum(-1, keepdims=True)) * n
    theirs = _quotient(y.sum(-1, keepdims=True), m.sum(-1, keepdims=True)) * m
    share = _quotient(ours, ours + theirs)
    expected = (x + y) * share
    variance = expected * (1.0 - share)
    counted = variance > 0
    squares = _quotient(np.square(x - expected), np.where(counted, variance, 0.0))
    degrees = np.maximum(counted.sum(-1) - 1, 0).sum(-1)
    return squares.sum((-2, -1)), degrees.astype(float)


def _log_ratio(x: Array, y: Array, n: Array, m: Array) -> tuple[Array, Array]:
    """The log ratio of risks of whole runs, (..., windows), NaN without events, and its variance.

    With halves added, so that a run without any event has one.
    """
    there = (n > 0) & (m > 0) & (x + y > 0)
    after, before = np.where(there, n, 1.0), np.where(there, m, 1.0)
    ratio = np.log((x + 0.5) / after) - np.log((y + 0.5) / before)
    others = 1.0 - (x + y) / (after + before)
    chance = (1.0 / (x + 0.5) + 1.0 / (y + 0.5)) * others
    return np.where(there, ratio, np.nan), np.maximum(chance, LEAST)


def _lasting(own: Array, chance: Array) -> Array:
    """The root of the mean square (...) of lasting log ratios, what ``chance`` explains taken off.

    Around 0: before and after mean the same, and a trend is noise too. Runs that chance shook more
    weigh less (Paule & Mandel 1982). ``own`` and ``chance`` are (..., windows), NaN for none.
    """
    known = np.isfinite(own)
    squares = np.where(known, np.square(np.where(known, own, 0.0)) - chance, 0.0)
    square = np.zeros(own.shape[:-1])
    for _ in range(_ROUNDS):
        weight = np.where(known, 1.0 / np.square(chance + square[..., None]), 0.0)
        square = np.maximum(_quotient((weight * squares).sum(-1), weight.sum(-1)), 0.0)
    return np.asarray(np.sqrt(square))


def _worth(own: Array, most: int) -> Array:
    """How many independent ones these (..., windows) are worth, for their mean square; at least 1.

    One over the sum of their squared autocorrelations, up to ``most`` windows apart: a daily rhythm
    in them leaves few, a level that wanders for hours one every few hours.
    """
    known = np.isfinite(own)
    values = np.where(known, own, 0.0)
    square = _quotient(np.square(values).sum(-1), known.sum(-1))
    together = np.ones(own.shape[:-1])
    for lag in range(1, min(most, own.shape[-1] - 1) + 1):
        both = (known[..., lag:] & known[..., :-lag]).sum(-1)
        product = _quotient((values[..., lag:] * values[..., :-lag]).sum(-1), both)
        chance = _quotient(np.ones_like(square), both.astype(float))
        together += 2.0 * np.maximum(np.square(_quotient(product, square)) - chance, 0.0)
    return np.asarray(np.maximum(known.sum(-1) / together, 1.0))


def _long_run(left: Array, apart: Apart, *, slopes: bool) -> tuple[Array, Array]:
    """The squares of means of batches times their lengths, and degrees of freedom: (lengths, ...).

    Of differences (..., windows, looks), each window's own mean taken off. With ``slopes`` those of
    what the slopes of whole windows would have to come from, too.
    """
    found, degrees = [], []
    for seconds in BATCH_SECONDS:
        length = apart.block(seconds)
        seen = np.isfinite(left)
        count = _blocks(seen.astype(float), length)
        sums = _blocks(np.where(seen, left, 0.0), length)
        whole = 2 * count >= length
        found.append(np.where(whole, _quotient(np.square(sums), count), 0.0).sum((-2, -1)))
        degrees.append(np.maximum(whole.sum(-1) - 1, 0).sum(-1).astype(float))
    if slopes:
        time = np.arange(apart.looks) - (apart.looks - 1) / 2.0
        complete = np.asarray(np.isfinite(left).all(-1))
        fitted = np.square((np.where(complete[..., None], left, 0.0) * time).sum(-1))
        found.append(fitted.sum(-1) / max(float(np.square(time).sum()), 1.0))
        degrees.append(complete.sum(-1).astype(float))
    return np.array(found), np.array(degrees)


def _blocks(values: Array, length: int) -> Array:
    """Sums of blocks, (..., windows, looks) -> (..., windows, blocks); the oldest rest is out."""
    blocks = values.shape[-1] // length
    kept = values[..., values.shape[-1] - blocks * length :]
    return np.asarray(kept.reshape(*values.shape[:-1], blocks, length).sum(-1))


def _mean(values: Array) -> Array:
    """The mean of what is known, over the last axis; NaN of nothing."""
    seen = np.isfinite(values)
    count = seen.sum(-1)
    sums = np.where(seen, values, 0.0).sum(-1)
    return np.asarray(np.divide(sums, count, out=np.full(sums.shape, np.nan), where=count > 0))


def _usual_step(logs: Array) -> Array:
    """The root mean square of an arm's moves (...), but for the largest hundredth."""
    moved = np.abs(np.diff(logs, axis=-1))
    seen = np.isfinite(moved)
    size = np.where(seen, moved, 0.0)
    if not size.shape[-1]:
        return np.zeros(logs.shape[:-1])
    kept = seen & (size <= np.quantile(size, 0.99, axis=-1, keepdims=True))
    return np.asarray(np.sqrt(_quotient(np.where(kept, size**2, 0.0).sum(-1), kept.sum(-1))))


def _quotient(above: Array, below: Array) -> Array:
    """The quotient, 0 where there is nothing to divide by."""
    zeros = np.zeros(np.broadcast(above, below).shape)
    return np.asarray(np.divide(above, below, out=zeros, where=below > 0))
