"""What the constants of a template are worth: numbers, characters and strings.

Owned here: Go's escapes and numbers, as far as they are read. Not here: where they may stand.
"""

from __future__ import annotations

import re

from judge.spec.go_template.error import Fault
from judge.spec.go_template.lexer import Token

_INT = re.compile(r"[+-]?(?:0|[1-9][0-9]{0,18}|0[xX][0-9a-fA-F]{1,16}|0[oO][0-7]{1,22}|0[bB][01]+)")
_FLOAT = re.compile(r"[+-]?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?")
_ESCAPE = re.compile(
    r"""\\(?:(?P<simple>[abfnrtv\\"'])|x(?P<hex>[0-9a-fA-F]{2})|(?P<octal>[0-7]{3})"""
    r"""|u(?P<short>[0-9a-fA-F]{4})|U(?P<long>[0-9a-fA-F]{8}))"""
)
_SIMPLE = dict(zip("abfnrtv\\\"'", "\a\b\f\n\r\t\v\\\"'", strict=True))
_LARGEST_INT = 2**63 - 1


def number(token: Token) -> int | float:
    """A number, or a character's. Raises `Fault`."""
    if token.kind == "char":
        return _character(token)
    text = token.text
    if _INT.fullmatch(text):
        value = int(text, 0)
        if not -_LARGEST_INT - 1 <= value <= _LARGEST_INT:
            raise Fault(f"the number {text} does not fit into 64 bits", token.start)
        return value
    if not _FLOAT.fullmatch(text) or text.lstrip("+-").isdigit() or len(text) > 100:
        raise Fault(
            f"{text:.50} is no number that is read here; write one such as 10 or 0.5", token.start
        )
    value_ = float(text)
    if value_ in (float("inf"), float("-inf")):
        raise Fault(f"the number {text} is too large", token.start)
    return value_


def string(token: Token) -> str:
    """What a string in quotes or backticks is. Raises `Fault`."""
    if token.kind == "raw":
        return token.text[1:-1].replace("\r", "")
    return _unescaped(token, forbidden="'")


def _character(token: Token) -> int:
    inside = token.text[1:-1]
    if len(inside) == 1:
        return ord(inside)
    text = _unescaped(token, forbidden='"')
    if len(text) != 1 or not inside.startswith("\\"):
        raise Fault(f"{token.text:.50} is not one character", token.start)
    return ord(text)


def _unescaped(token: Token, *, forbidden: str) -> str:
    text, at, out = token.text[1:-1], 0, bytearray()
    while at < len(text):
        back = text.find("\\", at)
        plain = text[at:] if back < 0 else text[at:back]
        out += plain.encode(errors="surrogatepass")
        if back < 0:
            break
        escape = _ESCAPE.match(text, back)
        if escape is None or escape["simple"] == forbidden:
            shown = text[back : back + 2]
            raise Fault(f"{shown} is no escape here; write \\{shown}", token.start + 1 + back)
        out += _escaped(escape, token)
        at = escape.end()
    try:
        return out.decode()
    except UnicodeDecodeError as error:
        raise Fault("the escapes of this constant make no UTF-8 text", token.start) from error


def _escaped(escape: re.Match[str], token: Token) -> bytes:
    if escape["simple"]:
        return _SIMPLE[escape["simple"]].encode()
    if escape["hex"] or escape["octal"]:
        code = int(escape["hex"], 16) if escape["hex"] else int(escape["octal"], 8)
        if code > 255:
            raise Fault(f"{escape[0]} is more than a byte", token.start)
        return bytes([code])
    code = int(escape["short"] or escape["long"], 16)
    if code > 0x10FFFF or 0xD800 <= code < 0xE000:
        raise Fault(f"{escape[0]} is no character", token.start)
    return chr(code).encode()
