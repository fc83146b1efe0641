"""The sums at the ends of consecutive intervals, asked for in as few queries as the server takes.

Owned here: all branches in one range query; where the server refuses that one or it is too much for
it, one query a metric, then shorter stretches; the limit on points. Not here: what the sums mean
(`increments`, `tally`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from judge.errors import QueryTooLarge, SourceError, SourceMalformed, SourceRejected
from judge.sources.answers import Result, number
from judge.sources.client import PrometheusClient
from judge.sources.increments import Lines
from judge.sources.queries import MARK, Branch, What, joined, unmarked
from judge.spec.resolved import PrometheusConfig
from judge.stats.samples import Absence

MAX_POINTS = 11_000
# Shorter stretches than this do not rescue a query that is too much for the server.
MIN_STRETCH = 60
# It is the query that these refuse, not us.
ABOUT_THE_QUERY = frozenset({200, 400, 413, 414, 422})


@dataclass(slots=True)
class Ends:
    """Reads the ends start, start + step, ... (``points`` of them) of some branches.

    Filled by `read`: ``lines`` by branch, ``absent`` the metrics that could not be read, and why.
    """

    client: PrometheusClient
    config: PrometheusConfig
    start: float
    step: float
    points: int
    lines: dict[Branch, Lines] = field(default_factory=dict)
    absent: dict[str, Absence] = field(default_factory=dict)

    def read(self, branches: Sequence[Branch]) -> None:
        """Read all of ``branches``. Raises `SourceError` where none of their metrics could be."""
        self.lines = {branch: Lines(self.points) for branch in branches}
        for first in range(0, self.points, MAX_POINTS):
            self._ask(branches, range(first, min(first + MAX_POINTS, self.points)))

    def _ask(self, branches: Sequence[Branch], stretch: range) -> None:
        try:
            self._fill(branches, stretch, self._result(branches, stretch))
        except (SourceRejected, QueryTooLarge) as error:
            metrics = list(dict.fromkeys(branch.metric for branch in branches))
            too_large = isinstance(error, QueryTooLarge)
            if not (too_large or error.status in ABOUT_THE_QUERY):
                raise
            if len(metrics) > 1:
                self._ask_each(metrics, branches, stretch)
            elif too_large and len(stretch) > MIN_STRETCH:
                middle = len(stretch) // 2
                self._ask(branches, stretch[:middle])
                self._ask(branches, stretch[middle:])
            else:
                raise

    def _ask_each(self, metrics: Sequence[str], branches: Sequence[Branch], stretch: range) -> None:
        failures: list[SourceError] = []
        for metric in metrics:
            try:
                self._ask([branch for branch in branches if branch.metric == metric], stretch)
            except SourceError as error:
                self.absent[metric] = Absence.UNREACHABLE
                failures.append(error)
        if len(failures) == len(metrics):
            raise failures[0]

    def _result(self, branches: Sequence[Branch], stretch: range) -> Result:
        return self.client.range(
            joined(branches, self.config, step=self.step),
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
            target = {What.SUM: line.sums, What.SERIES: line.series, What.RESETS: line.resets}[what]
            for time, text in series.values:
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
