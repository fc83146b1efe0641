"""PromQL with Judge's places in it, as a syntax tree.

Owned here: making a text that the parser reads out of one with places, and what the parser's names,
strings and durations were before. Promised: text that is no PromQL is a `PromqlError`; text that is
too large to be taken apart safely is None (the parser is recursive, and a deep text would end the
process; and it panics at times out of its reach). Not here: what a tree means (`reading`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import promql_parser
from promql_parser import Expr

from judge.spec.promql import OPENING, PromqlError, Token, check_brackets, tokens, unquote
from judge.spec.promql_shapes.grammar import culprit
from judge.spec.rendering import Place, mask, places

LONGEST = 8_000
DEEPEST = 40
MOST_OPERATORS = 200
LONGEST_SECONDS = 1e10  # 300 years; the parser panics at ranges and offsets that are far longer

# A range that stands for a place: no query looks back so far, and each place has its own.
_PLACE_SECONDS = 400_000_000
_SECONDS = re.compile(
    r"(?:[\[:]|\boffset\b)\s*[-+]?\s*((?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[-+]?[0-9]+)?|nan|inf)\b",
    re.IGNORECASE,
)
_OPERATORS = re.compile(r"[-+*/%^=<>]|\b(?:and|or|unless|atan2)\b", re.IGNORECASE)
_PLACE = re.compile(r"JPLACE(\d+)Z")
_OFFSET = re.compile(r"\boffset\s*-?\s*$", re.IGNORECASE)


@dataclass(frozen=True)
class Parsed:
    """A tree, and what its names, strings and durations stand for.

    ``strings`` are by the number that stands in the tree in their stead, and so are ``places``,
    written as ``{{ name }}``.
    """

    tree: Expr
    strings: tuple[str, ...]
    places: tuple[str, ...]

    def string(self, shown: str) -> str:
        """What a string of the tree stands for."""
        return self.strings[int(shown[1:])]

    def word(self, shown: str) -> str:
        """A name of the tree as it was written."""
        return _PLACE.sub(lambda match: self.places[int(match[1])], shown)

    def place(self, shown: str) -> str:
        """The place that a matcher's label name stands for, or ""."""
        found = _PLACE.fullmatch(shown)
        return self.places[int(found[1])] if found else ""

    def duration(self, value: timedelta) -> str | float:
        """Seconds, or the place that stands for them."""
        seconds = value.total_seconds()
        number = round(seconds) - _PLACE_SECONDS
        return self.places[number] if 0 <= number < len(self.places) else seconds


def parsed(text: str) -> Parsed | None:
    """The tree of ``text``; None where it is too large for one. Raises `PromqlError`."""
    found = places(text)
    masked = mask(text)
    check_brackets(masked)
    if _too_large(masked):
        return None
    if any(_names_label(masked, one) for one in tokens(masked)):
        return None
    known = {name: i for i, name in enumerate(dict.fromkeys(one.name for one in found))}
    plain, strings, starts = _plain(text, masked, found, known)
    try:
        tree = _tree(plain)
    except _TooLarge:
        return None
    except ValueError as error:
        if _parses(_plain(text, masked, found, known, names=False)[0]):
            return None
        message = f"no PromQL: {error}"
        raise PromqlError(message, _before(culprit(plain, str(error)), starts)) from error
    return Parsed(tree, strings, tuple(map(_canonical, known)))


def _too_large(masked: str) -> bool:
    if len(masked) > LONGEST:
        return True
    depth = deepest = 0
    bare = list(masked)
    for token in tokens(masked):
        if token.kind in ("string", "comment"):
            bare[token.start : token.end] = " " * (token.end - token.start)
        else:
            depth += -1 if token.kind in OPENING else 1
            deepest = max(deepest, depth)
    rest = "".join(bare)
    if any(not float(one) <= LONGEST_SECONDS for one in _SECONDS.findall(rest)):
        return True
    return deepest > DEEPEST or len(_OPERATORS.findall(rest)) > MOST_OPERATORS


def _canonical(name: str) -> str:
    return f"{{{{ {name} }}}}"


def _names_label(masked: str, token: Token) -> bool:
    """Whether a string stands for a label's name, as newer versions of PromQL allow."""
    return token.kind == "string" and masked[token.end :].lstrip()[:1] in ("=", "!")


def _meaning(literal: str) -> str:
    """What a string stands for, its places all written the same way."""
    meant = unquote(literal)
    for one in reversed(places(meant)):
        meant = f"{meant[: one.start]}{_canonical(one.name)}{meant[one.end :]}"
    return meant


class _TooLarge(Exception):
    """What the parser has no room for."""


def _tree(text: str) -> Expr:
    """The parser's tree. Raises its ValueError, and `_TooLarge` where it gives up instead."""
    try:
        return promql_parser.parse(text)
    except (RecursionError, OverflowError) as error:
        raise _TooLarge from error
    except BaseException as error:
        # The class is made inside the parser's library, and is no Exception.
        if type(error).__name__ == "PanicException":
            raise _TooLarge from error
        raise


def _parses(text: str) -> bool:
    try:
        _tree(text)
    except (ValueError, _TooLarge):
        return False
    return True


def _plain(
    text: str,
    masked: str,
    found: tuple[Place, ...],
    known: Mapping[str, int],
    *,
    names: bool = True,
) -> tuple[str, tuple[str, ...], list[tuple[int, int]]]:
    """What the parser is shown, the strings, and which offset of it is which of ``text``.

    A place that stands alone is shown as one of the ``names``, or else as a number.
    """
    pieces: list[str] = []
    strings: list[str] = []
    starts: list[tuple[int, int]] = []
    opened: list[str] = []
    at = 0

    def put(shown: str, start: int) -> None:
        starts.append((sum(map(len, pieces)), start))
        pieces.append(shown)

    def bare(until: int) -> None:
        nonlocal at
        for place in found:
            if at <= place.start < until:
                put(text[at : place.start], at)
                number = known[place.name]
                around = opened[-1] if opened else ""
                put(_stand_in(text, place, number, around, names=names), place.start)
                at = place.end
        put(text[at:until], at)
        at = until

    for token in tokens(masked):
        bare(token.start)
        if token.kind == "string":
            put(f'"s{len(strings)}"', token.start)
            strings.append(_meaning(text[token.start : token.end]))
            at = token.end
        elif token.kind == "comment":
            at = token.end
        elif token.kind in OPENING:
            opened.pop()
        else:
            opened.append(token.kind)
    bare(len(text))
    return "".join(pieces), tuple(strings), starts


def _stand_in(text: str, place: Place, number: int, around: str, *, names: bool) -> str:
    """What the parser can read in the stead of a place outside of strings."""
    after = text[place.end :].lstrip()[:1]
    if around == "[" or (around == "" and _OFFSET.search(text[: place.start])):
        seconds = str(_PLACE_SECONDS + number)
        return seconds if text[place.end : place.end + 1].isalpha() else f"{seconds}s"
    if around == "{" and after in ("", ",", "}") and not _joined(text, place):
        return f'JPLACE{number}Z="s0"'
    return f"JPLACE{number}Z" if names else "1"


def _joined(text: str, place: Place) -> bool:
    """Whether a place is part of a longer name."""
    return place.start > 0 and (text[place.start - 1].isalnum() or text[place.start - 1] == "_")


def _before(offset: int, starts: list[tuple[int, int]]) -> int:
    """The index in the query of an index in what the parser was shown."""
    shown, real = max((one for one in starts if one[0] <= offset), default=(0, 0))
    return real + offset - shown
