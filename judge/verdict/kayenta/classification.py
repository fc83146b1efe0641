"""Two arrays and the rules of a metric -> what Kayenta's judge says of them.

Owned here: the order of the steps of NetflixACAJudge-v1.0, and which of them are left out or
altered in strict mode (`strictness`). Not here: the statistics (`judge.stats.ranks`,
`effect_sizes`, `outliers`), the score.

The one thing that is not Kayenta's own: where each side is constant it adds Gaussian noise from a
generator without a seed; here the noise is the normal quantiles, so that a replay says the same.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass, field

import numpy as np
from scipy import special

from judge.spec.kayenta_rules import EffectMeasure, KayentaRules, NanStrategy
from judge.spec.resolved import Direction
from judge.stats.arms import Array
from judge.stats.effect_sizes import Summary, cles, mean_ratio, ratio_of_means, summary
from judge.stats.outliers import kept
from judge.stats.ranks import AllTied, Shift, shift
from judge.verdict.kayenta import strictness
from judge.verdict.kayenta.labels import Classification, Label

TOLERANCE = 0.25
"""Of the estimate: a shift must lie beyond it with all of its interval."""
CONFIDENCE = 0.98
NOISE = 1e-5
"""Of a constant's value: the standard deviation of the noise that unties it."""
ERROR_REASON = "Metric Classification Failed"


@dataclass(frozen=True, slots=True)
class Terms:
    """How one metric is taken: its name as reasons say it, and its rules."""

    name: str
    rules: KayentaRules = field(default_factory=KayentaRules)
    direction: Direction = Direction.EITHER
    critical: bool = False
    strict: bool = False
    tolerance: float = TOLERANCE
    confidence: float = CONFIDENCE


@dataclass(frozen=True, slots=True)
class _Sides:
    """What is compared, cleaned, with its summaries."""

    experiment: Array
    control: Array
    of_experiment: Summary
    of_control: Summary


def classify(experiment: Array, control: Array, terms: Terms) -> Classification:
    """What is said of ``experiment`` (n,) against ``control`` (m,); NaN and infinities included.

    Raises nothing on any data: what cannot be compared is an Error, as Kayenta has it.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        return _classified(
            np.asarray(experiment, dtype=float), np.asarray(control, dtype=float), terms
        )


def _classified(ours: Array, theirs: Array, terms: Terms) -> Classification:
    infinite: strictness.Infinite | None = None
    replaces = terms.rules.nan_strategy is NanStrategy.REPLACE
    if terms.strict:
        infinite = strictness.infinite(ours, theirs, terms.direction)
        ours, theirs = infinite.experiment, infinite.control
        replaces = replaces and not (strictness.vanished(ours) or strictness.vanished(theirs))
    sides = _sides(ours, theirs, terms.rules, replaces=replaces)
    if infinite is not None and infinite.found is not None:
        return _beyond_measure(sides, infinite.found, terms)
    plain = _without_comparison(sides, terms, replaces=replaces)
    return plain or _compared(sides, terms)


def _sides(ours: Array, theirs: Array, rules: KayentaRules, *, replaces: bool) -> _Sides:
    ours, theirs = (_cleaned(side, rules, replaces=replaces) for side in (ours, theirs))
    return _Sides(ours, theirs, summary(ours), summary(theirs))


def _cleaned(values: Array, rules: KayentaRules, *, replaces: bool) -> Array:
    gaps = np.isnan(values)
    if gaps.any():
        values = np.where(gaps, 0.0, values) if replaces else values[~gaps]
    if rules.outlier_factor is not None and values.size:
        values = kept(values, factor=rules.outlier_factor)
    return values


def _without_comparison(sides: _Sides, terms: Terms, *, replaces: bool) -> Classification | None:
    """What is said before anything is compared; None where it must be."""
    ours, theirs = sides.experiment, sides.control
    if not (ours.size and theirs.size):
        return _no_data(sides, terms, replaces=replaces)
    if _alike(sides) and np.array_equal(np.sort(ours), np.sort(theirs)):
        same = "The Canary and Baseline data are identical"
        return _said(sides, Label.PASS, same, ratio=1.0)
    first = ours[0]
    if (ours == first).all() and (theirs == first).all():
        return _said(sides, Label.PASS, ratio=1.0)
    if terms.strict and strictness.too_few(ours.size, theirs.size, terms.confidence):
        few = strictness.few_reason(terms.name, ours.size, theirs.size, terms.confidence)
        return _said(sides, Label.NODATA, few, critical=terms.critical, ratio=1.0, scarce=True)
    return None


def _alike(sides: _Sides) -> bool:
    """Whether both sides may be the same values, as far as their ends tell."""
    one, other = sides.of_experiment, sides.of_control
    return (one.count, one.min, one.max) == (other.count, other.min, other.max)


def _no_data(sides: _Sides, terms: Terms, *, replaces: bool) -> Classification:
    if replaces:
        return _said(sides, Label.PASS, ratio=1.0)
    missing = f"Missing data for {terms.name}"
    if terms.rules.must_have_data and not terms.critical:
        return _said(sides, Label.NODATA_FAIL_METRIC, missing, ratio=1.0)
    return _said(sides, Label.NODATA, missing, critical=terms.critical, ratio=1.0)


def _compared(sides: _Sides, terms: Terms) -> Classification:
    ours, theirs = sides.experiment, sides.control
    ratio = ratio_of_means(sides.of_experiment.mean, sides.of_control.mean)
    if terms.strict:
        found = strictness.exact_shift(ours, theirs, terms.confidence)
        least = strictness.least(found, ours, theirs, terms.tolerance)
    else:
        if _both_constant(ours, theirs):
            if theirs[0] == -math.inf and theirs.size > 1 and math.isfinite(ours[0]):
                return _said(sides, Label.PASS, ratio=math.nan)  # the peer's noise makes them NaN
            if math.isfinite(ours[0]) and math.isfinite(theirs[0]):
                ours, theirs = _untied(ours, theirs)
                ratio = mean_ratio(ours, theirs)
        try:
            found = shift(ours, theirs, confidence=terms.confidence)
        except AllTied:
            return _said(sides, Label.ERROR, ERROR_REASON)
        least = terms.tolerance * abs(found.estimate)
    effects = terms.rules.effect
    effect = cles(ours, theirs) if effects.measure is EffectMeasure.CLES else ratio
    label = _label(found, least, effect, terms)
    return _said(
        sides,
        label,
        _reason(label, effect, terms),
        critical=_critical(label, effect, terms),
        ratio=ratio,
        effect=effect,
        shift=found,
    )


def _label(found: Shift, least: float, effect: float, terms: Terms) -> Label:
    effects = terms.rules.effect
    upward, downward = (
        terms.direction is not other for other in (Direction.DECREASE, Direction.INCREASE)
    )
    if upward and found.low > least and _reaches(effect, effects.allowed_increase, terms):
        return Label.HIGH
    if downward and found.high < -least and _falls_to(effect, effects.allowed_decrease, terms):
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


def _beyond_measure(sides: _Sides, label: Label, terms: Terms) -> Classification:
    """The canary is infinite where the baseline never is: no effect size is larger."""
    return _said(
        sides,
        label,
        strictness.infinite_reason(terms.name, label),
        critical=terms.critical,
        ratio=math.nan,
    )


def _both_constant(ours: Array, theirs: Array) -> bool:
    """Whether ranks would say nothing without noise. Of infinities there is none."""
    if ours[0] != ours[-1] or theirs[0] != theirs[-1]:
        return False
    return bool((ours == ours[0]).all() and (theirs == theirs[0]).all())


def _untied(ours: Array, theirs: Array) -> tuple[Array, Array]:
    """Two constant sides with noise: other quantiles on either, as two draws differ."""
    return _noisy(ours, 0.7), _noisy(theirs, 0.4)


def _noisy(values: Array, offset: float) -> Array:
    # Adding zero makes a negative zero a plain one, as adding noise of size zero does.
    return values * (1.0 + NOISE * _quantiles(len(values), offset)) + 0.0


@functools.lru_cache(maxsize=64)
def _quantiles(size: int, offset: float) -> Array:
    """Standard normal values at (i - offset) / size: none of them 0, however few there are."""
    found = np.asarray(special.ndtri((np.arange(1, size + 1) - offset) / size))
    found.setflags(write=False)
    return found


def _said(
    sides: _Sides,
    label: Label,
    reason: str = "",
    *,
    critical: bool = False,
    ratio: float | None = None,
    effect: float = math.nan,
    shift: Shift | None = None,
    scarce: bool = False,
) -> Classification:
    return Classification(
        label=label,
        experiment=sides.of_experiment,
        control=sides.of_control,
        reason=reason,
        critical=critical,
        ratio=ratio,
        effect=effect,
        shift=shift,
        scarce=scarce,
    )
