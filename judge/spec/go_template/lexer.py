"""The text of a template cut into plain text and actions, and actions into tokens.

Owned here: delimiters, trim markers, comments, and what a token looks like. Promised: every token
knows where it stands; what Go's lexer refuses is refused. Identifiers are ASCII. Not here: what
tokens mean together (`parser`), what a literal is worth (`literals`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from judge.spec.go_template.error import Fault

OPEN = "{{"
BLANKS = " \t\r\n"
KEYWORDS = frozenset(
    ["block", "break", "continue", "define", "else", "end", "if", "range", "template", "with"]
)

_END = r"(?=[ \t\r\n.,|:()]|\}\}|\Z)"
_TOKENS = re.compile(
    rf"""
    (?P<close>[ \t\r\n]*[ \t\r\n]-\}}\}}|[ \t\r\n]*\}}\}})
  | (?P<blank>[ \t\r\n]+)
  | (?P<field>\.[A-Za-z_][A-Za-z0-9_]*){_END}
  | (?P<dot>\.){_END}
  | (?P<variable>\$[A-Za-z0-9_]*){_END}
  | (?P<number>[+-]?\.?[0-9](?:[eE][+-]|[0-9A-Za-z_.])*)
  | (?P<word>[A-Za-z_][A-Za-z0-9_]*){_END}
  | (?P<string>"(?:[^"\\\n]|\\[^\n])*")
  | (?P<raw>`[^`]*`)
  | (?P<char>'(?:[^'\\\n]|\\[^\n])+')
  | (?P<sign>:=|[=|(),])
    """,
    re.VERBOSE,
)
_COMMENT_END = re.compile(r"\*/(?P<trim>[ \t\r\n]-)?\}\}")


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of an action at [start, end); of a sign or keyword the ``kind`` is its text."""

    kind: str
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Text:
    """What is written as it is."""

    text: str


@dataclass(frozen=True, slots=True)
class Action:
    """What stands between two delimiters; ``start`` is where the first of them is."""

    tokens: tuple[Token, ...]
    start: int


def pieces(text: str) -> Iterator[Text | Action]:
    """The text and actions of a template, in order, trimmed. Raises `Fault`."""
    at, trimmed = 0, False
    while True:
        start = text.find(OPEN, at)
        plain = text[at:] if start < 0 else text[at:start]
        if trimmed:
            plain = plain.lstrip(BLANKS)
        inside = start + len(OPEN)
        trims = start >= 0 and text[inside : inside + 1] == "-" and _blank(text, inside + 1)
        plain = plain.rstrip(BLANKS) if trims else plain
        if plain:
            yield Text(plain)
        if start < 0:
            return
        inside += 2 if trims else 0
        if text.startswith("/*", inside):
            at, trimmed = _comment(text, start, inside)
            continue
        found, at, trimmed = _action(text, start, inside)
        yield found


def _blank(text: str, at: int) -> bool:
    return at < len(text) and text[at] in BLANKS


def _comment(text: str, start: int, at: int) -> tuple[int, bool]:
    """Where a comment ends, and whether the text behind it is trimmed."""
    end = text.find("*/", at + 2)
    if end < 0:
        raise Fault("this comment is never closed; end it with */}}", start)
    close = _COMMENT_END.match(text, end)
    if close is None:
        raise Fault("a comment must fill its action: write {{/* ... */}}", start)
    return close.end(), close["trim"] is not None


def _action(text: str, start: int, at: int) -> tuple[Action, int, bool]:
    """The action that opens at ``start``, where it ends, and whether it trims what follows."""
    found: list[Token] = []
    while True:
        match = _TOKENS.match(text, at)
        if match is None:
            raise _stray(text, start, at)
        kind, at = match.lastgroup or "", match.end()
        if kind == "close":
            return Action(tuple(found), start), at, match[0].endswith("-}}")
        if kind != "blank":
            shown = match[0]
            named = kind == "sign" or (kind == "word" and shown in KEYWORDS)
            found.append(Token(shown if named else kind, shown, match.start(), at))


def _stray(text: str, start: int, at: int) -> Fault:
    if at >= len(text):
        return Fault("this {{ is never closed; write }} behind the action", start)
    if text[at] in "\"'`":
        return Fault(f"this {text[at]} opens a constant that is never closed in its line", at)
    word = re.compile(r"[.$]?[A-Za-z0-9_]*").match(text, at)
    at = max(at, word.end()) if word else at
    if at >= len(text):
        return Fault("this {{ is never closed; write }} behind the action", start)
    return Fault(f"{text[at]!r} cannot stand here in an action", at)
