"""Go's builtin functions: comparisons, logic, lengths, indexing, escaping.

Owned here: each function's arguments and what it yields. Promised: as Go, or refused; a symbol can
be printed and nothing else. Not here: printf's verbs (`formats`); ``and`` and ``or`` stop early,
so the evaluator calls them itself.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from urllib.parse import quote_plus

from judge.spec.go_template import formats
from judge.spec.go_template.error import Fault
from judge.spec.go_template.values import (
    Any,
    Symbol,
    Symbols,
    encoded,
    length,
    printed,
    truth,
    type_name,
    unknown,
)

Arguments = tuple[Any, ...]
Builtin = Callable[[Arguments], Any]

_HTML = str.maketrans(
    {"\0": "�", '"': "&#34;", "'": "&#39;", "&": "&amp;", "<": "&lt;", ">": "&gt;"}
)
_JS = {"\\": r"\\", "'": r"\'", '"': r"\"", "<": r"\u003C", ">": r"\u003E"} | {
    "&": r"\u0026",
    "=": r"\u003D",
}


def _counted(arguments: Arguments, least: int, most: int | None = None) -> None:
    if len(arguments) < least or (most is not None and len(arguments) > most):
        wanted = f"{least} to {most}" if most not in (None, least) else f"{least}"
        more = " or more" if most is None else ""
        raise Fault(f"takes {wanted}{more} arguments, not {len(arguments)}")


def _known(*values: Any) -> None:
    if any(isinstance(value, Symbol | Symbols) for value in values):
        raise unknown("a comparison is made")


def _equal_to_any(arguments: Arguments) -> bool:
    _counted(arguments, 2)
    first, *others = arguments
    return any(_equal(first, other) for other in others)


def _equal(one: Any, other: Any) -> bool:
    _comparable(one, other)
    return bool(one == other)


def _comparable(one: Any, other: Any) -> None:
    _known(one, other)
    for value in (one, other):
        if value is None or isinstance(value, Mapping):
            raise Fault(f"a value of the type {type_name(value)} is compared")
    if type_name(one) != type_name(other):
        raise Fault(f"{type_name(one)} and {type_name(other)} are compared; they never match")


def _not_equal(arguments: Arguments) -> bool:
    _counted(arguments, 2, 2)
    return not _equal(*arguments)


def _ordering(holds: Callable[..., bool]) -> Builtin:
    def compare(arguments: Arguments) -> bool:
        _counted(arguments, 2, 2)
        _comparable(*arguments)
        if isinstance(arguments[0], bool):
            raise Fault("true and false have no order")
        return holds(*arguments)

    return compare


def _not(arguments: Arguments) -> bool:
    _counted(arguments, 1, 1)
    return not truth(arguments[0])


def _len(arguments: Arguments) -> int:
    _counted(arguments, 1, 1)
    return length(arguments[0])


def _index(arguments: Arguments) -> Any:
    _counted(arguments, 1)
    value, *keys = arguments
    if value is None:
        raise Fault("nil is indexed")
    for key in keys:
        value = _item(value, key)
    return value


def _item(value: Any, key: Any) -> Any:
    if not isinstance(value, Mapping | Symbols):
        raise Fault(f"a value of the type {type_name(value)} is indexed; only variables can be")
    if isinstance(key, Symbol):
        raise unknown("the key is the text")
    if not isinstance(key, str):
        raise Fault(f"the key of variables is a string, not of the type {type_name(key)}")
    if isinstance(value, Mapping):
        return value.get(key, "")
    try:
        return value.item(key)
    except ValueError as error:
        raise Fault(str(error)) from error


def _slice(arguments: Arguments) -> str:
    _counted(arguments, 1, 3)
    value, *bounds = arguments
    if isinstance(value, Symbol):
        raise unknown("a part is taken")
    if not isinstance(value, str):
        raise Fault(f"a value of the type {type_name(value)} is sliced; only a string can be")
    text = encoded(value)
    ends = [0, len(text)]
    for i, bound in enumerate(bounds):
        if isinstance(bound, bool) or not isinstance(bound, int) or not 0 <= bound <= len(text):
            raise Fault(f"a slice's bounds are whole numbers from 0 to {len(text)}")
        ends[i] = bound
    if ends[0] > ends[1]:
        raise Fault("the slice ends before it begins")
    try:
        return text[ends[0] : ends[1]].decode()
    except UnicodeDecodeError as error:
        raise Fault("the slice cuts through a character") from error


def _escaper(escape: Callable[[str], str]) -> Builtin:
    def escaped(arguments: Arguments) -> str:
        if None in arguments:
            raise Fault("nil is escaped")
        if any(isinstance(one, Symbol | Symbols) for one in arguments):
            raise unknown("the escaped form is asked")
        whole = arguments[0] if len(arguments) == 1 else formats.together(arguments)
        return escape(printed(whole))

    return escaped


def _html(text: str) -> str:
    return text.translate(_HTML)


def _js(text: str) -> str:
    if not text.isascii():
        raise Fault("js of a character that is not ASCII")
    return "".join(
        _JS.get(char, char if " " <= char <= "\x7e" else f"\\u{ord(char):04X}") for char in text
    )


def _urlquery(text: str) -> str:
    return quote_plus(encoded(text), safe="~")


def _call(_: Arguments) -> Any:
    raise Fault("call is not supported; no value here is a function")


BUILTINS: Mapping[str, Builtin | None] = {
    "and": None,
    "or": None,
    "call": _call,
    "not": _not,
    "len": _len,
    "index": _index,
    "slice": _slice,
    "print": formats.sprint,
    "println": formats.sprintln,
    "printf": formats.sprintf,
    "html": _escaper(_html),
    "js": _escaper(_js),
    "urlquery": _escaper(_urlquery),
    "eq": _equal_to_any,
    "ne": _not_equal,
    "lt": _ordering(operator.lt),
    "le": _ordering(operator.le),
    "gt": _ordering(operator.gt),
    "ge": _ordering(operator.ge),
}
