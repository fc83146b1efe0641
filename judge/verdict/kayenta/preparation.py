"""Two arrays made ready to be compared, or what is said of them without a comparison.

Owned here: the steps of NetflixACAJudge-v1.0 that come before its test, in their order: gaps,
outliers, missing and identical data, and the noise that unties two constant sides. In strict mode
infinities and too few values are dealt with here (`strictness`). Not here: the comparison
(`classification`).

The one thing that is not Kayenta's own: its noise comes from a generator without a seed; here it is
the normal quantiles, so that a replay says the same.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import numpy as np
from scipy import special

from judge.spec.kayenta_rules import KayentaRules, NanStrategy
from judge.stats.arms import Array
from judge.stats.effect_sizes import Summary, mean_ratio, ratio_of_means, summary
from judge.stats.outliers import kept
from judge.stats.ranks import Shift
from judge.verdict.kayenta import strictness
from judge.verdict.kayenta.labels import Classification, Label
from judge.verdict.kayenta.terms import Terms

NOISE = 1e-5
"""Of a constant's value: the standard deviation of the noise that unties it."""


@dataclass(frozen=True, slots=True)
class Ready:
    """What is to be compared: ``experiment`` (n,) and ``control`` (m,), their summaries without
    noise, and the ratio of their means, NaN where either is 0.
    """

    experiment: Array
    control: Array
    of_experiment: Summary
    of_control: Summary
    ratio: float = math.nan


def prepare(
    ours: Array, theirs: Array, terms: Terms, known: tuple[Summary, Summary] | None = None
) -> Ready | Classification:
    """The pair made ready, or what is said of it as it is.

    ``known`` are the summaries of sides that have neither gaps nor outliers to drop.
    """
    infinite: strictness.Infinite | None = None
    replaces = terms.rules.nan_strategy is NanStrategy.REPLACE
    if terms.strict:
        infinite = strictness.infinite(ours, theirs, terms.direction)
        ours, theirs = infinite.experiment, infinite.control
        replaces = replaces and not (strictness.vanished(ours) or strictness.vanished(theirs))
    if known is None:
        ours, theirs = (_cleaned(side, terms.rules, replaces=replaces) for side in (ours, theirs))
        known = summary(ours), summary(theirs)
    sides = Ready(ours, theirs, *known, ratio=ratio_of_means(known[0].mean, known[1].mean))
    if infinite is not None and infinite.found is not None:
        return _beyond_measure(sides, infinite.found, terms)
    return _without_comparison(sides, terms, replaces=replaces) or _untied(sides, terms)


def _cleaned(values: Array, rules: KayentaRules, *, replaces: bool) -> Array:
    gaps = np.isnan(values)
    if gaps.any():
        values = np.where(gaps, 0.0, values) if replaces else values[~gaps]
    if rules.outlier_factor is not None and values.size:
        values = kept(values, factor=rules.outlier_factor)
    return values


def _without_comparison(sides: Ready, terms: Terms, *, replaces: bool) -> Classification | None:
    """What is said before anything is compared; None where it must be."""
    ours, theirs = sides.experiment, sides.control
    if not (ours.size and theirs.size):
        return _no_data(sides, terms, replaces=replaces)
    if _alike(sides) and np.array_equal(np.sort(ours), np.sort(theirs)):
        same = "The Canary and Baseline data are identical"
        return said(sides, Label.PASS, same, ratio=1.0)
    if _both_constant(sides) and ours[0] == theirs[0]:
        return said(sides, Label.PASS, ratio=1.0)
    if terms.strict and strictness.too_few(ours.size, theirs.size, terms.confidence):
        few = strictness.few_reason(terms.name, ours.size, theirs.size, terms.confidence)
        return said(sides, Label.NODATA, few, critical=terms.critical, ratio=1.0, scarce=True)
    return None


def _alike(sides: Ready) -> bool:
    """Whether both sides may be the same values, as far as their ends tell."""
    one, other = sides.of_experiment, sides.of_control
    return one.min == other.min and one.max == other.max and one.count == other.count


def _no_data(sides: Ready, terms: Terms, *, replaces: bool) -> Classification:
    if replaces:
        return said(sides, Label.PASS, ratio=1.0)
    missing = f"Missing data for {terms.name}"
    if terms.rules.must_have_data and not terms.critical:
        return said(sides, Label.NODATA_FAIL_METRIC, missing, ratio=1.0)
    return said(sides, Label.NODATA, missing, critical=terms.critical, ratio=1.0)


def _beyond_measure(sides: Ready, label: Label, terms: Terms) -> Classification:
    """The canary is infinite where the baseline never is: no effect size is larger."""
    return said(
        sides,
        label,
        strictness.infinite_reason(terms.name, label),
        critical=terms.critical,
        ratio=math.nan,
    )


def _both_constant(sides: Ready) -> bool:
    """Whether each side is one value: their ranks say nothing without noise."""
    one, other = sides.of_experiment, sides.of_control
    return one.min == one.max and other.min == other.max


def _untied(sides: Ready, terms: Terms) -> Ready | Classification:
    """The sides, with noise where each of them is constant: other quantiles on either."""
    ours, theirs = sides.experiment, sides.control
    if terms.strict or not _both_constant(sides):
        return sides
    if theirs[0] == -math.inf and theirs.size > 1 and math.isfinite(ours[0]):
        return said(sides, Label.PASS, ratio=math.nan)  # the peer's noise makes them NaN
    if not (math.isfinite(ours[0]) and math.isfinite(theirs[0])):
        return sides
    ours, theirs = _noisy(ours, 0.7), _noisy(theirs, 0.4)
    ratio = mean_ratio(ours, theirs)
    return Ready(ours, theirs, sides.of_experiment, sides.of_control, ratio)


def _noisy(values: Array, offset: float) -> Array:
    # Adding zero makes a negative zero a plain one, as adding noise of size zero does.
    return values * (1.0 + NOISE * _quantiles(len(values), offset)) + 0.0


@functools.lru_cache(maxsize=64)
def _quantiles(size: int, offset: float) -> Array:
    """Standard normal values at (i - offset) / size: none of them 0, however few there are."""
    found = np.asarray(special.ndtri((np.arange(1, size + 1) - offset) / size))
    found.setflags(write=False)
    return found


def said(
    sides: Ready,
    label: Label,
    reason: str = "",
    *,
    critical: bool = False,
    ratio: float | None = None,
    effect: float = math.nan,
    shift: Shift | None = None,
    scarce: bool = False,
) -> Classification:
    """What is said of the sides; see `Classification`."""
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
