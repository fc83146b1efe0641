"""Alternatives near the null, for differences of a few per cent: what A/B tests are about.

Owned here: a grid that is even on the logarithm of the *effect*, from a fraction of the difference
that matters up to total outages. Between two of its neighbours the evidence is never much below
that of the best ratio, however small the effect is; a grid that is even on the logarithm of the
ratio has nothing between 2 % and 20 %.
"""

from __future__ import annotations

import numpy as np

from judge.stats.arms import Array
from judge.stats.evidence import Alternatives

_NEAR = 16
_FAR = 6
_MIDDLE = 8.0


def small_alternatives(farthest: Array, *, nearest: float, up: bool = True) -> Alternatives:
    """16 points within [nearest, 8] and 6 more up to ``farthest`` (...), in units of the null.

    An effect's weight falls with the root of its size on a log scale: large ones are seen soon
    whatever they weigh, and it is the small ones that take the visits.
    """
    top = np.log(np.maximum(farthest, 2.0 * _MIDDLE))[..., None]
    middle = np.log(_MIDDLE)
    far = middle + (top - middle) * np.arange(1, _FAR + 1) / _FAR
    near = np.geomspace(np.log(nearest), middle, _NEAR)
    effects = np.concatenate([np.broadcast_to(near, (*top.shape[:-1], _NEAR)), far], axis=-1)
    weights = 1.0 / np.sqrt(effects)
    log_weights = np.log(weights / weights.sum(-1, keepdims=True))
    return Alternatives(np.exp(effects), log_weights, up)
