"""The sums at the ends of consecutive intervals, asked for in as few queries as the server takes.

Owned here: all branches in one range query; where the server refuses that one or it is too much for
it, one query a metric, then shorter stretches. Native histograms are found here and read apart
(`native_ends`). Not here: the points (`grid`), what the sums mean (`increments`, `bucket_lines`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

from judge.errors import QueryTooLarge, SourceError, SourceMalformed, SourceRejected
from judge.sources.answers import Result, number
from judge.sources.bucket_lines import BucketLines
from judge.sources.grid import Grid
from judge.sources.increments import Column, Lines
from judge.sources.native_ends import MIN_STRETCH, read_natives
from judge.sources.queries import MARK, Branch, What, joined, unmarked
from judge.sources.selectors import BOUND_LABEL, selector, upper_bound
from judge.spec.resolved import PrometheusConfig
from judge.stats.samples import Absence

# VictoriaMetrics takes 16 KiB by default; four metrics with short selectors fit.
LONGEST_QUERY = 16_000
# It is the query that these refuse, not us.
ABOUT_THE_QUERY = frozenset({200, 400, 413, 414, 422})


@dataclass(slots=True)
class Ends:
    """Reads the points of ``grid`` of some branches.

    Events that are gone are looked for ``reach`` seconds back.
    `read` fills ``lines`` and ``buckets`` by branch, and ``absent``, the metrics that could not be
    read, with why.
    """

    grid: Grid
    config: PrometheusConfig
    reach: float
    lines: dict[Branch, Lines] = field(default_factory=dict)
    buckets: dict[Branch, BucketLines] = field(default_factory=dict)
    absent: dict[str, Absence] = field(default_factory=dict)

    def read(self, branches: Sequence[Branch]) -> None:
        """Read all of ``branches``. Raises `SourceError` where none of their metrics could be."""
        points = self.grid.points
        self.lines = {one: Lines(points) for one in branches if not one.buckets}
        self.buckets = {one: BucketLines(points) for one in branches if one.buckets}
        for stretch in self.grid.stretches():
            self._ask(branches, stretch)
        self._read_natives({branch.metric for branch in branches})

    def of(self, branch: Branch) -> Lines | BucketLines:
        """What was read of ``branch``."""
        return self.buckets[branch] if branch.buckets else self.lines[branch]

    def _read_natives(self, metrics: set[str]) -> None:
        for branch, lines in self.buckets.items():
            chosen = selector(branch.query.expr)
            if chosen is None or not lines.unbounded:
                continue
            try:
                if not read_natives(chosen, lines, grid=self.grid, config=self.config):
                    self.absent[branch.metric] = Absence.PARTIAL
            except SourceError:
                self.absent[branch.metric] = Absence.UNREACHABLE
                if metrics <= set(self.absent):
                    raise

    def _ask(self, branches: Sequence[Branch], stretch: range) -> None:
        query = joined(branches, self.config, step=self.grid.step, reach=self.reach)
        by_metric = _by_metric(branches)
        if len(query) > LONGEST_QUERY and len(by_metric) > 1:
            middle = len(by_metric) // 2
            halves = by_metric[:middle], by_metric[middle:]
            self._ask_parts([list(chain.from_iterable(half)) for half in halves], stretch)
            return
        try:
            self._fill(branches, stretch, self.grid.answer(query, stretch))
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

    def _fill(self, branches: Sequence[Branch], stretch: range, result: Result) -> None:
        if result.warnings:
            self.absent.update((branch.metric, Absence.PARTIAL) for branch in branches)
        name = self.grid.client.name
        for series in result.series:
            index, what = self._place(series.metric, len(branches))
            column = self._column(branches[index], what, series.metric)
            if column is not None:
                timed = [series.value] if series.value else series.values
                for point, text in self.grid.placed(timed, stretch):
                    column[point] = number(text, name)

    def _column(self, branch: Branch, what: What, labels: Mapping[str, str]) -> Column | None:
        """Where a series' values belong; None for values that stand for a native histogram."""
        pod = labels.get(self.config.pod_label, "")
        if branch in self.lines:
            return self.lines[branch].line(pod).column(what)
        bound = upper_bound(labels.get(BOUND_LABEL))
        return self.buckets[branch].line(pod).column(what, bound)

    def _place(self, labels: dict[str, str], branches: int) -> tuple[int, What]:
        mark = labels.get(MARK, "")
        try:
            index, what = unmarked(mark)
        except ValueError:
            index, what = branches, What.SUM
        if not 0 <= index < branches:
            name = self.grid.client.name
            raise SourceMalformed(
                f"{name} answered with a series that was not asked for ({labels}); "
                f"check that nothing between drops or rewrites the label {MARK}"
            )
        return index, what


def _by_metric(branches: Sequence[Branch]) -> list[list[Branch]]:
    found: dict[str, list[Branch]] = {}
    for branch in branches:
        found.setdefault(branch.metric, []).append(branch)
    return list(found.values())
