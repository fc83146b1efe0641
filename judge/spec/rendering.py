"""Fill the places in a query or a selector: ``{{ name }}``, ``{{ name.name }}`` and ``${name}``.

Owned here: finding the places and putting values there. Promised: a value never changes the shape
of the query around it. In a PromQL string it is escaped for that string; anywhere else only a
name, a number or a duration can stand, and for the variable `SELECTOR`, inside braces, label
matchers. Rendering goes over the text once: a value is never searched for further places.
Not here: loops, conditions, filters; there are none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from judge.spec.promql import CLOSING, OPENING, PromqlError, parse_matchers, tokens

SELECTOR = "selector"

_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
_PLACE = re.compile(
    rf"\{{\{{[ \t]*({_NAME}(?:\.{_NAME})*)[ \t]*\}}\}}|\$\{{({_NAME})\}}",
)
_BARE = re.compile(
    r"[a-zA-Z_:][a-zA-Z0-9_:]*"
    r"|[-+]?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?"
    r"|(?=[0-9])(?:[0-9]+y)?(?:[0-9]+w)?(?:[0-9]+d)?(?:[0-9]+h)?(?:[0-9]+m)?(?:[0-9]+s)?(?:[0-9]+ms)?"
)
_STRAY = re.compile(r"\{\{|\$\{")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class RenderingError(ValueError):
    """A text that cannot be rendered; ``offset`` is the index of the culprit in it.

    ``name`` is the variable that it is about, "" where it is about the text itself.
    """

    def __init__(self, message: str, offset: int, name: str = "") -> None:
        self.offset = offset
        self.name = name
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a variable stands: the text's [start, end)."""

    name: str
    start: int
    end: int


def places(text: str) -> tuple[Place, ...]:
    """The places of ``text`` in order. Raises `RenderingError` for any other ``{{`` or ``${``."""
    found = tuple(Place(m[1] or m[2], m.start(), m.end()) for m in _PLACE.finditer(text))
    stray = _STRAY.search(mask(text))
    if stray:
        raise RenderingError(
            f"{stray[0]} opens no variable; write {{{{ name }}}} or ${{name}}, "
            "and a repetition in a regular expression as {2}",
            stray.start(),
        )
    return found


def names(text: str) -> frozenset[str]:
    """The variables that ``text`` needs."""
    return frozenset(place.name for place in places(text))


def mask(text: str) -> str:
    """``text`` with every place overwritten by letters, each character where it was."""
    return _PLACE.sub(lambda match: "x" * len(match[0]), text)


def render(text: str, variables: Mapping[str, str]) -> str:
    """PromQL ``text`` with its places filled. Raises `RenderingError` and `PromqlError`."""
    found = places(text)
    surroundings = _surroundings(text, found)
    return _filled(
        text,
        found,
        [
            _value(place, _look_up(place, variables), around)
            for place, around in zip(found, surroundings, strict=True)
        ],
    )


def render_plain(text: str, variables: Mapping[str, str]) -> str:
    """``text`` that is no PromQL (a variable's own value), filled as it is."""
    found = places(text)
    return _filled(text, found, [_look_up(place, variables) for place in found])


def unknown(name: str, known: Iterable[str]) -> str:
    """What to say of a name that is not among the ``known`` ones."""
    ordered = sorted(known)
    close = get_close_matches(name, ordered, n=1)
    hint = f"; did you mean {close[0]}?" if close else ""
    return f"known: {', '.join(ordered) or 'none'}{hint}"


def _filled(text: str, found: Iterable[Place], values: Iterable[str]) -> str:
    parts, at = [], 0
    for place, value in zip(found, values, strict=True):
        parts += [text[at : place.start], value]
        at = place.end
    return "".join([*parts, text[at:]])


def _look_up(place: Place, variables: Mapping[str, str]) -> str:
    if place.name not in variables:
        raise RenderingError(
            f"the variable {place.name} has no value; set it under variables "
            f"({unknown(place.name, variables)})",
            place.start,
            place.name,
        )
    return variables[place.name]


def _surroundings(text: str, found: Iterable[Place]) -> list[str]:
    """For each place the quote of the string or the bracket that it stands in, or ""."""
    masked = mask(text)
    pieces = list(tokens(masked))
    result = []
    for place in found:
        opened: list[str] = []
        for piece in pieces:
            if piece.start > place.start:
                break
            if piece.kind == "string" and place.start < piece.end:
                opened.append(masked[piece.start])
            elif piece.kind == "comment" and place.start < piece.end:
                opened.append("#")
            elif piece.kind in CLOSING:
                opened.append(piece.kind)
            elif piece.kind in OPENING and opened:
                opened.pop()
        result.append(opened[-1] if opened else "")
    return result


def _value(place: Place, value: str, around: str) -> str:
    """``value`` as it must be written at ``place``."""
    if around in ("'", '"', "`"):
        return _in_string(place, value, around)
    if place.name == SELECTOR:
        return _matchers(place, value, around)
    if not _BARE.fullmatch(value):
        raise RenderingError(
            f"the variable {place.name} stands outside of a string, where {value!r} would change "
            "the query; give it a name, a number or a duration, or put the place in quotes",
            place.start,
            place.name,
        )
    return value


def _in_string(place: Place, value: str, quote: str) -> str:
    if any("\ud800" <= char <= "\udfff" for char in value):
        raise RenderingError(
            f"the variable {place.name} holds half of a character (a lone surrogate); "
            "write the whole character",
            place.start,
            place.name,
        )
    if quote != "`":
        escaped = value.replace("\\", "\\\\").replace(quote, f"\\{quote}")
        return _CONTROL.sub(lambda match: f"\\x{ord(match[0]):02x}", escaped)
    if "`" in value:
        raise RenderingError(
            f"the variable {place.name} holds a backtick, which a string in backticks cannot "
            "hold; put the string in double quotes",
            place.start,
            place.name,
        )
    return value


def _matchers(place: Place, value: str, around: str) -> str:
    if around != "{":
        raise RenderingError(
            "{{ selector }} is a list of label matchers; write it between braces, "
            "as in metric{ {{ selector }} }",
            place.start,
            place.name,
        )
    try:
        parse_matchers(value)
    except PromqlError as error:
        raise RenderingError(
            f"the track's selector {value!r} is no list of label matchers: {error}",
            place.start,
            place.name,
        ) from error
    return value.strip().removesuffix(",")
