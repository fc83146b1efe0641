"""The JSON forms of samples: one a kind of metric, written and read back bit for bit.

    proportion  {"events": 3, "total": 512}
    histogram   {"buckets": [[0.1, 400], [0.5, 500], ["+Inf", 512]], "sum": 51.2}
    gauge       {"value": 1.2e8}
    series      {"at": [0, 60], "values": [0.31, "NaN"]}

Owned here: these forms, and refusing what cannot be one with the place. ``buckets`` are cumulative;
``sum`` is left out where nobody knows it. Not here: intervals and bundles (`recording`).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping
from typing import Any

from judge.errors import BundleError
from judge.sources.json_values import mapping, number, written
from judge.spec.resolved import Kind
from judge.stats.samples import Count, Histogram, Level, Sample, Series

Read = Callable[[Any, str], Sample]

_PLAIN = (int, float)
_FORMS = {
    Kind.PROPORTION: "events and total",
    Kind.HISTOGRAM: "buckets",
    Kind.GAUGE: "value",
    Kind.SERIES: "at and values",
}
# The field that no other kind's samples have.
_OWN = {
    Kind.PROPORTION: "total",
    Kind.HISTOGRAM: "buckets",
    Kind.GAUGE: "value",
    Kind.SERIES: "values",
}


def reader(kind: Kind | None) -> Read:
    """What reads samples of ``kind``, or of whatever kind they are; given (JSON, place).

    What it returns raises BundleError naming the place where the JSON is no such sample.
    """
    return _any if kind is None else _READERS[kind]


def sample_document(sample: Sample) -> dict[str, Any]:
    """The JSON form of a sample; infinities and NaN are strings."""
    if isinstance(sample, Count):
        return {"events": written(sample.events), "total": written(sample.total)}
    if isinstance(sample, Level):
        return {"value": written(sample.value)}
    if isinstance(sample, Series):
        return {"at": list(sample.at), "values": [written(value) for value in sample.values]}
    pairs = zip(sample.bounds, sample.counts, strict=True)
    document: dict[str, Any] = {"buckets": [[written(le), written(count)] for le, count in pairs]}
    if not math.isnan(sample.sum):
        document["sum"] = written(sample.sum)
    return document


def _count(document: Any, place: str) -> Count:
    if type(document) is dict and len(document) == 2:
        events: Any = document.get("events")
        total: Any = document.get("total")
        if type(events) in _PLAIN and type(total) in _PLAIN and events >= 0 and total >= 0:
            return Count(float(events), float(total))
    fields = _fields(document, place, Kind.PROPORTION)
    events = number(fields.get("events"), f"{place}.events")
    total = number(fields.get("total"), f"{place}.total")
    if any(value < 0 and math.isfinite(value) for value in (events, total)):
        raise BundleError(f"{place}: counts are increments and cannot be negative")
    return Count(events, total)


def _level(document: Any, place: str) -> Level:
    fields = _fields(document, place, Kind.GAUGE)
    return Level(number(fields.get("value"), f"{place}.value"))


def _series(document: Any, place: str) -> Series:
    fields = _fields(document, place, Kind.SERIES)
    at, values = (_numbers(fields.get(name), f"{place}.{name}") for name in ("at", "values"))
    if len(at) != len(values):
        raise BundleError(f"{place}: has {len(at)} times and {len(values)} values; give as many")
    if not all(map(math.isfinite, at)) or any(b <= a for a, b in itertools.pairwise(at)):
        raise BundleError(f"{place}.at: is no list of times that ascend")
    return Series(at, values)


def _numbers(document: Any, place: str) -> tuple[float, ...]:
    if type(document) is not list:
        raise BundleError(f"{place}: is no list of numbers")
    return tuple(number(one, f"{place}[{index}]") for index, one in enumerate(document))


def _histogram(document: Any, place: str) -> Histogram:
    fields = _fields(document, place, Kind.HISTOGRAM)
    pairs = _pairs(fields.get("buckets"), f"{place}.buckets")
    bounds = tuple(bound for bound, _ in pairs)
    counts = tuple(count for _, count in pairs)
    _check(bounds, counts, f"{place}.buckets")
    told = fields.get("sum")
    return Histogram(bounds, counts, math.nan if told is None else number(told, f"{place}.sum"))


def _pairs(document: Any, place: str) -> list[tuple[float, float]]:
    if type(document) is not list or not document:
        raise BundleError(f'{place}: is no list of [bound, count] that ends with ["+Inf", count]')
    pairs = []
    for index, pair in enumerate(document):
        if type(pair) is not list or len(pair) != 2:
            raise BundleError(f"{place}[{index}]: {pair!r} is no [bound, count]")
        bound, count = pair
        if type(bound) in _PLAIN and type(count) in _PLAIN:
            pairs.append((float(bound), float(count)))
        else:
            at = f"{place}[{index}]"
            pairs.append((number(bound, at), number(count, at)))
    return pairs


def _check(bounds: tuple[float, ...], counts: tuple[float, ...], place: str) -> None:
    if bounds[-1] != math.inf:
        raise BundleError(f'{place}: end with {bounds[-1]:g}; the last bound is "+Inf", for all')
    # Written so that NaN, which is less than nothing and more than nothing, does not ascend.
    if not all(a < b for a, b in itertools.pairwise((-math.inf, *bounds))):
        raise BundleError(f"{place}: the bounds do not ascend")
    if any(b < a for a, b in itertools.pairwise((0.0, *counts))):
        raise BundleError(
            f"{place}: the counts fall; they are cumulative increments, and none is negative"
        )


def _any(document: Any, place: str) -> Sample:
    fields = mapping(document, place)
    if "buckets" in fields:
        return _histogram(fields, place)
    if "values" in fields:
        return _series(fields, place)
    return _level(fields, place) if "value" in fields else _count(fields, place)


def _fields(document: Any, place: str, kind: Kind) -> Mapping[str, Any]:
    """The sample's object, which must not be one of another kind's."""
    fields = mapping(document, place)
    if any(own in fields for other, own in _OWN.items() if other is not kind):
        raise BundleError(
            f"{place}: has {', '.join(sorted(fields))}; "
            f"its metric is a {kind.value}, whose samples have {_FORMS[kind]}"
        )
    return fields


_READERS: dict[Kind, Read] = {
    Kind.PROPORTION: _count,
    Kind.HISTOGRAM: _histogram,
    Kind.GAUGE: _level,
    Kind.SERIES: _series,
}
