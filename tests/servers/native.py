"""Native histograms as values, and how Prometheus's protobuf messages carry their buckets."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from tests.servers.protobuf import double, message, signed, signed_list, text, unsigned, varint

ZERO = 2.0**-128
PROTOBUF = (
    "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"
)
_HISTOGRAM = 4  # among the protocol's types of metric


@dataclass(frozen=True)
class Native:
    """A native histogram of whole counts.

    Bucket i of ``positive`` is over (base^(i-1), base^i] with base = 2^(2^-schema), of ``negative``
    the same below zero; ``zero`` were within ``threshold`` of zero.
    """

    schema: int = 3
    positive: Mapping[int, int] = field(default_factory=dict)
    negative: Mapping[int, int] = field(default_factory=dict)
    zero: int = 0
    threshold: float = ZERO
    sum: float = 0.0

    @property
    def count(self) -> int:
        """All observations."""
        return self.zero + sum(self.positive.values()) + sum(self.negative.values())

    def coarser(self) -> Native:
        """The same observations in buckets twice as wide."""
        return Native(
            self.schema - 1,
            _halved(self.positive),
            _halved(self.negative),
            self.zero,
            self.threshold,
            self.sum,
        )


def upper_bound(schema: int, index: int) -> float:
    """The upper bound of bucket ``index``."""
    return 2.0 ** (index * 2.0**-schema)


def index_of(schema: int, value: float) -> int:
    """The bucket that a value above 0 is counted in."""
    return math.ceil(math.log2(value) * 2.0**schema)


@dataclass(frozen=True)
class NativeSeries:
    """One series: its name, labels and samples as (Unix seconds, histogram)."""

    name: str
    labels: Mapping[str, str]
    samples: Sequence[tuple[float, Native]]


def side(field: int, buckets: Mapping[int, int]) -> bytes:
    """Spans (``field``) and deltas (the field after it) of one side's buckets."""
    spans, deltas, after, last = b"", [], 0, 0
    for index in sorted(buckets):
        spans += message(field, signed(1, index - after) + unsigned(2, 1))
        deltas.append(buckets[index] - last)
        after, last = index + 1, buckets[index]
    return spans + (signed_list(field + 1, deltas) if deltas else b"")


def exposition(name: str, metrics: Iterable[tuple[Mapping[str, str], Native]]) -> bytes:
    """What a process answers a scrape with that asks for protobuf: one family of histograms."""
    family = text(1, name) + unsigned(3, _HISTOGRAM)
    for labels, one in metrics:
        pairs = (message(1, text(1, label) + text(2, value)) for label, value in labels.items())
        family += message(4, b"".join(pairs) + message(7, _scraped(one)))
    return varint(len(family)) + family


def _scraped(one: Native) -> bytes:
    return b"".join(
        (
            unsigned(1, one.count),
            double(2, one.sum),
            signed(5, one.schema),
            double(6, one.threshold),
            unsigned(7, one.zero),
            side(9, one.negative),
            side(12, one.positive),
        )
    )


def _halved(buckets: Mapping[int, int]) -> dict[int, int]:
    wide: dict[int, int] = {}
    for index, count in buckets.items():
        wide[(index + 1) // 2] = wide.get((index + 1) // 2, 0) + count
    return wide
