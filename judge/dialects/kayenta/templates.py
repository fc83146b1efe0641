"""Fill the ``${name}`` of Kayenta's templates.

Owned here: the grammar of its places. ``${name}`` and ``$\\{name}`` are a place, ``${name:-text}``
one with a default, ``$${name}`` the text ``${name}``; a value is searched for places too. Promised:
a place without a value, or one that leads back to itself, is an error that names it. Not here:
where values come from (`scopes`), which template is meant (`queries`). Source: Kayenta a69573be and
the substitution rules of commons-text 1.11, which it uses.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from judge.spec.rendering import unknown

_DEFAULT = ":-"
_PLACE = re.compile(r"(?P<escape>\$?)\$\{(?P<inside>[^}]*)\}", re.DOTALL)


class TemplateError(ValueError):
    """A template that cannot be filled; ``name`` is the variable that it is about."""

    def __init__(self, message: str, name: str) -> None:
        self.name = name
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Place:
    """A place as it is written, ``text``, for ``name``; ``default`` is None where it has none."""

    text: str
    name: str
    default: str | None = None


def unescaped(template: str) -> str:
    """The template with its places in their usual form."""
    return template.replace("$\\{", "${")


def pieces(text: str) -> Iterator[str | Place]:
    """What an unescaped template, or a value, is made of, in order: texts and places."""
    at = 0
    for match in _PLACE.finditer(text):
        yield text[at : match.start()]
        yield match[0][1:] if match["escape"] else _place(match[0], match["inside"])
        at = match.end()
    yield text[at:]


def places(template: str) -> tuple[Place, ...]:
    """The places of ``template``, in order."""
    return tuple(piece for piece in pieces(unescaped(template)) if isinstance(piece, Place))


def expand(template: str, values: Mapping[str, str]) -> str:
    """``template`` with its places filled. Raises `TemplateError`."""
    return _expanded(unescaped(template), values, ())


def _place(text: str, inside: str) -> Place:
    """A place with what stands between its braces; a ``${`` in there ends the search for a default.

    A name that holds ``${`` is nobody's, so it is then told as one without a value.
    """
    end = inside.find("${")
    at = inside.find(_DEFAULT, 0, len(inside) if end < 0 else end + len(_DEFAULT) - 1)
    if at < 0:
        return Place(text, inside)
    return Place(text, inside[:at], inside[at + len(_DEFAULT) :])


def _expanded(text: str, values: Mapping[str, str], within: tuple[str, ...]) -> str:
    return "".join(
        _filled(piece, values, within) if isinstance(piece, Place) else piece
        for piece in pieces(text)
    )


def _filled(place: Place, values: Mapping[str, str], within: tuple[str, ...]) -> str:
    if place.name in within:
        circle = " -> ".join([*within[within.index(place.name) :], place.name])
        message = f"the variable {place.name} leads back to itself ({circle}); end the circle"
        raise TemplateError(message, place.name)
    value = values.get(place.name, place.default)
    if value is None:
        raise TemplateError(
            f"the variable {place.name} has no value; set it under extendedScopeParams of the "
            f"scope ({unknown(place.name, values)})",
            place.name,
        )
    return _expanded(value, values, (*within, place.name))
