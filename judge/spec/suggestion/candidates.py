"""Ways to use a metric template on a service: its places filled with what the service exports.

Owned here: which names and labels a template reads, which of a service's stand for them, and a
template rendered for a track. Promised: a candidate's queries name metrics that are there, with
labels that are there; whether both tracks have series is only known once they are asked. Not here:
choosing among candidates (`aims`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field, replace

from judge.spec import rendering
from judge.spec.metric_template import MetricTemplate
from judge.spec.queries import filled
from judge.spec.resolved import Query
from judge.spec.suggestion.alternatives import FAMILIES, NAMESPACE, SHADOWED, alike, other_labels
from judge.spec.suggestion.reading import (
    NAME,
    label_places,
    matchers,
    metric_names,
    name_place,
    needs_label,
)
from judge.spec.template_document import GIVEN

Labels = Mapping[str, Set[str]]
# The label of a classic histogram's buckets; a native one has none.
BOUND = "le"


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
        found |= {one.name for one in matchers(template, {})}
        found |= {SHADOWED + default for default in label_places(template).values()}
    return sorted(found)


def lacking(template: MetricTemplate, service: Service) -> list[str]:
    """The variables that somebody would have to set before the template can be used."""
    known = template.defaults.keys() | GIVEN | _shared(service).keys()
    for variables in service.variables.values():
        known |= variables.keys()
    return sorted(template.needs - known)


def reads(template: MetricTemplate, service: Service) -> bool:
    """Whether the service exports anything of what ``template`` reads by default."""
    names = metric_names(template, {})
    return any(names & exported.names.keys() for exported in service.exported)


def candidates(template: MetricTemplate, service: Service, *, guess: bool) -> list[Candidate]:
    """The ways to use ``template``: by the metric names that it has, or by guess, by others."""
    found = [
        way
        for exported in service.exported
        for names in (_other_names(template, exported) if guess else [{}])
        if (one := _candidate(template, service, exported, names)) is not None
        for way in _labelled_otherwise(one, service)
    ]
    return [one for i, one in enumerate(found) if one not in found[:i]]


def _candidate(
    template: MetricTemplate, service: Service, exported: Exported, names: Mapping[str, str]
) -> Candidate | None:
    known = metric_names(template, names) & exported.names.keys()
    if not known:
        return None
    labels = _merged(exported.names[name] for name in known)
    variables = dict(names)
    for variable, default in label_places(template).items():
        label = other_labels(default, labels, namespace=service.namespace)
        if label is None:
            return None
        if label != default:
            variables[variable] = label
    if any(needs_label(one) and one.name not in labels for one in matchers(template, variables)):
        return None
    return Candidate(
        template, variables, exported.pod_label, guessed=bool(names), classic=BOUND in labels
    )


def _labelled_otherwise(one: Candidate, service: Service) -> list[Candidate]:
    """The candidate, and with it one that knows the service's own series by their own pods."""
    label = service.pod_label
    ours = rendering.SELECTOR in one.template.needs and not one.pod_label
    if ours and label and one.template.pod_label not in ("", label):
        return [one, replace(one, pod_label=label)]
    return [one]


def _other_names(template: MetricTemplate, exported: Exported) -> Iterator[dict[str, str]]:
    """Values for the place of the metric's name, where there is one such place."""
    place = name_place(template)
    if place:
        for name in alike(template.defaults[place], exported.names):
            if NAME.fullmatch(name):
                yield {place: name}


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
