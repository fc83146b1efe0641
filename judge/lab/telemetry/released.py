"""A release put into recorded samples: more of the recorded errors, slower requests, higher levels.

Errors are thinned: of everybody's a share is kept, at random, and of a bad canary's more of them,
so that the ratio is just the effect's and every other trouble of the recording stays as it was.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from judge.lab.noise import Array
from judge.stats.samples import Count, Histogram, Level, Sample, Series

LOWEST = 2.0  # times the first bound is the next lower one, for all that is known


@dataclass(frozen=True, slots=True)
class Thinning:
    """Of all errors a share ``kept`` counts; effects go up to 1 / kept, or are an outage."""

    kept: float

    def __call__(self, sample: Sample, effect: float, rng: np.random.Generator) -> Sample:
        """The sample of a pod with this effect."""
        if isinstance(sample, Count):
            return self._thinned(sample, effect, rng)
        if effect == 1.0:
            return sample
        if isinstance(sample, Histogram):
            return slower(sample, effect, rng)
        if isinstance(sample, Series):
            return Series(sample.at, tuple(value * effect for value in sample.values))
        return Level(sample.value * effect)

    def _thinned(self, count: Count, effect: float, rng: np.random.Generator) -> Count:
        if math.isinf(effect):
            return Count(count.total, count.total)
        events = float(rng.binomial(round(count.events), min(1.0, self.kept * effect)))
        return Count(events, count.total)


def slower(times: Histogram, effect: float, rng: np.random.Generator) -> Histogram:
    """Every request ``effect`` times slower: moved to a bucket that it may then be in.

    Within its bucket a request lies anywhere, evenly on a log scale; beyond the last finite bound
    it stays there.
    """
    inside = np.diff(np.array(times.counts), prepend=0.0).round().astype(np.int64)
    moved = rng.multinomial(np.maximum(inside, 0), _moves(times.bounds, effect)).sum(0)
    return Histogram(times.bounds, tuple(moved.cumsum().astype(float).tolist()))


@lru_cache(maxsize=64)
def _moves(bounds: tuple[float, ...], effect: float) -> Array:
    """By which probability a request of a bucket gets to each: (buckets, buckets)."""
    finite = np.log(np.array(bounds[:-1]))
    edges = np.concatenate([[finite[0] - np.log(LOWEST)], finite])
    low, high = edges[:-1] + np.log(effect), edges[1:] + np.log(effect)
    below = np.clip((edges[1:] - low[:, None]) / (high - low)[:, None], 0.0, 1.0)
    moves = np.diff(np.column_stack([np.zeros(len(low)), below, np.ones(len(low))]), axis=1)
    last = np.zeros(len(bounds))
    last[-1] = 1.0
    return np.vstack([moves, last])
