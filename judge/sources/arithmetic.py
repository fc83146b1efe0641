"""What monotone counters of two kinds can do: plain ones, and whole histograms.

Pure. `raw_series` follows either through its raw samples by these few operations.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Protocol, TypeVar

from judge.sources.cumulative import (
    NOT_FINITE,
    NOTHING,
    Cumulative,
    difference,
    grown,
    together,
)

T = TypeVar("T")


class Arithmetic(Protocol[T]):
    """The operations on counters of a kind, and on what they grew by."""

    @property
    def nothing(self) -> T:
        """No growth, and where a counter begins."""

    @property
    def not_finite(self) -> T:
        """What a counter grew by that was once no number."""

    def finite(self, value: T) -> bool:
        """Whether all of it is numbers."""

    def fell(self, before: T, after: T) -> bool:
        """Whether a counter that stood at ``before`` cannot have gone on to ``after``."""

    def ahead(self, value: T, top: T) -> bool:
        """Whether a counter is further at ``value`` than at ``top``."""

    def minus(self, after: T, before: T) -> T:
        """What it grew by from ``before`` to ``after``."""

    def plus(self, growths: Sequence[T]) -> T:
        """All of ``growths`` (at least one) together."""


class Numbers:
    """Plain counters. See `Arithmetic`."""

    nothing = 0.0
    not_finite = math.nan

    def finite(self, value: float) -> bool:
        """Whether it is a number."""
        return math.isfinite(value)

    def fell(self, before: float, after: float) -> bool:
        """Whether it is lower."""
        return after < before

    def ahead(self, value: float, top: float) -> bool:
        """Whether it is higher."""
        return value > top

    def minus(self, after: float, before: float) -> float:
        """The difference."""
        return after - before

    def plus(self, growths: Sequence[float]) -> float:
        """The sum."""
        return sum(growths)


class Histograms:
    """Histograms, which are reset as a whole. See `Arithmetic`."""

    nothing = NOTHING
    not_finite = NOT_FINITE

    def finite(self, value: Cumulative) -> bool:
        """Whether all counts are numbers."""
        return value.finite

    def fell(self, before: Cumulative, after: Cumulative) -> bool:
        """Whether any count fell."""
        return grown(before, after) is None

    def ahead(self, value: Cumulative, top: Cumulative) -> bool:
        """Whether it holds more."""
        return value.total > top.total

    def minus(self, after: Cumulative, before: Cumulative) -> Cumulative:
        """The difference wherever both tell."""
        return difference(before, after)

    def plus(self, growths: Sequence[Cumulative]) -> Cumulative:
        """The sum wherever all tell."""
        return together(growths)


NUMBERS = Numbers()
HISTOGRAMS = Histograms()
