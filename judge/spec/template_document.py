"""A metric template as its author writes it.

Owned here: the fields of the MetricTemplate document and what must fit together in them. Promised:
a template that is let through is whole: its brackets close, its places are declared and its
declarations used, its counters are plain selectors. Not here: finding templates
(`metric_template`), filling their places (`queries`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, Literal

from pydantic import Strict

from judge.errors import Issue
from judge.spec import rendering
from judge.spec.faults import faults
from judge.spec.fields import Document, LabelName, ListOf, Name, VariableName, VariableValue
from judge.spec.metrics import RulesWritten
from judge.spec.parts import QueriesWritten, check_reading, part_faults
from judge.spec.promql import PromqlError
from judge.spec.rendering import RenderingError
from judge.spec.resolved import Kind, Query
from judge.spec.written import Path, Written

GIVEN = frozenset({rendering.SELECTOR, "track", "podLabel", "interval"})


class TemplateMetadataWritten(Document):
    """What the template is called."""

    name: Name
    """Name of the template."""
    description: str = ""
    """What it measures."""


class TemplateVariableWritten(Document):
    """A place to fill."""

    name: VariableName
    """Name of the variable."""
    description: str = ""
    """What to fill in."""
    default: VariableValue | None = None
    """Its value where nobody sets one; without it, whoever uses the template must."""


class TemplateSpecWritten(RulesWritten):
    """A metric, but for the names of what is watched."""

    kind: Annotated[Kind, Strict(False)]
    """What the queries yield."""
    pod_label: LabelName | None = None
    """The label that names the pod in these series. Default: the server's."""
    variables: ListOf[TemplateVariableWritten] = ()
    """The places of the queries, but for those that Judge fills."""
    queries: QueriesWritten
    """PromQL with places: those parts that the kind has."""


class TemplateWritten(Document):
    """A metric template: named PromQL with places."""

    api_version: Literal["judge/v1"]
    """Version of this grammar."""
    kind: Literal["MetricTemplate"]
    """What the document is."""
    metadata: TemplateMetadataWritten
    """Its name, and what it is for."""
    spec: TemplateSpecWritten
    """What it says."""

    def issues(self, written: Written) -> list[Issue]:
        """What does not go together in it."""
        spec = self.spec
        issues = list(self._variable_issues(written))
        for path, message in faults(spec.rules(), spec.kind):
            issues.append(written.issue(("spec", *path), message))
        parts = spec.queries.resolved()
        for path, message in part_faults(parts.keys(), spec.kind):
            issues.append(written.issue(("spec", "queries", *path), message))
        for part, query in parts.items():
            issues += self._query_issues(written, ("spec", "queries", part), query)
        return issues

    def _variable_issues(self, written: Written) -> Iterator[Issue]:
        queries = self.spec.queries.resolved().values()
        used = frozenset().union(*(rendering.names(query.expr) for query in queries))
        seen: set[str] = set()
        for i, variable in enumerate(self.spec.variables):
            fault = ""
            if variable.name in GIVEN:
                fault = f"{variable.name} is set by Judge; remove it"
            elif variable.name in seen:
                fault = f"{variable.name} is declared twice; keep one"
            elif variable.name not in used:
                fault = f"no query uses {variable.name}; remove it"
            if fault:
                yield written.issue(("spec", "variables", i, "name"), fault)
            seen.add(variable.name)

    def _query_issues(self, written: Written, path: Path, query: Query) -> Iterator[Issue]:
        at = (*path, "expr") if (*path, "expr") in written.values else path
        known = {one.name for one in self.spec.variables} | GIVEN
        for place in rendering.places(query.expr):
            if place.name not in known and not place.name.startswith("metadata."):
                message = (
                    f"the variable {place.name} is not declared; add it under spec.variables "
                    f"({rendering.unknown(place.name, known)})"
                )
                yield written.issue(at, message, offset=place.start)
                return
        try:
            check_reading(replace(query, expr=self._sample(query.expr)), str(path[-1]))
        except (PromqlError, RenderingError) as error:
            yield written.issue(at, str(error))

    def _sample(self, expr: str) -> str:
        """``expr`` with something in every place, to look at its shape."""
        samples = dict.fromkeys(rendering.names(expr), "x")
        samples |= {one.name: one.default for one in self.spec.variables if one.default}
        samples |= {rendering.SELECTOR: 'x="x"', "interval": "1m"}
        return rendering.render(expr, samples)
