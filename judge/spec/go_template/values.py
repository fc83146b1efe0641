"""The values that a template works with, and what Go makes of each.

Owned here: the types, their truth, their length and how they are printed. Promised: numbers and
texts are printed as Go's fmt does by default. Not here: verbs and widths (`formats`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from judge.spec.go_template.error import Fault

NIL = "<nil>"


@dataclass(frozen=True, slots=True)
class Symbol:
    """A text that is only known later; ``text`` stands for it in what is rendered.

    It can be printed and made part of a longer text. Nothing can be asked about it.
    """

    text: str


@dataclass(frozen=True, slots=True)
class Symbols:
    """A mapping whose keys and values are only known later.

    ``field`` makes the symbol of a key that must be there, ``item`` that of one which is "" where
    it is missing (Go's ``index``). Either may raise ValueError with a sentence.
    """

    field: Callable[[str], Symbol]
    item: Callable[[str], Symbol]


Value: TypeAlias = str | Symbol | Symbols | Mapping[str, "str | Symbol"]
Any: TypeAlias = Value | bool | int | float | None


def unknown(what: str) -> Fault:
    """A fault for asking ``what`` of a value that is only known later."""
    return Fault(f"{what} of a value that is only known when a run begins", symbol=True)


def type_name(value: Any) -> str:
    """What Go calls the value's type."""
    if value is None:
        return "nil"
    if isinstance(value, str | Symbol):
        return "string"
    names = {bool: "bool", int: "int", float: "float64"}
    return names.get(type(value), "map")


def is_text(value: Any) -> bool:
    """Whether it is a string to Go."""
    return isinstance(value, str | Symbol)


def truth(value: Any) -> bool:
    """Whether it counts as true: anything but false, 0, nil and what is empty. Raises `Fault`."""
    if isinstance(value, Symbol | Symbols):
        raise unknown("whether it is empty is asked")
    if value is None:
        return False
    return bool(value)


def length(value: Any) -> int:
    """How long it is; of a text the bytes of its UTF-8. Raises `Fault`."""
    if isinstance(value, Symbol | Symbols):
        raise unknown("the length is asked")
    if isinstance(value, str):
        return len(encoded(value))
    if isinstance(value, Mapping):
        return len(value)
    raise Fault(f"len of {type_name(value)}, which has none")


def encoded(text: str) -> bytes:
    """``text`` as Go holds it. Raises `Fault`."""
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise Fault("half of a character (a lone surrogate) stands in a text") from error


def printed(value: Any) -> str:
    """What Go prints of ``value`` by default; of a symbol what stands for it. Raises `Fault`."""
    if value is None:
        return NIL
    if isinstance(value, Symbols):
        raise unknown("all the variables are printed")
    if isinstance(value, Symbol):
        return value.text
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return shortest(value)
    return "map[" + " ".join(f"{key}:{printed(value[key])}" for key in sorted(value)) + "]"


def shortest(number: float) -> str:
    """The fewest digits that tell a finite ``number`` apart, with an exponent as Go has it."""
    sign, digits, exponent = Decimal(repr(number)).as_tuple()
    mantissa = "".join(map(str, digits)).rstrip("0") or "0"
    power = len(digits) + int(exponent) - 1 if number else 0
    shown = "-" if sign else ""
    if -4 <= power < 6:
        return shown + _positional(mantissa, power)
    rest = f".{mantissa[1:]}" if mantissa[1:] else ""
    return f"{shown}{mantissa[0]}{rest}e{'-' if power < 0 else '+'}{abs(power):02d}"


def _positional(mantissa: str, power: int) -> str:
    if power < 0:
        return "0." + "0" * (-power - 1) + mantissa
    whole = mantissa[: power + 1].ljust(power + 1, "0")
    rest = mantissa[power + 1 :]
    return f"{whole}.{rest}" if rest else whole


def joined(text: str, parts: tuple[Any, ...]) -> str | Symbol:
    """``text``, which was made of ``parts``: a symbol again where one of them is."""
    return Symbol(text) if any(map(_symbolic, parts)) else text


def _symbolic(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(isinstance(one, Symbol) for one in value.values())
    return isinstance(value, Symbol)
