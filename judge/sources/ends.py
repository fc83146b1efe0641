"""The sums at the ends of consecutive intervals, asked for in as few queries as the server takes.

Owned here: all branches in one range query; where the server refuses that one or it is too much for
it, one query a metric, then shorter stretches; the limit on points; what is too fresh for a range
query. Not here: what the sums mean (`increments`, `tally`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain

from judge.errors import QueryTooLarge, SourceError, SourceMalformed, SourceRejected
from judge.sources.answers import Result, number
from judge.sources.client import PrometheusClient
from judge.sources.increments import Lines
from judge.sources.queries import MARK, Branch, What, joined, unmarked
from judge.spec.resolved import PrometheusConfig
from judge.stats.samples import Absence

MAX_POINTS = 11_000
# VictoriaMetrics takes 16 KiB by default; five metrics with short selectors fit.
LONGEST_QUERY = 16_000
# Shorter stretches than this do not rescue a query that is too much for the server.
MIN_STRETCH = 60
# VictoriaMetrics replaces points of a range query that are fresher than this by older ones, where
# the step is shorter than a minute. Instant queries tell it as it is.
FRESH = 35.0
FRESH_STEP = 60.0
# It is the query that these refuse, not us.
ABOUT_THE_QUERY = frozenset({200, 400, 413, 414, 422})


@dataclass(slots=True)
class Ends:
    """Reads the ends start, start + step, ... (``points`` of them) of some branches at ``now``.

    `read` fills ``lines`` by branch and ``absent``, the metrics that could not be read, with why.
    """

    client: PrometheusClient
    config: PrometheusConfig
    start: float
    step: float
    points: int
    now: float
    lines: dict[Branch, Lines] = field(default_factory=dict)
    absent: dict[str, Absence] = field(default_factory=dict)

    def read(self, branches: Sequence[Branch]) -> None:
        """Read all of ``branches``. Raises `SourceError` where none of their metrics could be."""
        self.lines = {branch: Lines(self.points) for branch in branches}
        fresh = self._first_fresh()
        for first in range(0, fresh, MAX_POINTS):
            self._ask(branches, range(first, min(first + MAX_POINTS, fresh)))
        for point in range(fresh, self.points):
            self._ask(branches, range(point, point + 1))

    def _first_fresh(self) -> int:
        """The first point that must be asked for by itself."""
        if self.step >= FRESH_STEP:
            return self.points
        settled = math.floor((self.now - FRESH - self.start) / self.step) + 1
        return min(max(settled, 0), self.points)

    def _ask(self, branches: Sequence[Branch], stretch: range) -> None:
        query = joined(branches, self.config, step=self.step)
        by_metric = _by_metric(branches)
        if len(query) > LONGEST_QUERY and len(by_metric) > 1:
            middle = len(by_metric) // 2
            halves = by_metric[:middle], by_metric[middle:]
            self._ask_parts([list(chain.from_iterable(half)) for half in halves], stretch)
            return
        try:
            self._fill(branches, stretch, self._result(query, stretch))
        except (SourceRejected, QueryTooLarge) as error:
            too_large = isinstance(error, QueryTooLarge)
            if not (too_large or error.status in ABOUT_THE_QUERY):
                raise
            if len(by_metric) > 1:
                self._ask_parts(by_metric, stretch)
            elif too_large and len(stretch) > MIN_STRETCH:
                middle = len(stretch) // 2
                self._ask(branches, stretch[:middle])
                self._ask(branches, stretch[middle:])
            else:
                raise

    def _ask_parts(self, parts: Sequence[Sequence[Branch]], stretch: range) -> None:
        """Ask for each part by itself; raises only where none of them could be read."""
        failures: list[SourceError] = []
        for part in parts:
            try:
                self._ask(part, stretch)
            except SourceError as error:
                self.absent.update((branch.metric, Absence.UNREACHABLE) for branch in part)
                failures.append(error)
        if len(failures) == len(parts):
            raise failures[0]

    def _result(self, query: str, stretch: range) -> Result:
        if len(stretch) == 1:
            return self.client.instant(query, at=self.start + stretch[0] * self.step)
        return self.client.range(
            query,
            start=self.start + stretch[0] * self.step,
            end=self.start + stretch[-1] * self.step,
            step=self.step,
        )

    def _fill(self, branches: Sequence[Branch], stretch: range, result: Result) -> None:
        if result.warnings:
            self.absent.update((branch.metric, Absence.PARTIAL) for branch in branches)
        for series in result.series:
            index, what = self._place(series.metric, len(branches))
            line = self.lines[branches[index]].line(series.metric.get(self.config.pod_label, ""))
            target = {What.SUM: line.sums, What.SERIES: line.series, What.DOUBTS: line.doubts}[what]
            for time, text in [series.value] if series.value else series.values:
                point = round((time - self.start) / self.step)
                if stretch[0] <= point <= stretch[-1]:
                    target[point] = number(text, self.client.name)

    def _place(self, labels: dict[str, str], branches: int) -> tuple[int, What]:
        mark = labels.get(MARK, "")
        try:
            index, what = unmarked(mark)
        except ValueError:
            index, what = branches, What.SUM
        if not 0 <= index < branches:
            raise SourceMalformed(
                f"{self.client.name} answered with a series that was not asked for ({labels}); "
                f"check that nothing between drops or rewrites the label {MARK}"
            )
        return index, what


def _by_metric(branches: Sequence[Branch]) -> list[list[Branch]]:
    found: dict[str, list[Branch]] = {}
    for branch in branches:
        found.setdefault(branch.metric, []).append(branch)
    return list(found.values())
