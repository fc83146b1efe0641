"""Two arrays and the rules of a metric -> what Kayenta's judge says of them, one pair or many.

Owned here: the comparison of NetflixACAJudge-v1.0: the interval of the shift, the effect size, the
label and whether it is critical; in strict mode by an interval that no unit changes. Not here: what
comes before (`preparation`), the statistics (`judge.stats.ranks`, `effect_sizes`), the score.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from judge.spec.kayenta_rules import EffectMeasure
from judge.spec.resolved import Direction
from judge.stats.arms import Array
from judge.stats.effect_sizes import Summary, cles, summaries
from judge.stats.ranks import AllTied, Shift, shift, shifts
from judge.verdict.kayenta import strictness
from judge.verdict.kayenta.labels import Classification, Label
from judge.verdict.kayenta.preparation import Ready, prepare, said
from judge.verdict.kayenta.terms import Terms

ERROR_REASON = "Metric Classification Failed"
FEWEST_TOGETHER = 48
"""Pairs of the same sizes from which on they are compared at once."""

Pair = tuple[Array, Array]


def classify(experiment: Array, control: Array, terms: Terms) -> Classification:
    """What is said of ``experiment`` (n,) against ``control`` (m,); NaN and infinities included.

    Raises nothing on any data: what cannot be compared is an Error, as Kayenta has it.
    """
    ours, theirs = (np.asarray(side, dtype=float) for side in (experiment, control))
    with np.errstate(over="ignore", invalid="ignore"):
        return _one(prepare(ours, theirs, terms), terms)


def classify_all(pairs: Sequence[Pair], terms: Terms) -> list[Classification]:
    """The same of each (experiment, control), bit for bit; many of the same sizes are quicker."""
    if len(pairs) < FEWEST_TOGETHER:
        return [classify(*pair, terms) for pair in pairs]
    floats = [(np.asarray(a, dtype=float), np.asarray(b, dtype=float)) for a, b in pairs]
    with np.errstate(over="ignore", invalid="ignore"):
        found: list[Ready | Classification] = [
            prepare(*pair, terms, known)
            for pair, known in zip(floats, _summed(floats, terms), strict=True)
        ]
        return _many(found, terms)


def _summed(pairs: Sequence[Pair], terms: Terms) -> list[tuple[Summary, Summary] | None]:
    """The summaries of both sides of each pair, where they can be had at once; else None."""
    nothing: list[tuple[Summary, Summary] | None] = [None] * len(pairs)
    sizes = {(len(a), len(b)) for a, b in pairs}
    if len(sizes) > 1 or terms.strict or terms.rules.outlier_factor is not None:
        return nothing
    sides = [_stacked(side) for side in zip(*pairs, strict=True)]
    if any(np.isnan(side).any() for side in sides):
        return nothing
    return list(zip(*(_rows(side) for side in sides), strict=True))


def _rows(side: Array) -> list[Summary]:
    of = summaries(side)
    table = np.stack((of.min, of.max, of.mean, of.std), axis=1).tolist()
    return [Summary(low, high, mean, std, of.count) for low, high, mean, std in table]


def _many(found: Sequence[Ready | Classification], terms: Terms) -> list[Classification]:
    """Each concluded; those of the same sizes by one search for all of them."""
    alike: dict[tuple[int, int], list[int]] = {}
    for at, one in enumerate(found):
        if isinstance(one, Ready) and not terms.strict:
            alike.setdefault((one.experiment.size, one.control.size), []).append(at)
    concluded = dict[int, Classification]()
    for places in alike.values():
        if len(places) >= FEWEST_TOGETHER:
            ready = [one for at in places if isinstance(one := found[at], Ready)]
            concluded |= zip(places, _together(ready, terms), strict=True)
    return [concluded.get(at) or _one(one, terms) for at, one in enumerate(found)]


def _together(ready: Sequence[Ready], terms: Terms) -> list[Classification]:
    ours = _stacked([one.experiment for one in ready])
    theirs = _stacked([one.control for one in ready])
    of = shifts(ours, theirs, confidence=terms.confidence)
    columns = (one.tolist() for one in (of.low, of.high, of.estimate))
    # Of values that all tie there is no shift at all.
    found = [None if math.isnan(row[2]) else Shift(*row) for row in zip(*columns, strict=True)]
    return [
        _concluded(one, each, terms) if each else _one(one, terms)
        for one, each in zip(ready, found, strict=True)
    ]


def _stacked(arrays: Sequence[Array]) -> Array:
    """As `numpy.stack`, which looks at each of them several times."""
    return np.concatenate(arrays).reshape(len(arrays), arrays[0].size)


def _one(ready: Ready | Classification, terms: Terms) -> Classification:
    if isinstance(ready, Classification):
        return ready
    if terms.strict:
        exact = strictness.exact_shift(ready.experiment, ready.control, terms.confidence)
        return _concluded(ready, exact, terms)
    try:
        found = shift(ready.experiment, ready.control, confidence=terms.confidence)
    except AllTied:
        return said(ready, Label.ERROR, ERROR_REASON)
    return _concluded(ready, found, terms)


def _concluded(ready: Ready, found: Shift, terms: Terms) -> Classification:
    effect = ready.ratio
    if terms.rules.effect.measure is EffectMeasure.CLES:
        effect = cles(ready.experiment, ready.control)
    least = terms.tolerance * abs(found.estimate)
    if terms.strict:
        least = strictness.least(found, ready.experiment, ready.control, terms.tolerance)
    label = _label(found, least, effect, terms)
    return said(
        ready,
        label,
        _reason(label, effect, terms),
        critical=_critical(label, effect, terms),
        ratio=ready.ratio,
        effect=effect,
        shift=found,
    )


def _label(found: Shift, least: float, effect: float, terms: Terms) -> Label:
    effects = terms.rules.effect
    above = found.low > least and terms.direction is not Direction.DECREASE
    if above and _reaches(effect, effects.allowed_increase, terms):
        return Label.HIGH
    below = found.high < -least and terms.direction is not Direction.INCREASE
    if below and _falls_to(effect, effects.allowed_decrease, terms):
        return Label.LOW
    return Label.PASS


def _critical(label: Label, effect: float, terms: Terms) -> bool:
    """Whether a difference of this size is a critical one."""
    effects = terms.rules.effect
    if label is Label.HIGH:
        return terms.critical and _reaches(effect, effects.critical_increase, terms)
    if label is Label.LOW:
        return terms.critical and _falls_to(effect, effects.critical_decrease, terms)
    return False


def _reaches(effect: float, size: float, terms: Terms) -> bool:
    """Whether the effect is so large; one that is not known always is."""
    return not effect < size * (1.0 - (strictness.SLACK if terms.strict else 0.0))


def _falls_to(effect: float, size: float, terms: Terms) -> bool:
    return not effect > size * (1.0 + (strictness.SLACK if terms.strict else 0.0))


def _reason(label: Label, effect: float, terms: Terms) -> str:
    if label is Label.PASS:
        return ""
    if _critical(label, effect, terms):
        return f"The metric {terms.name} was classified as {label} (Critical)"
    return f"{terms.name} was classified as {label}"
