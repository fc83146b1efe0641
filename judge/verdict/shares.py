"""How the metrics of a run share its promise.

Critical metrics share alpha by their weights: the run fails when the weighted mean of their
e-values reaches 1/alpha (Vovk & Wang 2021: a mean of e-values is one, however they depend on each
other). Metrics that are not critical fail a run only through its score; where they could, they
share alpha too, so that the promise is still one for the whole run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from judge.spec.resolved import Metric, ScoreThresholds


def shares(metrics: Sequence[Metric], score: ScoreThresholds) -> Mapping[str, float]:
    """Each metric's share of alpha, by name. Those that can fail the run add up to 1 at most."""
    acting = [metric for metric in metrics if not metric.observe]
    sharing = acting if score_can_fail(acting, score) else [m for m in acting if m.critical]
    whole = sum(metric.weight for metric in sharing)
    aside = sum(metric.weight for metric in metrics if metric not in sharing)
    return {
        metric.name: metric.weight / (whole if metric in sharing else aside) for metric in metrics
    }


def score_can_fail(metrics: Sequence[Metric], score: ScoreThresholds) -> bool:
    """Whether the metrics that are not critical could sink the score below ``marginal``."""
    whole = sum(metric.weight for metric in metrics)
    critical = sum(metric.weight for metric in metrics if metric.critical)
    return whole > 0 and 100.0 * critical / whole < score.marginal
