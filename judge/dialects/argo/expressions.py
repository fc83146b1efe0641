"""A condition as a tree: what it says of the numbers that a query gave.

Owned here: the part of the conditions' language that says where a number must lie, its precedences
and types, and what it comes to for a given result. Promised: an expression means what it means to
Argo Rollouts (the expr language with `asFloat`, `isNaN`, `isInf`, `default` and `isNil`), or is
refused with its offset: nothing is guessed. What Argo Rollouts calls an error of the measurement is
`Undefined` here. Not here: the two conditions together, and the range of good values
(`conditions`).
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from judge.dialects.argo.tokens import ConditionError, Token, tokens

Result = float | Sequence[float]
"""What a query gave: a scalar, or the values of a vector."""

Compare = Callable[[float, float], bool]

_CHAINED: dict[str, Compare] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_EQUAL: dict[str, Compare] = {"==": operator.eq, "!=": operator.ne}
_COMPARES = {**_CHAINED, **_EQUAL}
_OF_ITEMS = {"all": all, "any": any, "none": lambda found: not any(found)}
_WHETHER = {"isNaN": math.isnan, "isInf": math.isinf}
_DEEPEST = 60

_HINT = (
    "write comparisons of result or result[0] with numbers, && || !, len(result), isNaN(), "
    "isInf(), asFloat(), default(), all(result, {# < 1})"
)


class Undefined(Exception):
    """Argo Rollouts would call it an error of the measurement."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number: ``slope`` times the value + ``base``. The value is the result's, or the item's.

    ``of``: `""` a number by itself, `result` the whole result, `first` its first value, `item` the
    one that a predicate looks at, `length` how many values there are.
    """

    base: float
    slope: float = 0.0
    of: str = ""

    def value(self, result: Result, item: float | None) -> float:
        """The number. Raises `Undefined`."""
        if not self.of:
            return self.base
        return self.slope * self._of(result, item) + self.base

    def _of(self, result: Result, item: float | None) -> float:
        if self.of == "item":
            if item is None:
                raise Undefined
            return item
        values = None if isinstance(result, float | int) else result
        if self.of == "result":
            if values is not None:
                raise Undefined
            return float(result)  # type: ignore[arg-type]
        if values is None:
            raise Undefined
        if self.of == "length":
            return len(values)
        if not values:
            raise Undefined
        return values[0]


@dataclass(frozen=True, slots=True)
class Truth:
    """True or false: ``said`` gives it for a result and an item. ``turns``: where it may change."""

    said: Callable[[Result, float | None], bool]
    turns: tuple[float, ...] = ()
    whole: bool = False
    """Whether it takes the result for one number (a scalar)."""
    listed: bool = False
    """Whether it takes the result for a list of numbers (a vector)."""


@dataclass(frozen=True, slots=True)
class Whole:
    """The name ``result`` alone: a number or a list, as what is around it takes it."""


Node = Number | Truth | Whole


def parse(text: str) -> Truth:
    """The condition that ``text`` writes. Raises `ConditionError`."""
    return _Parser(text).condition()


class _Parser:
    """Reads one condition, by precedences: || , &&, comparisons, + -, * /, ! and signs."""

    def __init__(self, text: str) -> None:
        self.tokens = tokens(text)
        self.at = 0
        self.depth = 0
        self.inside = False

    @property
    def token(self) -> Token:
        return self.tokens[self.at]

    def condition(self) -> Truth:
        node = self.either()
        if self.token.kind != "end":
            raise self.refused(self.token)
        found = self.truth(node, self.tokens[0])
        if found.whole and found.listed:
            message = "takes the result for a number and for a list; write result[0] everywhere"
            raise ConditionError(message, 0)
        return found

    def refused(self, token: Token, why: str = "cannot be carried over") -> ConditionError:
        shown = token.text if token.kind == "end" else repr(token.text)
        return ConditionError(f"{shown} {why}; {_HINT}", token.offset)

    def taken(self, *texts: str) -> Token | None:
        """The token, if it is one of ``texts``."""
        token = self.token
        if token.kind in ("operator", "name") and token.text in texts:
            self.at += 1
            return token
        return None

    def needed(self, text: str) -> None:
        if self.taken(text) is None:
            raise self.refused(self.token, f"stands where {text} is expected")

    def deeper(self) -> Token:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise self.refused(self.token, "is nested too deep")
        return self.token

    def truth(self, node: Node, at: Token) -> Truth:
        if isinstance(node, Truth):
            return node
        raise self.refused(at, "begins what is no true or false")

    def number(self, node: Node, at: Token) -> Number:
        if isinstance(node, Whole):
            return Number(0.0, 1.0, "result")
        if isinstance(node, Number):
            return node
        raise self.refused(at, "begins what is no number")

    def either(self) -> Node:
        begins = self.deeper()
        found = self.several(self.both, ("||", "or"), begins, any)
        self.depth -= 1
        return found

    def both(self) -> Node:
        return self.several(self.comparison, ("&&", "and"), self.token, all)

    def several(
        self,
        one: Callable[[], Node],
        between: tuple[str, str],
        begins: Token,
        how: Callable[..., bool],
    ) -> Node:
        """What ``one`` reads; where several follow each other, a true or false of all of them."""
        node = one()
        if self.taken(*between) is None:
            return node
        found = [self.truth(node, begins)]
        while True:
            begins = self.token
            found.append(self.truth(one(), begins))
            if self.taken(*between) is None:
                return _joined(found, how)

    def comparison(self) -> Node:
        begins = self.token
        node = self.sum()
        sign = self.taken(*_COMPARES)
        if sign is None:
            return node
        left, found = self.number(node, begins), []
        while sign is not None:
            right = self.number(self.sum(), begins)
            found.append(self.compared(left, sign, right))
            left, before, sign = right, sign, self.taken(*_COMPARES)
            if sign is not None and {sign.text, before.text} & _EQUAL.keys():
                raise self.refused(sign, "cannot follow another comparison")
        return found[0] if len(found) == 1 else _joined(found, all)

    def compared(self, left: Number, sign: Token, right: Number) -> Truth:
        between = {one.of for one in (left, right) if one.of}
        if len(between) > 1:
            raise self.refused(sign, "compares two different things")
        if sign.text in _EQUAL and "result" in between:
            raise self.refused(
                sign, "compares result itself, which equals no number where it is a list"
            )
        compare = _COMPARES[sign.text]
        slope, base = left.slope - right.slope, right.base - left.base
        turns = (base / slope,) if slope and between & {"result", "first", "item"} else ()

        def said(result: Result, item: float | None) -> bool:
            return compare(left.value(result, item), right.value(result, item))

        return Truth(said, turns, "result" in between, bool(between & {"first", "length"}))

    def sum(self) -> Node:
        begins = self.token
        found = self.product()
        while (sign := self.taken("+", "-")) is not None:
            left, right = self.number(found, begins), self.number(self.product(), begins)
            found = self.added(left, right, sign)
        return found

    def added(self, left: Number, right: Number, sign: Token) -> Number:
        if left.of and right.of and left.of != right.of:
            raise self.refused(sign, "joins two different things")
        factor = 1.0 if sign.text == "+" else -1.0
        return Number(
            left.base + factor * right.base,
            left.slope + factor * right.slope,
            left.of or right.of,
        )

    def product(self) -> Node:
        begins = self.token
        found = self.signed()
        while (sign := self.taken("*", "/")) is not None:
            left, right = self.number(found, begins), self.number(self.signed(), begins)
            found = self.multiplied(left, right, sign)
        return found

    def multiplied(self, left: Number, right: Number, sign: Token) -> Number:
        if sign.text == "*" and not left.of:
            left, right = right, left
        if right.of or (sign.text == "/" and right.base == 0.0):
            raise self.refused(sign, "is no multiple of the result")
        how = operator.mul if sign.text == "*" else operator.truediv
        return Number(how(left.base, right.base), how(left.slope, right.base), left.of)

    def signed(self) -> Node:
        begins = self.deeper()
        if self.taken("-", "+"):
            found = self.number(self.signed(), begins)
            factor = -1.0 if begins.text == "-" else 1.0
            node: Node = Number(factor * found.base, factor * found.slope, found.of)
        elif self.taken("!", "not"):
            node = _negated(self.truth(self.signed(), begins))
        else:
            node = self.atom()
        self.depth -= 1
        return node

    def atom(self) -> Node:
        token = self.token
        self.at += 1
        if token.kind == "number":
            return Number(float(token.text))
        if token.text == "(":
            found = self.either()
            self.needed(")")
            return found
        if token.text == "#" and self.inside:
            return Number(0.0, 1.0, "item")
        if token.kind == "name":
            return self.named(token)
        raise self.refused(token)

    def named(self, token: Token) -> Node:
        if token.text in ("true", "false"):
            told = token.text == "true"
            return Truth(lambda _result, _item: told)
        if token.text == "result":
            return self.result()
        if token.text in _OF_ITEMS:
            return self.of_items(token)
        if token.text not in ("len", "isNil", "default", "asFloat", *_WHETHER):
            raise self.refused(token)
        self.needed("(")
        found = self.called(token)
        self.needed(")")
        return found

    def result(self) -> Node:
        if self.taken("[") is None:
            return Whole()
        index = self.token
        if index.text != "0":
            raise self.refused(index, "is another series than the first, and their order is chance")
        self.at += 1
        self.needed("]")
        return Number(0.0, 1.0, "first")

    def called(self, token: Token) -> Node:
        begins = self.token
        given = self.sum()
        if token.text in ("len", "isNil", "default"):
            if not isinstance(given, Whole):
                raise self.refused(begins, f"is not the result, and {token.text}() looks at that")
            return self.of_result(token)
        number = self.number(given, begins)
        if token.text == "asFloat":
            return number
        if number.of in ("", "length"):
            raise self.refused(begins, "is no value of the result")
        whether = _WHETHER[token.text]
        return Truth(
            lambda result, item: whether(number.value(result, item)),
            (),
            number.of == "result",
            number.of == "first",
        )

    def of_result(self, token: Token) -> Node:
        """A function of the whole result, which the Prometheus provider always has one of."""
        if token.text == "len":
            return Number(0.0, 1.0, "length")
        if token.text == "isNil":
            return Truth(lambda _result, _item: False)
        self.needed(",")
        self.number(self.sum(), self.token)
        return Whole()

    def of_items(self, token: Token) -> Truth:
        if self.inside:
            raise self.refused(token, "stands in another predicate")
        self.needed("(")
        begins = self.token
        if not isinstance(self.atom(), Whole):
            raise self.refused(begins, f"is not the result, and {token.text}() looks at that")
        self.needed(",")
        braced = self.taken("{") is not None
        self.inside, begins = True, self.token
        found = self.truth(self.either(), begins)
        self.inside = False
        if braced:
            self.needed("}")
        self.needed(")")
        return _of_each(found, _OF_ITEMS[token.text])


def _joined(found: Sequence[Truth], how: Callable[..., bool]) -> Truth:
    """All of them, or any; one is looked at only where those before it do not decide."""

    def said(result: Result, item: float | None) -> bool:
        return how(one.said(result, item) for one in found)

    return _truth(said, *found)


def _negated(inner: Truth) -> Truth:
    return _truth(lambda result, item: not inner.said(result, item), inner)


def _of_each(inner: Truth, how: Callable[..., bool]) -> Truth:
    def said(result: Result, _item: float | None) -> bool:
        if isinstance(result, float | int):
            raise Undefined
        return how(inner.said(result, one) for one in result)

    return Truth(said, inner.turns, inner.whole, listed=True)


def _truth(said: Callable[[Result, float | None], bool], *of: Truth) -> Truth:
    turns = tuple(turn for one in of for turn in one.turns)
    return Truth(said, turns, any(one.whole for one in of), any(one.listed for one in of))
