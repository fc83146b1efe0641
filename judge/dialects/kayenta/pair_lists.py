"""Metric set pair lists: the values of both sides that a judgement is made on.

Owned here: the list of a run's look, made again of its evidence; reading a list that a caller
sends. Not here: judging one (`judging`), storing one (the API).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, TypeAdapter, ValidationError

from judge.dialects.kayenta.config import KayentaDocument, Text
from judge.dialects.kayenta.instants import instant_text, millis
from judge.dialects.kayenta.judgements import judgement_window
from judge.dialects.kayenta.resolving import MOST_POINTS
from judge.errors import Issue, SpecError
from judge.spec.resolved import BASELINE, CANARY, Metric, Query
from judge.stats.arms import Array
from judge.stats.samples import Interval
from judge.store.run import Run
from judge.verdict.kayenta.documents import number, result_id
from judge.verdict.kayenta.pairing import Pair, Unpaired, pairs
from judge.verdict.kayenta.readings import TrackReadings

Pairs = list[dict[str, Any]]

_SIDES = {"control": BASELINE, "experiment": CANARY}
_NOT_FINITE = {"NaN": "nan", "Infinity": "inf", "-Infinity": "-inf"}


def pair_list(run: Run, intervals: Sequence[Interval], *, number: int) -> Pairs:
    """The list of judgement ``number`` (from 1), out of all ``intervals`` up to its look."""
    return [
        _document(run, metric, pair, number)
        for metric in run.analysis.metrics
        for pair in _pairs(run, metric, intervals)
    ]


def _pairs(run: Run, metric: Metric, intervals: Sequence[Interval]) -> list[Pair]:
    """Paired as the judge does it; none where it could not."""
    sides = []
    for track in _SIDES.values():
        readings = TrackReadings(metric, track, run.analysis.lookback)
        for interval in intervals:
            readings.add(interval)
        sides.append(readings.sides())
    try:
        return pairs(sides[0], sides[1])
    except Unpaired:
        return []


def _document(run: Run, metric: Metric, pair: Pair, judgement: int) -> dict[str, Any]:
    queries = {side: metric.queries[track]["values"] for side, track in _SIDES.items()}
    return {
        "name": metric.name,
        "id": result_id(metric.name, pair.tags, track=CANARY),
        "tags": dict(pair.tags),
        "values": {"control": _values(pair.control), "experiment": _values(pair.experiment)},
        "scopes": {side: _scope(run, query, judgement) for side, query in queries.items()},
        "attributes": {side: {"query": query.expr} for side, query in queries.items()},
    }


def _values(values: Array) -> list[float | str]:
    return [number(value) for value in values.tolist()]


def _scope(run: Run, query: Query, judgement: int) -> dict[str, Any]:
    """From when on a query was read: the start of the judgement's window, or its own."""
    if query.lasts is not None:
        start = run.started_at + query.begins
    else:
        start = judgement_window(run, judgement).start + query.begins
    return {
        "startTimeIso": instant_text(start),
        "startTimeMillis": millis(start),
        "stepMillis": millis(query.every or query.step),
    }


def _value(value: Any) -> Any:
    """A value, where it is a text one that JSON has no number for."""
    return float(_NOT_FINITE[value]) if isinstance(value, str) and value in _NOT_FINITE else value


Value = Annotated[float, Field(allow_inf_nan=True), BeforeValidator(_value)]


class MetricSetPair(KayentaDocument):
    """One pair that a caller sends; what a judge does not look at is kept as it is."""

    name: Text
    """The metric of the configuration that it is of."""
    id: Text = ""
    """By what its result is called."""
    tags: dict[str, Text] = Field(default_factory=dict)
    """The labels of its series."""
    values: Mapping[str, Annotated[list[Value], Field(max_length=MOST_POINTS)]]
    """The values of `control` and of `experiment`, no more than a range query yields."""

    def side(self, name: str) -> list[float]:
        """The values of one side; none where it has none."""
        return self.values.get(name, [])


_LIST = TypeAdapter(list[MetricSetPair])


def read_pairs(document: Any) -> list[MetricSetPair]:
    """The pairs of a parsed body. Raises `SpecError` with all that is wrong."""
    try:
        return _LIST.validate_python(document)
    except ValidationError as error:
        raise SpecError(
            [Issue(_place(one["loc"]), str(one["msg"])) for one in error.errors()]
        ) from error


def _place(location: Sequence[int | str]) -> str:
    parts = [f"[{part}]" if isinstance(part, int) else f".{part}" for part in location]
    return "".join(parts).removeprefix(".") or "body"
