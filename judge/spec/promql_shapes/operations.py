"""Arithmetic of PromQL on amounts: functions, numbers, filters and aggregations.

Promised: each operation gives exactly what PromQL would, or None where what it gives is no amount.
Not here: the amounts themselves (`amounts`), which operation stands where (`reading`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace

from judge.spec.promql_shapes.amounts import Amount, Quotient, Rates, Sum, Tail
from judge.spec.promql_shapes.shape import BUCKET


def summed(rates: Rates, labels: list[str]) -> Sum | None:
    """Rates summed into one series, or into one for each bucket."""
    pinned: dict[str, str] = {}
    for label in labels:
        if label == "le":
            continue
        value = rates.selector.pinned(label)
        if value is None:
            return None
        pinned[label] = value
    if rates.zero and labels:
        return None
    return Sum(
        {rates.selector: rates.factor},
        rates.function,
        rates.window,
        pinned,
        buckets="le" in labels,
        guarded=rates.zero,
    )


def tail(q: Amount | None, buckets: Amount | None) -> Tail | None:
    """``histogram_quantile(q, buckets)``."""
    if not isinstance(q, float) or not 0 < q < 1 or not isinstance(buckets, Sum):
        return None
    found = buckets.alone()
    if found is None or found[1] <= 0 or buckets.guarded or buckets.limited:
        return None
    selector = found[0]
    if any(one.name == "le" for one in selector.matchers):
        return None
    if buckets.buckets != selector.name.endswith(BUCKET):
        return None
    return Tail(q, selector, buckets.window)


def limits(name: str, given: list[Amount | None]) -> tuple[float, float]:
    """The least and the greatest value that a clamp lets be; not numbers where it is not known."""
    numbers = [one if isinstance(one, float) else math.nan for one in given]
    if name == "clamp":
        return numbers[0], numbers[1]
    return (numbers[0], math.inf) if name == "clamp_min" else (-math.inf, numbers[0])


def clamped(inner: Amount | None, low: float, high: float) -> Amount | None:
    """Something clamped where it never is; or a sum kept from being 0."""
    if isinstance(inner, Quotient):
        least, greatest = inner.ends
        unbounded = inner.events.more(inner.total) is None
        above = math.inf if unbounded and inner.scale > 0 else greatest
        below = -math.inf if unbounded and inner.scale < 0 else least
        return inner if low <= below and above <= high else None
    if isinstance(inner, Sum) and high == math.inf and not inner.limited and not inner.buckets:
        if low == 0 and all(one > 0 for one in inner.parts.values()):
            return inner
        return replace(inner, floor=low) if 0 < low <= _least(inner) else None
    return None


def _least(amount: Sum) -> float:
    """The least that a sum of counters of events can be, where it is not 0: one event."""
    found = amount.alone()
    if found is None or isinstance(amount.window, str):
        return 0.0
    return found[1] if amount.function == "increase" else found[1] / amount.window


def scaled(amount: Amount, factor: float) -> Amount | None:
    """``factor`` times an amount."""
    match amount:
        case float():
            return amount * factor
        case Rates():
            return replace(amount, factor=amount.factor * factor) if factor > 0 else None
        case Sum():
            return amount.times(factor) if factor else None
        case Quotient():
            return amount.affine(factor, 0.0)
        case Tail():
            return replace(amount, scale=amount.scale * factor) if factor > 0 else None


_ARITHMETIC: Mapping[str, Callable[[float, float], float]] = {
    "+": lambda one, other: one + other,
    "-": lambda one, other: one - other,
    "*": lambda one, other: one * other,
    "/": lambda one, other: one / other if other else math.nan,
}


def with_number(operator: str, left: Amount, right: Amount) -> Amount | None:
    """An amount and a number."""
    if isinstance(left, float) and isinstance(right, float):
        known = _ARITHMETIC.get(operator)
        return None if known is None else known(left, right)
    if isinstance(right, float):
        return _with_number_behind(operator, left, right)
    if isinstance(left, float):
        if operator == "*":
            return scaled(right, left)
        if operator in "+-" and isinstance(right, Quotient):
            return right.affine(1.0 if operator == "+" else -1.0, left)
    return None


def _with_number_behind(operator: str, left: Amount, right: float) -> Amount | None:
    if operator == "*":
        return scaled(left, right)
    if operator == "/":
        return scaled(left, 1 / right) if right else None
    if operator in "+-" and isinstance(left, Quotient):
        return left.affine(1.0, right if operator == "+" else -right)
    if operator in (">", "!=") and right == 0 and isinstance(left, Sum) and not left.limited:
        nothing_less = all(one > 0 for one in left.parts.values())
        return replace(left, positive=True) if nothing_less and not left.buckets else None
    return None


def where(operator: str, left: Amount, right: Amount) -> Amount | None:
    """``share and total > 0``: nothing but what it was."""
    if operator != "and" or not isinstance(left, Quotient) or not isinstance(right, Sum):
        return None
    found = right.alone()
    same = found is not None and found[0] == left.total and right.window == left.window
    return left if same and right.positive and not (left.labels or right.labels) else None


def or_number(left: Sum, number: float) -> Sum | None:
    """A sum where there is something, else a number."""
    if number == 0 and not left.limited:
        return replace(left, guarded=True)
    if number > 0 and left.floor is None:
        return replace(left, positive=False, floor=number)
    return None
