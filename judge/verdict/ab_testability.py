"""Whether an A/B test is long enough for its margin, told before it begins.

Owned here: that, by the baseline's past rate of events, and its words. What hangs on pods is not
told beforehand: whether the same pods serve both variants shows once there are two.
"""

from __future__ import annotations

import math

import numpy as np

from judge.spec.resolved import CANARY, Metric, ResolvedAnalysis
from judge.stats.samples import Count
from judge.verdict.ab_reasons import margin
from judge.verdict.kinds.gathering import Gathered
from judge.verdict.reasons import title

# Tests have their answer half of the time when half the squared margin over the variance is the
# evidence asked for and so much more: of variants that differ by the margin, and of equal ones,
# which must be told from a difference either way. Measured at risks of 5 % (docs/ab-tests.md).
APART, ALIKE = 1.2, 3.0


def no_past(metric: Metric) -> str:
    """A baseline without samples before the test."""
    return (
        f"{title(metric)}: no sample of the baseline before the test; where the same pods serve "
        "both variants none is needed, else their noise is assumed and little can be found"
    )


def too_short(metric: Metric, analysis: ResolvedAnalysis, past: Gathered) -> str:
    """Why the test will hardly have an answer, and how long it would have to be; "" if it may."""
    counts = [one for pods in past.found for one in pods.values() if isinstance(one, Count)]
    events = float(np.nansum([one.events for one in counts]))
    total = float(np.nansum([one.total for one in counts]))
    if not events > 0 or not total >= events:
        return ""
    each = events / float(past.seen.sum())
    ratio = _split(analysis)
    variance = (1.0 - events / total) * (1.0 + 1.0 / ratio) / each  # of one interval
    wanted = math.log((metric.worst or 1.0) / (metric.limit or 1.0))
    needed = _needed(analysis)
    looks = needed * variance / wanted**2
    if looks <= analysis.looks:
        return ""
    smallest = math.expm1(math.sqrt(needed * variance / analysis.looks))
    return (
        f"{title(metric)}: {each / analysis.interval * 86_400:,.0f} events a day on the baseline "
        f"are few for a margin of {margin(metric)}: in {analysis.duration / 86_400:.3g} days "
        f"differences from about {100 * smallest:.2g} % on are told; make the test about "
        f"{math.ceil(looks * analysis.interval / 86_400)} days long, or the margin wider"
    )


def _needed(analysis: ResolvedAnalysis) -> float:
    """The squared margin over the variance that it takes to have an answer of any sort."""
    differs = math.log(2.0 / analysis.risk.false_rollback) + APART
    alike = math.log(1.0 / analysis.risk.missed_regression) + ALIKE
    return 2.0 * max(differs, alike)


def _split(analysis: ResolvedAnalysis) -> float:
    """The canary's visits over the baseline's; as many as those where nobody said."""
    track = analysis.tracks.get(CANARY)
    if track is not None and track.weight is not None and 0 < track.weight < 1:
        return track.weight / (1.0 - track.weight)
    return 1.0
