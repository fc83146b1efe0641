"""Samples as they lie in a column: JSON, compressed (an interval shrinks to about a tenth)."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Any

import msgspec

from judge.sources.recording import interval_document, interval_from
from judge.stats.samples import Interval


def pack(document: Any) -> bytes:
    """The bytes of a JSON document."""
    return zlib.compress(msgspec.json.encode(document))


def unpack(packed: bytes) -> Any:
    """The JSON document of ``pack``'s bytes."""
    return msgspec.json.decode(zlib.decompress(packed))


def pack_interval(interval: Interval) -> bytes:
    """The bytes of an interval."""
    return pack(interval_document(interval))


def unpack_interval(packed: bytes) -> Interval:
    """The interval of ``pack_interval``'s bytes."""
    return interval_from(unpack(packed))


def pack_intervals(intervals: Sequence[Interval]) -> bytes:
    """The bytes of several intervals."""
    return pack([interval_document(interval) for interval in intervals])


def unpack_intervals(packed: bytes) -> list[Interval]:
    """The intervals of ``pack_intervals``'s bytes."""
    return [interval_from(document) for document in unpack(packed)]


def as_stored(interval: Interval) -> Interval:
    """The interval as it will come back from the store.

    What is judged now and what is judged again after a restart, or from a downloaded bundle,
    are then the same numbers to the last bit.
    """
    return unpack_interval(pack_interval(interval))
