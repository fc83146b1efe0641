"""The rules of other judges, on the same data.

Every rule takes the arms' counts or a value a look, (..., looks), and says at which look it rolls
back: 1 for the first, `NEVER` (0) where it does not. Owned here: the rules as their projects
document them, without what they take from a live system (retries, missing data). The oracle, which
knows what nobody can, is in `oracle`.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy import special

from judge.stats.arms import Arm, Array

NEVER = 0
Looks = NDArray[np.int64]

KAYENTA_CONFIDENCE = 0.98
KAYENTA_TOLERANCE = 0.25  # of the estimate: what the interval must lie beyond
KAYENTA_FIRST = 5  # look: with fewer points the quantile of the interval is out of reach
KAYENTA_AT_ONCE = 128  # rollouts: what bounds the memory, not a result

FLAGGER_SUCCESS = 0.99
FLAGGER_FAILED_CHECKS = 5

ARGO_SUCCESS = 0.95
ARGO_EVERY = 5
ARGO_FAILURE_LIMIT = 3


def first(crossed: NDArray[np.bool_]) -> Looks:
    """The first look, from 1, at which ``crossed`` (..., looks) holds; `NEVER` for none."""
    return np.where(crossed.any(-1), crossed.argmax(-1) + 1, NEVER)


def z_test(canary: Arm, baseline: Arm, *, alpha: float) -> Looks:
    """The pooled two-sided z-test of two proportions at ``alpha``, looked at after every interval;
    it rolls back where the canary is the worse."""
    x, n = canary.events.cumsum(-1), canary.total.cumsum(-1)
    y, m = baseline.events.cumsum(-1), baseline.total.cumsum(-1)
    pooled = _ratio(x + y, n + m)
    error = np.sqrt(pooled * (1.0 - pooled) * (_ratio(1.0, n) + _ratio(1.0, m)))
    difference = _ratio(x, n) - _ratio(y, m)
    return first(_ratio(difference, error) > -special.ndtri(alpha / 2.0))


def flagger(canary: Arm) -> Looks:
    """Flagger's request-success-rate: a minute below 99 % is a failed check."""
    return failed_checks(_ratio(canary.total - canary.events, canary.total) < FLAGGER_SUCCESS)


def failed_checks(failed: NDArray[np.bool_]) -> Looks:
    """Flagger's rule: after five failed checks, not necessarily in a row, it rolls back at the
    next tick."""
    at_limit = first(failed.cumsum(-1) >= FLAGGER_FAILED_CHECKS)
    in_time = (at_limit != NEVER) & (at_limit < failed.shape[-1])
    return np.where(in_time, at_limit + 1, NEVER)


def argo(canary: Arm, *, success: float = ARGO_SUCCESS) -> Looks:
    """Argo Rollouts' documented example: ``interval: 5m``, ``successCondition: result[0] >= 0.95``
    over the last five minutes, ``failureLimit: 3``, so that the fourth failure rolls back."""
    windows = canary.total.shape[-1] // ARGO_EVERY
    shape = (*canary.total.shape[:-1], windows, ARGO_EVERY)
    events = canary.events[..., : windows * ARGO_EVERY].reshape(shape).sum(-1)
    total = canary.total[..., : windows * ARGO_EVERY].reshape(shape).sum(-1)
    failed = _ratio(total - events, total) < success
    return first(failed.cumsum(-1) > ARGO_FAILURE_LIMIT) * ARGO_EVERY


def kayenta(canary: Arm, baseline: Arm) -> Looks:
    """Kayenta's judge on the error rates by minute."""
    return mann_whitney(
        _ratio(canary.events, canary.total), _ratio(baseline.events, baseline.total)
    )


def mann_whitney(canary: Array, baseline: Array) -> Looks:
    """Kayenta's Mann-Whitney judge on a value a minute, over the window grown so far.

    Direction increase: High where the 98 % interval of the shift lies above a quarter of the
    estimated shift, and the canary's mean is no lower than the baseline's. The interval's end is
    beyond a value where the statistic at that value is beyond its quantile, so no root is sought.
    The judge itself (`judge.verdict.kayenta`) finds its interval by a search, which ends within
    1e-4 of a step, in the unit of the values, and its estimate near the median of the differences;
    so of up to a twentieth of the rollouts it decides at another look (judged by shares, which are
    small numbers), and whether it decides is the same but for a few in a thousand.

    Kayenta's answers below five points are left out: without ties that quantile cannot be reached
    at all, and it takes the smallest difference for the interval's end. They would only harm it.
    """
    x, y = np.broadcast_arrays(canary, baseline)
    looks = x.shape[-1]
    flat = [one.reshape(-1, looks) for one in (x, y)]
    parts = range(0, len(flat[0]), KAYENTA_AT_ONCE)
    found = [_grown(*(one[start : start + KAYENTA_AT_ONCE] for one in flat)) for start in parts]
    return np.concatenate(found).reshape(x.shape[:-1])


def _grown(x: Array, y: Array) -> Looks:
    high = _shifted(x, y) & _worse(x, y)
    high[:, : KAYENTA_FIRST - 1] = False  # all of one side tied can reach the quantile there
    for rollout, look in np.argwhere(high):
        if not high[rollout, :look].any():
            window = slice(look + 1)
            high[rollout, look] = _beyond_tolerance(x[rollout, window], y[rollout, window])
    return first(high)


def _quantile() -> float:
    return float(special.ndtri((1.0 + KAYENTA_CONFIDENCE) / 2.0))


def _shifted(x: Array, y: Array) -> NDArray[np.bool_]:
    """Whether the interval of the shift lies above 0 after each look: (rollouts, looks)."""
    above = np.sign(x[:, :, None] - y[:, None, :])
    looks = np.arange(x.shape[-1])
    excess = above.cumsum(1).cumsum(2)[:, looks, looks] / 2.0
    deviation = _deviation(np.concatenate([x, y], axis=-1), np.arange(1.0, len(looks) + 1))
    return _ratio(excess - 0.5 * np.sign(excess), deviation) > _quantile()


def _deviation(pooled: Array, points: Array) -> Array:
    """The tie-corrected deviation of the statistic with the first ``points`` of each side.

    ``pooled`` is one side's looks and then the other's, (rollouts, 2 looks).
    """
    looks = len(points)
    alike = pooled[:, :, None] == pooled[:, None, :]
    ties = (alike[:, :, :looks] + alike[:, :, looks:].astype(float)).cumsum(-1)
    seen = np.tile(np.arange(looks), 2)[:, None] <= np.arange(looks)
    correction = np.where(seen, np.square(ties) - 1.0, 0.0).sum(1)
    both = 2.0 * points
    variance = np.square(points) / 12.0 * (both + 1.0 - correction / (both * (both - 1.0)))
    deviation: Array = np.sqrt(np.maximum(variance, 0.0))
    return deviation


def _worse(x: Array, y: Array) -> NDArray[np.bool_]:
    """Kayenta's effect size, the ratio of the means, against 1; unchecked where a mean is 0."""
    mine, theirs = x.cumsum(-1), y.cumsum(-1)
    return np.asarray((mine >= theirs) | (mine == 0) | (theirs == 0), bool)


def _beyond_tolerance(x: Array, y: Array) -> bool:
    """Whether the interval lies above a quarter of the estimate, for one window (looks,)."""
    differences = np.subtract.outer(x, y)
    least = KAYENTA_TOLERANCE * abs(float(np.median(differences)))
    excess = float(np.sign(differences - least).sum()) / 2.0
    deviation = float(
        _deviation(np.concatenate([x - least, y])[None], np.arange(1.0, len(x) + 1))[0, -1]
    )
    return excess - 0.5 * math.copysign(1.0, excess) > _quantile() * deviation


def _ratio(above: Array | float, below: Array) -> Array:
    """above / below, 0 where below is 0."""
    above = np.broadcast_to(above, below.shape)
    return np.divide(above, below, out=np.zeros_like(below), where=below > 0)
