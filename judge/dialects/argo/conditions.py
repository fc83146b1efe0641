"""The two conditions of a metric together: what a measurement comes to, and the good values.

Owned here: which condition wins (failure), what a condition that is not there means, and from where
to where a value may lie without failing. Not here: what a condition says (`expressions`).
"""

from __future__ import annotations

import enum
import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from judge.dialects.argo.expressions import Result, Truth, Undefined


class Phase(enum.StrEnum):
    """What Argo Rollouts makes of one measurement."""

    SUCCESSFUL = "Successful"
    FAILED = "Failed"
    INCONCLUSIVE = "Inconclusive"
    ERROR = "Error"


@dataclass(frozen=True, slots=True)
class Range:
    """From where to where a value may lie; None: no bound there.

    ``strict``: a bound that fails itself, where ours lets it pass.
    """

    min: float | None
    max: float | None
    strict: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Conditions:
    """A metric's conditions; at least one of them is there."""

    success: Truth | None
    failure: Truth | None

    @property
    def whole(self) -> bool:
        """Whether one of them takes the result for a number: of a vector that is an error."""
        return any(one.whole for one in self._written)

    @property
    def listed(self) -> bool:
        """Whether one of them takes the result for a list: of a scalar that is an error."""
        return any(one.listed for one in self._written)

    @property
    def _written(self) -> list[Truth]:
        return [one for one in (self.success, self.failure) if one is not None]

    def phase(self, result: Result) -> Phase:
        """What a measurement with that result comes to."""
        # Types are looked at before values: `result < 1 || true` is an error of a vector.
        if self.listed if isinstance(result, float | int) else self.whole:
            return Phase.ERROR
        try:
            good = self.success and self.success.said(result, None)
            bad = self.failure and self.failure.said(result, None)
        except Undefined:
            return Phase.ERROR
        good = not bad if good is None else good
        bad = not good if bad is None else bad
        if bad:
            return Phase.FAILED
        return Phase.SUCCESSFUL if good else Phase.INCONCLUSIVE

    def of_value(self, value: float) -> Phase:
        """The same of one value, in the form in which the conditions take it."""
        return self.phase(value if self.whole else [value])

    def range(self) -> Range | None:
        """From where to where a value does not fail.

        None where there is no such range: nothing fails, everything does, or the good values lie
        in several pieces.
        """
        return self._piece(lambda phase: phase is not Phase.FAILED)

    def of_series(self) -> str:
        """What of several series the range is about: `max`, `min`, `each`, or "" for the first.

        `max`: the largest must be good, as where each has to be and there is an upper bound alone.
        """
        good = self.range()
        if good is None or self.whole:
            return ""
        within, beyond = _apart(good)
        fails = {self.phase(both) is Phase.FAILED for both in ([within, beyond], [beyond, within])}
        if len(fails) > 1:
            return ""
        if good.min is not None and good.max is not None:
            return "each"
        return "max" if fails == {good.max is not None} else "min"

    def undecided(self) -> bool:
        """Whether there are values that neither condition takes."""
        cells = [self.of_value(one) for one in _samples(self._turns())]
        return Phase.INCONCLUSIVE in cells

    def _turns(self) -> list[float]:
        return sorted({turn for one in self._written for turn in one.turns if math.isfinite(turn)})

    def _piece(self, wanted: Callable[[Phase], bool]) -> Range | None:
        turns = self._turns()
        fits = [wanted(self.of_value(one)) for one in _samples(turns)]
        pieces = [fit for fit, _ in itertools.groupby(fits)]
        if pieces.count(True) != 1 or False not in pieces:
            return None
        first = fits.index(True)
        last = len(fits) - 1 - fits[::-1].index(True)
        lower, upper = _lower(turns, first), _upper(turns, last)
        strict = [lower] if first % 2 == 0 else []
        strict += [upper] if last % 2 == 0 else []
        return Range(lower, upper, tuple(one for one in strict if one is not None))


def _apart(good: Range) -> tuple[float, float]:
    """A value within the range and one beyond it."""
    if good.min is None:
        most = good.max or 0.0
        return most - 1.0, most + 1.0
    within = good.min + 1.0 if good.max is None else (good.min + good.max) / 2
    return within, good.min - 1.0


def _samples(turns: Sequence[float]) -> list[float]:
    """A value before the first turn, each turn, one between each two, one after the last."""
    if not turns:
        return [0.0]
    width = max(1.0, *map(abs, turns))
    between = [(low + high) / 2 for low, high in itertools.pairwise(turns)]
    gaps = [turns[0] - width, *between, turns[-1] + width]
    return [*itertools.chain(*zip(gaps, turns, strict=False)), gaps[-1]]


def _lower(turns: Sequence[float], cell: int) -> float | None:
    """Where a cell begins: odd ones are turns, even ones what lies between."""
    at = cell // 2 if cell % 2 else cell // 2 - 1
    return turns[at] if at >= 0 else None


def _upper(turns: Sequence[float], cell: int) -> float | None:
    at = cell // 2
    return turns[at] if at < len(turns) else None
