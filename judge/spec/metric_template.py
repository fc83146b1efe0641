"""Metric templates: named PromQL with places, and the kind, unit and direction of what it yields.

Owned here: the MetricTemplate document, the shipped templates, finding one by name or path.
Promised: a loaded template is whole: its brackets close, its places are declared, its counters are
plain selectors. Not here: filling the places for a track (`queries`).
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, Strict

from judge.errors import Issue, SpecError
from judge.spec import rendering
from judge.spec.analysis import QueriesWritten, QueryWritten, RatioWritten, only_counts
from judge.spec.fields import Document, LabelName, ListOf, Name, VariableName, VariableValue
from judge.spec.limits import DEFAULT_LIMITS, limit_fault
from judge.spec.problems import validated
from judge.spec.promql import PromqlError, parse_vector_selector
from judge.spec.rendering import RenderingError
from judge.spec.resolved import Direction, Kind, Query, Reading
from judge.spec.written import Written, read_written

GIVEN = frozenset({rendering.SELECTOR, "track", "podLabel", "interval"})
ENDINGS = (".yaml", ".yml", ".json")


class TemplateMetadataWritten(Document):
    """What the template is called, and what it is for."""

    name: Name
    description: str = ""


class TemplateVariableWritten(Document):
    """A place to fill; without a default, whoever uses the template must."""

    name: VariableName
    description: str = ""
    default: VariableValue | None = None


class TemplateSpecWritten(Document):
    """The metric, but for the names of what is watched."""

    kind: Annotated[Kind, Strict(False), AfterValidator(only_counts)]
    unit: str = ""
    direction: Annotated[Direction, Strict(False)] = Direction.INCREASE
    limit: RatioWritten | None = None
    pod_label: LabelName | None = None
    variables: ListOf[TemplateVariableWritten] = ()
    queries: QueriesWritten


class TemplateWritten(Document):
    """The whole document."""

    api_version: Annotated[Literal["judge/v1"], Field()]
    kind: Literal["MetricTemplate"]
    metadata: TemplateMetadataWritten
    spec: TemplateSpecWritten


@dataclass(frozen=True, slots=True)
class TemplateVariable:
    """A place to fill; ``default`` is None where whoever uses the template must fill it."""

    name: str
    description: str = ""
    default: str | None = None


@dataclass(frozen=True, slots=True)
class MetricTemplate:
    """A template as loaded. ``queries[part]`` still have their places; ``pod_label`` may be ""."""

    name: str
    kind: Kind
    direction: Direction
    limit: float
    queries: Mapping[str, Query]
    description: str = ""
    unit: str = ""
    pod_label: str = ""
    variables: tuple[TemplateVariable, ...] = ()
    source: str = ""

    @property
    def needs(self) -> frozenset[str]:
        """Every name that stands in a query."""
        return frozenset().union(*(rendering.names(query.expr) for query in self.queries.values()))

    @property
    def defaults(self) -> dict[str, str]:
        """The variables that have one."""
        return {one.name: one.default for one in self.variables if one.default is not None}


def is_path(name_or_path: str) -> bool:
    """Whether a template is named by where its file is."""
    return "/" in name_or_path or name_or_path.endswith(ENDINGS)


def load_template(name_or_path: str, *, folder: Path | None = None) -> MetricTemplate:
    """A shipped template by its name, or one's own by its path, relative to ``folder``.

    Raises `SpecError`: no such template, or all that is wrong with its file.
    """
    if is_path(name_or_path):
        return _from_file((folder or Path()) / name_or_path, shown=name_or_path)
    shipped = shipped_templates()
    if name_or_path not in shipped:
        message = (
            f"there is no template {name_or_path}; {rendering.unknown(name_or_path, shipped)}; "
            "your own is named by its path, as in ./my-template.yaml"
        )
        raise SpecError([Issue("", message)])
    return shipped[name_or_path]


@functools.cache
def shipped_templates() -> dict[str, MetricTemplate]:
    """The templates that come with Judge, by name."""
    files = sorted(_shipped_folder().glob("*.yaml"))
    loaded = [_from_file(path, shown=path.name) for path in files]
    return {template.name: template for template in loaded}


def template_from_text(text: str, *, source: str) -> MetricTemplate:
    """The template that ``text`` (YAML or JSON) is. Raises `SpecError` with all that is wrong."""
    written = read_written(text, source=source)
    model = validated(TemplateWritten, written)
    issues = _issues(model, written)
    if issues:
        raise SpecError(issues)
    return _template(model, source)


def read_file(path: Path, *, shown: str) -> str:
    """The text of a file that a user named. Raises `SpecError`."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        message = "is not UTF-8 text; save it as UTF-8"
        raise SpecError([Issue("", message, shown)]) from error
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        message = f"cannot be read ({reason}); check the path"
        raise SpecError([Issue("", message, shown)]) from error


def _from_file(path: Path, *, shown: str) -> MetricTemplate:
    return template_from_text(read_file(path, shown=shown), source=shown)


def _shipped_folder() -> Path:
    """In a wheel they lie in the package, in a checkout beside it."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "metric_templates"
    return inside if inside.is_dir() else package.parent / "metric_templates"


def _template(model: TemplateWritten, source: str) -> MetricTemplate:
    spec = model.spec
    return MetricTemplate(
        name=model.metadata.name,
        description=model.metadata.description,
        kind=spec.kind,
        unit=spec.unit,
        direction=spec.direction,
        limit=spec.limit.ratio if spec.limit else DEFAULT_LIMITS[spec.direction],
        pod_label=spec.pod_label or "",
        variables=tuple(
            TemplateVariable(one.name, one.description, one.default) for one in spec.variables
        ),
        queries=plain_queries(spec.queries),
        source=source,
    )


def plain_queries(queries: QueriesWritten) -> dict[str, Query]:
    """The parts of a proportion, in their long form."""
    return {"events": _query(queries.events), "total": _query(queries.total)}


def _query(written: str | QueryWritten) -> Query:
    if isinstance(written, str):
        return Query(written)
    return Query(written.expr, written.reading)


def _issues(model: TemplateWritten, written: Written) -> list[Issue]:
    issues = []
    spec = model.spec
    if spec.limit:
        fault = limit_fault(spec.limit.ratio, spec.direction)
        if fault:
            issues.append(written.issue(("spec", "limit", "ratio"), fault))
    issues += _variable_issues(model, written)
    queries = plain_queries(spec.queries)
    for part, query in queries.items():
        issues += _query_issues(model, written, part, query)
    return issues


def _variable_issues(model: TemplateWritten, written: Written) -> list[Issue]:
    issues = []
    seen: set[str] = set()
    used = frozenset().union(
        *(rendering.names(query.expr) for query in plain_queries(model.spec.queries).values())
    )
    for i, variable in enumerate(model.spec.variables):
        path = ("spec", "variables", i, "name")
        if variable.name in GIVEN:
            issues.append(written.issue(path, f"{variable.name} is set by Judge; remove it"))
        elif variable.name in seen:
            issues.append(written.issue(path, f"{variable.name} is declared twice; keep one"))
        elif variable.name not in used:
            issues.append(written.issue(path, f"no query uses {variable.name}; remove it"))
        seen.add(variable.name)
    return issues


def _query_issues(model: TemplateWritten, written: Written, part: str, query: Query) -> list[Issue]:
    path = ("spec", "queries", part)
    declared = {one.name for one in model.spec.variables}
    for place in rendering.places(query.expr):
        if place.name not in declared | GIVEN and "." not in place.name:
            message = (
                f"the variable {place.name} is not declared; add it under spec.variables "
                f"({rendering.unknown(place.name, declared | GIVEN)})"
            )
            return [written.issue(_expr_path(written, path), message, offset=place.start)]
    samples = dict.fromkeys(rendering.names(query.expr), "x")
    samples |= {one.name: one.default for one in model.spec.variables if one.default}
    samples |= {rendering.SELECTOR: 'x="x"', "interval": "1m"}
    try:
        check_reading(rendering.render(query.expr, samples), query.reading)
    except (PromqlError, RenderingError) as error:
        return [written.issue(_expr_path(written, path), str(error))]
    return []


def _expr_path(written: Written, path: tuple[str | int, ...]) -> tuple[str | int, ...]:
    longer = (*path, "expr")
    return longer if longer in written.values else path


def check_reading(expr: str, reading: Reading) -> None:
    """A counter's expression is a plain selector: its raw samples are read too.

    Raises `PromqlError`.
    """
    if reading is not Reading.COUNTER:
        return
    try:
        parse_vector_selector(expr)
    except PromqlError as error:
        raise PromqlError(
            f'a counter is read by a plain selector, name{{label="value"}}: {error} (at '
            f"character {error.offset + 1} of {expr!r}); leave out rate() and sum(), which Judge "
            "does itself, or write reading: gauge",
            error.offset,
        ) from error
