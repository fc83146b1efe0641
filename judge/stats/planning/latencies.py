"""A history's latencies as those of a rollout to come: traffic moved, requests made slower.

A slowdown moves requests to other buckets, in the parts that the service's usual law between the
bounds says: its logarithm's share above is taken to be straight, on a log scale of times.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from judge.stats.arms import Array
from judge.stats.histograms import PodHistograms
from judge.stats.planning.scenes import Planned, Scenes
from judge.stats.planning.volume import grown, thinned

_LEAST_SHARE = 1e-9


@dataclass(frozen=True, slots=True)
class LatencyCast:
    """Requests by bucket of both tracks as a run would have them, (scenes, looks, bounds).

    ``law`` (bounds,) is the share of the service's requests above each bound.
    """

    bounds: Array
    canary: Array
    baseline: Array
    law: Array
    planned: Planned

    def tracks(self, slowdown: float) -> tuple[PodHistograms, PodHistograms]:
        """Canary and baseline, (scenes, looks, pods, bounds), under a release so much slower."""
        moved = self.canary
        if slowdown != 1.0:
            moved = moved @ transition(self.bounds, self.law, slowdown)
        return (
            _shared(self.bounds, moved, self.planned.canary),
            _shared(self.bounds, self.baseline, self.planned.baseline),
        )


def latency_cast(
    history: PodHistograms,
    scenes: Scenes,
    planned: Planned,
    *,
    phi: float,
    rng: np.random.Generator,
) -> LatencyCast:
    """The tracks of ``planned`` out of a history (intervals, pods, bounds)."""
    buckets = by_bucket(history.counts)
    whole = buckets.sum(1)[scenes.within]
    canary = scenes.playing(buckets).sum(2)
    rest = whole - canary
    playing = scenes.groups.shape[1] / planned.canary
    factor = _factor(planned.share * whole, canary)
    return LatencyCast(
        bounds=history.bounds,
        canary=_resized(canary, rest, factor, phi=phi, trouble=factor * playing, rng=rng),
        baseline=_resized(
            rest,
            whole,
            _factor((1.0 - planned.share) * whole, rest),
            phi=phi,
            trouble=np.asarray(1.0 - planned.share),
            rng=rng,
        ),
        law=_law(buckets),
        planned=planned,
    )


def by_bucket(counts: Array) -> Array:
    """Cumulative counts (..., bounds) -> requests in each bucket; 0 for holes.

    A count that is not known at a bound is that of the bound before it.
    """
    known = np.where(np.isfinite(counts[..., -1:]), np.nan_to_num(counts), 0.0)
    level = np.maximum.accumulate(known, axis=-1)
    return np.diff(level, axis=-1, prepend=0.0)


def transition(bounds: Array, law: Array, slowdown: float) -> Array:
    """Which part of a bucket's requests is in which, once slower, (bounds, bounds).

    Rows add up to 1. ``law`` (bounds,) is the share of requests above each bound.
    """
    above = _above(bounds, law, bounds / slowdown)
    within, moved = 1.0 - law, 1.0 - above
    edges, wanted = np.append(0.0, within), np.append(0.0, moved)
    shared = np.minimum(edges[1:, None], wanted[None, 1:]) - np.maximum(
        edges[:-1, None], wanted[None, :-1]
    )
    shared = np.maximum(shared, 0.0)
    mass = shared.sum(-1, keepdims=True)
    unmoved = np.eye(len(bounds))
    return np.where(mass > 0, shared / np.where(mass > 0, mass, 1.0), unmoved)


def _above(bounds: Array, law: Array, at: Array) -> Array:
    """The share above ``at``, between the bounds and beyond the first one; 0 at infinity."""
    fine = np.isfinite(bounds) & (bounds > 0)
    known, share = bounds[fine], law[fine]
    # nothing is known below the first bound: there requests are spread over a factor of two
    times = np.append(known[0] / 2.0, known)
    logs = np.log(np.maximum(np.append(1.0, share), _LEAST_SHARE))
    asked = np.where(np.isfinite(at) & (at > 0), at, known[-1])
    found = np.exp(np.interp(np.log(asked), np.log(times), logs))
    return np.where(np.isfinite(at), np.where(at > 0, found, 1.0), 0.0)


def _law(buckets: Array) -> Array:
    whole = buckets.sum((0, 1))
    total = max(float(whole.sum()), _LEAST_SHARE)
    return np.asarray(np.clip(1.0 - whole.cumsum() / total, 0.0, 1.0))


def _factor(wanted: Array, there: Array) -> Array:
    whole = there.sum((-1, -2))[:, None, None]
    wanted = wanted.sum((-1, -2))[:, None, None]
    return np.asarray(np.divide(wanted, whole, out=np.ones_like(whole), where=whole > 0))


def _resized(
    counts: Array,
    others: Array,
    factor: Array,
    *,
    phi: float,
    trouble: Array,
    rng: np.random.Generator,
) -> Array:
    """Requests by bucket at ``factor`` (scenes, 1, 1) times the traffic."""
    few = thinned(counts, np.minimum(factor, 1.0), rng=rng)
    if not (factor > 1.0).any():
        return few
    theirs = others.sum(-1, keepdims=True)
    share = np.divide(others, theirs, out=np.zeros_like(others), where=theirs > 0)
    expected = counts.sum(-1, keepdims=True) * share
    many = grown(
        counts, expected, np.maximum(factor, 1.0), phi=phi, trouble=trouble, room=None, rng=rng
    )
    return np.where(factor > 1.0, many, few)


def _shared(bounds: Array, buckets: Array, pods: int) -> PodHistograms:
    """A track's requests, spread evenly over its pods: (scenes, looks, pods, bounds)."""
    counts = (buckets / pods).cumsum(-1)[:, :, None, :]
    return PodHistograms(bounds, np.repeat(counts, pods, axis=2))
