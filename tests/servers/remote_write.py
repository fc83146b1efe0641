"""Writes histories into a Prometheus by its remote write protocol, native histograms too."""

from __future__ import annotations

import urllib.request
from collections import defaultdict
from collections.abc import Sequence

from tests.servers.exposition import Series
from tests.servers.native import Native, NativeSeries, side
from tests.servers.protobuf import double, message, signed, text, unsigned, varint

# The server takes what is at most an hour older than the newest: oldest first, bit by bit.
BATCH = 600.0
LITERAL = 1 << 16


def remote_write(
    address: str, *, counters: Sequence[Series] = (), natives: Sequence[NativeSeries] = ()
) -> None:
    """Write all samples of ``counters`` and ``natives`` to the server at ``address``."""
    batches: dict[float, list[bytes]] = defaultdict(list)
    for one in (*counters, *natives):
        labels = _labels({"__name__": one.name, **one.labels})
        parts: dict[float, bytes] = defaultdict(bytes)
        for at, value in one.samples:
            parts[at // BATCH] += _sample(at, value)
        for batch, samples in parts.items():
            batches[batch].append(message(1, labels + samples))
    for batch in sorted(batches):
        _post(f"{address}/api/v1/write", _snappy(b"".join(batches[batch])))


def _labels(labels: dict[str, str]) -> bytes:
    return b"".join(message(1, text(1, name) + text(2, labels[name])) for name in sorted(labels))


def _sample(at: float, value: float | Native) -> bytes:
    time = round(at * 1000)
    if isinstance(value, Native):
        return message(4, _histogram(value, time))
    return message(2, double(1, value) + unsigned(2, time))


def _histogram(one: Native, time: int) -> bytes:
    return b"".join(
        (
            unsigned(1, one.count),
            double(3, one.sum),
            signed(4, one.schema),
            double(5, one.threshold),
            unsigned(6, one.zero),
            side(8, one.negative),
            side(11, one.positive),
            unsigned(15, time),
        )
    )


def _snappy(data: bytes) -> bytes:
    """Snappy's block format, as literals: nothing is made smaller."""
    parts = [data[at : at + LITERAL] for at in range(0, len(data), LITERAL)]
    tag = bytes([61 << 2])
    return varint(len(data)) + b"".join(
        tag + (len(part) - 1).to_bytes(2, "little") + part for part in parts
    )


def _post(url: str, body: bytes) -> None:
    headers = {"Content-Encoding": "snappy", "Content-Type": "application/x-protobuf"}
    request = urllib.request.Request(url, data=body, headers=headers, method="POST")
    with urllib.request.urlopen(request, timeout=30) as answer:
        answer.read()
