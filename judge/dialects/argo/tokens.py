"""The words of a condition (`successCondition`, `failureCondition`).

Owned here: cutting the text of a condition into tokens, each with its offset. Promised: text that
the language of conditions does not have, or that this reader does not know, is refused with its
offset. Not here: what the tokens mean together (`expressions`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

LONGEST = 2_000  # characters


class ConditionError(ValueError):
    """A condition that cannot be read; ``offset`` is the index of the culprit in its text."""

    def __init__(self, message: str, offset: int) -> None:
        self.offset = offset
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Token:
    """A word: ``kind`` is `number`, `name`, `operator` or `end`."""

    kind: str
    text: str
    offset: int


_TOKEN = re.compile(
    r"(?P<number>(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?(?![\w.]))"
    r"|(?P<name>[A-Za-z_]\w*)"
    r"|(?P<operator>\|\||&&|==|!=|<=|>=|[-+*/<>!()\[\]{},#])"
    r"|(?P<blank>\s+)",
    re.ASCII,
)


def tokens(text: str) -> list[Token]:
    """The words of ``text``, and one `end` behind them. Raises `ConditionError`."""
    if len(text) > LONGEST:
        raise ConditionError(f"longer than {LONGEST} characters; make it shorter", LONGEST)
    found: list[Token] = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            raise ConditionError(f"{text[at : at + 20]!r} cannot be carried over", at)
        if match.lastgroup != "blank":
            found.append(Token(match.lastgroup, match.group(), at))
        at = match.end()
    return [*found, Token("end", "the end", len(text))]
