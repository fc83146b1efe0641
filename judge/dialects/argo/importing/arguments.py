"""The arguments of a template: what they are, and what becomes of ``{{args.name}}`` in a text.

Argo Rollouts puts an argument's value into the metric as text, wherever that is. Here it becomes a
variable where it stands in a string of the query, and is put in as text, once and for all, in
anything else; what has no value there is refused.

Owned here: the value and the role of each argument. Promised: an argument is a version's (the
canary's or the stable one's) only where the Rollout, or its name, says so. Not here: the queries
(`queries`).
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from judge.dialects.argo.importing.documents import Template
from judge.dialects.argo.importing.parts import Part
from judge.errors import Issue, SpecError

PLACE = re.compile(r"\{\{\s*args\.([^{}\s]+)\s*\}\}")
_ANY_PLACE = re.compile(r"\{\{[^{}]*\}\}")
_HASH_OF = re.compile(r"\{\{\s*templates\.(.+)\.podTemplateHash\s*\}\}")
_HASH_NAMED = re.compile(r"hash|replicaset", re.IGNORECASE)
_STABLE_NAMED = re.compile(r"stable|baseline|control|active|primary", re.IGNORECASE)
_CANARY_NAMED = re.compile(r"canary|latest|preview|new|candidate|current", re.IGNORECASE)
_SERVICES = (("canary", "canaryService", "stableService"),)
_PREVIEWS = (("blueGreen", "previewService", "activeService"),)


class Role(enum.StrEnum):
    """Whose an argument is."""

    CANARY = "canary"
    STABLE = "stable"


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument by its name. ``value``: its text, None where only a rollout knows it.

    ``opposite`` is what it is for the stable version, where the Rollout tells (its services).
    """

    name: str
    value: str | None = None
    role: Role | None = None
    opposite: str | None = None
    secret: bool = False

    @property
    def variable(self) -> str:
        """What our variable is called."""
        return variable_name(self.name)


def variable_name(name: str) -> str:
    """``canary-hash`` as ``canaryHash``."""
    words = [word for word in re.split(r"[^A-Za-z0-9]+", name) if word] or ["value"]
    joined = words[0] + "".join(word[0].upper() + word[1:] for word in words[1:])
    return f"_{joined}" if joined[0].isdigit() else joined


class Arguments:
    """The arguments of one template, as its Rollout and the command line set them."""

    def __init__(self, template: Template, given: Mapping[str, str]) -> None:
        self.remarks: list[Issue] = []
        self._part = template.part
        self.by_name: dict[str, Argument] = {}
        for one in template.spec.parts("args"):
            self._set(self._declared(one))
        if template.reference is not None:
            for one in template.reference.part.parts("args"):
                self._set(self._asked(one, template.reference.rollout))
        for name, value in given.items():
            if name in self.by_name:
                self._set(replace(self.by_name[name], value=value))

    def used_in(self, text: str) -> list[str]:
        """The names of the arguments in ``text``, each once."""
        return list(dict.fromkeys(PLACE.findall(text)))

    def get(self, name: str, part: Part, *at: str | int, offset: int = 0) -> Argument:
        """The argument that a text names. Raises `SpecError` where there is none."""
        found = self.by_name.get(name)
        if found is None:
            raise part.refused(f"{name} is no argument of the template", *at, offset=offset)
        return found

    def filled(self, part: Part, *at: str | int) -> str:
        """The text of a field with its arguments put in. Raises `SpecError` with its place."""
        *inner, last = at
        around = Part(part.written, (*part.path, *inner))
        text = around.text(str(last))
        found, end = "", 0
        for match in PLACE.finditer(text):
            argument = self.get(match[1], part, *at, offset=match.start())
            if argument.value is None:
                message = (
                    f"{match[0]} has no value outside of a rollout; give one with "
                    f"--set {match[1]}=VALUE"
                )
                raise part.refused(message, *at, offset=match.start())
            found += text[end : match.start()] + argument.value
            end = match.end()
        found += text[end:]
        left = _ANY_PLACE.search(found)
        if left is not None:
            raise part.refused(f"{left[0]} is nothing that Argo Rollouts fills in", *at)
        return found

    def fixed(self, part: Part, *at: str | int) -> Iterable[Issue]:
        """Remarks on the arguments of a field whose values are written once and for all."""
        *inner, last = at
        text = Part(part.written, (*part.path, *inner)).text(str(last))
        for name in self.used_in(text):
            value = self.by_name[name].value
            yield part.issue(f"args.{name} is written as its value now, {value}", *at)

    def _set(self, argument: Argument) -> None:
        before = self.by_name.get(argument.name)
        if before is not None and argument.value is None and argument.role is None:
            argument = replace(argument, value=before.value)
        if argument.role is None and _HASH_NAMED.search(argument.name):
            argument = replace(argument, role=_named_role(argument.name))
        self.by_name[argument.name] = argument

    def _declared(self, part: Part) -> Argument:
        name = part.text("name")
        source = part.part("valueFrom")
        if source is None:
            value = part.text("value") if part.has("value") else None
            return Argument(name, value)
        if source.has("secretKeyRef"):
            message = "is a secret, which an analysis never holds; name a file of Judge's instead"
            self.remarks.append(part.issue(message, "valueFrom", "secretKeyRef"))
            return Argument(name, secret=True)
        return Argument(name)

    def _asked(self, part: Part, rollout: Part) -> Argument:
        name = part.text("name")
        source = part.part("valueFrom")
        if source is None:
            return _valued(name, part.text("value"), rollout)
        hash_of = source.text("podTemplateHashValue")
        if hash_of:
            return Argument(name, role=Role.CANARY if hash_of == "Latest" else Role.STABLE)
        field = source.part("fieldRef")
        path = field.text("fieldPath") if field else ""
        value = _field(rollout, path)
        if value is None:
            message = f"is read from the Rollout's {path or 'fields'}; a caller sets the variable"
            self.remarks.append(part.issue(message))
        return Argument(name, value)


def _valued(name: str, value: str, rollout: Part) -> Argument:
    """An argument with a value that the Rollout writes; perhaps the name of one of its services."""
    hash_of = _HASH_OF.fullmatch(value.strip())
    if hash_of is not None:
        stable = _STABLE_NAMED.search(hash_of[1]) is not None
        return Argument(name, role=Role.STABLE if stable else Role.CANARY)
    for strategy, new, old in (*_SERVICES, *_PREVIEWS):
        how = rollout.part("spec", "strategy", strategy)
        ours, theirs = (how.text(new), how.text(old)) if how else ("", "")
        if ours and theirs and _names(value, ours):
            other = theirs + value[len(ours) :]
            return Argument(name, value, Role.CANARY, opposite=other)
        if ours and theirs and _names(value, theirs):
            return Argument(name, value, Role.STABLE)
    return Argument(name, value)


def _names(value: str, service: str) -> bool:
    """Whether it is a service's name, alone or as a host of the cluster."""
    return value == service or value.startswith(f"{service}.")


def _named_role(name: str) -> Role | None:
    stable, canary = _STABLE_NAMED.search(name), _CANARY_NAMED.search(name)
    if bool(stable) == bool(canary):
        return None
    return Role.STABLE if stable else Role.CANARY


def _field(rollout: Part, path: str) -> str | None:
    """What stands in the Rollout's own file at a path such as ``metadata.labels['app']``."""
    found: object = rollout.data
    for step in re.findall(r"[^.\[\]']+(?=[.\[]|$)|(?<=\[')[^']+(?='\])", path):
        found = found.get(step) if isinstance(found, Mapping) else None
    return str(found) if isinstance(found, str | int) and not isinstance(found, bool) else None


def merged(found: Iterable[Arguments]) -> dict[str, Argument]:
    """The arguments of several templates by name. Raises `SpecError` where two differ."""
    joined: dict[str, Argument] = {}
    for arguments in found:
        for name, one in arguments.by_name.items():
            before = joined.setdefault(name, one)
            if before.value != one.value and None not in (before.value, one.value):
                message = (
                    f"args.{name} is {before.value} in one template and {one.value} in another"
                )
                raise SpecError([arguments._part.issue(f"{message}; import them one by one")])
    return joined
