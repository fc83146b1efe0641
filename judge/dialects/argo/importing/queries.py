"""A metric's query with places of ours where the template has arguments.

Owned here: which argument becomes a variable and which is put in as text, and which queries tell
the two versions apart. Promised: rendered with the arguments' values, a query is the one that Argo
Rollouts would send. Not here: what a query measures.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from judge.dialects.argo.importing.arguments import PLACE, Argument, Arguments, Role, variable_name
from judge.dialects.argo.importing.parts import Part
from judge.spec.rendering import RenderingError, places
from judge.spec.resolved import BASELINE, CANARY
from judge.spec.template_document import GIVEN

FILL_IN = "CHANGE_ME"
_ROLE_WORDS = re.compile(r"(canary|latest|preview|new|candidate|current)[-_]?", re.IGNORECASE)
_QUOTES = "\"'`"
_BARE = re.compile(r"[A-Za-z0-9_:.+*/^$()|?,=@ -]*")


@dataclass(frozen=True)
class Query:
    """A query as an analysis writes it; ``uses`` are the arguments that became variables.

    ``sides``: the canary's arguments by which the tracks are told apart; ``only_stable``: it reads
    the stable version alone. ``starts`` are (offset here, offset in the template's text).
    """

    text: str
    uses: tuple[Argument, ...]
    sides: tuple[Argument, ...]
    only_stable: bool
    fixed: tuple[Argument, ...]
    starts: tuple[tuple[int, int], ...]

    def offset(self, at: int) -> int:
        """Where the character ``at`` stands in the template's text."""
        ours, theirs = max(one for one in self.starts if one[0] <= at)
        return theirs + at - ours


def query_of(part: Part, arguments: Arguments) -> Query:
    """The query of ``part`` (`provider.prometheus`). Raises `SpecError` with the place."""
    text = part.text("query")
    if not text.strip():
        raise part.refused("has no query")
    named = [arguments.get(m[1], part, "query", offset=m.start()) for m in PLACE.finditer(text)]
    roles = {one.role for one in named}
    apart = Role.CANARY in roles and Role.STABLE not in roles
    made, starts, end = "", [(0, 0)], 0
    uses: list[Argument] = []
    sides: list[Argument] = []
    fixed: list[Argument] = []
    for match, argument in zip(PLACE.finditer(text), named, strict=True):
        made += text[end : match.start()]
        end = match.end()
        if not _variable(argument, text, match.start()):
            fixed.append(argument)
            made += _known(argument, part, match)
        elif apart and argument.role is Role.CANARY:
            sides.append(argument)
            made += f"{{{{ {side_name(argument)} }}}}"
        else:
            uses.append(argument)
            made += f"{{{{ {argument.variable} }}}}"
        starts.append((len(made), end))
    made += text[end:]
    query = Query(
        made.strip(),
        tuple(dict.fromkeys(uses)),
        tuple(dict.fromkeys(sides)),
        Role.STABLE in roles and Role.CANARY not in roles,
        tuple(dict.fromkeys(fixed)),
        _without_margin(starts, made),
    )
    _check_places(query, part)
    return query


def _check_places(query: Query, part: Part) -> None:
    """Refuse what would be taken for a place of ours and is none, such as ``${name}``."""
    ours = {one.variable for one in query.uses} | {side_name(one) for one in query.sides}
    try:
        found = places(query.text)
    except RenderingError as error:
        at = query.offset(error.offset)
        raise part.refused(str(error), "query", offset=at) from error
    for one in found:
        if one.name not in ours or query.text.startswith("$", one.start):
            message = f"{query.text[one.start : one.end]} would be taken for a variable of Judge's"
            raise part.refused(message, "query", offset=query.offset(one.start))


def side_name(argument: Argument) -> str:
    """What the variable is called that each track has for itself: ``canary-hash`` as ``hash``."""
    name = variable_name(_ROLE_WORDS.sub("", argument.name).strip("-_") or "version")
    return f"{name}Name" if name in GIVEN else name


def tracks_of(
    sides: Iterable[Argument], known: Mapping[str, Argument]
) -> tuple[dict[str, dict[str, str]], dict[str, str]]:
    """The tracks' own variables, and the inputs that these need, with what stands for them."""
    tracks: dict[str, dict[str, str]] = {BASELINE: {}, CANARY: {}}
    inputs: dict[str, str] = {}
    stable = [one for one in known.values() if one.role is Role.STABLE and one.value is None]
    for one in sides:
        name = side_name(one)
        if one.value is not None and one.opposite is not None:
            tracks[BASELINE][name], tracks[CANARY][name] = one.opposite, one.value
            continue
        ours = one.variable if one.variable != name else f"canary{name[0].upper()}{name[1:]}"
        theirs = stable[0].variable if len(stable) == 1 else f"stable{name[0].upper()}{name[1:]}"
        inputs |= {theirs: f"{FILL_IN}_stable", ours: f"{FILL_IN}_canary"}
        tracks[BASELINE][name] = f"{{{{ {theirs} }}}}"
        tracks[CANARY][name] = f"{{{{ {ours} }}}}"
    return tracks, inputs


def _variable(argument: Argument, text: str, at: int) -> bool:
    """Whether it can be a variable: in a string, where its value means itself."""
    quote = _quote_at(text, at)
    if not quote:
        return False
    values = (argument.value, argument.opposite)
    return all(one is None or _BARE.fullmatch(one) is not None for one in values)


def _known(argument: Argument, part: Part, match: re.Match[str]) -> str:
    if argument.value is None:
        message = (
            f"{match[0]} stands outside of a string, where no variable can; give its value "
            f"with --set {argument.name}=VALUE"
        )
        raise part.refused(message, "query", offset=match.start())
    return argument.value


def _quote_at(text: str, at: int) -> str:
    """The quote of the string that the character ``at`` stands in; empty outside of strings."""
    quote, i = "", 0
    while i < at:
        char = text[i]
        if quote:
            if char == "\\" and quote != "`":
                i += 1
            elif char == quote:
                quote = ""
        elif char in _QUOTES:
            quote = char
        elif char == "#":
            i = max(i, text.find("\n", i) if "\n" in text[i:] else at)
        i += 1
    return quote


def _without_margin(starts: list[tuple[int, int]], made: str) -> tuple[tuple[int, int], ...]:
    """The same for the text without the blanks before it."""
    margin = len(made) - len(made.lstrip())
    return tuple((max(ours - margin, 0), theirs + max(margin - ours, 0)) for ours, theirs in starts)
