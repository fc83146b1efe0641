"""Which of a service's pods are the baseline and which the canary, as far as labels tell.

Owned here: the labels that tell tracks apart, the words that name a role, and what to write where
nothing does. Promised: two lists of matchers that exclude each other, with a sentence that says
where they come from, and whether somebody must look at them. Not here: asking for the labels, the
names of pods as a variable (`pod_names`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

BASELINE_WORDS = frozenset(
    {"stable", "primary", "baseline", "control", "active", "current", "main", "production", "prod"}
)
CANARY_WORDS = frozenset({"canary", "candidate", "preview", "next"})
# Labels that say nothing but the track.
TRACK_LABELS = ("track", "variant", "slot")
# Labels that a role can stand in, those made for it first.
ROLE_LABELS = (
    *TRACK_LABELS,
    "role",
    "deployment",
    "workload",
    "destination_workload",
    "app",
    "app_kubernetes_io_name",
    "app_kubernetes_io_instance",
    "service",
    "job",
)
# Labels that have another value after each release, those that change most surely first.
REVISION_LABELS = (
    "rollouts_pod_template_hash",
    "pod_template_hash",
    "version",
    "app_kubernetes_io_version",
    "destination_version",
    "service_version",
    "revision",
    "release",
)
# Labels that name the pod; the last is what tells processes apart outside of Kubernetes.
POD_LABELS = ("pod", "kubernetes_pod_name", "pod_name", "k8s_pod_name", "instance")
NAMESPACE_LABELS = ("namespace", "kubernetes_namespace", "k8s_namespace_name")
_PREFIXES = ("", "label_", "kubernetes_")

Groups = Sequence[tuple[Mapping[str, str], int]]


@dataclass(frozen=True, slots=True)
class Division:
    """How the tracks are told apart: matchers to add to the service's own, by track.

    ``variables`` fill places in them that the next release will fill otherwise. ``sure`` is False
    where a person must look at it; ``why`` is the sentence for them.
    """

    baseline: str
    canary: str
    why: str
    sure: bool = True
    variables: Mapping[str, str] = field(default_factory=dict)


def track_labels() -> list[str]:
    """Every label that may tell tracks apart, under each name that scrapes give it."""
    return [prefix + label for label in (*ROLE_LABELS, *REVISION_LABELS) for prefix in _PREFIXES]


def pod_label(groups: Groups) -> str:
    """The label that names the pod in most of the series of ``groups``; "" where none does."""
    series = {label: _series_with(label, groups) for label in POD_LABELS}
    most = max(series.values())
    return next((label for label in POD_LABELS if 2 * series[label] > most), "") if most else ""


def namespaces(groups: Groups) -> list[str]:
    """The Kubernetes namespaces of ``groups``."""
    label = next((one for one in NAMESPACE_LABELS if _series_with(one, groups)), "")
    return sorted({labels[label] for labels, _ in groups if label in labels})


def divide(groups: Groups, *, pod: str) -> Division:
    """The tracks of a service whose series fall into ``groups``; ``pod`` is the pods' label."""
    ways = (_by_role(groups), _by_pod_name(groups, pod), _by_revision(groups, pod))
    found = next((way for way in ways if way is not None), None)
    return found or _one_sided(groups) or _by_nothing()


def _by_role(groups: Groups) -> Division | None:
    """A label with values on both sides."""
    for label in _present(ROLE_LABELS, groups):
        values = _values(label, groups)
        canary = [value for value in values if _role(value) == "canary"]
        baseline = [value for value in values if _role(value) == "baseline"]
        if canary and len(canary) < len(values):
            rest = _among(label, baseline) if baseline else _not_among(label, canary)
            return Division(rest, _among(label, canary), _told(label, values))
        others = [value for value in values if _answers(value, baseline, label)]
        if baseline and others:
            return Division(_among(label, baseline), _among(label, others), _told(label, values))
    return None


def _answers(value: str, baseline: Iterable[str], label: str) -> bool:
    """Whether ``value`` is the other side of ``baseline``: checkout beside checkout-primary."""
    if value in baseline:
        return False
    made_for_it = any(label == prefix + one for one in TRACK_LABELS for prefix in _PREFIXES)
    return made_for_it or any(f"{value}-{word}" in baseline for word in BASELINE_WORDS)


def _by_pod_name(groups: Groups, pod: str) -> Division | None:
    names = _values(pod, groups) if pod else []
    for words, track in ((CANARY_WORDS, "canary"), (BASELINE_WORDS, "baseline")):
        for word in sorted(words):
            pattern = f".*-{word}-.*"
            inside = [name for name in names if re.fullmatch(pattern, name)]
            if inside and len(inside) < len(names):
                own, rest = f'{pod}=~"{pattern}"', f'{pod}!~"{pattern}"'
                why = f"the names of {len(inside)} of {len(names)} pods hold -{word}-"
                if track == "canary":
                    return Division(rest, own, why)
                return Division(own, rest, why)
    return None


def _by_revision(groups: Groups, pod: str) -> Division | None:
    """A label with two values or more: what most pods run is the baseline."""
    for label in _present(REVISION_LABELS, groups):
        pods = _pods_by_value(label, groups, pod)
        if len(pods) < 2:
            continue
        ordered = sorted(pods, key=lambda value: (-pods[value], _version(value)))
        baseline, canary = ordered[0], ordered[-1]
        counted = ", ".join(f"{value} {pods[value]}" for value in ordered)
        why = f"the label {label} has the values (and pods): {counted}; most pods are the baseline"
        tie = pods[baseline] == pods[canary]
        if tie:
            why += "; here that is a guess by order: look whether it is right"
        return Division(
            f'{label}="{{{{ baselineRevision }}}}"',
            f'{label}="{{{{ canaryRevision }}}}"',
            why,
            sure=len(pods) == 2 and not tie,
            variables={"baselineRevision": baseline, "canaryRevision": canary},
        )
    return None


def _one_sided(groups: Groups) -> Division | None:
    """A label that will tell the tracks apart once there are two."""
    for label in _present(TRACK_LABELS, groups):
        values = _values(label, groups)
        if any(_role(value) == "baseline" for value in values):
            why = f"{_told(label, values)}; no canary runs now: set its value of {label}"
            return Division(_among(label, values), f'{label}="canary"', why, sure=False)
    for label in _present(REVISION_LABELS, groups):
        (value,) = _values(label, groups)
        own = '"{{ baselineRevision }}"'
        why = f"all pods have {label} {value}; whatever has another one is the canary"
        given = {"baselineRevision": value}
        return Division(f"{label}={own}", f"{label}!={own}", why, sure=False, variables=given)
    return None


def _by_nothing() -> Division:
    why = (
        "no label tells two tracks apart (track, role, version, pod_template_hash and the like "
        "were looked for); set the label and its values"
    )
    return Division('track!="canary"', 'track="canary"', why, sure=False)


def _role(value: str) -> str:
    words = set(re.split(r"[-_./:]", value.lower()))
    if words & CANARY_WORDS:
        return "canary"
    return "baseline" if words & BASELINE_WORDS else ""


def _present(labels: Iterable[str], groups: Groups) -> list[str]:
    """Those of ``labels`` that some series have, each under the names that scrapes give it."""
    known = {name for found, _ in groups for name in found}
    return [prefix + label for label in labels for prefix in _PREFIXES if prefix + label in known]


def _values(label: str, groups: Groups) -> list[str]:
    return sorted({labels[label] for labels, _ in groups if label in labels})


def _series_with(label: str, groups: Groups) -> int:
    return sum(series for labels, series in groups if label in labels)


def _pods_by_value(label: str, groups: Groups, pod: str) -> dict[str, int]:
    pods: dict[str, set[str]] = {}
    for labels, _ in groups:
        if label in labels:
            pods.setdefault(labels[label], set()).add(labels.get(pod, ""))
    return {value: len(some) for value, some in pods.items()}


def _version(value: str) -> list[tuple[int, str]]:
    """A sort key by which 1.10 comes after 1.9."""
    parts = re.findall(r"\d+|\D+", value)
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts]


def _told(label: str, values: Sequence[str]) -> str:
    return f"the label {label} has the values {', '.join(values)}"


def _among(label: str, values: Sequence[str]) -> str:
    return _matcher(label, "", values)


def _not_among(label: str, values: Sequence[str]) -> str:
    return _matcher(label, "!", values)


def _matcher(label: str, negated: str, values: Sequence[str]) -> str:
    if len(values) == 1:
        return f"{label}{negated}={_quoted(values[0])}"
    pattern = "|".join(re.sub(r"[\\.+*?()|\[\]{}^$]", r"\\\g<0>", value) for value in values)
    return f"{label}{negated or '='}~{_quoted(pattern)}"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
