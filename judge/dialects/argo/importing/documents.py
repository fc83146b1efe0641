"""The templates and rollouts in a number of files, and which of them belong together.

Owned here: finding them, and for each template the Rollouts' references to it. Not here: what the
arguments of a reference mean (`arguments`), what becomes of a metric (`metrics`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from judge.dialects.argo.importing.parts import Part
from judge.errors import Issue, SpecError
from judge.spec.written import Written

API = "argoproj.io/"
ROLLOUT = "Rollout"
TEMPLATES = {"AnalysisTemplate": False, "ClusterAnalysisTemplate": True}

_STRATEGIES = ("canary", "blueGreen")
_BLUE_GREEN = ("prePromotionAnalysis", "postPromotionAnalysis")


@dataclass(frozen=True)
class Reference:
    """Where a Rollout asks for templates: the part with their names and their arguments."""

    rollout: Part
    part: Part

    @property
    def names(self) -> list[tuple[bool, str]]:
        """Whether it is a cluster's, and the template's name."""
        listed = [self.part] if self.part.has("templateName") else self.part.parts("templates")
        return [(one.flag("clusterScope"), one.text("templateName")) for one in listed]


@dataclass(frozen=True)
class Template:
    """A template, its name, and the reference that it is asked for by; None where there is none."""

    name: str
    part: Part
    reference: Reference | None = None

    @property
    def spec(self) -> Part:
        """Its spec; an empty one is refused."""
        found = self.part.part("spec")
        if found is None:
            raise self.part.refused("has no spec; is this the whole template?")
        return found


@dataclass
class Found:
    """What the files hold. ``remarks`` are on documents that are passed over."""

    templates: list[Template] = field(default_factory=list)
    rollout: Part | None = None
    remarks: list[Issue] = field(default_factory=list)


def found_in(documents: Sequence[Written]) -> Found:
    """The templates that are to be imported: those that a Rollout names, or all.

    Raises `SpecError` where there is none, where there are several Rollouts, or where a Rollout
    names a template that is not there.
    """
    found = Found()
    declared: dict[tuple[bool, str], Template] = {}
    for whole in _listed(documents):
        kind = _kind(whole)
        if kind in TEMPLATES:
            name = _name(whole)
            declared.setdefault((TEMPLATES[kind], name), Template(name, whole))
        elif kind == ROLLOUT and found.rollout is None:
            found.rollout = whole
        elif kind == ROLLOUT:
            raise whole.refused("is a second Rollout; import one at a time", "kind")
        else:
            shown = f"{kind} is" if kind else "is"
            found.remarks.append(whole.issue(f"{shown} neither a template nor a Rollout", "kind"))
    if not declared:
        source = documents[0].source if documents else ""
        message = "holds no AnalysisTemplate or ClusterAnalysisTemplate; name the file that does"
        raise SpecError([Issue("", message, source)])
    found.templates = list(_asked_for(found, declared))
    return found


def _listed(documents: Sequence[Written]) -> Iterator[Part]:
    """The documents, and those of a List, as kubectl prints several."""
    for document in documents:
        whole = Part(document)
        yield from whole.parts("items") if _kind(whole) == "List" else [whole]


def _asked_for(found: Found, declared: dict[tuple[bool, str], Template]) -> Iterator[Template]:
    references = [] if found.rollout is None else list(references_of(found.rollout))
    if found.rollout is not None and not references:
        found.remarks.append(found.rollout.issue("asks for no analysis; its arguments are unknown"))
    wanted: dict[tuple[bool, str], Reference | None] = {}
    for reference in references:
        for key in reference.names:
            if key not in declared:
                message = f"the template {key[1]} is in none of the files; name its file too"
                raise reference.part.refused(message)
            first = wanted.setdefault(key, reference)
            if first is not None and first.part.data.get("args") != reference.part.data.get("args"):
                message = f"asks for {key[1]} again; the arguments of the first time are taken"
                found.remarks.append(reference.part.issue(message))
    seen: set[int] = set()
    for key in list(wanted or declared):
        for one in _with_those_it_names(key, wanted.get(key), declared, []):
            if id(one.part) not in seen:
                seen.add(id(one.part))
                yield one


def _with_those_it_names(
    key: tuple[bool, str],
    reference: Reference | None,
    declared: dict[tuple[bool, str], Template],
    outer: list[tuple[bool, str]],
) -> Iterator[Template]:
    """A template and those that it brings along."""
    template = declared[key]
    if key in outer:
        return
    yield Template(template.name, template.part, reference)
    for one in template.spec.parts("templates"):
        inner = (one.flag("clusterScope"), one.text("templateName"))
        if inner not in declared:
            raise one.refused(f"the template {inner[1]} is in none of the files; name its file too")
        yield from _with_those_it_names(inner, reference, declared, [*outer, key])


def references_of(rollout: Part) -> Iterator[Reference]:
    """Where a Rollout asks for an analysis, in the order in which it would."""
    for strategy in _STRATEGIES:
        how = rollout.part("spec", "strategy", strategy)
        if how is None:
            continue
        for name in ("analysis", *_BLUE_GREEN):
            part = how.part(name)
            if part is not None:
                yield Reference(rollout, part)
        for step in how.parts("steps"):
            part = step.part("analysis")
            if part is not None:
                yield Reference(rollout, part)
            experiment = step.part("experiment")
            for one in experiment.parts("analyses") if experiment else []:
                yield Reference(rollout, one)


def _kind(document: Part) -> str:
    data = document.data
    if not isinstance(data, dict) or not str(data.get("apiVersion", "")).startswith(API):
        return str(data.get("kind", "")) if isinstance(data, dict) else ""
    return str(data.get("kind", ""))


def _name(document: Part) -> str:
    metadata = document.part("metadata")
    name = metadata.text("name") if metadata else ""
    if not name:
        raise document.refused("has no metadata.name")
    return name
