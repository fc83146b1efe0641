"""Ways to use a metric template on a service: its places filled with what the service exports.

Owned here: which names and labels a template reads, which of a service's stand for them, and a
template rendered for a track. Promised: a candidate's queries name metrics that are there, with
labels that are there; whether both tracks have series is only known once they are asked. Not here:
choosing among candidates (`aims`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field

from judge.spec import rendering
from judge.spec.metric_template import MetricTemplate
from judge.spec.promql import Matcher, PromqlError, parse_vector_selector, tokens
from judge.spec.queries import filled
from judge.spec.resolved import Query
from judge.spec.suggestion.alternatives import FAMILIES, NAMESPACE, alike, other_labels
from judge.spec.template_document import GIVEN

Labels = Mapping[str, Set[str]]
# The label of a classic histogram's buckets; a native one has none.
BOUND = "le"

_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_NAME_BEFORE_BRACE = re.compile(rf"({_NAME.pattern})\s*\{{")


@dataclass(frozen=True, slots=True)
class Exported:
    """Metrics of a service: their values of some labels by name.

    ``pod_label`` is the label by which they know pods, where that is neither the template's nor
    the server's.
    """

    names: Mapping[str, Labels]
    pod_label: str = ""


@dataclass(frozen=True, slots=True)
class Service:
    """What is known of a service: how its tracks are selected, and what is exported of it.

    ``selectors`` and ``variables`` are by track, with no places left; ``pod_label`` is the label
    of the service's own series.
    """

    name: str
    namespace: str
    pod_label: str
    selectors: Mapping[str, str]
    variables: Mapping[str, Mapping[str, str]]
    exported: tuple[Exported, ...]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A template with the variables and the pod label that it needs on this service.

    ``guessed`` says that its metric's name is not the template's own, ``classic`` that its series
    have buckets' bounds for a label.
    """

    template: MetricTemplate
    variables: Mapping[str, str] = field(default_factory=dict)
    pod_label: str = ""
    guessed: bool = False
    classic: bool = False

    def labelled(self, service: Service) -> str:
        """The label that tells pods apart in its series."""
        return self.pod_label or self.template.pod_label or service.pod_label

    def rendered(self, service: Service, track: str) -> dict[str, Query]:
        """Its queries by part. Raises `RenderingError` and `PromqlError`."""
        values = {
            **self.template.defaults,
            **_shared(service),
            **self.variables,
            **service.variables.get(track, {}),
            "track": track,
            "interval": "1m",
            "podLabel": self.labelled(service),
            rendering.SELECTOR: service.selectors[track],
        }
        queries = self.template.queries
        return {part: filled(query, part, values) for part, query in queries.items()}


def told_labels(templates: Iterable[MetricTemplate]) -> list[str]:
    """The labels whose values decide what fits: those that queries match, and what stands for them.

    Those of the tracks' selectors are not among them.
    """
    found = {BOUND, *(label for family in (*FAMILIES, NAMESPACE) for label in family.labels)}
    for template in templates:
        for query in template.queries.values():
            found |= {matcher.name for matcher in _matchers(query.expr, template.defaults)}
    return sorted(found)


def lacking(template: MetricTemplate, service: Service) -> list[str]:
    """The variables that somebody would have to set before the template can be used."""
    known = template.defaults.keys() | GIVEN | _shared(service).keys()
    for variables in service.variables.values():
        known |= variables.keys()
    return sorted(template.needs - known)


def reads(template: MetricTemplate, service: Service) -> bool:
    """Whether the service exports anything of what ``template`` reads by default."""
    names = _names(template, {})
    return any(names & exported.names.keys() for exported in service.exported)


def candidates(template: MetricTemplate, service: Service, *, guess: bool) -> list[Candidate]:
    """The ways to use ``template``: by the metric names that it has, or by guess, by others."""
    found = [
        one
        for exported in service.exported
        for names in (_other_names(template, exported) if guess else [{}])
        if (one := _candidate(template, service, exported, names)) is not None
    ]
    return [one for i, one in enumerate(found) if one not in found[:i]]


def _candidate(
    template: MetricTemplate, service: Service, exported: Exported, names: Mapping[str, str]
) -> Candidate | None:
    known = _names(template, names) & exported.names.keys()
    if not known:
        return None
    labels = _merged(exported.names[name] for name in known)
    variables = dict(names)
    for variable, default in _label_places(template).items():
        label = other_labels(default, labels, namespace=service.namespace)
        if label is None:
            return None
        if label != default:
            variables[variable] = label
    if not _labels_are_there(template, variables, labels):
        return None
    return Candidate(
        template, variables, exported.pod_label, guessed=bool(names), classic=BOUND in labels
    )


def _labels_are_there(
    template: MetricTemplate, variables: Mapping[str, str], labels: Labels
) -> bool:
    """Whether every label that a query needs a value of is one that some series have."""
    values = {**template.defaults, **variables}
    return all(
        matcher.name in labels
        for query in template.queries.values()
        for matcher in _matchers(query.expr, values)
        if (matcher.operator == "=" and matcher.value)
        or (matcher.operator == "=~" and not _matches_nothing(matcher.value))
    )


def _matches_nothing(pattern: str) -> bool:
    """Whether an expression accepts a series without the label."""
    try:
        return re.fullmatch(pattern, "") is not None
    except re.error:
        return True  # RE2's own syntax: let the server say what it finds


def _matchers(expr: str, values: Mapping[str, str]) -> tuple[Matcher, ...]:
    """The matchers of a plain selector but for the track's; none of anything else."""
    sample = dict.fromkeys(rendering.names(expr), "x") | dict(values)
    sample |= {rendering.SELECTOR: 'x_selector=""', "interval": "1m"}
    try:
        _, matchers = parse_vector_selector(rendering.render(expr, sample))
    except (PromqlError, rendering.RenderingError):
        return ()
    return tuple(one for one in matchers if one.name != "x_selector")


def _other_names(template: MetricTemplate, exported: Exported) -> Iterator[dict[str, str]]:
    """Values for the place of the metric's name, where there is one such place."""
    places = {
        name
        for query in template.queries.values()
        for name in _places_before(query.expr, "{")
        if name in template.defaults
    }
    if len(places) != 1:
        return
    (place,) = places
    for name in alike(template.defaults[place], exported.names):
        if _NAME.fullmatch(name):
            yield {place: name}


def _label_places(template: MetricTemplate) -> dict[str, str]:
    """The variables that stand for a label's name, and their defaults."""
    return {
        name: template.defaults[name]
        for query in template.queries.values()
        for name in _places_before(query.expr, "=", "!")
        if name in template.defaults
    }


def _places_before(expr: str, *following: str) -> list[str]:
    """The variables in ``expr`` whose place is followed by one of some characters."""
    return [
        place.name
        for place in rendering.places(expr)
        if expr[place.end :].lstrip().startswith(following)
    ]


def _names(template: MetricTemplate, variables: Mapping[str, str]) -> frozenset[str]:
    """The metric names that the template's queries read."""
    values = {**template.defaults, **variables}
    found: set[str] = set()
    for query in template.queries.values():
        expr = query.expr
        for name in set(_places_before(expr, "{")) & values.keys():
            expr = re.sub(rf"\{{\{{[ \t]*{name}[ \t]*\}}\}}|\$\{{{name}\}}", values[name], expr)
        masked = rendering.mask(expr)
        for token in tokens(masked):
            if token.kind in ("string", "comment"):
                blank = " " * (token.end - token.start)
                masked = masked[: token.start] + blank + masked[token.end :]
        found |= set(_NAME_BEFORE_BRACE.findall(masked))
    return frozenset(found)


def _merged(some: Iterable[Labels]) -> dict[str, Set[str]]:
    merged: dict[str, Set[str]] = {}
    for labels in some:
        for label, values in labels.items():
            merged[label] = merged.get(label, frozenset()) | values
    return merged


def _shared(service: Service) -> dict[str, str]:
    """The variables that an analysis of the service has by its metadata."""
    named = {"metadata.name": service.name}
    if service.namespace:
        named |= {"namespace": service.namespace, "metadata.namespace": service.namespace}
    return named
