"""How many of the differences of two samples lie below a shift, for many pairs of samples at once.

Owned here: three ways to look that up, each the quickest for some data, all to the same numbers:
`Table` sorts all differences of each row, `TiedTable` each different one once, and `Counted` sorts
none and counts anew, which pays where a search is short. `lookup` chooses.
"""

from __future__ import annotations

import math
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from judge.stats.arms import Array
from judge.stats.difference_table import Differences
from judge.stats.root_search import TOLERANCE

Lanes = NDArray[np.intp]
Flags = NDArray[np.bool_]

TIES = 4
"""Times fewer different differences than pairs, from which on each is sorted once."""


class Lookup(Protocol):
    """Where the shifts lie among the differences."""

    def below(self, rows: Lanes, shifts: Array) -> tuple[Lanes, Flags]:
        """How many differences of each of ``rows`` (L,) lie below its shift (L,).

        The flag: is one so near that roundings decide?
        """
        ...


def lookup(experiment: Array, control: Array, hair: Array) -> Lookup:
    """For the rows of ``experiment`` (B, n) and ``control`` (B, m), which ascend.

    A difference nearer to a shift than its row's ``hair`` (B,) is told as near.
    """
    different = _most_different(experiment) * _most_different(control)
    if different * TIES <= experiment.shape[1] * control.shape[1]:
        return TiedTable(experiment, control, hair)
    widths = experiment[:, -1] - experiment[:, 0] + control[:, -1] - control[:, 0]
    if _soon_found(float(np.median(widths)), control.shape[1]):
        return Counted(experiment, control)
    return Table(experiment, control, hair)


class Ordered:
    """The rows of a matrix (B, k), each ascending, between sentinels; found by halving."""

    def __init__(self, rows: int, size: int) -> None:
        self.padded = np.empty((rows, size + 2))
        self.padded[:, 0], self.padded[:, -1] = -np.inf, np.inf
        self.inner = self.padded[:, 1:-1]
        self.flat = self.padded.reshape(-1)

    def last_below(self, begin: Lanes, sought: Array) -> Lanes:
        """The place in ``flat`` of the last that is below each sought, in the row that begins."""
        at, left = begin, self.padded.shape[1] - 1
        while left > 1:
            half = left >> 1
            at = at + half * (self.flat.take(at + half) < sought)
            left -= half
        return at


class Table:
    """The differences of all pairs of each row, in order."""

    def __init__(self, experiment: Array, control: Array, hair: Array) -> None:
        n, m = experiment.shape[1], control.shape[1]
        self._ordered, self._hair = Ordered(len(experiment), n * m), hair
        sort = Differences(n, m)
        for in_order, ours, theirs in zip(self._ordered.inner, experiment, control, strict=True):
            sort.into(in_order, ours, theirs)

    def below(self, rows: Lanes, shifts: Array) -> tuple[Lanes, Flags]:
        """See `Lookup`."""
        begin = rows * self._ordered.padded.shape[1]
        at = self._ordered.last_below(begin, shifts)
        return at - begin, _near(self._ordered.flat, at, shifts, self._hair[rows])


class TiedTable:
    """Each different difference of each row, in order, and how many lie below it."""

    def __init__(self, experiment: Array, control: Array, hair: Array) -> None:
        first, second = Different(experiment), Different(control)
        rows, pairs = len(hair), first.most * second.most
        differences = (first.values[:, :, None] - second.values[:, None, :]).reshape(rows, pairs)
        counts = (first.counts[:, :, None] * second.counts[:, None, :]).reshape(rows, pairs)
        order = differences.argsort(axis=1)
        order += np.arange(rows)[:, None] * pairs
        self._ordered, self._hair = Ordered(rows, pairs), hair
        self._ordered.inner[:] = differences.take(order)
        self._upto = np.zeros((rows, pairs + 2), dtype=np.intp)
        np.cumsum(counts.take(order), axis=1, out=self._upto[:, 1:-1])

    def below(self, rows: Lanes, shifts: Array) -> tuple[Lanes, Flags]:
        """See `Lookup`."""
        at = self._ordered.last_below(rows * self._ordered.padded.shape[1], shifts)
        near = _near(self._ordered.flat, at, shifts, self._hair[rows])
        return self._upto.take(at), near


class Counted:
    """Nothing but the control's values in order: the shifted ones are sought among them."""

    def __init__(self, experiment: Array, control: Array) -> None:
        self._experiment = experiment
        self._ordered = Ordered(*control.shape)
        self._ordered.inner[:] = control
        self._pairs = experiment.shape[1] * control.shape[1]

    def below(self, rows: Lanes, shifts: Array) -> tuple[Lanes, Flags]:
        """See `Lookup`."""
        shifted = self._experiment[rows]
        shifted -= shifts[:, None]
        begin = rows * self._ordered.padded.shape[1]
        at = self._ordered.last_below(begin[:, None], shifted)
        meeting = (self._ordered.flat.take(at + 1) == shifted).any(axis=1)
        above = at.sum(axis=1) - begin * shifted.shape[1]
        return self._pairs - above, meeting


class Different:
    """The different values of each row of a matrix (B, n) that ascends, and how often each occurs.

    ``values`` and ``counts`` are (B, most); rows with fewer end in their last value, 0 times.
    """

    def __init__(self, in_order: Array) -> None:
        rows, self.most = len(in_order), _most_different(in_order)
        place = np.zeros(in_order.shape, dtype=np.intp)
        np.cumsum(in_order[:, 1:] != in_order[:, :-1], axis=1, out=place[:, 1:])
        place += np.arange(rows)[:, None] * self.most
        self.values = np.repeat(in_order[:, -1:], self.most, axis=1)
        self.values.put(place, in_order)
        self.counts = np.bincount(place.reshape(-1), minlength=rows * self.most)
        self.counts = self.counts.reshape(rows, self.most)


def _soon_found(width: float, size: int) -> bool:
    """Whether searches in a range so wide end before sorting all differences would have paid.

    A step halves the range or better, and counting halves the control's ``size`` values at each.
    """
    steps = 2.0 * math.log2(max(1.0, width / TOLERANCE))
    return steps * math.log2(1.0 + size) <= 2.0 * size


def _most_different(in_order: Array) -> int:
    steps = in_order[:, 1:] != in_order[:, :-1]
    return int(np.count_nonzero(steps, axis=1).max(initial=0)) + 1


def _near(flat: Array, at: Lanes, shifts: Array, hair: Array) -> Flags:
    return (flat.take(at + 1) - shifts <= hair) | (shifts - flat.take(at) <= hair)
