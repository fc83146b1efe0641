"""How Kayenta's judge takes one metric: what its canary configurations say of each.

Owned here: the frozen values, in its own terms. Not here: how a user writes them (`metrics`), what
is made of them (`judge.verdict.kayenta`). Source: Kayenta's `canary` analysis configuration.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass


class NanStrategy(enum.StrEnum):
    """What is done with a value that is not a number."""

    REMOVE = "remove"
    REPLACE = "replace"  # by 0


class EffectMeasure(enum.StrEnum):
    """How large a difference is said to be."""

    MEAN_RATIO = "meanRatio"  # the canary's mean over the baseline's
    CLES = "cles"  # the probability that a value of the canary's is the larger one

    @property
    def no_effect(self) -> float:
        """Its value where nothing differs: the default of all thresholds."""
        return 1.0 if self is EffectMeasure.MEAN_RATIO else 0.5


@dataclass(frozen=True, slots=True)
class EffectSize:
    """From where on a difference counts; of the measure."""

    measure: EffectMeasure = EffectMeasure.MEAN_RATIO
    allowed_increase: float = 1.0
    allowed_decrease: float = 1.0
    critical_increase: float = 1.0
    critical_decrease: float = 1.0


@dataclass(frozen=True, slots=True)
class KayentaRules:
    """How one metric is taken. Direction, `critical` and `muted` (`observe`) are the metric's own.

    ``outlier_factor``: of the interquartile range, from where values are dropped; None keeps all.
    ``groups`` are those that the metric's label counts in; of an empty tuple it counts nowhere, and
    None is where nobody said.
    """

    nan_strategy: NanStrategy = NanStrategy.REMOVE
    outlier_factor: float | None = None
    must_have_data: bool = False
    effect: EffectSize = EffectSize()
    groups: tuple[str, ...] | None = None
