"""The MetricTemplates of the files that were named, found as Flagger finds them.

Promised: a template that no metric names is not looked into; one whose numbers come from another
system than Prometheus is told apart. Not here: what a template says (`flagger_template`).
Source: Flagger 1.44.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from judge.dialects.flagger.importing.canary import Reference
from judge.dialects.flagger.importing.reading import name_of
from judge.errors import SpecError
from judge.spec.flagger_template import FlaggerTemplate, flagger_template
from judge.spec.written import Written

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


class Templates:
    """The templates by namespace ("" where they name none) and name."""

    def __init__(self, written: Sequence[Written]) -> None:
        self._by_place: dict[tuple[str, str], Written] = {}
        for one in written:
            at = (_namespace(one), name_of(one))
            if at in self._by_place:
                message = "another template has this name; keep one of them"
                raise SpecError([one.issue(("metadata", "name"), message)])
            self._by_place[at] = one

    def find(self, reference: Reference, namespace: str) -> FlaggerTemplate | None:
        """The template that a Canary in ``namespace`` means. Raises `SpecError` where it is faulty.

        One that names no namespace is wherever it is applied, and found from everywhere.
        """
        place = reference.namespace or namespace
        for at in ((place, reference.name), ("", reference.name)):
            if at in self._by_place:
                return flagger_template(self._by_place[at])
        return None

    def known(self) -> list[str]:
        """What they are called, with their namespaces."""
        return [f"{place}/{name}" if place else name for place, name in self._by_place]


def is_elsewhere(template: FlaggerTemplate) -> bool:
    """Whether its numbers come from another system than Prometheus."""
    return template.provider.type in OTHERS


def _namespace(read: Written) -> str:
    metadata = read.data.get("metadata")
    found = metadata.get("namespace") if isinstance(metadata, Mapping) else None
    return found if isinstance(found, str) else ""
