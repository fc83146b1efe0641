"""Whether the canary gets the share of requests that it was meant to get.

A sample ratio test that may be looked at after every interval: per interval the canary's requests
are binomial with odds theta times the configured ones; the evidence is the mean likelihood over
thetas farther than `TOLERATED` from 1 over the greatest one within it, an e-process for every
theta within. Written in odds, not as a Dirichlet-multinomial with one share (Lindon & Malek 2022),
it goes on when the weight steps. Connections that are kept open make requests come in clumps, so it
is tempered.
"""

from __future__ import annotations

import math

import numpy as np
from scipy import special

from judge.stats.arms import Array

TOLERATED = 1.25  # odds may be off by this factor either way
CLUMPS = 50.0  # requests that go the same way together, for all that is known
_BEYOND = TOLERATED * np.geomspace(1.1, 100.0, 20)
_WITHIN = np.geomspace(1.0 / TOLERATED, TOLERATED, 21)


def split_evidence(canary: Array, others: Array, weight: Array) -> Array:
    """log E (intervals,) against "the canary's odds are the configured ones".

    ``canary`` and ``others`` are requests, ``weight`` the canary's expected share of both, NaN or
    outside of (0, 1) where nobody said.
    """
    known = (weight > 0) & (weight < 1) & np.isfinite(canary) & np.isfinite(others)
    weight = np.where(known, weight, 0.5)
    ours, theirs = np.where(known, canary, 0.0), np.where(known, others, 0.0)
    odds = np.log(weight / (1.0 - weight))
    beyond = np.log(np.concatenate([1.0 / _BEYOND, _BEYOND]))
    grown = _log_likelihood(ours, theirs, odds, beyond)
    kept = _log_likelihood(ours, theirs, odds, np.log(_WITHIN)).max(-1)
    return np.asarray(special.logsumexp(grown, axis=-1) - math.log(len(beyond)) - kept)


def _log_likelihood(ours: Array, theirs: Array, odds: Array, shifts: Array) -> Array:
    """Of all requests so far, tempered: (intervals, shifts)."""
    shifted = odds[:, None] + shifts
    one = ours[:, None] * special.log_expit(shifted) + theirs[:, None] * special.log_expit(-shifted)
    return np.asarray(one.cumsum(0) / CLUMPS)
