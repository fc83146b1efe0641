"""The score of a run: 100 times the weight of metrics that did not fail over that of those judged.

Observed metrics do not count; metrics that could not be judged count in neither sum.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from judge.spec.resolved import Metric
from judge.verdict.verdict import MetricVerdict, Outcome


def score(
    metrics: Sequence[Metric], verdicts: Mapping[str, MetricVerdict], *, finished: bool
) -> float | None:
    """0 to 100, or None where nothing was judged.

    Before the end a metric that has not failed counts as judged: nothing speaks against it yet.
    """
    counted = [
        metric
        for metric in metrics
        if not metric.observe
        and (not finished or verdicts[metric.name].verdict is not Outcome.INCONCLUSIVE)
    ]
    whole = sum(metric.weight for metric in counted)
    if whole == 0:
        return None
    stood = sum(
        metric.weight for metric in counted if verdicts[metric.name].verdict is not Outcome.FAIL
    )
    return round(100.0 * stood / whole, 2)


def judged_share(metrics: Sequence[Metric], verdicts: Mapping[str, MetricVerdict]) -> float:
    """The weight of what could be judged over all of it; 1 where nothing counts."""
    counted = [metric for metric in metrics if not metric.observe]
    whole = sum(metric.weight for metric in counted)
    judged = sum(
        metric.weight
        for metric in counted
        if verdicts[metric.name].verdict is not Outcome.INCONCLUSIVE
    )
    return judged / whole if whole else 1.0
