"""Kayenta's canary configuration, as its users write it.

Owned here: the fields that it has, their types and defaults, as far as a Prometheus needs them.
Promised: what Kayenta's own reader makes of a value (a number where a text belongs, null for
nothing) is made of it here; what its judge dies on (a number or a word for true in a text) and
words that it takes for its default without saying so are refused. Unknown fields are ignored.
Not here: what must fit together (`checks`), reading (`reading`). Source: Kayenta a69573be.
"""

from __future__ import annotations

import math
from typing import Annotated, Any, ClassVar

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)

from judge.spec.fields import Document, ListOf
from judge.spec.kayenta_rules import EffectMeasure, NanStrategy
from judge.spec.rendering import unknown
from judge.spec.resolved import Direction

JUDGE = "NetflixACAJudge-v1.0"
NOT_SAID = ("none", "default", "")
"""What stands for a strategy that nobody chose: the judge's word, the web page's, an emptied field.
"""

LONGEST_NAME = 1000

_LARGEST_INTEGER = 2**31
_STORES = frozenset(
    {"atlas", "datadog", "graphite", "influxdb", "newrelic", "signalfx", "stackdriver", "wavefront"}
)


def _text(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else value


def _number(value: Any) -> Any:
    """A number as Kayenta's judge casts it: of an integer that needs 64 bits it makes nothing."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("must be a number, without quotes")  # noqa: TRY004
    if isinstance(value, int) and not -_LARGEST_INTEGER <= value < _LARGEST_INTEGER:
        raise ValueError(f"must lie within 32 bits, or have a decimal point: write {value}.0")
    return value


def _coerced(value: Any) -> Any:
    """A number as Kayenta's reader takes it: from a text too."""
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError as error:
            raise ValueError("must be a number") from error
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("must be a number")  # noqa: TRY004
    if not math.isfinite(value):
        raise ValueError("must be a finite number")
    return value


def _instant(value: Any) -> Any:
    return int(_coerced(value))


def _named(value: str) -> str:
    if not value:
        raise ValueError("must not be empty; name the group")
    return value


def _shown(value: str) -> str:
    if not value.isprintable():
        raise ValueError(f"{value!r:.100} holds a character that cannot be shown; remove it")
    if len(value) > LONGEST_NAME:
        raise ValueError(f"must be at most {LONGEST_NAME} characters long; shorten it")
    return value


def _one_of(*known: str) -> Any:
    """A word among ``known``; Kayenta takes every other for its default and says nothing."""

    def check(value: str) -> str:
        if value not in known:
            said = unknown(value, [word for word in known if word])
            raise ValueError(f"{value!r:.60} is not a word that Kayenta knows; {said}")
        return value

    return AfterValidator(check)


def _judge(value: str) -> str:
    if value not in ("", JUDGE):
        raise ValueError(f"{value!r:.100} is not a judge here; write {JUDGE}, or leave it out")
    return value


def _store(value: str) -> str:
    if value == "prometheus":
        return value
    if value in _STORES:
        raise ValueError(f"{value} is not read here, only prometheus is; query a Prometheus")
    raise ValueError(f"{value!r:.100} is not a metrics store; write prometheus")


def _deprecated(value: str) -> str:
    raise ValueError(
        "is a field that Kayenta refuses every run for; call it customInlineTemplate in its place"
    )


Text = Annotated[str, BeforeValidator(_text)]
Number = Annotated[float, BeforeValidator(_number)]
Percent = Annotated[float, BeforeValidator(_coerced), Field(ge=0, le=100)]
Score = Annotated[float, BeforeValidator(_coerced)]
Group = Annotated[Text, AfterValidator(_named)]
Instant = Annotated[int, BeforeValidator(_instant)]


class KayentaDocument(Document):
    """A mapping of which unknown fields are ignored; null is a field that is not there."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="ignore")

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {name: inner for name, inner in value.items() if inner is not None}


class JudgeConfig(KayentaDocument):
    """Which of Kayenta's judges is asked."""

    name: Annotated[Text, AfterValidator(_judge)] = ""
    """`NetflixACAJudge-v1.0`; "" is the same."""
    judge_configurations: dict[str, Any] = Field(default_factory=dict)
    """Nothing is known to stand here."""


class QueryConfig(KayentaDocument):
    """What is asked of Prometheus: a metric with its filters, or a template."""

    type: Annotated[Text, AfterValidator(_store)] | None = None
    """`prometheus`."""
    metric_name: Text = ""
    """The metric of a query that is built from its parts."""
    label_bindings: ListOf[Text] = ()
    """Matchers, as `mode="user"`."""
    group_by_fields: ListOf[Text] = ()
    """Labels that tell the averages apart."""
    resource_type: Text = ""
    """`gce_instance` or `aws_ec2_instance`, where no template filters."""
    custom_filter: Annotated[Text, AfterValidator(_deprecated)] | None = None
    """Never: Kayenta itself refuses it at each run."""
    custom_inline_template: Text = ""
    """Filters, or behind `PromQL:` the whole query; goes before the next."""
    custom_filter_template: Text = ""
    """The name of such a template in the configuration."""


class Outliers(KayentaDocument):
    """Which values are left out as outliers."""

    strategy: Annotated[Text, _one_of("remove", "keep", *NOT_SAID)] = "keep"
    """`remove` or `keep`."""
    outlier_factor: Number = 3.0
    """How many interquartile ranges beyond the quartiles an outlier lies."""


class EffectSizeConfig(KayentaDocument):
    """How large a difference must be; what is not said is the measure's own neutral value."""

    measure: Annotated[Text, _one_of(*EffectMeasure)] = EffectMeasure.MEAN_RATIO.value
    """`meanRatio` or `cles`."""
    allowed_increase: Number | None = None
    """From where on a higher canary fails."""
    allowed_decrease: Number | None = None
    """From where downward a lower canary fails."""
    critical_increase: Number | None = None
    """From where on a higher canary fails the run."""
    critical_decrease: Number | None = None
    """From where downward a lower canary fails the run."""


class CanaryAnalysis(KayentaDocument):
    """How a metric is judged."""

    direction: Annotated[Text, _one_of(*Direction)] = Direction.EITHER.value
    """`increase`, `decrease` or `either`: which difference is bad."""
    nan_strategy: Annotated[Text, _one_of(*NanStrategy, *NOT_SAID)] = NanStrategy.REMOVE.value
    """`remove` or `replace`, by 0."""
    critical: bool = False
    """Whether a failure of the metric fails the run."""
    must_have_data: bool = False
    """Whether a metric without data fails."""
    muted: bool = False
    """Whether the metric is shown and not counted."""
    outliers: Outliers = Outliers()
    """Which values are left out."""
    effect_size: EffectSizeConfig = EffectSizeConfig()
    """How large a difference must be."""


class AnalysisConfigurations(KayentaDocument):
    """How a metric is judged, by who judges."""

    canary: CanaryAnalysis = CanaryAnalysis()
    """What the canary's judge reads; nobody reads anything else."""


class MetricConfig(KayentaDocument):
    """One metric."""

    name: Annotated[Text, AfterValidator(_shown)] = ""
    """What it is called in results."""
    query: QueryConfig | None = None
    """What is asked."""
    groups: ListOf[Group] | None = None
    """The groups that it counts in."""
    analysis_configurations: AnalysisConfigurations = AnalysisConfigurations()
    """How it is judged."""
    scope_name: Text = ""
    """Which of the request's scopes it is asked for."""

    @property
    def analysis(self) -> CanaryAnalysis:
        """How it is judged."""
        return self.analysis_configurations.canary


class ScoreThresholds(KayentaDocument):
    """Scores that Kayenta does not read here; each request carries its own."""

    passing: Annotated[Score | None, Field(alias="pass")] = None
    """From where on a run passes."""
    marginal: Score | None = None
    """From where on it is not a failure."""


class Classifier(KayentaDocument):
    """What the groups count."""

    group_weights: dict[Group, Percent] = Field(default_factory=dict)
    """Weight of each group, in percent; groups without one share what is left."""
    score_thresholds: ScoreThresholds = ScoreThresholds()
    """Not read by Kayenta."""


class CanaryConfig(KayentaDocument):
    """A canary configuration."""

    id: Text = ""
    """What it is stored under."""
    name: Text = ""
    """What it is called."""
    description: Text = ""
    """What it is for."""
    config_version: Text = ""
    """Not read by Kayenta."""
    applications: ListOf[Text] = ()
    """Whom it is listed for."""
    created_timestamp: Instant | None = None
    """When it was stored first, in milliseconds."""
    updated_timestamp: Instant | None = None
    """When it was stored last, in milliseconds."""
    created_timestamp_iso: Text = ""
    """The same, in words."""
    updated_timestamp_iso: Text = ""
    """The same, in words."""
    judge: JudgeConfig = JudgeConfig()
    """Who judges."""
    metrics: ListOf[MetricConfig] = ()
    """What is judged."""
    templates: dict[str, Text] = Field(default_factory=dict)
    """Templates by name, for the metrics' `customFilterTemplate`."""
    classifier: Classifier | None = None
    """What the groups count."""
