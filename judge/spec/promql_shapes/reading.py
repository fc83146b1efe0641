"""Finding the shape of a query.

Owned here: `shape_of`, and what each piece of PromQL makes of the amounts below it. Promised: a
shape other than `Level` only where it says exactly what the query does; whatever is not known here
makes the whole query a level. Not here: the arithmetic (`amounts`, `operations`), the parser's
tree (`parsing`).
"""

from __future__ import annotations

import math
import re
from dataclasses import replace

from promql_parser import (
    AggModifierType,
    AggregateExpr,
    BinaryExpr,
    Call,
    Expr,
    MatchOp,
    MatrixSelector,
    NumberLiteral,
    ParenExpr,
    UnaryExpr,
    VectorSelector,
)

from judge.spec.promql import Matcher
from judge.spec.promql_shapes.amounts import Amount, Quotient, Rates, Sum, Tail, quotient
from judge.spec.promql_shapes.matching import matched, on_nothing
from judge.spec.promql_shapes.operations import (
    clamped,
    limits,
    or_number,
    scaled,
    summed,
    tail,
    where,
    with_number,
)
from judge.spec.promql_shapes.parsing import Parsed, parsed
from judge.spec.promql_shapes.selectors import NAME, Selector
from judge.spec.promql_shapes.shape import BUCKET, COUNT, SUM, Level, Mean, Quantile, Ratio, Shape
from judge.spec.units import format_duration

RATES = ("rate", "increase", "irate")
SINGLE = ("sum", "avg", "min", "max")
# A name, with places in it; "" where there are only matchers.
_WRITABLE = re.compile(
    r"(?:(?:[a-zA-Z_:]|\{\{ [A-Za-z0-9_.]+ \}\})(?:[a-zA-Z0-9_:]|\{\{ [A-Za-z0-9_.]+ \}\})*)?"
)

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
    try:
        amount = _Reader(found).amount(found.tree)
    except (ValueError, OverflowError):
        # Durations are made when the tree is asked for them: one may be longer than any there is.
        return Level(expr)
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
    if name == found.events.name or found.offset or found.scale < 0:
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
                return None if inner is None else scaled(inner, -1.0)
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
            return tail(*amounts)
        if name in ("clamp_min", "clamp_max", "clamp"):
            low, high = limits(name, amounts[1:])
            return clamped(amounts[0], low, high)
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
            return summed(inner, labels) if operator == "sum" else None
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
            return with_number(operator, left, right)
        if not isinstance(left, Sum) or not isinstance(right, Sum):
            return where(operator, left, right)
        labels = matched(left.labels, right.labels, modifier)
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
        by_none = on_nothing(tree.modifier)
        if isinstance(left, Rates):
            return replace(left, zero=True) if number == 0 and left.factor > 0 else None
        if isinstance(left, Sum) and (by_none or not left.labels) and not left.buckets:
            return or_number(left, number)
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
