"""An analysis as a user writes it: every field, its type and its default.

Owned here: the pydantic models of the Analysis document. Promised: what these models let through
is well-formed by itself; what belongs together is checked in `resolving`. Fields that the grammar
has and this version does not judge are known and refused by name. Not here: reading text
(`loading`), templates (`metric_template`), the resolved form (`document`).
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Strict, Tag

from judge.spec.fields import (
    LONG,
    SHORT,
    Document,
    Duration,
    FilePath,
    Headers,
    LabelName,
    ListOf,
    MetricName,
    Name,
    PlacedValue,
    QueryText,
    Ratio,
    Selector,
    Share,
    Url,
    VariableName,
    VariableValue,
    Weight,
    not_yet,
    one_of,
)
from judge.spec.resolved import Direction, Kind, Mode, Reading

API_VERSION = "judge/v1"
KIND = "Analysis"
MOST_METRICS = 200


def _no_password(value: Any) -> Any:
    raise ValueError(
        "a password cannot stand in an analysis, which is stored with its run and shown in its "
        "evidence; write it to a file and name the file in passwordFile"
    )


def _sequential(value: str) -> str:
    if value != "sequential":
        raise not_yet(f"judge: {value}", "write judge: sequential, or leave it out")
    return value


def _not_early(value: bool) -> bool:
    if value:
        raise not_yet("earlyPass: true", "a run passes at its end; remove it")
    return value


def _not_kept(value: float) -> float:
    if value:
        raise not_yet("keepWatching", "a run ends with its verdict; write 0s, or remove it")
    return value


def _no_bound(value: Any) -> Any:
    if value is not None:
        raise not_yet(
            "a fixed bound (max, min, for)",
            "remove it; the metric is compared with the baseline by limit.ratio",
        )
    return value


def _no_source(value: Any) -> Any:
    if value is not None:
        raise not_yet("a metric's own source", "remove it; every metric is read from prometheus")
    return value


def only_counts(value: Kind) -> Kind:
    """Refuse the kinds that are to come."""
    if value is not Kind.PROPORTION:
        raise not_yet(
            f"kind: {value}", "use kind: proportion, say the share of requests that were slow"
        )
    return value


class MetadataWritten(Document):
    """What the analysis is called."""

    name: Name
    namespace: Name | None = None
    labels: dict[str, str] = Field(default_factory=dict)


class BasicAuthWritten(Document):
    """A user of a Prometheus behind HTTP basic authentication."""

    username: str
    password_file: FilePath | None = None
    password: Annotated[str, BeforeValidator(_no_password)] | None = None


class TlsWritten(Document):
    """PEM files: whom to trust, and who we are."""

    ca_file: FilePath | None = None
    cert_file: FilePath | None = None
    key_file: FilePath | None = None
    insecure_skip_verify: bool = False


class PrometheusWritten(Document):
    """A server that speaks Prometheus's API."""

    address: Url
    headers: Headers = Field(default_factory=dict)
    bearer_token_file: FilePath | None = None
    basic_auth: BasicAuthWritten | None = None
    tls: TlsWritten = TlsWritten()
    proxy: Url | None = None
    timeout: Duration = 10.0
    replica_labels: ListOf[LabelName] = ("prometheus_replica", "__replica__")
    pod_label: LabelName = "pod"


class TrackWritten(Document):
    """A population of pods under one role."""

    selector: Selector | None = None
    weight: Share | None = None
    variables: dict[VariableName, PlacedValue] = Field(default_factory=dict)


class TracksWritten(Document):
    """The roles; a canary, a shadow or both are compared with the baseline."""

    baseline: TrackWritten
    canary: TrackWritten | None = None
    shadow: TrackWritten | None = None


class RatioWritten(Document):
    """A ratio canary / baseline."""

    ratio: Ratio


class QueryWritten(Document):
    """PromQL, and how its values become a number for an interval."""

    expr: QueryText
    reading: Annotated[Reading, Strict(False)] = Reading.COUNTER


AnyQuery = Annotated[
    Annotated[QueryText, Tag(SHORT)] | Annotated[QueryWritten, Tag(LONG)], Discriminator(one_of)
]


class QueriesWritten(Document):
    """The two parts of a proportion: events among a total."""

    events: AnyQuery
    total: AnyQuery


class MetricFields(Document):
    """What a metric has in every form of it."""

    later: ClassVar[frozenset[str]] = frozenset({"alsoJudge", "baselineOffset"})

    name: MetricName
    template: FilePath | None = None
    kind: Annotated[Kind, Strict(False), AfterValidator(only_counts)] | None = None
    source: Annotated[str | None, AfterValidator(_no_source)] = None
    variables: dict[VariableName, VariableValue] = Field(default_factory=dict)
    unit: str | None = None
    pod_label: LabelName | None = None
    direction: Annotated[Direction, Strict(False)] | None = None
    limit: RatioWritten | None = None
    worst: RatioWritten | None = None
    max: Annotated[str | float | None, AfterValidator(_no_bound)] = None
    min: Annotated[str | float | None, AfterValidator(_no_bound)] = None
    for_: Annotated[Duration | None, AfterValidator(_no_bound), Field(alias="for")] = None
    weight: Weight = 1.0
    critical: bool = True
    observe: bool = False


class MetricWritten(MetricFields):
    """One metric: a template, or a kind with its queries in place."""

    queries: QueriesWritten | None = None


class RiskWritten(Document):
    """What the user accepts, over a whole run."""

    false_rollback: Annotated[Share, Field(gt=0, le=0.5)] = 0.01
    missed_regression: Annotated[Share, Field(gt=0, le=0.5)] = 0.05


class ScoreWritten(Document):
    """Scores from which on a run passes, and is marginal."""

    passing: Annotated[float, Field(alias="pass", ge=0, le=100)] = 75.0
    marginal: Annotated[float, Field(ge=0, le=100)] = 50.0


class WebhookWritten(Document):
    """Something to POST to."""

    url: Url
    secret_file: FilePath | None = None
    headers: Headers = Field(default_factory=dict)
    timeout: Duration = 10.0


class ActionWritten(Document):
    """One thing to do."""

    later: ClassVar[frozenset[str]] = frozenset(
        {"promote", "rollback", "kubernetes", "notify", "pagerduty", "scale", "setWeight", "slack"}
    )

    webhook: WebhookWritten


class SpecFields(Document):
    """What a spec has in every form of it."""

    later: ClassVar[frozenset[str]] = frozenset({"alsoJudge", "baselineOffset", "stages"})

    prometheus: (
        Annotated[
            Annotated[str, Tag(SHORT)] | Annotated[PrometheusWritten, Tag(LONG)],
            Discriminator(one_of),
        ]
        | None
    ) = None
    variables: dict[VariableName, VariableValue] = Field(default_factory=dict)
    inputs: ListOf[VariableName] = ()
    interval: Duration = 60.0
    warmup: Duration = 0.0
    delay: Duration | None = None
    history: Duration | None = None
    judge: Annotated[Literal["sequential", "kayenta"], AfterValidator(_sequential)] = "sequential"
    mode: Annotated[Mode, Strict(False)] = Mode.ENFORCE
    risk: RiskWritten = RiskWritten()
    score: ScoreWritten = ScoreWritten()
    early_pass: Annotated[bool, AfterValidator(_not_early)] = False
    keep_watching: Annotated[Duration, AfterValidator(_not_kept)] = 0.0
    on_pass: ListOf[ActionWritten] = ()
    on_fail: ListOf[ActionWritten] = ()
    on_inconclusive: ListOf[ActionWritten] = ()
    on_interval: ListOf[ActionWritten] = ()


class SpecWritten(SpecFields):
    """What is compared, when, at what risk, and what follows."""

    tracks: TracksWritten
    duration: Duration = 1800.0
    metrics: Annotated[ListOf[MetricWritten], Field(min_length=1, max_length=MOST_METRICS)]


class AnalysisWritten(Document):
    """The whole document."""

    api_version: Literal["judge/v1"]
    kind: Literal["Analysis"]
    metadata: MetadataWritten
    spec: SpecWritten
