"""Flagger's query for the canary as a query for both sides.

Owned here: which part of a query names the canary, and what stands there for the primary. Promised:
rendered for the canary, the query is Flagger's own, byte for byte but for blanks. Flagger calls
the stable side's workload ``TARGET-primary``, and the Services before the two ``SERVICE-primary``
and ``SERVICE-canary``; nothing else is taken for a name of a side. Not here: what a query measures.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from judge.dialects.flagger.importing.canary import Canary
from judge.spec.flagger_template import collapsed
from judge.spec.go_template import GoTemplateError, Symbol, SymbolError, Value, render
from judge.spec.promql import PromqlError, tokens, unquote
from judge.spec.resolved import BASELINE, CANARY

PRIMARY = "-primary"
TARGET, ROLE = "target", "role"

# What stands for a name until it is known what is behind it: characters that are nobody's.
_TARGET, _SERVICE, _ROLE = "\ue000", "\ue001", "\ue002"
_PRIMARY_NAMED = re.compile(f"[{_TARGET}{_SERVICE}]-primary(?![a-z0-9])")
_SIDE = re.compile(f"([{_TARGET}{_SERVICE}])-canary(?=upstream|[^A-Za-z0-9]|$)")
_TAKEN_FOR_A_PLACE = re.compile(r"\{\{|\$\{")


class NotWritable(ValueError):
    """A query that an analysis cannot hold as it stands."""


@dataclass(frozen=True, slots=True)
class Names:
    """What a template's functions yield, but for a metric's own."""

    name: str
    namespace: str
    target: str
    service: str
    ingress: str
    route: str

    def values(self, interval: str, variables: Mapping[str, str]) -> dict[str, Value]:
        """The functions' values for the canary."""
        return {
            "name": self.name,
            "namespace": self.namespace,
            "target": self.target,
            "service": self.service,
            "ingress": self.ingress,
            "route": self.route,
            "interval": interval,
            "variables": dict(variables),
        }

    def places(self) -> dict[str, str]:
        """What the queries of builtin metrics name, as `builtins.PLACES` call it."""
        return {
            "namespace": self.namespace,
            "workload": self.target,
            "service": self.service,
            "ingress": self.ingress,
            "route": self.route,
        }

    def of_track(self, track: str) -> dict[str, str]:
        """The variables by which queries tell the tracks apart."""
        if track == CANARY:
            return {TARGET: self.target, ROLE: "canary"}
        return {TARGET: f"{self.target}{PRIMARY}", ROLE: "primary"}


@dataclass(frozen=True, slots=True)
class Rendered:
    """A query with places for what tells the sides apart; ``uses`` are the places' names.

    ``remark`` says why there are none, where that is worth a word.
    """

    text: str
    uses: frozenset[str]
    remark: str = ""


def names_of(canary: Canary) -> Names:
    """What Flagger's functions yield: what is not written is the target's name."""
    spec, target = canary.spec, canary.spec.target_ref.name
    return Names(
        canary.metadata.name,
        canary.metadata.namespace,
        target,
        spec.service.name or target,
        spec.ingress_ref.name if spec.ingress_ref else target,
        spec.route_ref.name if spec.route_ref else target,
    )


def rendered(
    template: str, names: Names, *, interval: str, variables: Mapping[str, str]
) -> Rendered:
    """The query that ``template`` yields. Raises `GoTemplateError`, and `NotWritable`."""
    values = names.values(interval, variables)
    plain = collapsed(render(template, values))
    marks = {TARGET: Symbol(_TARGET), "service": Symbol(_SERVICE)}
    try:
        marked = collapsed(render(template, {**values, **marks}))
    except SymbolError:
        return _of_two(template, names, values, plain)
    if _PRIMARY_NAMED.search(marked):
        return Rendered(_checked(plain), frozenset(), "names the primary itself")
    return _placed(marked, names, plain)


def matches_primary(text: str, names: Names) -> bool:
    """Whether what is read for the canary may be the primary's too: an open end such as ``.*``."""
    pod = f"{names.target}{PRIMARY}-5d9c7b6f44-x2k8z"
    try:
        strings = [unquote(text[one.start : one.end]) for one in tokens(text) if _is_string(one)]
    except PromqlError:
        return False
    place = f"{{{{ {TARGET} }}}}"
    patterns = [one.replace(place, re.escape(names.target)) for one in strings if place in one]
    return any(_full(pattern, one) for pattern in patterns for one in (pod, pod.rsplit("-", 2)[0]))


def _is_string(token: object) -> bool:
    return getattr(token, "kind", "") == "string"


def _full(pattern: str, text: str) -> bool:
    try:
        return re.fullmatch(pattern, text) is not None
    except re.error:
        return False


def _placed(marked: str, names: Names, plain: str) -> Rendered:
    own = {_TARGET: names.target, _SERVICE: names.service}
    text = _SIDE.sub(lambda match: f"{own[match[1]]}-{_ROLE}", _checked(marked))
    text = text.replace(_SERVICE, names.service)
    places = {_TARGET: TARGET, _ROLE: ROLE}
    uses = frozenset(name for mark, name in places.items() if mark in text)
    for mark, name in places.items():
        text = text.replace(mark, f"{{{{ {name} }}}}")
    if _filled(text, names.of_track(CANARY)) != plain:
        raise NotWritable("comes out differently with a place for the target")
    return Rendered(text, uses)


def _of_two(template: str, names: Names, values: Mapping[str, Value], plain: str) -> Rendered:
    """A template that asks what the target is: rendered for each side, the two held together."""
    remark = "asks what the target is called"
    text = _checked(plain).replace(names.target, f"{{{{ {TARGET} }}}}")
    own = names.of_track(BASELINE)
    try:
        other = collapsed(render(template, {**values, TARGET: own[TARGET]}))
    except GoTemplateError:
        return Rendered(plain, frozenset(), remark)
    if other == plain or _filled(text, own) != other:
        return Rendered(plain, frozenset(), remark)
    return Rendered(text, frozenset({TARGET}))


def _filled(text: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        text = text.replace(f"{{{{ {name} }}}}", value)
    return text


def _checked(text: str) -> str:
    found = _TAKEN_FOR_A_PLACE.search(text)
    if found is not None:
        raise NotWritable(f"holds {found[0]}, which an analysis takes for a variable")
    return text
