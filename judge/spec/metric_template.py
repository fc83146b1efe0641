"""Metric templates: named PromQL with places, the kind of what it yields, and how that is judged.

Owned here: the loaded template, the shipped ones, finding one by name or path. Not here: what a
template's file may hold (`template_document`, and `flagger_template` for Flagger's), filling the
places for a track (`queries`).
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from judge.errors import Issue, SpecError
from judge.spec import rendering
from judge.spec.flagger_metric import Taken, taken_for
from judge.spec.flagger_template import FALLBACKS, GROUP, QUERY, FlaggerTemplate, flagger_templates
from judge.spec.problems import validated
from judge.spec.promql import PromqlError
from judge.spec.resolved import Kind, Query
from judge.spec.rules import Rules
from judge.spec.template_document import TemplateWritten
from judge.spec.written import read_file, read_written

ENDINGS = (".yaml", ".yml", ".json")


@dataclass(frozen=True, slots=True)
class TemplateVariable:
    """A place to fill; ``default`` is None where whoever uses the template must fill it."""

    name: str
    description: str = ""
    default: str | None = None


@dataclass(frozen=True, slots=True)
class MetricTemplate:
    """A template as loaded. ``queries[part]`` still have their places; ``pod_label`` may be "".

    ``rules`` are those that it writes, for metrics that write none. ``fallbacks`` names the
    variable whose value another takes where nobody sets it. ``taken`` is what a template of
    Flagger's was taken for.
    """

    name: str
    kind: Kind
    queries: Mapping[str, Query]
    rules: Rules = field(default_factory=Rules)
    description: str = ""
    pod_label: str = ""
    variables: tuple[TemplateVariable, ...] = ()
    text: str = ""
    fallbacks: Mapping[str, str] = field(default_factory=dict)
    taken: Taken | None = None

    @property
    def needs(self) -> frozenset[str]:
        """Every name that stands in a query."""
        return frozenset().union(*(rendering.names(query.expr) for query in self.queries.values()))

    @property
    def takes(self) -> frozenset[str]:
        """Every name that makes a difference to a query."""
        return self.needs.union(*({other} for one, other in self._fallen_back_on()))

    def _fallen_back_on(self) -> list[tuple[str, str]]:
        return [(one, other) for one, other in self.fallbacks.items() if one in self.needs]

    def with_fallbacks(self, values: Mapping[str, str]) -> dict[str, str]:
        """``values``, and what follows from them for names that have none."""
        missing = [
            (one, values[other])
            for one, other in self._fallen_back_on()
            if one not in values and other in values
        ]
        return {**values, **dict(missing)}

    def beside(self, said: Rules) -> MetricTemplate:
        """The template for a metric that says this of how it is judged."""
        if self.taken is None:
            return self
        return replace(self, rules=self.taken.rules_beside(said))

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
    names = shipped_names()
    if name_or_path not in names:
        message = (
            f"there is no template {name_or_path}; {rendering.unknown(name_or_path, names)}; "
            "your own is named by its path, as in ./my-template.yaml"
        )
        raise SpecError([Issue("", message)])
    return _shipped(name_or_path)


@functools.cache
def shipped_names() -> tuple[str, ...]:
    """The names of the templates that come with Judge, which are those of their files."""
    return tuple(sorted(path.stem for path in _shipped_folder().glob("*.yaml")))


def shipped_templates() -> Mapping[str, MetricTemplate]:
    """The templates that come with Judge, by name."""
    return {name: _shipped(name) for name in shipped_names()}


@functools.cache
def _shipped(name: str) -> MetricTemplate:
    # One at a time: all of them take a quarter of a second to read.
    file = f"{name}.yaml"
    return _from_file(_shipped_folder() / file, shown=file)


def template_from_text(text: str, *, source: str) -> MetricTemplate:
    """The template that ``text`` (YAML or JSON) is. Raises `SpecError` with all that is wrong.

    Of Flagger's there may be other documents beside it.
    """
    flaggers = flagger_templates(text, source=source) if GROUP in text else []
    if len(flaggers) > 1:
        names = ", ".join(one.name for one in flaggers)
        message = f"holds {len(flaggers)} MetricTemplates ({names}); put each into its own file"
        raise SpecError([flaggers[1].read.issue(("metadata", "name"), message)])
    if flaggers:
        return _flaggers_template(flaggers[0], text)
    written = read_written(text, source=source)
    model = validated(TemplateWritten, written)
    issues = model.issues(written)
    if issues:
        raise SpecError(issues)
    return _template(model, text)


def _from_file(path: Path, *, shown: str) -> MetricTemplate:
    return template_from_text(read_file(path, shown=shown), source=shown)


def _shipped_folder() -> Path:
    """In a wheel they lie in the package, in a checkout beside it."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "metric_templates"
    return inside if inside.is_dir() else package.parent / "metric_templates"


def _flaggers_template(one: FlaggerTemplate, text: str) -> MetricTemplate:
    placed = one.placed()
    try:
        taken = taken_for(placed.expr)
    except PromqlError as error:
        raise SpecError([one.read.issue(QUERY, f"the rendered query: {error}")]) from error
    used = frozenset().union(*(rendering.names(query.expr) for query in taken.queries.values()))
    return MetricTemplate(
        name=one.name,
        description=taken.description,
        kind=taken.kind,
        queries=taken.queries,
        rules=taken.rules,
        pod_label=taken.pod_label,
        variables=tuple(
            TemplateVariable(place.name, place.description, "" if place.optional else None)
            for place in placed.places
            if place.name in used
        ),
        text=text,
        fallbacks=FALLBACKS,
        taken=taken,
    )


def _template(model: TemplateWritten, text: str) -> MetricTemplate:
    spec = model.spec
    return MetricTemplate(
        name=model.metadata.name,
        description=model.metadata.description,
        kind=spec.kind,
        rules=spec.rules(),
        pod_label=spec.pod_label or "",
        variables=tuple(
            TemplateVariable(one.name, one.description, one.default) for one in spec.variables
        ),
        queries=spec.queries.resolved(),
        text=text,
    )
