"""How much the baseline's own pods vary: what the evidence is tempered and widened by.

Two numbers are learned from the baseline's history. ``phi``: by what factor the counts of a pod
vary more than independent requests would, over blocks of about ten minutes, shared shocks
cancelled (every block is compared across the pods, so that what strikes all of them is in none).
``tau``: how far pods differ from each other for good (the log-sd of their long-run rates). Never
learned from the canary, and never from the sum over pods.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from judge.stats.arms import Array, PodCounts

BLOCK_SECONDS = 600.0
ASSUMED_PHI = 4.0
ASSUMED_TAU = 0.2
FEWEST_EVENTS = 20.0  # below this, nothing can be told of the noise
FEWEST_DEGREES = 4
UPPER = 0.8  # one-sided confidence of the bound on phi
USUALLY = 0.8  # the part of the blocks whose noise is the usual one
FEW_IN_BLOCK = 5.0  # events of a pod


@dataclass(frozen=True, slots=True)
class Dispersion:
    """What the history says of the noise; every field an array (...).

    ``phi`` (>= 1, an upper bound), ``tau`` (>= 0, log-sd) with ``degrees`` of freedom (infinite
    where it was assumed), ``rate`` (events per request, NaN if unknown), ``volume`` (requests per
    pod and interval that ``phi`` belongs to, NaN if unknown), ``learned``: False where tau had
    to be assumed, and phi too unless what pods change by over time told of more. ``usual`` is phi
    without the pods' rare incidents (that of four fifths of the blocks; at most ``phi``): for
    evidence whose threshold calibration has raised for those.
    """

    phi: Array
    tau: Array
    degrees: Array
    rate: Array
    volume: Array
    learned: NDArray[np.bool_]
    usual: Array | None = None

    def batched(self) -> Dispersion:
        """With one more axis, for what is drawn from each batch's element."""
        return Dispersion(
            self.phi[..., None],
            self.tau[..., None],
            self.degrees[..., None],
            self.rate[..., None],
            self.volume[..., None],
            self.learned[..., None],
            None if self.usual is None else self.usual[..., None],
        )

    @property
    def phi_usually(self) -> Array:
        """``usual``, or ``phi`` where nothing tells it apart."""
        return self.phi if self.usual is None else self.usual


def assumed(shape: tuple[int, ...] = (), rate: float = np.nan) -> Dispersion:
    """What is assumed where there is no history: phi 4 and tau 0.2."""
    return Dispersion(
        np.full(shape, ASSUMED_PHI),
        np.full(shape, ASSUMED_TAU),
        np.full(shape, np.inf),
        np.full(shape, rate),
        np.full(shape, np.nan),
        np.zeros(shape, bool),
    )


def dispersion(
    history: PodCounts, *, interval: float, blocks: tuple[float, ...] = (BLOCK_SECONDS,)
) -> Dispersion:
    """Learn from the baseline's history (..., intervals, pods), ``interval`` seconds each.

    Of several lengths of ``blocks`` (seconds) the one that says most of phi counts.
    """
    counts = history.filled()
    rate, volume = _pooled(counts)
    first, *longer = (_phi(counts, interval, seconds) for seconds in blocks)
    enough, bound, usual = first.enough, first.bound, first.usual
    for one in longer:
        bound = np.where(one.enough, np.maximum(bound, one.bound), bound)
        usual = np.where(one.enough, np.maximum(usual, one.usual), usual)
    tau = _spread(counts, first.estimate)
    pods = (counts.total.sum(-2) > 0).sum(-1)
    alone = np.zeros_like(bound)
    if not enough.all():
        alone = _phi_of_changes(counts, interval, blocks[0])
    return Dispersion(
        phi=np.where(enough, bound, np.maximum(alone, ASSUMED_PHI)),
        tau=np.where(enough, tau, ASSUMED_TAU),
        degrees=np.where(enough, np.maximum(pods - 1.0, 1.0), np.inf),
        rate=rate,
        volume=np.where(enough | (alone > 0), volume, np.nan),
        learned=enough,
        usual=np.where(enough, usual, np.maximum(alone, ASSUMED_PHI)),
    )


@dataclass(frozen=True, slots=True)
class _Phi:
    """Of one length of blocks: whether there is enough to learn from, and what (...).

    ``estimate`` is at least 1, ``bound`` an upper bound of it, ``usual`` see `Dispersion`.
    """

    enough: NDArray[np.bool_]
    estimate: Array
    bound: Array
    usual: Array


def _phi(counts: PodCounts, interval: float, seconds: float) -> _Phi:
    events, total = _blocks(counts, interval, seconds)
    terms, expected, degrees = _pearson(events, total)
    statistic = terms.sum((-2, -1))
    enough = np.asarray((events.sum((-2, -1)) >= FEWEST_EVENTS) & (degrees >= FEWEST_DEGREES))
    safe = np.maximum(degrees, 1.0)
    bound = np.maximum(statistic / special.chdtri(safe, UPPER), 1.0)
    usual = np.clip(_usual(terms, expected, safe), 1.0, bound)
    return _Phi(enough, np.maximum(statistic / safe, 1.0), bound, usual)


def _usual(terms: Array, expected: Array, degrees: Array) -> Array:
    """Phi by the quantile `USUALLY` of the terms of Pearson's statistic, an upper bound.

    Infinite where pods have so few events in a block that most terms say nothing.
    """
    counted = expected > 0
    number = counted.sum((-2, -1))
    flat = np.where(counted, terms, np.inf).reshape(*terms.shape[:-2], -1)
    some = number > 0
    place = np.maximum(np.ceil(USUALLY * number).astype(int) - 1, 0)
    found = np.take_along_axis(np.sort(flat, axis=-1), place[..., None], -1)[..., 0]
    found = np.where(some, found, 0.0)
    phi = found / float(special.chdtri(1.0, 1.0 - USUALLY)) * number / degrees
    # the standard error of that quantile is 1.8 over the root of their number
    surer = 1.0 - float(special.ndtri(1.0 - UPPER)) * 1.8 / np.sqrt(degrees)
    often = expected.sum((-2, -1)) >= FEW_IN_BLOCK * np.maximum(number, 1)
    return np.where(often & some, phi * surer, np.inf)


def _phi_of_changes(counts: PodCounts, interval: float, seconds: float) -> Array:
    """An upper bound of phi from what each pod changes by from block to block; 0 if unknown.

    For histories in which pods cannot be compared with each other. Only neighbouring blocks are
    compared, so that a daily rhythm is in nothing; what strikes all pods at once counts as noise.
    """
    events, total = _blocks(counts, interval, seconds)
    later, requests = total[..., 1:, :], total[..., 1:, :] + total[..., :-1, :]
    both = events[..., 1:, :] + events[..., :-1, :]
    share = np.divide(later, requests, out=np.zeros_like(requests), where=requests > 0)
    variance = both * share * (1.0 - share)
    off = np.where(variance > 0, np.square(events[..., 1:, :] - both * share), 0.0).sum((-2, -1))
    pairs = (variance > 0).sum((-2, -1))
    # each block is in two of the pairs: n of them tell as much as 2 n / 3 independent ones
    degrees = np.maximum(pairs * 2.0 / 3.0, 1.0)
    known = (events.sum((-2, -1)) >= FEWEST_EVENTS) & (degrees >= FEWEST_DEGREES)
    # a quotient of sums: where trouble is great, that of a pair's own events hides a part of it
    phi = off / np.maximum(variance.sum((-2, -1)), 1.0)
    return np.where(known, phi * degrees / special.chdtri(degrees, UPPER), 0.0)


def _pooled(counts: PodCounts) -> tuple[Array, Array]:
    events, total = counts.events.sum((-2, -1)), counts.total.sum((-2, -1))
    present = (counts.total > 0).sum((-2, -1))
    rate = np.divide(events, total, out=np.full_like(total, np.nan), where=total > 0)
    volume = np.divide(total, present, out=np.full_like(total, np.nan), where=present > 0)
    return rate, volume


def _blocks(counts: PodCounts, interval: float, seconds: float) -> tuple[Array, Array]:
    """Sums over blocks of that many seconds: (..., blocks, pods); the oldest rest is left out."""
    length = max(1, round(seconds / interval))
    blocks = counts.events.shape[-2] // length
    if blocks == 0:
        empty = np.zeros((*counts.events.shape[:-2], 1, counts.events.shape[-1]))
        return empty, empty
    shape = (*counts.events.shape[:-2], blocks, length, counts.events.shape[-1])
    kept = slice(counts.events.shape[-2] - blocks * length, None)
    return (
        counts.events[..., kept, :].reshape(shape).sum(-2),
        counts.total[..., kept, :].reshape(shape).sum(-2),
    )


def _pearson(events: Array, total: Array) -> tuple[Array, Array, Array]:
    """The terms of Pearson's statistic of the pods' shares by block.

    Given how the pods' rates usually differ.

    Terms and expected events (..., blocks, pods), and the statistic's degrees of freedom (...).
    """
    usual = _at_common_rate(events, total)[..., None, :]
    own = np.divide(events.sum(-2, keepdims=True), usual, out=np.zeros_like(usual), where=usual > 0)
    weight = total * own
    share_of = weight.sum(-1, keepdims=True)
    expected = np.divide(
        events.sum(-1, keepdims=True) * weight,
        share_of,
        out=np.zeros_like(weight),
        where=share_of > 0,
    )
    counted = expected > 0
    terms = np.divide(
        np.square(events - expected), expected, out=np.zeros_like(expected), where=counted
    )
    contrasts = np.maximum(counted.sum(-1) - 1, 0).sum(-1)
    pods = counted.any(-2).sum(-1)
    degrees = np.maximum(contrasts - np.maximum(pods - 1, 0), 0).astype(float)
    return terms, expected, degrees


def _at_common_rate(events: Array, total: Array) -> Array:
    """The events that each pod would have had at the rate of all pods at its time, (..., pods).

    Pods come and go: one that was there in a bad hour has more events than one that was not, and is
    no worse for it.
    """
    requests = total.sum(-1, keepdims=True)
    share = np.divide(total, requests, out=np.zeros_like(total), where=requests > 0)
    return np.asarray((events.sum(-1, keepdims=True) * share).sum(-2))


def _spread(counts: PodCounts, phi: Array) -> Array:
    """The log-sd of the pods' lasting rates, by moments (DerSimonian & Laird 1986, with phi)."""
    events = counts.events.sum(-2)
    expected = _at_common_rate(counts.events, counts.total)
    seen = expected > 0
    statistic = np.divide(
        np.square(events - expected), expected, out=np.zeros_like(expected), where=seen
    ).sum(-1)
    mass = expected.sum(-1)
    scale = mass - np.divide(
        np.square(expected).sum(-1), mass, out=np.zeros_like(mass), where=mass > 0
    )
    excess = statistic - np.maximum(seen.sum(-1) - 1, 0) * phi
    variance = np.divide(excess, scale, out=np.zeros_like(scale), where=scale > 0)
    return np.asarray(np.sqrt(np.log1p(np.maximum(variance, 0.0))))
