"""The PromQL of a configuration's metric as an analysis writes it: with our places.

Owned here: which variables a query has, where in it each stands, and how what we would take for a
place is written. Promised: rendered with the same values, the text is Kayenta's own query without
its comments, but that a value within a string is escaped. Not here: what our variables are called
(`variables`).
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from judge.dialects.kayenta.checks import PROMQL, may_be_promql
from judge.dialects.kayenta.config import CanaryConfig, QueryConfig
from judge.dialects.kayenta.queries import query_of
from judge.dialects.kayenta.scopes import RESOURCE_TYPE, Scope
from judge.dialects.kayenta.templates import places, unescaped
from judge.errors import Issue, SpecError
from judge.spec.promql import CLOSING, OPENING, Token, tokens

# A query is built with marks for values, out of characters that are nobody's.
_OPEN, _CLOSE = "\ue000", "\ue001"
_MARK = re.compile(f"{_OPEN}([0-9]+){_CLOSE}")
_TAKEN_FOR_A_PLACE = re.compile(r"(?<=[{$])\{")
_ALONE = re.compile(r"[{,]\s*$"), re.compile(r"\s*[},]")


class Spot(enum.Enum):
    """Where in a query a variable stands."""

    STRING = "in a string"
    MATCHERS = "between braces, by itself"
    DURATION = "between brackets"
    BARE = "outside of a string"


@dataclass(frozen=True, slots=True)
class Use:
    """One place of a variable, by Kayenta's name; ``default`` is what the template says."""

    name: str
    spot: Spot
    default: str | None


@dataclass(frozen=True, slots=True)
class Text:
    """A query with marks in place of variables; ``names[n]`` is the variable of the mark n.

    ``field`` of the configuration's query is where they are written.
    """

    field: str
    marked: str
    names: tuple[str, ...]
    uses: tuple[Use, ...]

    def written(self, place: Callable[[str], str]) -> str:
        """The query with ``place(name)`` for each variable."""
        pieces, at = [], 0
        for match in _MARK.finditer(self.marked):
            pieces += [self._literal(at, match.start()), place(self.names[int(match[1])])]
            at = match.end()
        return "".join([*pieces, self._literal(at, len(self.marked))])

    def _literal(self, start: int, end: int) -> str:
        """That stretch, its braces escaped where we would see a place; they lie in strings."""
        before = self.marked[max(0, start - 1) : start]
        return _TAKEN_FOR_A_PLACE.sub(r"\\x7b", before + self.marked[start:end])[len(before) :]


def text_of(config: CanaryConfig, query: QueryConfig) -> Text:
    """The query for a scope that is not known yet. Raises `SpecError` where it is not one.

    Its paths begin in the query, as ``customInlineTemplate``.
    """
    template, field = template_of(config, query), _field(query)
    if any(mark in template for mark in (_OPEN, _CLOSE)):
        raise SpecError([Issue(field, "holds a character for private use; remove it")])
    whole = unescaped(template).startswith(PROMQL)
    if template and not whole and may_be_promql(template):
        raise SpecError(
            [Issue(field, "only a request's variables say whether it is a whole query")]
        )
    found = {place.name: place.default for place in places(template)}
    names = tuple(dict.fromkeys([*found, "scope", "location"]))
    marks = {name: f"{_OPEN}{i}{_CLOSE}" for i, name in enumerate(names)}
    scope = Scope(marks["scope"], marks["location"], _params(marks, query))
    marked = _without_comments(query_of(config, query, scope))
    return Text(field, marked, names, tuple(_uses(marked, names, found)))


def template_of(config: CanaryConfig, query: QueryConfig) -> str:
    """The text of the query's template; "" where it has none."""
    return query.custom_inline_template or config.templates.get(query.custom_filter_template, "")


def _field(query: QueryConfig) -> str:
    if query.custom_inline_template:
        return "customInlineTemplate"
    return "customFilterTemplate" if query.custom_filter_template else "resourceType"


def _params(marks: dict[str, str], query: QueryConfig) -> dict[str, str]:
    """What the scope sets beside itself; a type of resource that the query names is no variable."""
    known = {"scope", "location", *((RESOURCE_TYPE,) if query.resource_type else ())}
    return {name: mark for name, mark in marks.items() if name not in known}


def _without_comments(query: str) -> str:
    """The query without what Prometheus does not read; no place could be filled there."""
    kept, at = [], 0
    for piece in tokens(query):
        if piece.kind == "comment":
            kept.append(query[at : piece.start])
            at = piece.end
    return "".join([*kept, query[at:]])


def _uses(marked: str, names: tuple[str, ...], defaults: dict[str, str | None]) -> Iterator[Use]:
    pieces = list(tokens(marked))
    _check_literals(marked, pieces)
    for match in _MARK.finditer(marked):
        name = names[int(match[1])]
        yield Use(name, _spot(marked, pieces, match), defaults.get(name))


def _check_literals(marked: str, pieces: list[Token]) -> None:
    """What looks like a place of ours can be escaped in a string in quotes, and nowhere else."""
    for match in _TAKEN_FOR_A_PLACE.finditer(marked):
        at = match.start()
        inside = (one for one in pieces if one.kind == "string" and one.start < at < one.end)
        if all(marked[one.start] == "`" for one in inside):
            shown = marked[at - 1 : at + 1]
            message = f"{shown} would be taken for a variable; put it in a string in quotes"
            raise SpecError([Issue("", message)])


def _spot(marked: str, pieces: list[Token], mark: re.Match[str]) -> Spot:
    opened: list[str] = []
    for piece in pieces:
        if piece.start > mark.start():
            break
        if piece.kind == "string" and mark.start() < piece.end:
            return Spot.STRING
        if piece.kind in CLOSING:
            opened.append(piece.kind)
        elif piece.kind in OPENING and opened:
            opened.pop()
    around = opened[-1] if opened else ""
    if around == "[":
        return Spot.DURATION
    before, behind = _ALONE
    alone = before.search(marked[: mark.start()]) and behind.match(marked[mark.end() :])
    return Spot.MATCHERS if around == "{" and alone else Spot.BARE
