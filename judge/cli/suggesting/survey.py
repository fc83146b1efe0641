"""Looking at a service: its namespace and pods, its tracks, and what is exported of it.

Owned here: which questions about the service are asked, in what order. Promised: fewer than ten
queries, however large the service is. Not here: what templates find (`trials`), the proposal
(`proposal`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from judge.errors import Issue, SpecError
from judge.sources.catalogue import Catalogue
from judge.sources.selectors import quoted
from judge.spec import rendering
from judge.spec.promql import parse_matchers
from judge.spec.resolved import BASELINE, CANARY
from judge.spec.suggestion import pod_names
from judge.spec.suggestion.alternatives import SHADOWED
from judge.spec.suggestion.candidates import Exported, Service
from judge.spec.suggestion.pod_names import PodNames
from judge.spec.suggestion.tracks import (
    NAMESPACE_LABELS,
    POD_LABELS,
    Division,
    Groups,
    divide,
    namespaces,
    pod_label,
    track_labels,
)

# Istio's callers count too, under the labels of whom they call.
_COUNTED_BY = "reporter"
_BY_CALLERS = "source"
ALERTS = "ALERTS"
ALERTS_WITHIN = "7d"
# Enough pods to see what is exported of them, and few enough for one query.
MOST_LISTED = 50


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a user asks for: the matchers of the service, and of its tracks where they are known."""

    selector: str
    baseline: str = ""
    canary: str = ""


@dataclass(frozen=True, slots=True)
class Survey:
    """What was seen of a service. ``pods`` are by track; ``names`` is None where none are known."""

    service: Service
    division: Division
    pods: Mapping[str, frozenset[str]]
    names: PodNames | None
    namespaces: Sequence[str]


def survey(catalogue: Catalogue, wanted: Wanted, *, labels: Sequence[str]) -> Survey:
    """What there is of the service; ``labels`` are those whose values decide which templates fit.

    Raises `SpecError` where the selector finds nothing, and `SourceError`.
    """
    groups = _groups(catalogue, wanted)
    label = pod_label(groups)
    division = _division(wanted, groups, label)
    selectors = {
        track: rendering.render(f"{wanted.selector},{matchers}", division.variables)
        for track, matchers in ((BASELINE, division.baseline), (CANARY, division.canary))
    }
    pods = {
        track: _pods(catalogue.groups(one, [label or POD_LABELS[0], _COUNTED_BY]), label)
        for track, one in selectors.items()
    }
    spaces = namespaces(groups)
    namespace = spaces[0] if len(spaces) == 1 else ""
    names = _pod_names(pods, division)
    service = Service(
        name=_name(wanted.selector),
        namespace=namespace,
        pod_label=label,
        selectors=selectors,
        variables=_rendered(names, division.variables) if namespace else {},
        exported=(
            Exported(catalogue.names(wanted.selector, labels) | _alerts(catalogue, selectors)),
            *_by_pods(catalogue, namespace, _any_pod(pods, names, division), labels),
        ),
    )
    return Survey(service, division, pods, names, spaces)


def _groups(catalogue: Catalogue, wanted: Wanted) -> Groups:
    asked = [*POD_LABELS, *NAMESPACE_LABELS, *track_labels()]
    groups = catalogue.groups(wanted.selector, asked)
    if groups:
        return groups
    each = catalogue.ask(
        f"count({{{one.name}{one.operator}{quoted(one.value)}}})"
        for one in parse_matchers(wanted.selector)
    )
    empty = [
        one.name
        for one, answer in zip(parse_matchers(wanted.selector), each, strict=True)
        if not answer.values
    ]
    hint = f"nothing has that {empty[0]} at all" if empty else "each matcher alone finds some"
    message = (
        f"no series of {catalogue.server} match {wanted.selector} now ({hint}); write the labels "
        "that the service's series have, as in a query of one of its metrics"
    )
    raise SpecError([Issue("", message, "--selector")])


def _division(wanted: Wanted, groups: Groups, label: str) -> Division:
    found = divide(groups, pod=label)
    if wanted.baseline and wanted.canary:
        return Division(wanted.baseline, wanted.canary, "as they were given")
    if not wanted.baseline and not wanted.canary:
        return found
    given = "canary" if wanted.canary else "baseline"
    message = f"only the {given} is given; give --baseline and --canary, or neither"
    raise SpecError([Issue("", message, f"--{given}")])


def _pods(groups: Groups, label: str) -> frozenset[str]:
    return frozenset(
        labels[label]
        for labels, _ in groups
        if label in labels and labels.get(_COUNTED_BY) != _BY_CALLERS
    )


def _pod_names(pods: Mapping[str, Collection[str]], division: Division) -> PodNames | None:
    found = pod_names.pod_names(pods[BASELINE], pods[CANARY], division.variables)
    if found is None and not pods[CANARY] and not division.variables:
        return pod_names.expected(pods[BASELINE])
    return found


def _rendered(names: PodNames | None, variables: Mapping[str, str]) -> dict[str, dict[str, str]]:
    if names is None:
        return {}
    return {
        track: {pod_names.VARIABLE: rendering.render_plain(pattern, variables)}
        for track, pattern in ((BASELINE, names.baseline), (CANARY, names.canary))
    }


def _alerts(
    catalogue: Catalogue, selectors: Mapping[str, str]
) -> dict[str, dict[str, frozenset[str]]]:
    """The name of alerts, if any was seen of late that tells which track it is about.

    An alert has series only while it is pending or firing, which is not now, one hopes.
    """
    answers = catalogue.ask(
        f"count(last_over_time({ALERTS}{{{one}}}[{ALERTS_WITHIN}]))" for one in selectors.values()
    )
    return {ALERTS: {}} if any(answer.values for answer in answers) else {}


def _any_pod(
    pods: Mapping[str, Collection[str]], names: PodNames | None, division: Division
) -> str:
    """An expression of the names of both tracks' pods, or of some of them; "" for none."""
    if names is not None:
        found = _rendered(names, division.variables)
        return "|".join(one[pod_names.VARIABLE] for one in found.values())
    listed = sorted(pod for some in pods.values() for pod in some)[:MOST_LISTED]
    return "|".join(pod.replace(".", "\\.") for pod in listed)


def _by_pods(
    catalogue: Catalogue, namespace: str, pods: str, labels: Sequence[str]
) -> list[Exported]:
    """What is exported about the pods by others, with and without honoured labels."""
    if not namespace or not pods:
        return []
    found = []
    for prefix in ("", SHADOWED):
        matchers = f"{prefix}namespace={quoted(namespace)},{prefix}pod=~{quoted(pods)}"
        names = catalogue.names(matchers, labels)
        found.append(Exported(names, pod_label=f"{SHADOWED}pod" if prefix else ""))
    return found


def _name(selector: str) -> str:
    """What to call the service: the first value that its selector names as such."""
    values = {
        one.name: one.value
        for one in parse_matchers(selector)
        if one.operator == "=" and one.name not in NAMESPACE_LABELS
    }
    chosen = next(iter(values.values()), "")
    plain = "".join(char if char.isascii() and char.isalnum() else "-" for char in chosen)
    return plain.strip("-")[:63].strip("-") or "service"
