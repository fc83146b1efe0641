"""Doubles as integers in the same order, with -0 below +0.

Owned here: the total order of IEEE 754 (2019, 5.10) for numbers and infinities, which Kayenta's
ranking uses: a minus zero ranks below a zero and is no tie with it. NaN has no place in it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from judge.stats.arms import Array

Whole = NDArray[np.int64]


def in_total_order(first: Array, second: Array) -> tuple[Array | Whole, Array | Whole]:
    """Two samples as they are, or both as integers where a minus zero is among them."""
    if has_minus_zero(first) or has_minus_zero(second):
        return total_order(first), total_order(second)
    return first, second


def has_minus_zero(values: Array) -> bool:
    """Is there a minus zero in ``values``, of any shape?"""
    return bool(np.count_nonzero(np.signbit(values) & (values == 0.0)))


def total_order(values: Array) -> Whole:
    """Integers of the shape of ``values`` in their order."""
    bits = np.ascontiguousarray(values, dtype=np.float64).view(np.int64)
    return bits ^ ((bits >> 63) & np.int64(np.iinfo(np.int64).max))
