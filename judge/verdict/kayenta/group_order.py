"""The order in which Kayenta's judge goes through groups and their weights.

It keeps both in hash maps, so their order is that of the names' hashes. That matters because its
score is a sum of floats: in another order the last bit can differ, and then, where the third place
is a half, the score by 0.01. Owned here: the order alone. Names whose hashes are equal in all 32
bits stay as they came.

Sources: String.hashCode as the Java API documents it; how Scala 2.12's mutable and immutable maps
place their keys; found equal on 20,000 judgements of Kayenta's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

_WORD = 0xFFFFFFFF
_MIXER = 0x9E3775CD
_FEW = 4
"""Up to as many keys an immutable map keeps in the order in which they came."""
_BUCKETS = 16
"""Of a mutable map, until it has more than 12 keys."""
_DIGIT = 5
"""Bits of the hash that one level of a large immutable map looks at, the lowest first."""


def group_order(names: Iterable[str]) -> list[str]:
    """The different ``names``, which come as their results do, in the order of their scores."""
    different = list(dict.fromkeys(names))
    if len(different) > _FEW:
        return sorted(different, key=_digits)
    newest_first = reversed(different)
    return sorted(newest_first, key=_bucket, reverse=True)


def weight_order(names: Sequence[str]) -> list[str]:
    """The different ``names`` as written, in the order in which their weights are added."""
    return sorted(names, key=_digits) if len(names) > _FEW else list(names)


def _hash(name: str) -> int:
    """Of the UTF-16 code units, base 31."""
    units = name.encode("utf-16-be", "surrogatepass")
    found = 0
    for high, low in zip(units[::2], units[1::2], strict=True):
        found = (31 * found + 256 * high + low) & _WORD
    return found


def _bucket(name: str) -> int:
    """Where a mutable map of so few keys puts the name; it is walked from the last bucket."""
    mixed = _hash(name) * _MIXER & _WORD
    turned = int.from_bytes(mixed.to_bytes(4, "big"), "little")
    return turned * _MIXER % _BUCKETS


def _digits(name: str) -> list[int]:
    """The path to the name in an immutable map: its hash, scrambled, from the lowest bits up."""
    mixed = _hash(name)
    mixed = mixed + ~(mixed << 9) & _WORD
    mixed ^= mixed >> 14
    mixed = mixed + (mixed << 4) & _WORD
    mixed ^= mixed >> 10
    return [mixed >> bits & (1 << _DIGIT) - 1 for bits in range(0, 32, _DIGIT)]
