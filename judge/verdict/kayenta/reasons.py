"""Why Kayenta's judge says so, in plain words with its numbers; nothing is decided here."""

from __future__ import annotations

import math
from collections.abc import Sequence

from judge.spec.resolved import Direction, Metric, ScoreThresholds
from judge.verdict.kayenta.labels import Classification
from judge.verdict.kayenta.pairing import Tags
from judge.verdict.kayenta.rules import allowed
from judge.verdict.kayenta.scoring import Result, Score
from judge.verdict.kayenta.terms import Terms
from judge.verdict.reasons import amount, figure, title

NOTHING_COUNTS = "no metric counts: each is muted or without data"


def classified(metric: Metric, terms: Terms, said: Classification, tags: Tags, others: int) -> str:
    """What was found of a metric; of several label sets (``others`` more) the worst."""
    which = ", ".join(f"{name}={value}" for name, value in sorted(tags.items()))
    more = f"; the worst of {others + 1} label sets" if others else ""
    named = f"{title(metric)} ({which})" if which else title(metric)
    return f"{named}: {_label(said)}{_figures(metric, terms, said)}{more}"


def unpaired(metric: Metric, why: str) -> str:
    """A metric whose two sides cannot be compared."""
    return f"{title(metric)}: {why}; have both queries aggregate by the same labels, or by none"


def unread(metric: Metric, tracks: Sequence[str]) -> str:
    """A metric of which the source gave no usable answer."""
    return f"{title(metric)}: the source gave no usable answer on the {' and the '.join(tracks)}"


def not_comparable(metric: Metric) -> str:
    """A metric that this judge knows nothing to do with."""
    return f"{title(metric)}: Kayenta's judge compares values; it has no bounds and no slopes"


def nothing_yet() -> str:
    """Before the first interval."""
    return "no interval has been looked at yet"


def goes_on(looks: int, planned: int, points: float) -> str:
    """A run that has looks to come."""
    return f"look {looks} of {planned}: score {points:g}, by Kayenta's judge"


def not_judged(looks: int, planned: int, why: str, *, ended: bool) -> str:
    """A look without a score."""
    where = "at the end" if ended else f"look {looks} of {planned}"
    return f"{where}: no score: {why}"


def failed(score: Score, limits: ScoreThresholds, why: Sequence[str]) -> str:
    """A score that ends the run."""
    owed = f": {score.reason}" if score.reason else ""
    told = "".join(f"; {one}" for one in why)
    return f"score {score.points:g}, not above marginal {limits.marginal:g}{owed}{told}"


def passed(points: float, limits: ScoreThresholds) -> str:
    """A score that is good enough at the end."""
    return f"score {points:g} at the end, at least {limits.passing:g}"


def marginal(points: float, limits: ScoreThresholds, why: Sequence[str]) -> str:
    """A score between the thresholds."""
    told = "".join(f"; {one}" for one in why)
    return (
        f"marginal: score {points:g} at the end, above {limits.marginal:g} and below "
        f"the {limits.passing:g} that passes{told}"
    )


def scarce(results: Sequence[Result]) -> str:
    """Too little data to say anything (strict mode)."""
    return "; ".join(dict.fromkeys(one.said.reason for one in results))


def unseen(holes: int, points: float) -> str:
    """The end of the run was not seen (strict mode)."""
    last = "the last look" if holes == 1 else f"the last {holes} looks"
    return f"{last} could not be read, so score {points:g} says nothing of the end of the run"


def _label(said: Classification) -> str:
    critical = " (critical)" if said.critical and said.label.failed else ""
    return f"{said.label}{critical}"


def _figures(metric: Metric, terms: Terms, said: Classification) -> str:
    ours, theirs = said.experiment, said.control
    counts = f"{ours.count} values against {theirs.count}"
    if said.shift is None:
        why = f", {said.reason[:1].lower()}{said.reason[1:]}" if said.reason else ""
        return f"{why} ({counts})"
    means = f"{amount(ours.mean, metric)} against {amount(theirs.mean, metric)}"
    low, high = (amount(end, metric) for end in (said.shift.low, said.shift.high))
    return (
        f", {_times(said.ratio)} ({means}, {counts}); the shift lies between {low} and {high} at "
        f"{terms.confidence:.0%}{_effect(terms, said)}"
    )


def _times(ratio: float | None) -> str:
    if ratio is None or math.isnan(ratio):
        return "no ratio where a mean is 0"
    return f"{figure(ratio)} times the baseline's mean"


def _effect(terms: Terms, said: Classification) -> str:
    if math.isnan(said.effect):
        return ""
    measure = terms.rules.effect.measure
    decrease, increase = terms.rules.effect.allowed_decrease, terms.rules.effect.allowed_increase
    tolerated = f"{allowed(terms):g}"
    if terms.direction is Direction.EITHER:
        tolerated = f"{decrease:g} to {increase:g}"
    return f"; effect size {figure(said.effect)} ({measure}, {tolerated} tolerated)"
