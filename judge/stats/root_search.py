"""Brent's search for a root, to an absolute tolerance, one at a time.

Owned here: the order of the arithmetic. The functions searched are steps, on which the search ends
at a definite iterate near a step and not at a root, so another order of the same operations ends
elsewhere. `lockstep` does the same for many functions at once.

Source: Brent, Algorithms for Minimization without Derivatives (1973), chapter 4, as R's zeroin
has it.
"""

from __future__ import annotations

from collections.abc import Callable

TOLERANCE = 1e-4
"""How far from a change of sign a search may end, in the unit of the argument."""
ITERATIONS = 1001
EPSILON = 2.0**-52
ZERO = 5e-324  # the least double: what is nearer to 0 is 0


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
        least = slack(here)
        half = (across - here) / 2
        if abs(half) <= least or abs(f_here) <= ZERO:
            return here
        move = half
        if abs(moved) >= least and abs(f_before) > abs(f_here):
            if before == across:
                ratio = f_here / f_before
                p = (across - here) * ratio
                q = 1.0 - ratio
            else:
                q = f_before / f_across
                ratio = f_here / f_across
                other = f_here / f_before
                p = other * ((across - here) * q * (q - ratio) - (here - before) * (ratio - 1.0))
                q = (q - 1.0) * (ratio - 1.0) * (other - 1.0)
            if p > 0.0:
                q = -q
            else:
                p = -p
            within = 0.75 * (across - here) * q - abs(least * q) / 2
            if p < within and p < abs(moved * q / 2):
                move = p / q
        if abs(move) < least:
            move = least if move > 0 else -least
        before, f_before = here, f_here
        here += move
        f_here = value(here)
        if (f_here > 0 and f_across > 0) or (f_here < 0 and f_across < 0):
            across, f_across = before, f_before
    return here


def slack(at: float) -> float:
    """Half the width at which a search about ``at`` ends, and the least move that it makes."""
    return 2 * EPSILON * abs(at) + TOLERANCE / 2
