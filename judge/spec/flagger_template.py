"""Flagger's MetricTemplate: the document, and its query for given values or with places of ours.

Owned here: the fields that are read of it, and which of them a query can be made from. Promised:
every fault has its line and column, within the query too; blanks collapse as Flagger has it; a
query with places is the one that Flagger would send once they are filled. Not here: the language of
the query (`go_template`), what it measures (`promql_shapes`), an analysis of it
(`metric_template`). Source: Flagger 1.44.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import ConfigDict, Field, model_validator

from judge.errors import Issue, SpecError
from judge.spec import promql
from judge.spec.fields import Document, Name
from judge.spec.go_template import GoTemplateError, Symbol, SymbolError, Symbols, Value
from judge.spec.go_template import render as rendered_by_go
from judge.spec.go_template import uses as used_functions
from judge.spec.problems import validated
from judge.spec.template_document import GIVEN
from judge.spec.written import Written, read_documents

GROUP = "flagger.app/"
KIND = "MetricTemplate"
PROMETHEUS = "prometheus"
QUERY = ("spec", "query")
INTERVAL, TARGET, VARIABLES = "interval", "target", "variables"
FUNCTIONS = frozenset(
    ["name", "namespace", TARGET, "service", "ingress", "route", INTERVAL, VARIABLES]
)
FALLBACKS: Mapping[str, str] = dict.fromkeys(("service", "ingress", "route"), TARGET)
"""What each function yields where nobody says: another's value."""

_MEANING = {
    "name": "the Canary's name",
    "namespace": "the Canary's namespace",
    TARGET: "the workload: NAME of the canary, NAME-primary of the baseline",
    "service": "the Service; the target's name where nobody sets it",
    "ingress": "the Ingress; the target's name where nobody sets it",
    "route": "the route; the target's name where nobody sets it",
}
_BLANKS = re.compile(r"[ \t\n\f\r]+")
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_]")
# Around a place until the rest of the query is known to hold none: characters that are nobody's.
_BEFORE, _BEHIND = "\ue000", "\ue001"
_MARKED = re.compile(f"{_BEFORE}([A-Za-z0-9_]+){_BEHIND}")


class _Kept(Document):
    """A mapping of which some fields are read; null is a field that is not there."""

    model_config = ConfigDict(extra="ignore")

    @model_validator(mode="before")
    @classmethod
    def _without_null(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        return {name: value for name, value in data.items() if value is not None}


class SecretWritten(_Kept):
    """A Secret."""

    name: str = ""
    """What it is called."""


class ProviderWritten(_Kept):
    """Where a template's numbers come from."""

    type: str = PROMETHEUS
    """Which system."""
    address: str = ""
    """Where it is."""
    headers: dict[str, str | list[str]] = Field(default_factory=dict)
    """What is sent along with each request, by name."""
    secret_ref: SecretWritten | None = None
    """Who it is asked as: a token, or a user and a password."""
    region: str = ""
    """A region, for clouds."""
    insecure_skip_verify: bool = False
    """Whether any certificate will do."""


class _Metadata(_Kept):
    name: Name
    namespace: Name | None = None


class _Spec(_Kept):
    provider: ProviderWritten = ProviderWritten()
    query: str = ""


class _Template(_Kept):
    api_version: Literal["flagger.app/v1beta1"]
    kind: Literal["MetricTemplate"]
    metadata: _Metadata
    spec: _Spec


@dataclass(frozen=True, slots=True)
class Place:
    """A variable of ours in a query; ``optional`` where it is "" unless somebody sets it."""

    name: str
    description: str
    optional: bool = False


@dataclass(frozen=True, slots=True)
class PlacedQuery:
    """A query with places ``{{ name }}``; ``places`` are those that Judge does not fill itself."""

    expr: str
    places: tuple[Place, ...]


@dataclass(frozen=True)
class FlaggerTemplate:
    """A MetricTemplate as it is written. ``namespace`` is None where it is wherever it is applied.

    ``places`` are Flagger's functions that the query names, fields as ``variables.x``.
    """

    name: str
    namespace: str | None
    provider: ProviderWritten
    query: str
    places: frozenset[str]
    read: Written

    def rendered(self, values: Mapping[str, Value]) -> str:
        """The query as Flagger would send it for these values of its functions.

        Raises `SpecError` with the place in the file.
        """
        return collapsed(self._yielded(values))

    def placed(self) -> PlacedQuery:
        """The query once for all canaries: what Flagger fills in are places of ours.

        Raises `SpecError` where it asks what a value is, or its numbers come from elsewhere.
        """
        if self.provider.type != PROMETHEUS:
            message = (
                f"{self.provider.type:.80} is not read here; Judge reads Prometheus, and what "
                "speaks its API"
            )
            raise SpecError([self.read.issue(("spec", "provider", "type"), message)])
        marks = _Marks()
        text = collapsed(self._yielded(marks.values()))
        self._check(text)
        return PlacedQuery(_MARKED.sub(r"{{ \1 }}", text), marks.places(_MARKED.findall(text)))

    def _yielded(self, values: Mapping[str, Value]) -> str:
        try:
            return rendered_by_go(self.query, values)
        except SymbolError as error:
            message = (
                f"{error.message}; judge import flagger renders the template for one Canary, "
                "where that is known"
            )
            raise self._refused(message, error.offset) from error
        except GoTemplateError as error:
            raise self._refused(error.message, error.offset) from error

    def _check(self, text: str) -> None:
        """Nothing in ``text`` may be taken for a place of ours, or swallow what follows it."""
        masked = _MARKED.sub(lambda match: "x" * len(match[0]), text)
        if _BEFORE in masked or _BEHIND in masked:
            raise self._refused("holds a character of Unicode's private use; remove it")
        stray = re.search(r"\{\{|\$\{", masked)
        if stray:
            raise self._refused(f"yields {stray[0]}, which Judge takes for a variable")
        try:
            promql.check_brackets(masked)
            comment = any(token.kind == "comment" for token in promql.tokens(masked))
        except promql.PromqlError as error:
            raise self._refused(f"the rendered query: {error}") from error
        if comment:
            raise self._refused(
                "holds a comment, which swallows the rest: Flagger puts a query into one line; "
                "remove it"
            )
        if not masked:
            raise self._refused("yields nothing; write PromQL")

    def _refused(self, message: str, offset: int | None = None) -> SpecError:
        return SpecError([self.read.issue(QUERY, message, offset=offset)])


class _Marks:
    """Stands for Flagger's values while a template is rendered; each is a place of ours."""

    def __init__(self) -> None:
        self.origins: dict[str, str] = {name: name for name in FUNCTIONS - {VARIABLES}}
        self.optional: dict[str, bool] = {}

    def values(self) -> dict[str, Value]:
        """What the functions yield."""
        symbols: dict[str, Value] = {name: _mark(name) for name in self.origins}
        return {**symbols, VARIABLES: Symbols(field=self.field, item=self.item)}

    def field(self, key: str) -> Symbol:
        """A variable that must be set."""
        return self.variable(key, optional=False)

    def item(self, key: str) -> Symbol:
        """One that is "" where it is not set."""
        return self.variable(key, optional=True)

    def variable(self, key: str, *, optional: bool) -> Symbol:
        name = _NOT_IN_NAMES.sub("_", key)
        origin = f"{VARIABLES}.{key}"
        if not re.match("[A-Za-z_]", name):
            raise ValueError(f"the variable {key!r:.60} cannot be one of Judge's; rename it")
        if name in GIVEN or self.origins.setdefault(name, origin) != origin:
            other = self.origins.get(name, "what Judge sets itself")
            raise ValueError(
                f"the variable {key:.60} would be mixed up with {other:.60} in an analysis; "
                "rename it"
            )
        self.optional[name] = optional and self.optional.get(name, True)
        return _mark(name)

    def places(self, used: Iterable[str]) -> tuple[Place, ...]:
        """The places that stand in the query, in order."""
        return tuple(
            Place(name, self.meaning(name), self.optional.get(name, False))
            for name in dict.fromkeys(used)
            if name != INTERVAL
        )

    def meaning(self, name: str) -> str:
        return f"Flagger's {self.origins[name]}" + (
            f": {_MEANING[name]}" if name in _MEANING else ""
        )


def _mark(name: str) -> Symbol:
    return Symbol(f"{_BEFORE}{name}{_BEHIND}")


def collapsed(query: str) -> str:
    """``query`` in one line: every run of blanks is one, wherever it stands."""
    return _BLANKS.sub(" ", query).strip(" ")


def is_flaggers(data: object) -> bool:
    """Whether a document is a MetricTemplate of Flagger's, of whatever version."""
    if not isinstance(data, Mapping):
        return False
    version = data.get("apiVersion")
    return data.get("kind") == KIND and isinstance(version, str) and version.startswith(GROUP)


def flagger_template(read: Written) -> FlaggerTemplate:
    """The template that a document is. Raises `SpecError` with all that is wrong."""
    model = validated(_Template, read)
    query = model.spec.query
    if not query.strip():
        raise SpecError([read.issue(QUERY, "is empty; write a query")])
    try:
        places = used_functions(query, FUNCTIONS)
    except GoTemplateError as error:
        raise SpecError([read.issue(QUERY, error.message, offset=error.offset)]) from error
    metadata = model.metadata
    return FlaggerTemplate(
        metadata.name, metadata.namespace, model.spec.provider, query, places, read
    )


def flagger_templates(text: str, *, source: str) -> list[FlaggerTemplate]:
    """Those of ``text``, which may hold several documents and other kinds.

    Raises `SpecError` with all that is wrong in all of them.
    """
    found: list[FlaggerTemplate] = []
    issues: list[Issue] = []
    for read in read_documents(text, source=source):
        if not is_flaggers(read.data):
            continue
        try:
            found.append(flagger_template(read))
        except SpecError as error:
            issues += error.issues
    if issues:
        raise SpecError(issues)
    return found
