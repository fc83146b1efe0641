"""What one metric of a run is judged by: its limits and its share of the promises."""

from __future__ import annotations

import math
from dataclasses import dataclass

from judge.spec.resolved import Direction, Kind, Metric, Reading, ResolvedAnalysis
from judge.stats.evidence import CLIP_DIVISOR, Schedule, schedule
from judge.stats.shifted import Apart
from judge.stats.terms import Terms

PLAIN_LOOKS = 3  # how many looks a plain bound must be broken where nobody said


@dataclass(frozen=True, slots=True)
class MetricTerms:
    """One metric, and what of the run's promise is its own.

    ``share`` is its part of alpha. Where it is held to a bound inside the promise and compared too,
    each has half of that. ``looks`` are those that the promise is over, ``planned`` those of them
    that a pass may take; the rest come after it. The baseline's lie ``shift`` looks back.
    """

    metric: Metric
    share: float
    alpha: float
    beta: float
    interval: float
    looks: int
    planned: int
    shift: int = 0

    @property
    def plan(self) -> Schedule:
        """The blocks and starts of the looks."""
        return schedule(interval=self.interval, looks=self.looks)

    @property
    def compared(self) -> Terms | None:
        """The terms of the comparison; None for a metric that is only held to its bound."""
        metric = self.metric
        if metric.limit is None or metric.worst is None:
            return None
        return Terms(
            limit=metric.limit,
            worst=metric.worst,
            alpha=self.alpha * (self.share - self.bound_share),
            beta=self.beta,
            interval=self.interval,
            looks=self.looks,
            both=metric.direction is Direction.EITHER,
            gain=None if metric.better is None else metric.better is Direction.INCREASE,
            shift=self.shift,
        )

    @property
    def apart(self) -> Apart | None:
        """How before and after lie; None where the baseline runs beside the canary."""
        return Apart(self.looks, self.shift, self.interval) if self.shift else None

    @property
    def bound_share(self) -> float:
        """What of the share the bound has: nothing where it is plain, outside the promise."""
        if self.metric.bound is None or not promised(self.metric):
            return 0.0
        return self.share if self.metric.limit is None else self.share / 2.0

    @property
    def bound_threshold(self) -> float:
        """What the evidence against the bound must reach."""
        return math.log(1.0 / (self.alpha * self.bound_share))

    @property
    def bound_clip(self) -> float:
        """The most that one block adds to it."""
        return self.bound_threshold / CLIP_DIVISOR

    @property
    def plain_looks(self) -> int:
        """How many looks in a row a plain bound must be broken."""
        bound = self.metric.bound
        if bound is None or bound.lasting is None:
            return PLAIN_LOOKS
        return max(1, math.ceil(bound.lasting / self.interval - 1e-9))


def metric_terms(metric: Metric, analysis: ResolvedAnalysis, share: float) -> MetricTerms:
    """The terms of a metric of an analysis."""
    return MetricTerms(
        metric=metric,
        share=share,
        alpha=analysis.risk.false_rollback,
        beta=analysis.risk.missed_regression,
        interval=analysis.interval,
        looks=analysis.all_looks,
        planned=analysis.looks,
        shift=analysis.shift,
    )


def promised(metric: Metric) -> bool:
    """Whether a metric's bound is tested inside the promise: counts of requests, without `for`."""
    bound = metric.bound
    if bound is None or bound.lasting is not None:
        return False
    if metric.kind is Kind.HISTOGRAM:
        return bound.min is None
    return metric.kind is Kind.PROPORTION and not counts_pods(metric)


def counts_pods(metric: Metric) -> bool:
    """Whether a proportion is one of pods, read anew at each look, and not of requests."""
    return any(
        parts["total"].reading is Reading.GAUGE
        for parts in metric.queries.values()
        if "total" in parts
    )
