"""The parts of a metric's queries, by kind, as a user writes them.

Owned here: their fields, which of them a kind has, how each is read, and that a counter's query is
a plain selector. Not here: filling their places (`queries`).
"""

from __future__ import annotations

from collections.abc import Iterator, Set
from typing import Annotated, Literal

from pydantic import AfterValidator, Discriminator, Tag

from judge.spec.fields import LONG, SHORT, Document, Duration, QueryText, one_of
from judge.spec.promql import PromqlError, parse_vector_selector
from judge.spec.resolved import PARTS, Kind, Query, Reading
from judge.spec.units import format_duration

BUCKETS = "buckets"
VALUE = "value"
VALUES = "values"
SHORTEST_STEP = 1.0


def _long_enough(step: float) -> float:
    if step < SHORTEST_STEP:
        raise ValueError(f"a step of {format_duration(step)} is too short; write 1s or more")
    return step


class QueryWritten(Document):
    """PromQL, and how its values become a number for an interval."""

    expr: QueryText
    """PromQL; what it yields is summed by pod. A counter's is a plain selector."""
    reading: Literal["counter", "gauge"] | None = None
    """`counter` or `gauge`. Default: `gauge` for `value`, `counter` for every other part."""


AnyQuery = Annotated[
    Annotated[QueryText, Tag(SHORT)] | Annotated[QueryWritten, Tag(LONG)], Discriminator(one_of)
]


class SeriesWritten(Document):
    """PromQL whose values are compared by Kayenta's judge, as they are."""

    expr: QueryText
    """Any PromQL; it is sent as it is, and each label set that it yields is a series."""
    step: Annotated[Duration, AfterValidator(_long_enough)] = 60.0
    """Time between two values; it divides the interval, and is 1s or more."""

    def query(self) -> Query:
        """The same, inside."""
        return Query(self.expr, Reading.SERIES, self.step)


AnySeries = Annotated[
    Annotated[QueryText, Tag(SHORT)] | Annotated[SeriesWritten, Tag(LONG)], Discriminator(one_of)
]


class QueriesWritten(Document):
    """The parts of a metric's queries: those that its kind has."""

    events: AnyQuery | None = None
    """Of a proportion: what is counted, errors say. A text is the `expr` of a counter."""
    total: AnyQuery | None = None
    """Of a proportion: what they are among, requests say. A text is the `expr` of a counter."""
    buckets: AnyQuery | None = None
    """Of a histogram: the plain selector of its buckets, or of the native histogram."""
    value: AnyQuery | None = None
    """Of a gauge: what it is. A text is the `expr` of a gauge; of a counter it is the rate."""
    values: AnySeries | None = None
    """Of a series: any PromQL. A text is its `expr`, which yields a value a minute."""

    def written(self) -> dict[str, str | QueryWritten | SeriesWritten]:
        """The parts that are written."""
        parts = {
            "events": self.events,
            "total": self.total,
            BUCKETS: self.buckets,
            VALUE: self.value,
            VALUES: self.values,
        }
        return {name: part for name, part in parts.items() if part is not None}

    def resolved(self) -> dict[str, Query]:
        """The same, inside, in the long form."""
        return {name: _query(name, part) for name, part in self.written().items()}


_USUAL = {VALUE: Reading.GAUGE, VALUES: Reading.SERIES}


def part_faults(written: Set[str], kind: Kind) -> Iterator[tuple[tuple[str, ...], str]]:
    """Which parts a metric of ``kind`` lacks or cannot have: the path below queries, a sentence."""
    known = PARTS[kind]
    needed = " and ".join(known)
    for part in sorted(written - set(known)):
        yield (part,), f"is no part of a {kind}, which has {needed}; remove it"
    for part in known:
        if part not in written:
            yield (part,), f"is missing; add it (a {kind} has {needed})"


def check_reading(query: Query, part: str) -> None:
    """A counter's expression is a plain selector: its raw samples are read too.

    ``part`` is the part that the query is of a metric. Raises `PromqlError`.
    """
    if query.reading is not Reading.COUNTER:
        if part == BUCKETS:
            raise PromqlError("buckets are counters; remove reading: gauge", 0)
        return
    try:
        _, matchers = parse_vector_selector(query.expr)
    except PromqlError as error:
        otherwise = "" if part == BUCKETS else ", or write reading: gauge"
        raise PromqlError(
            f'a counter is read by a plain selector, name{{label="value"}}: {error} (at '
            f"character {error.offset + 1} of {query.expr!r}); leave out rate() and sum(), which "
            f"Judge does itself{otherwise}",
            error.offset,
        ) from error
    if part == BUCKETS and any(matcher.name == "le" for matcher in matchers):
        raise PromqlError(
            "a histogram needs all its buckets; remove the matcher of le (the share of requests "
            "within one bucket is a metric of kind: proportion)",
            0,
        )


def _query(part: str, written: str | QueryWritten | SeriesWritten) -> Query:
    if isinstance(written, SeriesWritten):
        return written.query()
    if isinstance(written, str):
        return Query(written, _USUAL.get(part, Reading.COUNTER))
    usual = _USUAL.get(part, Reading.COUNTER)
    return Query(written.expr, usual if written.reading is None else Reading(written.reading))
