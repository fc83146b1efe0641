"""A Canary of Flagger's as its users write it, as far as an import needs it.

Owned here: the fields, their types and defaults. Promised: null is a field that is not there, as
in Kubernetes. Other fields are passed over (`remarks` tells those that Flagger does not know
either). Not here: what the fields mean for an analysis. Source: Flagger 1.44.
"""

from __future__ import annotations

from typing import Any

from pydantic import ConfigDict, Field, model_validator

from judge.spec.fields import Document, ListOf, Name

ISTIO = "istio"
KUBERNETES = "kubernetes"
DEFAULT_NAMESPACE = "default"


class Kept(Document):
    """A mapping of which some fields are read."""

    model_config = ConfigDict(extra="ignore")

    @model_validator(mode="before")
    @classmethod
    def _without_null(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        return {name: value for name, value in data.items() if value is not None}


class Reference(Kept):
    """Another object, by name."""

    name: Name
    """What it is called."""
    namespace: Name | None = None
    """Where it is; None is where the Canary is."""
    kind: str = ""
    """What it is."""
    api_version: str = ""
    """The version of its kind."""


class Service(Kept):
    """The Services that Flagger makes."""

    name: Name | None = None
    """The name of the one before both sides; None is the target's."""


class Range(Kept):
    """What a metric may be, both ends included."""

    min: float | None = None
    """The least."""
    max: float | None = None
    """The most."""


class Metric(Kept):
    """A check of each tick."""

    name: str
    """A builtin's name, or any other."""
    interval: str = ""
    """What `{{ interval }}` stands for."""
    threshold: float = 0.0
    """The deprecated bound, where there is no range."""
    threshold_range: Range | None = None
    """The range."""
    query: str = ""
    """PromQL in place; deprecated."""
    template_ref: Reference | None = None
    """The MetricTemplate."""
    template_variables: dict[str, str] = Field(default_factory=dict)
    """What `variables` holds in a template."""

    @property
    def unbounded(self) -> bool:
        """Whether neither a range nor a threshold is written."""
        return self.threshold_range is None and not self.threshold


class Webhook(Kept):
    """A URL that is called at some moments of each tick."""

    name: str = ""
    """What events call it."""
    type: str = ""
    """When it is called; "" is as `rollout`."""
    url: str = ""
    """Where to POST."""

    @property
    def moment(self) -> str:
        """The type, spelt out."""
        return self.type or "rollout"


class Analysis(Kept):
    """How a release is taken through its ticks, and what is checked at each."""

    interval: str = ""
    """Time between two ticks."""
    iterations: int = 0
    """Ticks of a blue/green release or an A/B test."""
    mirror: bool = False
    """Whether requests are copied to the canary first."""
    mirror_weight: int = 0
    """The share of requests that is copied."""
    max_weight: int = 0
    """The canary's share of requests at which it is promoted; 0 is 100."""
    step_weight: int = 0
    """What its share grows by in each tick."""
    step_weights: ListOf[int] = ()
    """Its share after each tick."""
    step_weight_promotion: int = 0
    """What the primary's share grows by once it is promoted."""
    threshold: int = 0
    """How many failed checks roll back; below 1 is 1."""
    metrics: ListOf[Metric] = ()
    """What is checked."""
    webhooks: ListOf[Webhook] = ()
    """What is called."""
    match: ListOf[dict[str, Any]] = ()
    """Which requests see the canary; makes it an A/B test."""
    alerts: ListOf[dict[str, Any]] = ()
    """Who is told."""
    session_affinity: dict[str, Any] | None = None
    """The cookie that keeps a user on one side."""
    primary_ready_threshold: int | None = None
    """The share of the primary's pods that must be ready."""
    canary_ready_threshold: int | None = None
    """The share of the canary's pods that must be ready."""

    @property
    def most_failures(self) -> int:
        """How many failed checks roll back."""
        return max(self.threshold, 1)


class Spec(Kept):
    """What is released, and how."""

    provider: str = ""
    """Mesh or ingress; "" is Flagger's own setting."""
    metrics_server: str = ""
    """The Prometheus of the builtin metrics and queries in place; "" is Flagger's own setting."""
    target_ref: Reference
    """What is released."""
    ingress_ref: Reference | None = None
    """The Ingress before it."""
    route_ref: Reference | None = None
    """The route before it."""
    service: Service = Service()
    """The Services before it."""
    analysis: Analysis | None = None
    """How it is released."""
    canary_analysis: Analysis | None = None
    """The same under its old name."""
    skip_analysis: bool = False
    """Whether it is promoted without being looked at."""

    @property
    def analysed(self) -> Analysis | None:
        """The analysis, under whichever name."""
        return self.analysis or self.canary_analysis

    @property
    def field(self) -> str:
        """The name that the analysis is under."""
        return "canaryAnalysis" if self.analysis is None and self.canary_analysis else "analysis"


class Metadata(Kept):
    """What the Canary is called."""

    name: Name
    """Its name."""
    namespace: Name = DEFAULT_NAMESPACE
    """Where it is."""


class Canary(Kept):
    """The document."""

    metadata: Metadata
    """What it is called."""
    spec: Spec
    """What is released, and how."""
