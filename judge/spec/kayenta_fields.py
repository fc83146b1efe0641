"""How Kayenta's judge takes a metric, as a user writes it and as it is stored: the block `kayenta`.

Owned here: its fields, which are called as in Kayenta's canary configurations, their defaults, and
their JSON form. Not here: the values inside (`kayenta_rules`), whether any Kayenta's judge is asked
(`judges`).
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, Strict, StringConstraints

from judge.spec.fields import Document, ListOf
from judge.spec.kayenta_rules import EffectMeasure, EffectSize, KayentaRules, NanStrategy

KEEP, REMOVE = "keep", "remove"

GroupName = Annotated[str, StringConstraints(min_length=1)]


class OutliersWritten(Document):
    """Whether values far from the others are dropped, of each track by itself."""

    strategy: Literal["keep", "remove"] = "keep"
    """`remove` drops values far from the others, of each track by itself."""
    outlier_factor: Annotated[float, Field(ge=0)] = 3.0
    """How far that is: so many interquartile ranges beyond the quartiles."""

    def factor(self) -> float | None:
        """The factor where outliers are removed."""
        return self.outlier_factor if self.strategy == REMOVE else None


class EffectSizeWritten(Document):
    """From where on a difference counts. Every threshold is 1 by default; with `cles` 0.5."""

    measure: Annotated[EffectMeasure, Strict(False)] = EffectMeasure.MEAN_RATIO
    """`meanRatio`: canary / baseline; `cles`: how probably the canary's value is the larger one."""
    allowed_increase: float | None = None
    """An increase counts from this effect on. Default: 1; with `cles` 0.5."""
    allowed_decrease: float | None = None
    """A decrease counts from this effect on down. Default: 1; with `cles` 0.5."""
    critical_increase: float | None = None
    """A critical metric's increase fails the run from this effect on. Default: 1, or 0.5."""
    critical_decrease: float | None = None
    """A critical metric's decrease fails the run from this effect on down. Default: 1, or 0.5."""

    def resolved(self) -> EffectSize:
        """The same, inside."""
        usual = self.measure.no_effect
        written = (
            self.allowed_increase,
            self.allowed_decrease,
            self.critical_increase,
            self.critical_decrease,
        )
        return EffectSize(self.measure, *(usual if one is None else one for one in written))


class KayentaWritten(Document):
    """How Kayenta's judge takes the metric; names and defaults are Kayenta's."""

    nan_strategy: Annotated[NanStrategy, Strict(False)] = NanStrategy.REMOVE
    """What becomes of NaN: `remove` drops it, `replace` makes it 0."""
    outliers: OutliersWritten = OutliersWritten()
    """Whether outliers are dropped. Default: they are kept."""
    must_have_data: bool = False
    """Whether a metric without values fails, rather than not being counted."""
    effect_size: EffectSizeWritten = EffectSizeWritten()
    """From where on a difference counts."""
    groups: ListOf[GroupName] | None = None
    """The groups that it counts in; `[]` for none. Where no metric writes any, each is its own."""

    def resolved(self) -> KayentaRules:
        """The same, inside."""
        return KayentaRules(
            nan_strategy=self.nan_strategy,
            outlier_factor=self.outliers.factor(),
            must_have_data=self.must_have_data,
            effect=self.effect_size.resolved(),
            groups=self.groups,
        )


def kayenta_document(rules: KayentaRules) -> dict[str, Any]:
    """The block with everything filled in."""
    factor, effect = rules.outlier_factor, rules.effect
    return {
        "nanStrategy": rules.nan_strategy.value,
        "outliers": {"strategy": KEEP}
        if factor is None
        else {"strategy": REMOVE, "outlierFactor": factor},
        "mustHaveData": rules.must_have_data,
        "effectSize": {
            "measure": effect.measure.value,
            "allowedIncrease": effect.allowed_increase,
            "allowedDecrease": effect.allowed_decrease,
            "criticalIncrease": effect.critical_increase,
            "criticalDecrease": effect.critical_decrease,
        },
        **({} if rules.groups is None else {"groups": list(rules.groups)}),
    }
