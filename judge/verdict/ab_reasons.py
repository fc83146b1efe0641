"""What an A/B test found, in plain words; nothing is decided here.

Owned here: the words on a difference between two variants: that there is one, that there is none
that matters, or that it is not known yet and how long that may take. Not here: the words that every
metric has (`reasons`).
"""

from __future__ import annotations

import math

from judge.spec.resolved import Metric
from judge.stats.confidence import Effect
from judge.verdict.verdict import Difference

LONGEST = 20.0  # times as long as the test was; beyond that no figure is worth telling
FINE = 1.03  # margins below it need a third digit


def said(metric: Metric, effect: Effect, difference: Difference | None, *, alike: bool) -> str:
    """The ratio, what it may lie between, and the answer, if there is one."""
    return f"{ratios(metric, effect)}: {answer(metric, difference, alike=alike)}"


def ratios(metric: Metric, effect: Effect) -> str:
    """The ratio of the variants, and its confidence sequence."""
    digits = _digits(metric, effect)
    estimate, low, high = (
        None if one is None else _figure(one, digits)
        for one in (effect.estimate, effect.low, effect.high)
    )
    told = f"{estimate} times the baseline's"
    if low is not None and high is not None:
        return f"{told}, between {low} and {high}"
    if low is not None:
        return f"{told}, at least {low}"
    return told if high is None else f"{told}, at most {high}"


def answer(metric: Metric, difference: Difference | None, *, alike: bool) -> str:
    """The answer; ``alike``: a difference that matters is ruled out."""
    if difference is None:
        return f"not known whether better, worse, or no different by {margin(metric)}"
    if difference is Difference.NONE:
        return f"no difference larger than {margin(metric)}"
    beyond = (metric.limit or 1.0) - 1.0
    by = f" by more than {_percent(beyond)}" if beyond > 0 else ""
    less = f"{', and' if by else ', but'} by less than {margin(metric)}" if alike else ""
    return f"{difference.value}{by}{less}"


def margin(metric: Metric) -> str:
    """How large a difference matters: ``5 %``."""
    return _percent((metric.worst or 1.0) - 1.0)


def longer(metric: Metric, effect: Effect) -> str:
    """How much longer a test without an answer would have to be, as far as that can be told.

    The interval narrows with the root of the time. It must come to lie on one side of the limit, or
    within the margin, whichever is nearer.
    """
    if effect.estimate is None or not effect.low or not effect.high or effect.estimate <= 0:
        return ""
    half = math.log(effect.high / effect.low) / 2.0
    off = abs(math.log(effect.estimate))
    room = max(off - math.log(metric.limit or 1.0), math.log(metric.worst or 1.0) - off)
    if not 0 < room < half:
        return ""
    times = (half / room) ** 2
    if times > LONGEST:
        return f"; a test more than {LONGEST:.0f} times as long may tell"
    return f"; a test about {times:.1f} times as long may tell"


def assumed() -> str:
    """Why the noise of a test within pods could not be learned from the test itself."""
    return "noise assumed, not learned (the test is too short to tell how visits vary)"


def _digits(metric: Metric, effect: Effect) -> int:
    """Two, or three where two would not tell an end from the limit, or the margin is small."""
    limit = metric.limit or 1.0
    ends = [one for one in (effect.low, effect.high) if one is not None]
    near = any(abs(end - one) < 0.01 for end in ends for one in (limit, 1.0 / limit))
    return 3 if near or (metric.worst or FINE) < FINE else 2


def _figure(value: float, digits: int) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.{digits}f}"


def _percent(share: float) -> str:
    return f"{100.0 * share:.3g} %"
