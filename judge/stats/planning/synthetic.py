"""A made-up history where the real one has too few pods, or is shorter than a run.

The pods of it have the real one's rate, traffic or level, and the noise that the judge takes it to
have: what was learned, or what is assumed where nothing could be. A pod's own trouble stays as it
is for a block of minutes and changes then (gamma factors of counts, normal ones of log levels);
beside that pods differ for good. It is a model, and whoever plans on it says so.
"""

from __future__ import annotations

import numpy as np

from judge.stats.arms import Array, PodCounts
from judge.stats.dispersion import Dispersion
from judge.stats.histograms import PodHistograms
from judge.stats.level_noise import LevelNoise
from judge.stats.levels import PodLevels
from judge.stats.planning.latencies import by_bucket

BLOCK_SECONDS = 600.0
_LEAST = 1e-9


def made_counts(
    history: PodCounts,
    noise: Dispersion,
    *,
    intervals: int,
    pods: int,
    interval: float,
    rng: np.random.Generator,
) -> PodCounts:
    """Counts (intervals, pods) with the rate and traffic of a history, and this noise."""
    counts = history.filled()
    total = _usual(counts.total.sum(-1)) / pods
    rate = counts.events.sum() / max(counts.total.sum(), _LEAST)
    factor = _troubles(
        total * rate, noise, intervals=intervals, pods=pods, interval=interval, rng=rng
    )
    exposed = np.full((intervals, pods), np.rint(total) if total >= 1 else 1.0)
    events = rng.binomial(exposed.astype(np.int64), np.minimum(rate * factor, 1.0))
    return PodCounts(events.astype(float), exposed)


def made_histograms(
    history: PodHistograms,
    noise: Dispersion,
    *,
    intervals: int,
    pods: int,
    interval: float,
    rng: np.random.Generator,
) -> PodHistograms:
    """Histograms (intervals, pods, bounds); the slower half of a pod's requests has the trouble."""
    buckets = by_bucket(history.counts)
    usual = _usual(buckets.sum((-1, -2))) / pods
    share = buckets.sum((0, 1)) / max(float(buckets.sum()), _LEAST)
    slow = share.cumsum() > 0.5
    factor = _troubles(
        usual * float(share[slow].sum()),
        noise,
        intervals=intervals,
        pods=pods,
        interval=interval,
        rng=rng,
    )
    drawn = rng.poisson(usual * share * np.where(slow, factor[..., None], 1.0))
    return PodHistograms(history.bounds, drawn.cumsum(-1).astype(float))


def made_levels(
    history: PodLevels,
    noise: LevelNoise,
    *,
    intervals: int,
    pods: int,
    interval: float,
    rng: np.random.Generator,
) -> PodLevels:
    """Levels (intervals, pods) around the history's median."""
    known = history.values[np.isfinite(history.values)]
    level = float(np.median(known)) if known.size else 1.0
    length = max(1, round(BLOCK_SECONDS / interval))
    wandering = rng.standard_normal((-(-intervals // length), pods)).repeat(length, axis=0)
    apart = np.sqrt(float(noise.variance) / length) * wandering[:intervals]
    lasting = float(noise.tau) * rng.standard_normal(pods)
    return PodLevels(level * np.exp(apart + lasting))


def _troubles(
    events: float,
    noise: Dispersion,
    *,
    intervals: int,
    pods: int,
    interval: float,
    rng: np.random.Generator,
) -> Array:
    """Factors (intervals, pods) with mean 1, for pods that have so many events an interval."""
    length = max(1, round(BLOCK_SECONDS / interval))
    variance = max(float(np.max(noise.phi)) - 1.0, 0.0) / max(events * length, _LEAST)
    variance = min(variance, 1.0)  # of a pod that has next to no events nothing can be told
    factor = np.ones((-(-intervals // length), pods))
    if variance > 0:
        factor = rng.gamma(1.0 / variance, variance, factor.shape)
    spread = float(np.max(noise.tau))
    lasting = np.exp(spread * rng.standard_normal(pods) - spread**2 / 2.0)
    return np.asarray(factor.repeat(length, axis=0)[:intervals] * lasting)


def _usual(totals: Array) -> float:
    """What a service has an interval, over those in which it had anything."""
    there = totals[totals > 0]
    return float(there.mean()) if there.size else 0.0
