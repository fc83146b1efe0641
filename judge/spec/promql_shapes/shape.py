"""The shapes of a query that yields one number.

Owned here: their values. Promised: where the query has a value, it is what the shape's docstring
says of the counters' growth within the query's window, on any data, but for what Prometheus's
`rate` extrapolates. Not here: how a shape is found (`reading`), what follows of it (`measured`).
"""

from __future__ import annotations

from dataclasses import dataclass

BUCKET, SUM, COUNT = "_bucket", "_sum", "_count"
"""How the series of a classic histogram are called."""


@dataclass(frozen=True, slots=True)
class Ratio:
    """``offset + scale * events / total``; both are selectors of counters.

    ``within``: the events are among the total, by their labels. ``complement`` selects the others
    of the total, "" where no one selector does; ``excluding``: the events are told by what they are
    not, as successes are by not being errors. ``window`` is how far back the query looks, as it
    is written. ``expr`` is the query. ``idle``: what the query says, if anything, where nothing is
    counted; None for nothing.
    """

    events: str
    total: str
    scale: float
    offset: float
    within: bool
    complement: str
    excluding: bool
    window: str
    expr: str
    idle: float | None = None

    def share(self, value: float) -> float:
        """The share of events at which the query yields ``value``."""
        return round((value - self.offset) / self.scale, 12)


@dataclass(frozen=True, slots=True)
class Quantile:
    """``scale`` times the quantile ``q`` (0 to 1) of a histogram, by Prometheus's interpolation.

    ``buckets`` selects the series of a classic histogram (``..._bucket``), or a native one.
    """

    q: float
    buckets: str
    scale: float
    window: str
    expr: str


@dataclass(frozen=True, slots=True)
class Mean:
    """``scale * sum / count`` of a histogram or a summary; ``buckets`` is what its buckets are."""

    sum: str
    count: str
    scale: float
    buckets: str
    window: str
    expr: str


@dataclass(frozen=True, slots=True)
class Level:
    """Whatever ``expr`` yields."""

    expr: str


Shape = Ratio | Quantile | Mean | Level
