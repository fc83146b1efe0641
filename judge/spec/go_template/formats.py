"""Go's print, println and printf.

Owned here: when blanks stand between arguments, and the verbs %s %v %d %q %t %x %f %% with width,
precision and the flags - + 0. Promised: what Go would mark as a mistake (``%!d(string=x)``) is
refused, and so is every verb or flag that is not listed. Not here: a value's plain form (`values`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from judge.spec.go_template.error import Fault
from judge.spec.go_template.values import (
    Any,
    Symbol,
    Symbols,
    encoded,
    is_text,
    joined,
    printed,
    type_name,
)

WIDEST = 1000

_VERB = re.compile(
    r"%(?P<flags>[-+# 0]*)(?P<width>[1-9][0-9]*)?(?:\.(?P<precision>[0-9]*))?(?P<verb>.)", re.DOTALL
)
_QUOTED = {"\a": r"\a", "\b": r"\b", "\f": r"\f", "\n": r"\n", "\r": r"\r", "\t": r"\t"} | {
    "\v": r"\v",
    "\\": r"\\",
    '"': r"\"",
}
_FITS = {"string": "svqx", "int": "vdx", "float64": "vf", "bool": "vt", "map": "vs", "nil": "v"}


@dataclass(frozen=True, slots=True)
class _Verb:
    """One verb of a format, as it is written."""

    verb: str
    flags: str
    width: int
    precision: int | None
    shown: str

    @property
    def plain(self) -> bool:
        """Whether it has neither flags nor width nor precision."""
        return not self.flags and not self.width and self.precision is None


def sprint(arguments: tuple[Any, ...]) -> str | Symbol:
    """``print``: a blank between two arguments of which neither is a string."""
    return joined(together(arguments), arguments)


def together(arguments: tuple[Any, ...]) -> str:
    """What print yields, as a text."""
    text = ""
    for i, argument in enumerate(arguments):
        if i and not is_text(argument) and not is_text(arguments[i - 1]):
            text += " "
        text += printed(argument)
    return text


def sprintln(arguments: tuple[Any, ...]) -> str | Symbol:
    """``println``: a blank between any two arguments, and a newline behind them."""
    return joined(" ".join(map(printed, arguments)) + "\n", arguments)


def sprintf(arguments: tuple[Any, ...]) -> str | Symbol:
    """``printf``: a format and what fills it. Raises `Fault`."""
    if not arguments:
        raise Fault("takes a format, and what fills it")
    form, *values = arguments
    if isinstance(form, Symbol):
        raise Fault("the format is a text that is only known when a run begins", symbol=True)
    if not isinstance(form, str):
        raise Fault(f"the format is a string, not of the type {type_name(form)}")
    text, at, left = "", 0, list(reversed(values))
    while True:
        percent = form.find("%", at)
        text += form[at:] if percent < 0 else form[at:percent]
        if percent < 0:
            break
        verb, at = _verb(form, percent)
        if verb.verb == "%":
            text += "%"
        elif not left:
            raise Fault(f"nothing is given for {verb.shown}; add an argument")
        else:
            text += _formatted(verb, left.pop())
    if left:
        raise Fault(f"the format has no verb for the last {len(left)} of its arguments")
    return joined(text, tuple(values))


def _verb(form: str, start: int) -> tuple[_Verb, int]:
    match = _VERB.match(form, start)
    if match is None:
        raise Fault("the format ends within a verb; write %% for a percent sign")
    width = int(match["width"] or 0) if len(match["width"] or "") < 9 else WIDEST + 1
    written = match["precision"]
    precision = None if written is None else int(written or 0) if len(written) < 9 else WIDEST + 1
    verb = _Verb(match["verb"], match["flags"], width, precision, match[0])
    if verb.verb not in "svqxdft%" or (verb.verb == "%" and not verb.plain):
        raise Fault(
            f"{verb.shown!r} is not supported; use %s, %v, %d, %q, %t, %x, %f, or %% for a "
            "percent sign"
        )
    if width > WIDEST or (precision or 0) > WIDEST:
        raise Fault(f"{verb.shown} is too wide; write {WIDEST} at most")
    return verb, match.end()


def _formatted(verb: _Verb, value: Any) -> str:
    kind = type_name(value)
    if verb.verb not in _FITS[kind]:
        raise Fault(f"{verb.shown} is given a value of the type {kind}")
    if isinstance(value, Symbol | Symbols) and not (verb.plain and verb.verb in "sv"):
        raise Fault(
            f"{verb.shown} is given a text that is only known when a run begins; use %s",
            symbol=True,
        )
    if kind == "string" and isinstance(value, str):
        return _text(verb, value)
    if kind == "int" and isinstance(value, int):
        return _whole(verb, value)
    if isinstance(value, float) and verb.verb == "f":
        return _decimal(verb, value)
    _only(verb, "-", precise=False)
    if kind in ("map", "nil") and not verb.plain:
        raise Fault(f"{verb.shown} is given a value of the type {kind}; use %v")
    return _padded(verb, printed(value))


def _only(verb: _Verb, flags: str, *, precise: bool) -> None:
    """No flags but these, and no precision unless it is one."""
    if set(verb.flags) - set(flags) or (verb.precision is not None and not precise):
        raise Fault(f"the flags or the precision of {verb.shown!r} are not supported here")


def _padded(verb: _Verb, text: str) -> str:
    return text.ljust(verb.width) if "-" in verb.flags else text.rjust(verb.width)


def _text(verb: _Verb, value: str) -> str:
    _only(verb, "-", precise=verb.verb in "sv")
    if verb.verb == "q":
        value = _quoted(value)
    elif verb.verb == "x":
        value = encoded(value).hex()
    elif verb.precision is not None:
        value = value[: verb.precision]
    return _padded(verb, value)


def _quoted(text: str) -> str:
    if not text.isascii():
        raise Fault("%q of a character that is not ASCII")
    escaped = (
        _QUOTED.get(char, char if " " <= char <= "\x7e" else f"\\x{ord(char):02x}") for char in text
    )
    return '"' + "".join(escaped) + '"'


def _whole(verb: _Verb, value: int) -> str:
    _only(verb, "-+0" if verb.verb == "d" else "-", precise=False)
    return _number(verb, value < 0, f"{abs(value):{'x' if verb.verb == 'x' else 'd'}}")


def _decimal(verb: _Verb, value: float) -> str:
    _only(verb, "-+0", precise=True)
    digits = f"{abs(value):.{6 if verb.precision is None else verb.precision}f}"
    return _number(verb, str(value).startswith("-"), digits)


def _number(verb: _Verb, negative: bool, digits: str) -> str:
    sign = "-" if negative else "+" if "+" in verb.flags else ""
    if "0" in verb.flags and "-" not in verb.flags:
        digits = digits.rjust(verb.width - len(sign), "0")
    return _padded(verb, sign + digits)
