"""As much of protobuf as it takes to feed a Prometheus: fields of a message, in order."""

from __future__ import annotations

import struct
from collections.abc import Iterable


def varint(value: int) -> bytes:
    """A whole number from 0 on, in groups of seven bits."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def unsigned(field: int, value: int) -> bytes:
    """A field of type uint64, int64 (not below 0) or enum."""
    return varint(field << 3) + varint(value)


def signed(field: int, value: int) -> bytes:
    """A field of type sint32 or sint64."""
    return varint(field << 3) + _zigzag(value)


def signed_list(field: int, values: Iterable[int]) -> bytes:
    """A packed repeated field of type sint64."""
    return message(field, b"".join(map(_zigzag, values)))


def double(field: int, value: float) -> bytes:
    """A field of type double."""
    return varint(field << 3 | 1) + struct.pack("<d", value)


def text(field: int, value: str) -> bytes:
    """A field of type string."""
    return message(field, value.encode())


def message(field: int, encoded: bytes) -> bytes:
    """A field that holds a message, or a packed list."""
    return varint(field << 3 | 2) + varint(len(encoded)) + encoded


def _zigzag(value: int) -> bytes:
    return varint(value << 1 if value >= 0 else (-value << 1) - 1)
