"""A plain selector, taken apart so that it can be compared, flipped and written again.

Owned here: `Selector`. Promised: two selectors are equal where they say the same, in whatever
order and quotes, and what is written selects what was read. Places such as ``{{ target }}`` stay
where they were. Not here: reading PromQL (`parsing`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from judge.spec.promql import Matcher

OPPOSITE = {"=": "!=", "!=": "=", "=~": "!~", "!~": "=~"}
NAME = "__name__"

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Selector:
    """A metric's name ("" where only matchers say it), its matchers and its bare places.

    ``places`` are places such as ``{{ selector }}`` that stand for matchers.
    """

    name: str
    matchers: frozenset[Matcher]
    places: frozenset[str] = frozenset()
    order: tuple[Matcher, ...] = ()

    @classmethod
    def of(cls, name: str, matchers: Iterable[Matcher], places: Iterable[str] = ()) -> Selector:
        """One whose matchers are written in this order."""
        order = tuple(dict.fromkeys(matchers))
        return cls(name, frozenset(order), frozenset(places), order)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Selector) and self.said == other.said

    def __hash__(self) -> int:
        return hash(self.said)

    @property
    def said(self) -> tuple[str, frozenset[Matcher], frozenset[str]]:
        """All that it says."""
        return self.name, self.matchers, self.places

    @property
    def text(self) -> str:
        """PromQL of it."""
        inside = [*sorted(self.places), *(_matcher(one) for one in self.order)]
        if not inside:
            return self.name
        # A place at the edge needs air: {{{ would open it too early.
        return (
            f"{self.name}{{{', '.join(inside)}}}"
            if not self.places
            else (f"{self.name}{{ {', '.join(inside)} }}")
        )

    def pinned(self, label: str) -> str | None:
        """The one value that ``label`` has in every series; None where it may have several."""
        found = [one.value for one in self.matchers if one.name == label and one.operator == "="]
        return found[0] if found else None

    def more(self, other: Selector) -> frozenset[Matcher] | None:
        """The matchers that this has beside those of ``other``; None where it lacks one of them."""
        if (self.name, self.places) != (other.name, other.places):
            return None
        return self.matchers - other.matchers if self.matchers >= other.matchers else None

    def named(self, name: str) -> Selector:
        """The same of another metric."""
        return Selector.of(name, self.order, self.places)

    def without(self, label: str) -> Selector:
        """The same without the matchers of ``label``."""
        kept = [one for one in self.order if one.name != label]
        return Selector.of(self.name, kept, self.places)

    def flipped(self, matcher: Matcher) -> Selector:
        """The same, but for one matcher, which says the opposite."""
        turned = Matcher(matcher.name, OPPOSITE[matcher.operator], matcher.value)
        kept = [turned if one == matcher else one for one in self.order]
        return Selector.of(self.name, kept, self.places)


def _matcher(one: Matcher) -> str:
    value = one.value.replace("\\", "\\\\").replace('"', '\\"')
    value = _CONTROL.sub(lambda match: f"\\x{ord(match[0]):02x}", value)
    return f'{one.name}{one.operator}"{value}"'
