"""Prometheus's remote write 1.0, as far as it takes to store what its own scrapes would have.

Unlike a backfill it carries the marks of staleness that a failed or shrunken scrape leaves behind,
and takes samples of any time, as long as they come in their order.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import requests

from tests.servers.protobuf import double, message, text, unsigned, varint

Labels = tuple[tuple[str, str], ...]

# prometheus/model/value: the one NaN that says "this series has ended".
STALE: float = struct.unpack("<d", struct.pack("<Q", 0x7FF0000000000002))[0]
_BLOCK = 1 << 16


@dataclass(frozen=True, slots=True)
class Sample:
    """A value of a series at ``at``, which the server got at ``arrived`` (Unix seconds both)."""

    arrived: float
    labels: Labels
    at: float
    value: float


def labelled(name: str, labels: Mapping[str, str]) -> Labels:
    """A series' labels with its name among them, sorted as remote write wants them."""
    return tuple(sorted({"__name__": name, **labels}.items()))


def push(address: str, samples: Iterable[Sample]) -> None:
    """Store ``samples``; a series' samples in their order. Raises where the server refuses."""
    series: dict[Labels, list[Sample]] = {}
    for one in samples:
        series.setdefault(one.labels, []).append(one)
    body = b"".join(message(1, _series(labels, each)) for labels, each in series.items())
    answer = requests.post(
        f"{address}/api/v1/write",
        data=_uncompressed_snappy(body),
        headers={
            "Content-Encoding": "snappy",
            "Content-Type": "application/x-protobuf",
            "X-Prometheus-Remote-Write-Version": "0.1.0",
        },
        timeout=(5, 60),
    )
    if answer.status_code != 204:
        raise RuntimeError(f"{address} refused samples: {answer.status_code} {answer.text}")


def _series(labels: Labels, samples: Iterable[Sample]) -> bytes:
    named = b"".join(message(1, text(1, name) + text(2, value)) for name, value in labels)
    return named + b"".join(
        message(2, double(1, one.value) + unsigned(2, round(one.at * 1000))) for one in samples
    )


def _uncompressed_snappy(body: bytes) -> bytes:
    """``body`` in snappy's block format, as literals only (format_description.txt, 2.1)."""
    blocks = [body[at : at + _BLOCK] for at in range(0, len(body), _BLOCK)]
    literals = b"".join(b"\xf4" + struct.pack("<H", len(one) - 1) + one for one in blocks)
    return varint(len(body)) + literals
