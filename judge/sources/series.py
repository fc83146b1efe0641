"""Series of values, as Kayenta's judge compares them: range queries sent as they are written.

Owned here: which points a query is asked for, that several intervals are one question where they
have their points in common, and the values of each label set by interval. Promised: an interval's
values are those that its own range query, both ends included, would have yielded; fresh points are
asked for one by one where a server would pass off older ones as new (`grid`). Not here: the wire
(`client`), pairing the tracks' label sets, what NaN means.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from judge.errors import QueryTooLarge, SourceError, SourceUnavailable
from judge.sources.answers import Result, number
from judge.sources.answers import Series as Answered
from judge.sources.client import PrometheusClient
from judge.sources.grid import Grid
from judge.sources.native_ends import MIN_STRETCH
from judge.sources.pod_samples import PodSamples
from judge.sources.selectors import NAME_LABEL
from judge.spec.resolved import Metric, Query
from judge.stats.samples import Absence, Interval, Sample, Series

AT_ONCE = 4  # queries of one reading; four looks at a time keep a client's connections busy
ROUNDING = 1e-6
MILLISECONDS = 1000.0  # in a second; servers keep no more of a time

Column = list[float | None]
Found = list[PodSamples]


@dataclass(frozen=True, slots=True)
class Looks:
    """Consecutive intervals, each ``length`` seconds long, from ``start`` on; as of ``now``.

    All in Unix seconds.
    """

    client: PrometheusClient
    start: float
    length: float
    count: int
    now: float


def read_series(metrics: Sequence[Metric], tracks: Sequence[str], looks: Looks) -> list[Interval]:
    """The intervals of ``looks`` with what the series metrics yield in ``tracks``.

    What one query cannot give is a hole of that track. Raises `SourceUnavailable` where the server
    is silent, so that it can be asked again; the first `SourceError` where no query could be read.
    """
    asked = list(_asked(metrics, tracks))
    answers = _answers([query for _, _, query in asked], looks)
    failures = [one for one in answers if isinstance(one, SourceError)]
    if len(failures) == sum(query is not None for _, _, query in asked):
        raise failures[0] if failures else _no_query(tracks)
    unreachable = [PodSamples(why=Absence.UNREACHABLE)] * looks.count
    told = [
        (name, track, unreachable if isinstance(one, SourceError) else one)
        for (name, track, _), one in zip(asked, answers, strict=True)
    ]
    return [_interval(index, told, looks) for index in range(looks.count)]


def _interval(index: int, told: Sequence[tuple[str, str, Found]], looks: Looks) -> Interval:
    samples: dict[str, dict[str, dict[str, Sample]]] = {}
    absent: dict[str, dict[str, Absence]] = {}
    for metric, track, found in told:
        one = found[index]
        if one.samples:
            samples.setdefault(metric, {})[track] = one.samples
        if one.why is not None:
            absent.setdefault(metric, {})[track] = one.why
    start = looks.start + index * looks.length
    return Interval(start, looks.start + (index + 1) * looks.length, samples, absent=absent)


def _answers(queries: Sequence[Query | None], looks: Looks) -> list[Found | SourceError]:
    """What each query yields, or why it does not; a few are asked at a time."""
    found = []
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="judge-series") as pool:
        for answer in [pool.submit(_answer, query, looks) for query in queries]:
            one = answer.result()
            if isinstance(one, SourceError) and passing(one):
                pool.shutdown(wait=False, cancel_futures=True)
                raise one
            found.append(one)
    return found


def _answer(query: Query | None, looks: Looks) -> Found | SourceError:
    if query is None:
        return [PodSamples(why=Absence.NO_DATA)] * looks.count
    try:
        return _read(query, looks)
    except SourceError as error:
        return error


def passing(error: SourceError) -> bool:
    """Whether it is the server that cannot answer for now, whatever it is asked."""
    return isinstance(error, SourceUnavailable) and not isinstance(error, QueryTooLarge)


def points_of(query: Query, length: float) -> int:
    """How many points an interval of ``length`` seconds has, its two ends included."""
    lasts = length if query.lasts is None else query.lasts
    return int(lasts / query.step + ROUNDING) + 1


def label_set(series: Answered, *, named: bool = False) -> str:
    """What a series goes by: its labels as canonical JSON, without the metric's name."""
    kept = {name: one for name, one in series.metric.items() if named or name != NAME_LABEL}
    return json.dumps(kept, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _asked(
    metrics: Sequence[Metric], tracks: Sequence[str]
) -> Iterator[tuple[str, str, Query | None]]:
    for metric in metrics:
        for track in tracks:
            queries = metric.queries.get(track, {})
            yield metric.name, track, next(iter(queries.values()), None)


def _read(query: Query, looks: Looks) -> Found:
    """What ``query`` yields in each interval: all of them at once where they share their points."""
    points, begins = points_of(query, looks.length), looks.start + query.begins
    stride = looks.length / query.step
    if _whole(stride) and _whole(looks.length * MILLISECONDS):
        stride = round(stride)
        grid = Grid(
            looks.client, begins, query.step, (looks.count - 1) * stride + points, looks.now
        )
        columns = _Columns(grid, query)
        return [columns.cut(index * stride, points) for index in range(looks.count)]
    each = (begins + index * looks.length for index in range(looks.count))
    return [
        _Columns(Grid(looks.client, one, query.step, points, looks.now), query).cut(0, points)
        for one in each
    ]


def _whole(count: float) -> bool:
    return count >= 1 - ROUNDING and abs(count - round(count)) < ROUNDING


def _no_query(tracks: Sequence[str]) -> SourceError:
    named = ", ".join(tracks) or "no track"
    return SourceError(f"no series has a query for {named}; give the metrics a template or queries")


class _Columns:
    """What a query yields at each point of a grid, by label set. Raises `SourceError`."""

    def __init__(self, grid: Grid, query: Query) -> None:
        self._grid = grid
        self._expr = query.expr
        self._partial = False
        self._columns: dict[str, Column] = {}
        for stretch in grid.stretches():
            self._ask(stretch)

    def cut(self, first: int, points: int) -> PodSamples:
        """The values of ``points`` points from ``first`` on."""
        if self._partial:
            return PodSamples(why=Absence.PARTIAL)
        found = PodSamples()
        step = self._grid.step
        for name, column in self._columns.items():
            inside = column[first : first + points]
            told = [(index * step, one) for index, one in enumerate(inside) if one is not None]
            if told:
                found.add(name, Series(tuple(at for at, _ in told), tuple(one for _, one in told)))
        if not found.samples:
            found.why = Absence.NO_DATA
        return found

    def _ask(self, stretch: range) -> None:
        try:
            self._fill(stretch, self._grid.answer(self._expr, stretch))
        except QueryTooLarge:
            if len(stretch) <= MIN_STRETCH:
                raise
            middle = len(stretch) // 2
            self._ask(stretch[:middle])
            self._ask(stretch[middle:])

    def _fill(self, stretch: range, result: Result) -> None:
        self._partial = self._partial or bool(result.warnings)
        for name, series in _told_apart(result.series).items():
            timed = [series.value] if series.value else series.values
            if not timed:
                continue
            column = self._columns.setdefault(name, [None] * self._grid.points)
            for point, text in self._grid.placed(timed, stretch):
                column[point] = number(text, self._grid.client.name)


def _told_apart(answered: Sequence[Answered]) -> Mapping[str, Answered]:
    """The series by label set; by name too where several differ in nothing else."""
    found: dict[str, list[Answered]] = {}
    for one in answered:
        found.setdefault(label_set(one), []).append(one)
    return {label_set(one, named=len(alike) > 1): one for alike in found.values() for one in alike}
