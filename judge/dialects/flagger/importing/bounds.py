"""The range that Flagger holds a metric to.

Owned here: the range of a metric as it is written, by Flagger's rules: a range goes before the
deprecated threshold, which is a minimum of a success rate and a maximum of anything else; durations
are whole milliseconds. Promised: Flagger lets pass what lies within the range (and of durations
what is above it by less than a millisecond). Not here: what a range becomes in an analysis.
Source: Flagger 1.44, observed decision by decision.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from judge.dialects.flagger.importing.canary import Metric

SUCCESS_RATE = "request-success-rate"
DURATION = "request-duration"
BUILTINS = (SUCCESS_RATE, DURATION)


@dataclass(frozen=True, slots=True)
class Bounds:
    """The least and the most, both included; None is no bound.

    ``silent`` is a sentence on what nobody would expect of how it is written, or "".
    """

    least: float | None
    most: float | None
    silent: str = ""

    @property
    def none(self) -> bool:
        """Whether every number passes."""
        return self.least is None and self.most is None


def bounds_of(metric: Metric, builtin: str = "") -> Bounds:
    """The range of ``metric``: of the builtin of that name, or of its template or query."""
    found = _written(metric, builtin)
    return _whole(found) if builtin == DURATION else found


def _written(metric: Metric, builtin: str) -> Bounds:
    if metric.threshold_range is not None:
        least, most = metric.threshold_range.min, metric.threshold_range.max
        silent = "" if (least, most) != (None, None) else "the range is empty: every number passes"
        return Bounds(least, most, silent)
    if builtin == SUCCESS_RATE:
        if metric.threshold > 0:
            return Bounds(metric.threshold, None)
        return Bounds(None, None, "there is no range: with Flagger every success rate passes")
    if metric.unbounded:
        return Bounds(None, 0.0, "there is no range: Flagger lets nothing above 0 pass")
    return Bounds(None, metric.threshold)


def _whole(bounds: Bounds) -> Bounds:
    """Flagger drops the fractions of milliseconds, of what it measures and of its bounds."""

    def whole(bound: float | None) -> float | None:
        return None if bound is None else float(math.trunc(bound))

    least, most = whole(bounds.least), whole(bounds.most)
    silent = bounds.silent
    if (least, most) != (bounds.least, bounds.most):
        silent = "Flagger drops the fraction of a millisecond"
    # No duration is below 0.
    return Bounds(None if least is not None and least <= 0 else least, most, silent)
