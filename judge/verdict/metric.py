"""One metric of one comparison: what was seen of it, and what is said of that.

A run's verdict out of several of these is `sequential`'s; the words are `reasons`'.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from judge.spec.resolved import BASELINE, Metric, Reading
from judge.stats.arms import Arms
from judge.stats.comparison import Comparison, Terms, pods_needed
from judge.stats.confidence import Effect, effect
from judge.verdict import reasons
from judge.verdict.counting import TrackCounts
from judge.verdict.sufficiency import Amount, amount, lacking
from judge.verdict.verdict import MetricVerdict, Outcome


@dataclass(frozen=True, slots=True)
class Seen:
    """One metric of one comparison, after some looks.

    ``track`` is what is compared with the baseline; ``canary`` are its counts, shadow or not.
    """

    metric: Metric
    track: str
    share: float
    canary: TrackCounts
    baseline: TrackCounts
    arms: Arms
    comparison: Comparison
    terms: Terms
    history_pods: int

    @property
    def failed(self) -> NDArray[np.bool_]:
        """Whether the evidence has reached the threshold by each look."""
        highest = np.maximum.accumulate(self.comparison.log_evidence)
        return highest >= self.comparison.threshold


def metric_verdict(one: Seen, *, ended: bool) -> MetricVerdict:
    """The verdict on one metric; ``ended`` where its run has no more looks to come."""
    known = effect(one.comparison, one.terms)
    seen = amount(one.arms, one.terms.looks, one.terms.plan.block)
    outcome, proven, reason = _outcome(one, known, seen, ended=ended)
    return MetricVerdict(
        verdict=outcome,
        reason=reason,
        estimate=known.estimate,
        low=known.low,
        high=known.high,
        limit=one.metric.limit,
        evidence=float(one.comparison.log_evidence[-1]),
        threshold=float(one.comparison.threshold),
        proven=proven,
    )


def _outcome(one: Seen, known: Effect, seen: Amount, *, ended: bool) -> tuple[Outcome, bool, str]:
    metric = one.metric
    said = reasons.measured(metric, known, seen, one.track)
    if one.failed[-1]:
        return Outcome.FAIL, False, said
    proven = bool(one.comparison.log_pass[-1] >= math.log(1.0 / one.terms.beta))
    if not ended:
        return Outcome.INCONCLUSIVE, proven, said
    broken = (*one.canary.not_finite, *one.baseline.not_finite)
    if broken:
        return Outcome.INCONCLUSIVE, False, reasons.not_finite(metric, broken)
    missing = lacking(seen, one.track, exposures_are_pods=_exposures_are_pods(metric))
    if missing:
        why = reasons.absences(one.canary.absent, one.track) or reasons.absences(
            one.baseline.absent, BASELINE
        )
        return Outcome.INCONCLUSIVE, False, reasons.too_little(metric, missing + why)
    if proven:
        return Outcome.PASS, True, f"{said}; {reasons.ruled_out(metric)}"
    return Outcome.PASS, False, f"{said}; {reasons.not_ruled_out(metric, known)}{_caveats(one)}"


def _caveats(one: Seen) -> str:
    """What keeps this comparison from saying more."""
    told = []
    if not one.comparison.noise.learned:
        told.append(reasons.assumed(one.history_pods))
    hidden = pods_needed(one.comparison, one.terms)
    if hidden:
        told.append(reasons.weak(one.metric, one.track, float(one.comparison.noise.tau), *hidden))
    return "".join(f"; {caveat}" for caveat in told)


def _exposures_are_pods(metric: Metric) -> bool:
    return any(
        parts["total"].reading is Reading.GAUGE
        for parts in metric.queries.values()
        if "total" in parts
    )
