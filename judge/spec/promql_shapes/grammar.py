"""Where a text stops being PromQL, as far as the parser's sentence tells.

Owned here: `culprit`. Promised: an index in the text, the right one for names and characters that
the parser quotes, and for broken grammar that of the last token after which nothing could be read.
"""

from __future__ import annotations

import re
from bisect import bisect_left

import promql_parser

_QUOTED = re.compile(r"'([^']+)'|syntax: (\S+)")
_WORD = re.compile(r'"[^"]*"|[A-Za-z_:][A-Za-z0-9_:]*|[0-9][0-9a-zA-Z.]*|\S')
_BROKEN = ("invalid promql query", "unexpected end")
# What may follow the beginning of a query: nothing, an operand, a matcher, arguments.
_ENDS = ("", " a", " 1", ' x="y"', '"y"', "(a) (a)", "(a)", "5m]", " 5m")
_CLOSING = {"(": ")", "[": "]", "{": "}"}
_LONGEST = 2_000


def culprit(text: str, message: str) -> int:
    """The index in ``text`` of what the parser's ``message`` is about."""
    quoted = _QUOTED.search(message)
    if quoted and (at := text.find(quoted[1] or quoted[2])) >= 0:
        return at
    if len(text) > _LONGEST or not any(word in message for word in _BROKEN):
        return 0
    # What a query could begin with, it could begin with any beginning of: so halving finds the end.
    starts = [word.start() for word in _WORD.finditer(text)]
    first = bisect_left(starts, True, key=lambda start: not _viable(text[:start]))
    return starts[max(0, first - 1)] if starts else 0


def _viable(beginning: str) -> bool:
    """Whether a query could begin so."""
    opened = []
    for char in re.sub(r'"[^"]*"', "", beginning):
        if char in _CLOSING:
            opened.append(_CLOSING[char])
        elif opened and char == opened[-1]:
            opened.pop()
    closing = "".join(reversed(opened))
    return any(_parses(f"{beginning}{end}{_closed(end, closing)}") for end in _ENDS)


def _closed(end: str, closing: str) -> str:
    return closing[1:] if end.endswith("]") and closing.startswith("]") else closing


def _parses(text: str) -> bool:
    try:
        promql_parser.parse(text)
    except ValueError as error:
        return not any(word in str(error) for word in (*_BROKEN, "unexpected", "unclosed"))
    return True
