"""How much the requests beyond a bound vary between the baseline's own pods.

Owned here: which bounds a test may stand on, their noise as the history has it, and what is assumed
of it without one. A test of a slowdown is a comparison of counts, so the noise is that of counts
(`dispersion`), once for each bound.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from judge.stats.arms import Array
from judge.stats.dispersion import Dispersion, assumed, dispersion
from judge.stats.histograms import PodHistograms

FEWEST_ABOVE = 20.0  # requests above a bound, for it to be tested
TESTED_SHARES = (0.003, 0.8)  # of the requests above it
OPENING = 1000.0  # requests that choose the bounds where there is no history
ASSUMED_SCALE = 0.1  # log-sd of pods' own scales where nothing tells of it
BLOCK_SECONDS = (600.0, 1800.0)  # latencies wander for longer than errors do


@dataclass(frozen=True, slots=True)
class TailNoise:
    """What the history says of the requests above some of its bounds.

    ``bounds`` (bounds,), ``shares`` (bounds,) of requests above them (NaN: not to be tested), and
    ``noise`` with the leading axis bounds.
    """

    bounds: Array
    shares: Array
    noise: Dispersion

    def at(self, bounds: Array) -> Dispersion:
        """The noise at these bounds."""
        index = np.searchsorted(self.bounds, bounds * (1 - 1e-9))
        noise = self.noise
        return Dispersion(
            phi=noise.phi[index],
            tau=noise.tau[index],
            degrees=noise.degrees[index],
            rate=noise.rate[index],
            volume=noise.volume[index],
            learned=np.asarray(noise.learned[index]),
            usual=noise.phi_usually[index],
        )


def learn_tails(history: PodHistograms | None, *, interval: float) -> TailNoise | None:
    """The noise above every bound that a test may stand on; None without a history.

    ``interval`` in seconds.
    """
    if history is None or not history.counts.size or not np.nansum(history.counts[..., -1]):
        return None
    shares = tail_shares(history)
    at = np.flatnonzero(np.isfinite(shares))
    if not at.size:
        return None
    noise = dispersion(history.beyond(at), interval=interval, blocks=BLOCK_SECONDS)
    assumed_tau = ASSUMED_SCALE * _elasticity(history.bounds[at], shares[at])
    wider = np.maximum(noise.tau, assumed_tau.reshape(-1, *(1 for _ in noise.tau.shape[1:])))
    noise = replace(noise, tau=np.where(noise.learned, noise.tau, wider))
    return TailNoise(history.bounds[at], shares[at], noise)


def tail_shares(histograms: PodHistograms) -> Array:
    """The shares above the bounds that a test may stand on, NaN for the others, (bounds,)."""
    shares = histograms.pooled()
    enough = shares * np.nansum(histograms.counts[..., -1]) >= FEWEST_ABOVE
    tail = (shares >= TESTED_SHARES[0]) & (shares <= TESTED_SHARES[1])
    fine = (histograms.bounds > 0) & np.isfinite(histograms.bounds)
    return np.where(enough & tail & fine, shares, np.nan)


def _elasticity(bounds: Array, shares: Array) -> Array:
    """By how much the share above a bound changes with the scale: -d log share / d log bound."""
    if len(bounds) < 2:
        return np.ones(len(bounds))
    return np.asarray(np.maximum(-np.gradient(np.log(shares), np.log(bounds)), 1.0))


def unlearned_tails(
    canary: PodHistograms, baseline: PodHistograms
) -> tuple[TailNoise, PodHistograms, PodHistograms]:
    """Assumed noise, and the histograms without the intervals that chose the bounds."""
    seen = np.nansum(baseline.counts[..., -1], axis=-1)
    enough = seen.reshape(-1, seen.shape[-1]).mean(0).cumsum() >= OPENING
    first = int(enough.argmax()) if enough.any() else len(enough) - 1
    chosen = PodHistograms(baseline.bounds, baseline.counts[..., : first + 1, :, :])
    shares = tail_shares(chosen)
    batch = baseline.counts.shape[:-3]
    noise = assumed((len(shares), *batch))
    rate = np.broadcast_to(shares.reshape(-1, *(1 for _ in batch)), noise.phi.shape)
    noise = Dispersion(noise.phi, noise.tau, noise.degrees, rate, noise.volume, noise.learned)
    told = TailNoise(baseline.bounds, shares, noise)
    return told, _without(canary, first), _without(baseline, first)


def _without(histograms: PodHistograms, interval: int) -> PodHistograms:
    counts = histograms.counts.copy()
    counts[..., : interval + 1, :, :] = np.nan
    return PodHistograms(histograms.bounds, counts)


def shares_on(bounds: Array, noise: TailNoise) -> Array:
    """The history's shares at the run's bounds, NaN at bounds that it does not know."""
    index = np.minimum(np.searchsorted(noise.bounds, bounds * (1 - 1e-9)), len(noise.bounds) - 1)
    same = np.isclose(noise.bounds[index], bounds, rtol=1e-9, atol=0.0)
    return np.where(same, noise.shares[index], np.nan)
