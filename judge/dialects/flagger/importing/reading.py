"""The door for files of Flagger's: their documents in, one Canary and the MetricTemplates out.

Owned here: which documents are read, and which Canary is meant. Promised: whatever is wrong in
the Canary is told at once, each with its place; documents of other kinds are told once a kind. Not
here: what a template says (`flagger_template`), what becomes of either (`analysis`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from judge.dialects.flagger.importing.canary import Canary
from judge.errors import Issue, SpecError
from judge.spec.problems import validated
from judge.spec.rendering import unknown
from judge.spec.written import Path, Place, Written

GROUP = "flagger.app/"
CANARY = "Canary"
TEMPLATE = "MetricTemplate"
LISTS = ("List", "CanaryList", "MetricTemplateList")


@dataclass(frozen=True)
class Found:
    """A Canary, as data and as it is written, and every MetricTemplate as it is written."""

    canary: Canary
    read: Written
    templates: tuple[Written, ...]
    remarks: tuple[Issue, ...] = field(default=())


def found_in(documents: Sequence[Written], *, name: str = "") -> Found:
    """What the documents hold. ``name``: the Canary that is meant, where there are several.

    Raises `SpecError` where there is no such Canary, or it cannot be used.
    """
    objects = [one for document in documents for one in objects_of(document)]
    canaries = [one for one in objects if _kind(one) == CANARY]
    read = _the_canary(canaries, name, documents)
    templates = tuple(one for one in objects if _kind(one) == TEMPLATE)
    return Found(validated(Canary, read), read, templates, tuple(_passed_over(objects)))


def objects_of(document: Written) -> Iterator[Written]:
    """The document itself; of a list, as a cluster answers, what it holds."""
    data = document.data
    if not isinstance(data, Mapping):
        message = "holds no object of Kubernetes's; name files with a Canary and MetricTemplates"
        raise SpecError([document.issue((), message)])
    items = data.get("items")
    if data.get("kind") not in LISTS or not isinstance(items, list):
        yield document
        return
    for i, item in enumerate(items):
        yield from objects_of(_part(document, ("items", i), item))


def _part(document: Written, at: Path, data: Any) -> Written:
    """What stands at ``at``, by itself."""

    def below(places: Mapping[Path, Place]) -> dict[Path, Place]:
        return {path[len(at) :]: one for path, one in places.items() if path[: len(at)] == at}

    return Written(
        data, document.source, document.text, below(document.values), below(document.keys)
    )


def _kind(read: Written) -> str:
    """The kind of an object of Flagger's; "" of any other."""
    kind, version = read.data.get("kind"), read.data.get("apiVersion")
    ours = isinstance(version, str) and version.startswith(GROUP)
    return kind if ours and isinstance(kind, str) else ""


def name_of(read: Written) -> str:
    """What the object is called, as far as it says; "" where it does not."""
    metadata = read.data.get("metadata")
    name = metadata.get("name") if isinstance(metadata, Mapping) else None
    return name if isinstance(name, str) else ""


def _the_canary(canaries: Sequence[Written], name: str, documents: Sequence[Written]) -> Written:
    wanted = [one for one in canaries if name in ("", name_of(one))]
    if len(wanted) == 1:
        return wanted[0]
    if wanted:
        message = (
            f"there are {len(wanted)} Canaries; say which one is meant: --canary NAME"
            if not name
            else f"there are {len(wanted)} Canaries named {name}; name the file of one of them"
        )
        raise SpecError([one.issue(("metadata", "name"), message) for one in wanted])
    if canaries:
        known = [name_of(one) for one in canaries]
        raise SpecError(
            [canaries[0].issue((), f"there is no Canary named {name}; {unknown(name, known)}")]
        )
    message = f"there is no Canary ({GROUP}...); name the file that has one"
    raise SpecError([Issue("", message, ", ".join(dict.fromkeys(d.source for d in documents)))])


def _passed_over(objects: Sequence[Written]) -> Iterator[Issue]:
    """The kinds that have no counterpart, each where it is first met."""
    told = set()
    for one in objects:
        kind = one.data.get("kind")
        if _kind(one) in (CANARY, TEMPLATE) or not isinstance(kind, str) or kind in told:
            continue
        told.add(kind)
        yield one.issue(("kind",), f"{kind:.80} is passed over; only Flagger's own are read")
