"""Labels, groups and weights -> the score of Kayenta's judge, 0 to 100.

Owned here: the weighted sum of WeightedSumScorer, its two reasons for 0, its rounding, and what
thresholds make of it. In strict mode: an Error counts as failed, a group with nothing counted has
no weight, one in no group is a group of its own. Muted metrics are left out before.
"""

from __future__ import annotations

import enum
import functools
import math
import operator
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from judge.verdict.kayenta.group_order import group_order, weight_order
from judge.verdict.kayenta.labels import Classification, Label

WHOLE = 100.0
_TOO_MANY_GONE = 50.0  # percent of Nodata from which on the score is 0


class ScoreLabel(enum.StrEnum):
    """Kayenta's words for a score."""

    PASS = "Pass"  # noqa: S105
    MARGINAL = "Marginal"
    FAIL = "Fail"


@dataclass(frozen=True, slots=True)
class Result:
    """One label set of one metric, as it counts in its ``groups``."""

    metric: str
    said: Classification
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GroupScore:
    """A group's ``points``, 0 to 100; ``counted`` of its results have a say."""

    name: str
    points: float
    counted: int


@dataclass(frozen=True, slots=True)
class Score:
    """``points``, 0 to 100, and the groups in Kayenta's order.

    ``reason`` is Kayenta's, "" where it gives none. ``owed`` are the results that alone make it 0:
    critical ones, or those without data.
    """

    points: float
    groups: tuple[GroupScore, ...] = ()
    reason: str = ""
    owed: tuple[Result, ...] = ()


def score(
    results: Sequence[Result], group_weights: Mapping[str, float], *, strict: bool = False
) -> Score:
    """The score of ``results``, none of them muted; ``group_weights`` in percent."""
    groups = _group_scores(results, strict=strict)
    critical = tuple(one for one in results if one.said.critical and not _passes(one.said))
    if critical:
        reason = f"Canary Failed: {critical[0].said.reason}"
        return Score(0.0, groups, reason, critical)
    gone = tuple(one for one in results if one.said.label is Label.NODATA)
    if results and len(gone) / len(results) * 100.0 >= _TOO_MANY_GONE:
        reason = f"Canary Failed: {_TOO_MANY_GONE:.0f}% or more metrics returned NODATA"
        return Score(0.0, groups, reason, gone)
    return Score(_summary(groups, group_weights, strict=strict), groups)


def classified(points: float, *, passing: float, marginal: float) -> ScoreLabel:
    """What the thresholds make of a score."""
    if points >= passing:
        return ScoreLabel.PASS
    return ScoreLabel.MARGINAL if points >= marginal else ScoreLabel.FAIL


def rounded(value: float) -> float:
    """To two places, halves away from zero, by the digits that the number is written with."""
    if not math.isfinite(value):
        return value
    return float(Decimal(repr(value)).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP))


def _passes(said: Classification) -> bool:
    return said.label is Label.PASS


def _group_scores(results: Sequence[Result], *, strict: bool) -> tuple[GroupScore, ...]:
    labels: dict[str, list[Label]] = {}
    for one in results:
        for group in one.groups or ((one.metric,) if strict else ()):
            labels.setdefault(group, []).append(one.said.label)
    return tuple(_group_score(name, labels[name], strict=strict) for name in group_order(labels))


def _group_score(name: str, labels: Sequence[Label], *, strict: bool) -> GroupScore:
    counts = Counter(labels)
    passed = counts[Label.PASS]
    counted = passed + sum(counts[label] for label in Label if label.failed)
    counted += counts[Label.ERROR] if strict else 0
    return GroupScore(name, passed / counted * WHOLE if counted else 0.0, counted)


def _summary(
    groups: Sequence[GroupScore], group_weights: Mapping[str, float], *, strict: bool
) -> float:
    weights = _weights(groups, group_weights, strict=strict)
    if not strict:
        points = [one.points if one.counted else WHOLE for one in groups]
        return rounded(_added(p * (w / WHOLE) for p, w in zip(points, weights, strict=True)))
    counted = [(one.points, w) for one, w in zip(groups, weights, strict=True) if one.counted]
    whole = sum(weight for _, weight in counted)
    return rounded(sum(points * weight for points, weight in counted) / whole) if whole else 0.0


def _weights(
    groups: Sequence[GroupScore], given: Mapping[str, float], *, strict: bool
) -> list[float]:
    """Of each group, in percent: those without share what the others leave."""
    without = sum(one.name not in given for one in groups)
    left = WHOLE - _added(given[name] for name in weight_order(list(given)))
    each = left / without if without else 0.0
    if strict and each <= 0.0:
        each = sum(given.values()) / len(given) if given else 0.0
    return [given.get(one.name, each) for one in groups]


def _added(values: Iterable[float]) -> float:
    """From the first to the last, rounded at each step: newer Pythons' `sum` rounds once."""
    return functools.reduce(operator.add, values, 0.0)
