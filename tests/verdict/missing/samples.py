"""What Prometheus's own scrapes would have stored, sample by sample, and writing it there.

Unlike a backfill, remote write carries the marks of staleness that a failed or shrunken scrape
leaves behind, and a server that has half of a history can be asked before it gets the rest.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tests.servers.exposition import Series
from tests.servers.native import Native, NativeSeries
from tests.servers.remote_write import remote_write

Labels = tuple[tuple[str, str], ...]
Value = float | Native

NAME = "__name__"
# prometheus/model/value: the one NaN that says "this series has ended".
STALE: float = struct.unpack("<d", struct.pack("<Q", 0x7FF0000000000002))[0]


@dataclass(frozen=True, slots=True)
class Sample:
    """A value of a series at ``at``, which the server got at ``arrived`` (Unix seconds both)."""

    arrived: float
    labels: Labels
    at: float
    value: Value


def labelled(name: str, labels: Mapping[str, str]) -> Labels:
    """A series' labels with its name among them."""
    return tuple(sorted({NAME: name, **labels}.items()))


def push(address: str, samples: Iterable[Sample]) -> None:
    """Store ``samples``, a series' in their order. Raises where the server refuses."""
    by_series: dict[Labels, list[tuple[float, Value]]] = {}
    for one in samples:
        by_series.setdefault(one.labels, []).append((one.at, one.value))
    counters, natives = [], []
    for labels, values in by_series.items():
        others = {name: value for name, value in labels if name != NAME}
        if any(isinstance(value, Native) for _, value in values):
            natives.append(NativeSeries(dict(labels)[NAME], others, values))
        else:
            counters.append(Series(dict(labels)[NAME], others, values))
    remote_write(address, counters=counters, natives=natives)
