"""What the parts of a query are, while it is taken apart: sums of rates, and quotients of them.

Owned here: the values and the arithmetic on them. Promised: each operation gives exactly what
PromQL would, or None where what it gives is none of these. Not here: the syntax tree (`reading`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from judge.spec.promql_shapes.selectors import Selector


@dataclass(frozen=True)
class Rates:
    """``factor`` times what `rate` and its kin say of each series of a selector.

    ``zero``: a series that is always 0 is among them.
    """

    selector: Selector
    function: str
    window: str | float
    factor: float = 1.0
    zero: bool = False


@dataclass(frozen=True)
class Sum:
    """A sum of rates of one function and window: by selector, ``parts[selector]`` times each.

    ``labels`` are those that the one series of it has, with their values. ``buckets``: it is one of
    each bucket (`by (le)`). ``guarded``: it is 0 where there are no series. ``positive``: it is
    nothing where it is 0. ``floor`` is what it is where there is nothing to sum.
    """

    parts: Mapping[Selector, float]
    function: str
    window: str | float
    labels: Mapping[str, str] = field(default_factory=dict)
    buckets: bool = False
    guarded: bool = False
    positive: bool = False
    floor: float | None = None

    def times(self, factor: float) -> Sum:
        """The same, ``factor`` times as much."""
        parts = {selector: one * factor for selector, one in self.parts.items()}
        floor = None if self.floor is None else self.floor * factor
        return replace(self, parts=parts, floor=floor)

    def plus(self, other: Sum, sign: float) -> Sum | None:
        """The two together."""
        if (self.function, self.window) != (other.function, other.window):
            return None
        if self.buckets or other.buckets or self.limited or other.limited:
            return None
        parts = dict(self.parts)
        for selector, one in other.parts.items():
            parts[selector] = parts.get(selector, 0.0) + sign * one
        return replace(self, parts=parts, guarded=self.guarded and other.guarded)

    @property
    def limited(self) -> bool:
        """Whether it is something else than the sum itself where that is 0."""
        return self.positive or self.floor is not None

    def alone(self) -> tuple[Selector, float] | None:
        """Its one selector and its factor; None where it has several that are no single one."""
        parts = {selector: one for selector, one in self.parts.items() if one}
        if len(parts) == 2:
            (one, a), (other, b) = parts.items()
            whole = united(one, other)
            return (whole, a) if whole is not None and a == b else None
        return next(iter(parts.items())) if len(parts) == 1 else None


def united(one: Selector, other: Selector) -> Selector | None:
    """What selects all that either selects, where one matcher of them is the other's opposite."""
    mine, theirs = one.matchers - other.matchers, other.matchers - one.matchers
    if len(mine) != 1 or len(theirs) != 1:
        return None
    (matcher,) = mine
    if one.flipped(matcher) != other:
        return None
    kept = [each for each in one.order if each != matcher]
    return Selector.of(one.name, kept, one.places)


@dataclass(frozen=True)
class Quotient:
    """``offset + scale * events / total``, of one series with these labels.

    ``guarded``: it is ``offset`` where there are no events, though there be no series of them.
    ``idle`` is what it is, if anything, where the total is nothing.
    """

    events: Selector
    total: Selector
    scale: float
    offset: float
    function: str
    window: str | float
    labels: Mapping[str, str] = field(default_factory=dict)
    guarded: bool = False
    idle: float | None = None

    def affine(self, scale: float, offset: float) -> Quotient | None:
        """``scale`` times as much and ``offset`` more."""
        if not scale:
            return None
        idle = None if self.idle is None else self.idle * scale + offset
        return replace(
            self, scale=self.scale * scale, offset=self.offset * scale + offset, idle=idle
        )

    @property
    def ends(self) -> tuple[float, float]:
        """Its least and greatest value, where the events are among the total."""
        one, other = self.offset, self.offset + self.scale
        return min(one, other), max(one, other)


@dataclass(frozen=True)
class Tail:
    """``scale`` times the quantile ``q`` of buckets."""

    q: float
    buckets: Selector
    window: str | float
    scale: float = 1.0


Amount = float | Rates | Sum | Quotient | Tail


def quotient(above: Sum, below: Sum, labels: Mapping[str, str]) -> Quotient | None:
    """``above / below``, where it is a share of one selector's events."""
    if (above.function, above.window) != (below.function, below.window):
        return None
    if above.buckets or below.buckets or above.limited:
        return None
    total = below.alone()
    if total is None or total[1] <= 0:
        return None
    selector, factor = total
    parts = {one: each / factor for one, each in above.parts.items() if each}
    offset = parts.pop(selector, 0.0)
    if len(parts) != 1:
        return None
    ((events, scale),) = parts.items()
    if below.floor is not None and events.more(selector) is None:
        return None
    idle = None if below.floor is None else 0.0
    return Quotient(
        events, selector, scale, offset, above.function, above.window, labels, above.guarded, idle
    )
