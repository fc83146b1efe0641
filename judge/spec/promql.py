"""As much of PromQL's grammar as it takes to find a slip before Prometheus does.

Owned here: strings, comments and brackets with the position of whatever is wrong, label matchers,
plain vector selectors. Promised: nothing that Prometheus accepts in these parts is refused, except
label names in quotes. Not here: functions, operators and types; Prometheus checks those.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

OPENING = {")": "(", "]": "[", "}": "{"}
CLOSING = {opening: closing for closing, opening in OPENING.items()}
QUOTES = "\"'`"

_ESCAPE = re.compile(
    r"""\\(?:[abfnrtv\\'"]|x[0-9a-fA-F]{2}|[0-7]{3}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8})"""
)
_SIMPLE_ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_METRIC_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_LABEL_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_OPERATOR = re.compile(r"=~|!~|!=|=")
_BLANK = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")


class PromqlError(ValueError):
    """Text that is no PromQL; ``offset`` is the index of the culprit in it."""

    def __init__(self, message: str, offset: int) -> None:
        self.offset = offset
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Token:
    """A string or comment (``kind``), or a bracket (``kind`` is the bracket), at [start, end)."""

    kind: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Matcher:
    """One label matcher; ``value`` is what its string stands for."""

    name: str
    operator: str
    value: str


def tokens(text: str) -> Iterator[Token]:
    """The strings, comments and brackets of ``text``, in order. Raises `PromqlError`."""
    at = 0
    while at < len(text):
        char = text[at]
        if char in QUOTES:
            end = string_end(text, at)
            yield Token("string", at, end)
        elif char == "#":
            newline = text.find("\n", at)
            end = len(text) if newline < 0 else newline
            yield Token("comment", at, end)
        else:
            end = at + 1
            if char in "()[]{}":
                yield Token(char, at, end)
        at = end


def string_end(text: str, start: int) -> int:
    """The index behind the string that opens at ``start``. Raises `PromqlError`."""
    quote, at = text[start], start + 1
    while at < len(text) and text[at] != quote:
        if quote != "`" and text[at] == "\n":
            break
        if quote != "`" and text[at] == "\\":
            at = _escape_end(text, at, quote)
        else:
            at += 1
    if at >= len(text) or text[at] != quote:
        raise PromqlError(f"this {quote} opens a string that is never closed", start)
    return at + 1


def _escape_end(text: str, at: int, quote: str) -> int:
    escape = _ESCAPE.match(text, at)
    if escape is None or (escape[0][1] in QUOTES and escape[0][1] != quote):
        shown = text[at : at + 2]
        raise PromqlError(
            f"{shown} is no escape in a PromQL string; write \\{shown} for a regular expression's "
            f"{shown}, or put the string in backticks",
            at,
        )
    return escape.end()


def check_brackets(text: str) -> None:
    """Every bracket, string and comment of ``text`` is closed. Raises `PromqlError`."""
    opened: list[Token] = []
    for token in tokens(text):
        if token.kind in CLOSING:
            opened.append(token)
        elif token.kind in OPENING:
            if not opened:
                raise PromqlError(f"this {token.kind} closes nothing; remove it", token.start)
            last = opened.pop()
            if OPENING[token.kind] != last.kind:
                raise PromqlError(
                    f"this {token.kind} cannot close the {last.kind} at character "
                    f"{last.start + 1}; write {CLOSING[last.kind]} first",
                    token.start,
                )
    if opened:
        last = opened[-1]
        raise PromqlError(
            f"this {last.kind} is never closed; add its {CLOSING[last.kind]}", last.start
        )


def unquote(literal: str) -> str:
    """What a PromQL string, with its quotes, stands for. Raises `PromqlError`."""
    if not literal or literal[0] not in QUOTES or string_end(literal, 0) != len(literal):
        raise PromqlError("a string in quotes is needed here", 0)
    inner = literal[1:-1]
    return inner if literal[0] == "`" else _ESCAPE.sub(_unescaped, inner)


def _unescaped(match: re.Match[str]) -> str:
    code = match[0][1:]
    if code[0] in "xuU":
        return chr(int(code[1:], 16))
    if code[0] in "01234567":
        return chr(int(code, 8))
    return _SIMPLE_ESCAPES.get(code, code)


def parse_matchers(text: str) -> tuple[Matcher, ...]:
    """The matchers of ``name="value",other=~"..."``; a comma at the end is allowed.

    Raises `PromqlError` where it is empty or anything else.
    """
    comment = next((token for token in tokens(text) if token.kind == "comment"), None)
    if comment:
        raise PromqlError("a list of matchers cannot hold a comment; remove it", comment.start)
    matchers, end = _matchers(text, 0)
    if end < len(text):
        raise PromqlError(
            'expected a comma between two matchers; write name="value",other="value"', end
        )
    if not matchers:
        raise PromqlError('a list of label matchers is needed, such as app="checkout"', 0)
    return matchers


def parse_vector_selector(text: str) -> tuple[str, tuple[Matcher, ...]]:
    """The metric name ("" where none is written) and matchers of a plain vector selector.

    Raises `PromqlError` for everything more: functions, ranges, offsets, operators.
    """
    at = _skip(text, 0)
    name = _METRIC_NAME.match(text, at)
    at = _skip(text, name.end() if name else at)
    matchers: tuple[Matcher, ...] = ()
    if text[at : at + 1] == "{":
        matchers, at = _matchers(text, at + 1)
        if text[at : at + 1] != "}":
            raise PromqlError("expected , or } behind a label matcher", at)
        at = _skip(text, at + 1)
    if at < len(text):
        raise PromqlError("only a metric name and its {matchers} can stand here", at)
    if not name and not matchers:
        raise PromqlError("a metric name or {matchers} is needed here", 0)
    return (name[0] if name else ""), matchers


def _matchers(text: str, at: int) -> tuple[tuple[Matcher, ...], int]:
    """Matchers from ``at`` on, and where they end."""
    found = []
    at = _skip(text, at)
    while at < len(text) and text[at] != "}":
        matcher, at = _matcher(text, at)
        found.append(matcher)
        at = _skip(text, at)
        if text[at : at + 1] != ",":
            break
        at = _skip(text, at + 1)
    return tuple(found), at


def _matcher(text: str, at: int) -> tuple[Matcher, int]:
    name = _LABEL_NAME.match(text, at)
    if name is None:
        raise PromqlError('expected a label name; write name="value"', at)
    at = _skip(text, name.end())
    operator = _OPERATOR.match(text, at)
    if operator is None:
        raise PromqlError(f"expected =, !=, =~ or !~ behind the label {name[0]}", at)
    at = _skip(text, operator.end())
    if text[at : at + 1] not in tuple(QUOTES):
        raise PromqlError(f'the value of {name[0]} needs quotes: {name[0]}{operator[0]}"..."', at)
    end = string_end(text, at)
    return Matcher(name[0], operator[0], unquote(text[at:end])), end


def _skip(text: str, at: int) -> int:
    blank = _BLANK.match(text, at)
    return blank.end() if blank else at
