"""How the metrics of a run share its promise.

Critical metrics share alpha by their weights: the run fails when the weighted mean of their
e-values reaches 1/alpha (Vovk & Wang 2021: a mean of e-values is one, however they depend on each
other). Metrics that are not critical fail a run only through its score; where they could, they
share alpha too, so that the promise is still one for the whole run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from judge.spec.resolved import Metric, ScoreThresholds
from judge.verdict.kinds.terms import promised


def shares(metrics: Sequence[Metric], score: ScoreThresholds) -> Mapping[str, float]:
    """Each metric's share of alpha, by name. Those that can fail the run add up to 1 at most.

    A metric that is only held to a plain bound is outside the promise and has no share of it.
    """
    spending = [one for one in metrics if one.limit is not None or promised(one)]
    acting = [one for one in metrics if not one.observe]
    able = acting if score_can_fail(acting, score) else [one for one in acting if one.critical]
    sharing = [one for one in spending if one in able]
    aside = [one for one in spending if one not in able]
    found = {one.name: 0.0 for one in metrics}
    for group in (sharing, aside):
        whole = sum(one.weight for one in group)
        found |= {one.name: one.weight / whole for one in group}
    return found


def score_can_fail(metrics: Sequence[Metric], score: ScoreThresholds) -> bool:
    """Whether the metrics that are not critical could sink the score below ``marginal``."""
    whole = sum(metric.weight for metric in metrics)
    critical = sum(metric.weight for metric in metrics if metric.critical)
    return whole > 0 and 100.0 * critical / whole < score.marginal
