"""Plain vector selectors taken apart, so that they can be narrowed to pods and read raw.

Owned here: writing selectors and PromQL strings. Taking apart is `judge.spec.promql`'s. A query
that is more than a selector has no raw samples: it is `None` here, and its doubts stay doubts.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from judge.spec.promql import Matcher, PromqlError, parse_vector_selector, tokens

NAME_LABEL = "__name__"
BOUND_LABEL = "le"  # of a classic histogram's bucket
# What RE2 treats specially; Python's own escape() also escapes what RE2 then refuses.
_NAME_BEFORE = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*[ \t\r\n]*$")
_SPECIAL = re.compile(r"[\\.+*?()|\[\]{}^$]")


@dataclass(frozen=True, slots=True)
class Selector:
    """A metric name ("" where matchers alone select) and its matchers."""

    name: str
    matchers: tuple[Matcher, ...]

    @property
    def one_name(self) -> bool:
        """Whether every series that it selects has the same metric name."""
        return bool(self.name) or any(
            one.name == NAME_LABEL and one.operator == "=" for one in self.matchers
        )

    def among(self, label: str, values: Iterable[str]) -> Selector:
        """This selector, narrowed to series whose ``label`` is one of ``values``."""
        pattern = "|".join(_SPECIAL.sub(r"\\\g<0>", value) for value in sorted(values))
        return Selector(self.name, (*self.matchers, Matcher(label, "=~", pattern)))

    def where(self, label: str, value: str) -> Selector:
        """This selector, narrowed to series whose ``label`` is ``value`` ("": without it)."""
        return Selector(self.name, (*self.matchers, Matcher(label, "=", value)))

    def exactly(self, labels: Mapping[str, str]) -> Selector:
        """This selector, narrowed to the one series with ``labels``."""
        more = tuple(Matcher(name, "=", value) for name, value in sorted(labels.items()))
        return Selector(self.name, (*self.matchers, *more))

    def __str__(self) -> str:
        inside = ",".join(f"{one.name}{one.operator}{quoted(one.value)}" for one in self.matchers)
        return f"{self.name}{{{inside}}}"


def selector(expr: str) -> Selector | None:
    """``expr`` taken apart; None where it is more than a plain vector selector."""
    try:
        return Selector(*parse_vector_selector(expr))
    except PromqlError:
        return None


def selectors_in(expr: str) -> list[Selector]:
    """The vector selectors with matchers that stand anywhere in ``expr``, each once."""
    found: list[Selector] = []
    opened = 0
    try:
        pieces = list(tokens(expr))
    except PromqlError:
        return []
    for piece in pieces:
        if piece.kind == "{":
            opened = piece.start
        elif piece.kind == "}":
            name = _NAME_BEFORE.search(expr, 0, opened)
            one = selector(expr[name.start() if name else opened : piece.end])
            found += [one] if one is not None else []
    return list(dict.fromkeys(found))


def quoted(text: str) -> str:
    """``text`` as a PromQL string."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def upper_bound(text: str | None) -> float:
    """The bound that a bucket's label `BOUND_LABEL` tells; NaN where it tells none."""
    try:
        bound = math.nan if text is None else float(text)
    except ValueError:
        return math.nan
    return bound if bound > -math.inf else math.nan
