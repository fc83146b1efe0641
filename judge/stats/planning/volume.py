"""More events, or fewer, than a pod had: with the noise that such a pod would have.

A pod's counts vary by ``phi`` times more than independent requests do, and its own trouble grows
with its traffic: at q times the traffic they vary by 1 + q (phi - 1) times more. So fewer events
are a random part of them, which does just that. More events are not a multiple: that would take
the chance in the counts for trouble of the pod. They are the pod's own and a Poisson draw around a
blend of what it had and what is expected of it, so blended that the variance is right.
"""

from __future__ import annotations

import numpy as np

from judge.stats.arms import Array


def thinned(counts: Array, part: Array, *, rng: np.random.Generator) -> Array:
    """A random ``part`` (0-1) of counts; the two broadcast."""
    whole = np.rint(counts).astype(np.int64)
    return rng.binomial(whole, np.clip(part, 0.0, 1.0)).astype(float)


def grown(
    counts: Array,
    expected: Array,
    factor: Array,
    *,
    phi: float,
    trouble: Array,
    room: Array | None,
    rng: np.random.Generator,
) -> Array:
    """``factor`` (at least 1) times the events; arrays broadcast to those of ``counts``.

    ``expected`` is what such a pod has at that moment whatever its own trouble; ``trouble`` is how
    many times as much traffic, or as great a risk, a pod now has. ``room`` is how many more events
    there can be at all; None where nothing bounds them.
    """
    more = np.maximum(factor - 1.0, 0.0)
    spread = np.sqrt((1.0 + factor * (phi - 1.0) * trouble) / phi)
    own = np.divide(spread - 1.0, more, out=np.zeros_like(spread), where=more > 0)
    own = np.clip(own, 0.0, 1.0)
    added = more * (own * counts + (1.0 - own) * expected)
    if room is None:
        return np.asarray(counts + rng.poisson(added))
    left = np.maximum(np.floor(room), 0.0)
    chance = np.divide(added, left, out=np.zeros_like(added), where=left > 0)
    return np.asarray(counts + rng.binomial(left.astype(np.int64), np.minimum(chance, 1.0)))
