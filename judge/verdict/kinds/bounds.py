"""A metric's fixed bound after some looks: e-valued for counts, a plain rule for the rest."""

from __future__ import annotations

import math

import numpy as np

from judge.stats.arms import Arm, Array, PodCounts
from judge.stats.bounds import bound_evidence, broken_for, shared_temper
from judge.stats.counts import tempering
from judge.stats.dispersion import Dispersion
from judge.verdict.kinds.looked import BoundLooked
from judge.verdict.kinds.terms import MetricTerms


def plain_bound(terms: MetricTerms, values: Array) -> BoundLooked | None:
    """Whether the values (looks,), NaN where there is none, broke the bound for long enough."""
    bound = terms.metric.bound
    if bound is None:
        return None
    beyond = np.zeros(len(values), dtype=bool)
    if bound.max is not None:
        beyond |= np.nan_to_num(values, nan=-math.inf) > bound.max
    if bound.min is not None:
        beyond |= np.nan_to_num(values, nan=math.inf) < bound.min
    known = ~np.isnan(values)
    told = values[np.isfinite(values)]
    return BoundLooked(
        value=float(told[-1]) if told.size else None,
        broken=broken_for(beyond, terms.plain_looks),
        known=known,
    )


def tested_bound(
    terms: MetricTerms,
    arm: Arm,
    noise: Dispersion,
    history: PodCounts,
    *,
    most: float | None,
    least: float | None,
    value: float | None,
) -> BoundLooked:
    """The evidence against "the risk is at most ``most``", at least ``least``, or both.

    Tempered for the pods' own trouble (``noise``) and for what strikes all of them (``history``).
    """
    own = tempering(noise, arm.total, arm.pods).at(np.ones(noise.phi.shape))
    shared = shared_temper(history, arm, interval=terms.interval)
    temper = np.maximum(own, shared)
    each = [
        bound_evidence(arm, risk, temper, terms.plan, clip=terms.bound_clip, above=above)
        for risk, above in ((most, True), (least, False))
        if risk is not None
    ]
    grown = np.asarray(np.logaddexp.reduce(each) - math.log(len(each)))
    return BoundLooked(
        value=value,
        broken=grown >= terms.bound_threshold,
        known=arm.total > 0,
        log_evidence=grown,
        share=terms.bound_share,
        threshold=terms.bound_threshold,
    )
