"""Brent's search for a root, to an absolute tolerance, one at a time.

Owned here: the order of the arithmetic. The functions searched are steps, on which the search ends
at a definite iterate near a step and not at a root, so another order of the same operations ends
elsewhere. `lockstep` does the same for many functions at once.

Source: Brent, Algorithms for Minimization without Derivatives (1973), chapter 4, as R's zeroin
has it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from judge.stats.arms import Array

Values = Callable[[NDArray[np.intp], Array], Array]

TOLERANCE = 1e-4
"""How far from a change of sign a search may end, in the unit of the argument."""
ITERATIONS = 1001
EPSILON = 2.0**-52
ZERO = 5e-324  # the least double: what is nearer to 0 is 0
_EXCHANGED = [1, 2, 1, 4, 5, 4]  # of the rows before, here, across, and their values


def root(
    value: Callable[[float], float], low: float, high: float, at_low: float, at_high: float
) -> float:
    """Where ``value`` changes its sign between ``low`` and ``high``, whose values are given.

    Ends after `ITERATIONS` with the last iterate. Takes infinities and NaN as they come: no
    comparison with them holds.
    """
    if abs(at_low) <= ZERO:
        return low
    if abs(at_high) <= ZERO:
        return high
    before, here, across = low, high, low
    f_before, f_here, f_across = at_low, at_high, at_low
    for _ in range(ITERATIONS):
        moved = here - before
        if abs(f_across) < abs(f_here):
            before, here, across = here, across, here
            f_before, f_here, f_across = f_here, f_across, f_here
        least = 2 * EPSILON * abs(here) + TOLERANCE / 2
        width = across - here
        move = width / 2
        if abs(move) <= least or abs(f_here) <= ZERO:
            return here
        if abs(moved) >= least and abs(f_before) > abs(f_here):
            if before == across:
                ratio = f_here / f_before
                p = width * ratio
                q = 1.0 - ratio
            else:
                q = f_before / f_across
                ratio = f_here / f_across
                other = f_here / f_before
                p = other * (width * q * (q - ratio) - (here - before) * (ratio - 1.0))
                q = (q - 1.0) * (ratio - 1.0) * (other - 1.0)
            if p > 0.0:
                q = -q
            else:
                p = -p
            if p < 0.75 * width * q - abs(least * q) / 2 and p < abs(moved * q / 2):
                move = p / q
        if abs(move) < least:
            move = least if move > 0 else -least
        before, f_before = here, f_here
        here += move
        f_here = value(here)
        if (f_here > 0 and f_across > 0) or (f_here < 0 and f_across < 0):
            across, f_across = before, f_before
    return here


def lockstep(value: Values, low: Array, high: Array, at_low: Array, at_high: Array) -> Array:
    """`root` of many functions at once: all arguments of shape (L,), finite; so is the answer.

    ``value(lanes, shifts)`` gives the values of the functions ``lanes`` (integers below L) at one
    shift each. A search that has ended is not asked for again.
    """
    found = np.where(np.abs(at_low) <= ZERO, low, high)
    lanes = np.flatnonzero((np.abs(at_low) > ZERO) & (np.abs(at_high) > ZERO))
    if not lanes.size:
        return found
    state = np.array([low, high, low, at_low, at_high, at_low])[:, lanes]
    for _ in range(ITERATIONS):
        moved = state[1] - state[0]
        state = np.where(np.abs(state[5]) < np.abs(state[4]), state[_EXCHANGED], state)
        least = 2 * EPSILON * np.abs(state[1]) + TOLERANCE / 2
        half = (state[2] - state[1]) / 2
        ended = (np.abs(half) <= least) | (np.abs(state[4]) <= ZERO)
        if np.count_nonzero(ended):
            found[lanes[ended]] = state[1, ended]
            going = np.flatnonzero(~ended)
            if not going.size:
                return found
            lanes, state = lanes[going], state.take(going, axis=1)
            moved, least, half = moved[going], least[going], half[going]
        move = _moves(state, moved, least, half)
        _, here, across, _, f_here, f_across = state
        there = here + move
        f_there = value(lanes, there)
        alike = ((f_there > 0) & (f_across > 0)) | ((f_there < 0) & (f_across < 0))
        across, f_across = np.where(alike, here, across), np.where(alike, f_here, f_across)
        state = np.array([here, there, across, f_here, f_there, f_across])
    found[lanes] = state[1]
    return found


def _moves(state: Array, moved: Array, least: Array, half: Array) -> Array:
    """The next move of each search: interpolated where that promises more than halving."""
    before, here, across, f_before, f_here, f_across = state
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        straight = before == across
        ratio = f_here / np.where(straight, f_before, f_across)
        q, other = f_before / f_across, f_here / f_before
        curved = other * ((across - here) * q * (q - ratio) - (here - before) * (ratio - 1.0))
        p = np.where(straight, (across - here) * ratio, curved)
        q = np.where(straight, 1.0 - ratio, (q - 1.0) * (ratio - 1.0) * (other - 1.0))
        q = np.where(p > 0.0, -q, q)
        p = np.abs(p)
        within = 0.75 * (across - here) * q - np.abs(least * q) / 2
        tried = (np.abs(moved) >= least) & (np.abs(f_before) > np.abs(f_here))
        better = tried & (p < within) & (p < np.abs(moved * q / 2))
        move = np.where(better, p / q, half)
    return np.where(np.abs(move) < least, np.where(move > 0, least, -least), move)
