"""What is wrong with a Go template, and where.

Owned here: the errors of this room, and the line and column of a character. Not here: the
sentences, which are written where the fault is found.
"""

from __future__ import annotations


class GoTemplateError(ValueError):
    """A template that Go refuses, or that is not known to be rendered as Go would.

    ``line`` and ``column`` count from 1, ``offset`` is the index of the culprit in the text.
    """

    def __init__(
        self, message: str, line: int, column: int, *, offset: int = 0, source: str = ""
    ) -> None:
        self.message = message
        self.line = line
        self.column = column
        self.offset = offset
        self.source = source
        place = ":".join(str(part) for part in (source, line, column) if part)
        super().__init__(f"{place}: {message}")


class SymbolError(GoTemplateError):
    """The template asks what a value is that is only known later."""


class Fault(Exception):
    """The same, before its place in the text is known; ``start`` is None where none is nearer."""

    def __init__(self, message: str, start: int | None = None, *, symbol: bool = False) -> None:
        self.message = message
        self.start = start
        self.symbol = symbol
        super().__init__(message)


def placed(fault: Fault, text: str, source: str) -> GoTemplateError:
    """``fault`` with its place in ``text``."""
    start = fault.start or 0
    before = text[:start]
    line, column = before.count("\n") + 1, start - (before.rfind("\n") + 1) + 1
    kind = SymbolError if fault.symbol else GoTemplateError
    return kind(fault.message, line, column, offset=start, source=source)
