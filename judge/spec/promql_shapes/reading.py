"""Finding the shape of a query.

Owned here: `shape_of`, and what each piece of PromQL makes of the amounts below it. Promised: a
shape other than `Level` only where it says exactly what the query does; whatever is not known here
makes the whole query a level. Not here: the arithmetic (`amounts`), the parser's tree (`parsing`).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from promql_parser import (
    AggModifierType,
    AggregateExpr,
    BinaryExpr,
    BinModifier,
    Call,
    Expr,
    LabelModifierType,
    MatchOp,
    MatrixSelector,
    NumberLiteral,
    ParenExpr,
    UnaryExpr,
    VectorMatchCardinality,
    VectorSelector,
)

from judge.spec.promql import Matcher
from judge.spec.promql_shapes.amounts import Amount, Quotient, Rates, Sum, Tail, quotient
from judge.spec.promql_shapes.parsing import Parsed, parsed
from judge.spec.promql_shapes.selectors import NAME, Selector
from judge.spec.promql_shapes.shape import Level, Mean, Quantile, Ratio, Shape
from judge.spec.units import format_duration

RATES = ("rate", "increase", "irate")
SINGLE = ("sum", "avg", "min", "max")
# A name, with places in it; "" where there are only matchers.
_WRITABLE = re.compile(
    r"(?:(?:[a-zA-Z_:]|\{\{ [A-Za-z0-9_.]+ \}\})(?:[a-zA-Z0-9_:]|\{\{ [A-Za-z0-9_.]+ \}\})*)?"
)
BUCKET, SUM, COUNT = "_bucket", "_sum", "_count"

_OPERATORS = (
    (MatchOp.Equal, "="),
    (MatchOp.NotEqual, "!="),
    (MatchOp.Re, "=~"),
    (MatchOp.NotRe, "!~"),
)


def shape_of(expr: str) -> Shape:
    """The shape of PromQL that yields one number; it may hold Judge's places.

    Raises `PromqlError`, with the offset, where it is no PromQL, and `RenderingError` for a
    place that is none.
    """
    found = parsed(expr)
    if found is None:
        return Level(expr)
    amount = _Reader(found).amount(found.tree)
    if isinstance(amount, Quotient):
        return _ratio(amount, expr)
    if isinstance(amount, Tail) and math.isfinite(amount.scale):
        return Quantile(amount.q, amount.buckets.text, amount.scale, _window(amount.window), expr)
    return Level(expr)


def _ratio(found: Quotient, expr: str) -> Shape:
    window = _window(found.window)
    if not all(map(math.isfinite, (found.scale, found.offset))):
        return Level(expr)
    mean = _mean(found, window, expr)
    if mean is not None:
        return mean
    more = found.events.more(found.total)
    complement, excluding = "", False
    if more is not None and len(more) == 1:
        (only,) = more
        complement, excluding = found.events.flipped(only).text, only.operator.startswith("!")
    return Ratio(
        found.events.text,
        found.total.text,
        found.scale,
        found.offset,
        more is not None or _below_boundary(found),
        complement,
        excluding,
        window,
        expr,
        found.idle,
    )


def _mean(found: Quotient, window: str, expr: str) -> Mean | None:
    """The mean that ``x_sum / x_count`` is."""
    name = found.events.name.removesuffix(SUM)
    if name == found.events.name or found.offset:
        return None
    if found.total != found.events.named(f"{name}{COUNT}"):
        return None
    buckets = found.events.named(f"{name}{BUCKET}").text
    return Mean(found.events.text, found.total.text, found.scale, buckets, window, expr)


def _below_boundary(found: Quotient) -> bool:
    """Whether the events are those of one bucket, and the total all of that histogram."""
    name = found.events.name.removesuffix(BUCKET)
    if name == found.events.name or found.events.pinned("le") is None:
        return False
    rest = found.events.without("le")
    whole = rest.named(f"{name}{COUNT}")
    same = found.total.name == found.events.name and found.total.pinned("le") == "+Inf"
    total = found.total.without("le").named(whole.name) if same else found.total
    return whole.more(total) is not None


def _window(window: str | float) -> str:
    return window if isinstance(window, str) else format_duration(window)


class _Reader:
    """Reads one tree, from its leaves up."""

    def __init__(self, found: Parsed) -> None:
        self.found = found

    def amount(self, tree: Expr) -> Amount | None:
        """What ``tree`` amounts to; None for anything that is not known here."""
        match tree:
            case ParenExpr():
                return self.amount(tree.expr)
            case NumberLiteral():
                return tree.val
            case UnaryExpr():
                inner = self.amount(tree.expr)
                return None if inner is None else _scaled(inner, -1.0)
            case AggregateExpr():
                return self.aggregate(tree)
            case Call():
                return self.call(tree)
            case BinaryExpr():
                return self.binary(tree)
            case _:
                return None

    def call(self, tree: Call) -> Amount | None:
        """A function of something."""
        name, args = tree.func.name, tree.args
        if name in RATES and isinstance(args[0], MatrixSelector):
            selector = self.selector(args[0].vector_selector)
            window = self.found.duration(args[0].range)
            return None if selector is None else Rates(selector, name, window)
        amounts = [self.amount(one) for one in args]
        if name == "histogram_quantile":
            return _tail(*amounts)
        if name in ("clamp_min", "clamp_max", "clamp"):
            low, high = _limits(name, amounts[1:])
            return _clamped(amounts[0], low, high)
        return None

    def selector(self, tree: VectorSelector) -> Selector | None:
        """A selector of the present."""
        if tree.offset is not None or tree.at is not None or tree.matchers.or_matchers:
            return None
        name = self.found.word(tree.name or "")
        matchers, places = [], []
        for one in tree.matchers.matchers:
            place = self.found.place(one.name)
            if place:
                places.append(place)
                continue
            if one.name == NAME and one.op == MatchOp.Equal and not name:
                name = self.found.string(one.value)
                continue
            operator = next(sign for op, sign in _OPERATORS if op == one.op)
            matchers.append(
                Matcher(self.found.word(one.name), operator, self.found.string(one.value))
            )
        if any(one.name == NAME for one in matchers) or not _WRITABLE.fullmatch(name):
            return None
        return Selector.of(name, matchers, places)

    def aggregate(self, tree: AggregateExpr) -> Amount | None:
        """A sum of rates; or any of what is one series already."""
        inner = self.amount(tree.expr)
        labels: list[str] = []
        if tree.modifier is not None:
            if tree.modifier.type != AggModifierType.By:
                return None
            labels = tree.modifier.labels
        operator = str(tree.op)
        if isinstance(inner, Rates):
            return _summed(inner, labels) if operator == "sum" else None
        if operator not in SINGLE or inner is None or isinstance(inner, float | Tail):
            return inner if operator in SINGLE and isinstance(inner, Tail) else None
        if isinstance(inner, Sum) and inner.buckets:
            return None
        return replace(
            inner, labels={one: inner.labels[one] for one in labels if one in inner.labels}
        )

    def binary(self, tree: BinaryExpr) -> Amount | None:
        """Two amounts and an operator."""
        operator, modifier = str(tree.op), tree.modifier
        if operator == "or":
            return self.otherwise(tree)
        left, right = self.amount(tree.lhs), self.amount(tree.rhs)
        if left is None or right is None:
            return None
        if modifier is not None and modifier.return_bool:
            return None
        if isinstance(left, float) or isinstance(right, float):
            return _with_number(operator, left, right)
        if not isinstance(left, Sum) or not isinstance(right, Sum):
            return _where(operator, left, right)
        labels = _matched(left.labels, right.labels, modifier)
        if labels is None:
            return None
        if operator == "/":
            return quotient(left, right, labels)
        if operator in "+-":
            both = left.plus(right, 1.0 if operator == "+" else -1.0)
            return None if both is None else replace(both, labels=labels)
        return None

    def otherwise(self, tree: BinaryExpr) -> Amount | None:
        """``x or vector(0)``: what it is where it is nothing."""
        left, number = self.amount(tree.lhs), self.constant(tree.rhs)
        if left is None or number is None:
            return None
        by_none = _on_nothing(tree.modifier)
        if isinstance(left, Rates):
            return replace(left, zero=True) if number == 0 and left.factor > 0 else None
        if isinstance(left, Sum) and (by_none or not left.labels) and not left.buckets:
            return _or_number(left, number)
        if isinstance(left, Quotient) and (by_none or not left.labels):
            same = number == left.offset and left.idle in (None, number)
            return replace(left, guarded=True, idle=number) if same else None
        return None

    def constant(self, tree: Expr) -> float | None:
        """The number in ``vector(number)``."""
        while isinstance(tree, ParenExpr):
            tree = tree.expr
        if not isinstance(tree, Call) or tree.func.name != "vector":
            return None
        inner = self.amount(tree.args[0])
        return inner if isinstance(inner, float) else None


def _summed(rates: Rates, labels: list[str]) -> Sum | None:
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


def _tail(q: Amount | None, buckets: Amount | None) -> Tail | None:
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


def _limits(name: str, given: list[Amount | None]) -> tuple[float, float]:
    """The least and the greatest value that a clamp lets be; not numbers where it is not known."""
    numbers = [one if isinstance(one, float) else math.nan for one in given]
    if name == "clamp":
        return numbers[0], numbers[1]
    return (numbers[0], math.inf) if name == "clamp_min" else (-math.inf, numbers[0])


def _clamped(inner: Amount | None, low: float, high: float) -> Amount | None:
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


def _scaled(amount: Amount, factor: float) -> Amount | None:
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


def _with_number(operator: str, left: Amount, right: Amount) -> Amount | None:
    """An amount and a number."""
    if isinstance(left, float) and isinstance(right, float):
        known = _ARITHMETIC.get(operator)
        return None if known is None else known(left, right)
    if isinstance(right, float):
        return _with_number_behind(operator, left, right)
    if isinstance(left, float):
        if operator == "*":
            return _scaled(right, left)
        if operator in "+-" and isinstance(right, Quotient):
            return right.affine(1.0 if operator == "+" else -1.0, left)
    return None


def _with_number_behind(operator: str, left: Amount, right: float) -> Amount | None:
    if operator == "*":
        return _scaled(left, right)
    if operator == "/":
        return _scaled(left, 1 / right) if right else None
    if operator in "+-" and isinstance(left, Quotient):
        return left.affine(1.0, right if operator == "+" else -right)
    if operator in (">", "!=") and right == 0 and isinstance(left, Sum) and not left.limited:
        nothing_less = all(one > 0 for one in left.parts.values())
        return replace(left, positive=True) if nothing_less and not left.buckets else None
    return None


def _where(operator: str, left: Amount, right: Amount) -> Amount | None:
    """``share and total > 0``: nothing but what it was."""
    if operator != "and" or not isinstance(left, Quotient) or not isinstance(right, Sum):
        return None
    found = right.alone()
    same = found is not None and found[0] == left.total and right.window == left.window
    return left if same and right.positive and not (left.labels or right.labels) else None


def _or_number(left: Sum, number: float) -> Sum | None:
    """A sum where there is something, else a number."""
    if number == 0 and not left.limited:
        return replace(left, guarded=True)
    if number > 0 and left.floor is None:
        return replace(left, positive=False, floor=number)
    return None


def _on_nothing(modifier: BinModifier | None) -> bool:
    matching = None if modifier is None else modifier.matching
    return (
        matching is not None and matching.type == LabelModifierType.Include and not matching.labels
    )


def _matched(
    left: Mapping[str, str], right: Mapping[str, str], modifier: BinModifier | None
) -> Mapping[str, str] | None:
    """The labels of what two single series make together; None where they do not meet."""
    grouped = modifier is not None and modifier.card != VectorMatchCardinality.OneToOne
    if grouped and (left or right):
        return None
    matching = None if modifier is None else modifier.matching
    names = set(left) | set(right)
    if matching is not None:
        inside = matching.type == LabelModifierType.Include
        names = {one for one in names if (one in matching.labels) is inside}
    if any(left.get(one, "") != right.get(one, "") for one in names):
        return None
    return {one: value for one, value in left.items() if one in names}
