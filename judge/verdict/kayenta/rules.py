"""How an analysis is taken by Kayenta's judge: the rules of its metrics, its groups and weights.

Owned here: what stands in for rules that nobody wrote. A metric of ours without them tolerates its
``limit`` as its effect size, and where nobody wrote groups each metric is one of its own, with its
share of all weights. Kayenta's configurations always say which, be it none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from judge.spec.kayenta_rules import EffectSize, KayentaRules
from judge.spec.resolved import Compare, Direction, Kind, Metric, ResolvedAnalysis
from judge.verdict.kayenta.scoring import WHOLE
from judge.verdict.kayenta.terms import Terms


@dataclass(frozen=True, slots=True)
class Grouping:
    """The groups of each metric by its name, and the weights of groups in percent."""

    groups: Mapping[str, tuple[str, ...]]
    weights: Mapping[str, float]


def terms_of(metric: Metric, *, strict: bool) -> Terms:
    """How a metric is classified."""
    rules = KayentaRules(effect=_effect(metric)) if metric.kayenta is None else metric.kayenta
    return Terms(metric.name, rules, metric.direction, metric.critical, strict)


def grouping(analysis: ResolvedAnalysis) -> Grouping:
    """The groups as written, none included; where nobody wrote any, each metric by itself."""
    written = {
        metric.name: None if metric.kayenta is None else metric.kayenta.groups
        for metric in analysis.metrics
    }
    all_said = all(groups is not None for groups in written.values())
    if analysis.group_weights or any(written.values()) or all_said:
        literal = {name: groups or () for name, groups in written.items()}
        return Grouping(literal, analysis.group_weights)
    acting = [metric for metric in analysis.metrics if not metric.observe]
    whole = sum(metric.weight for metric in acting)
    weights = {metric.name: WHOLE * metric.weight / whole for metric in acting if whole > 0}
    return Grouping({metric.name: (metric.name,) for metric in analysis.metrics}, weights)


def comparable(metric: Metric) -> bool:
    """Whether Kayenta's judge can say anything of it: no bare bound, no slope."""
    if metric.kind is Kind.SERIES or metric.kayenta is not None:
        return metric.compare is Compare.LEVEL
    return metric.limit is not None and metric.compare is Compare.LEVEL


def allowed(terms: Terms) -> float:
    """The effect size that is tolerated, of the direction that is bad; of either the increase."""
    effect = terms.rules.effect
    decreasing = terms.direction is Direction.DECREASE
    return effect.allowed_decrease if decreasing else effect.allowed_increase


def tolerated(metric: Metric, terms: Terms) -> float:
    """What a verdict tells as the limit: the metric's own where it is the effect size."""
    if metric.kayenta is None and metric.limit is not None:
        return metric.limit
    return allowed(terms)


def _effect(metric: Metric) -> EffectSize:
    """A limit as effect size: what it tolerates, and nothing beyond is less than critical."""
    if metric.limit is None or metric.limit <= 0.0:
        return EffectSize()
    above = metric.limit if metric.direction is not Direction.DECREASE else 1.0
    below = metric.limit if metric.direction is Direction.DECREASE else 1.0
    if metric.direction is Direction.EITHER:
        above, below = max(metric.limit, 1.0 / metric.limit), min(metric.limit, 1.0 / metric.limit)
    return EffectSize(
        allowed_increase=above,
        allowed_decrease=below,
        critical_increase=above,
        critical_decrease=below,
    )
