"""The MetricTemplates that a Canary names.

Owned here: their fields, and finding one as Flagger does. Promised: a template whose numbers come
from another system than Prometheus is told apart. Not here: filling their places (`queries`).
Source: Flagger 1.44.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from judge.dialects.flagger.importing.canary import Kept, Reference
from judge.errors import SpecError
from judge.spec.fields import Name
from judge.spec.problems import validated
from judge.spec.written import Written

PROMETHEUS = "prometheus"
OTHERS = frozenset(
    {
        "cloudwatch",
        "datadog",
        "dynatrace",
        "externalmetrics",
        "graphite",
        "influxdb",
        "keptn",
        "newrelic",
        "splunk",
        "stackdriver",
    }
)
"""Providers that are no Prometheus; Flagger takes every word beside them for one."""


def _values(value: Any) -> Any:
    """A header's values; of several the last, as there is one place for them."""
    if not isinstance(value, dict):
        return value
    return {name: one[-1] if isinstance(one, list) and one else one for name, one in value.items()}


class Provider(Kept):
    """Where a template's numbers come from."""

    type: str = PROMETHEUS
    """Which system."""
    address: str = ""
    """Where it is."""
    headers: Annotated[dict[str, str], BeforeValidator(_values)] = Field(default_factory=dict)
    """Sent along with each request."""
    secret_ref: Reference | None = None
    """The Secret with a token, or a user and a password."""
    insecure_skip_verify: bool = False
    """Whether any certificate will do."""


class TemplateMetadata(Kept):
    """What a template is called."""

    name: Name
    """Its name."""
    namespace: Name | None = None
    """Where it is; None is wherever it is applied."""


class TemplateSpec(Kept):
    """What a template says."""

    provider: Provider = Provider()
    """Where its numbers come from."""
    query: str = ""
    """A Go template that yields a query."""


class Template(Kept):
    """The document."""

    metadata: TemplateMetadata
    """What it is called."""
    spec: TemplateSpec
    """What it says."""

    @property
    def elsewhere(self) -> bool:
        """Whether its numbers come from another system than Prometheus."""
        return self.spec.provider.type in OTHERS


class Templates:
    """The templates of the files that were named."""

    def __init__(self, written: Sequence[Written]) -> None:
        self._by_place: dict[tuple[str | None, str], tuple[Template, Written]] = {}
        for one in written:
            template = validated(Template, one)
            at = (template.metadata.namespace, template.metadata.name)
            if at in self._by_place:
                message = "another template has this name; keep one of them"
                raise SpecError([one.issue(("metadata", "name"), message)])
            self._by_place[at] = (template, one)

    def find(self, reference: Reference, namespace: str) -> tuple[Template, Written] | None:
        """The template that a Canary in ``namespace`` means, and how it is written."""
        place = reference.namespace or namespace
        for at in ((place, reference.name), (None, reference.name)):
            if at in self._by_place:
                return self._by_place[at]
        return None

    def known(self) -> list[str]:
        """What they are called, with their namespaces."""
        return [f"{place}/{name}" if place else name for place, name in self._by_place]
