"""From the sums at the ends of intervals to each interval's samples, its holes and their reasons.

Owned here: which pods are certain, which are recounted, which become holes. A hole is joint: a pod
has both parts or none. Events without a series beside a total that has one are no events: error
series do not exist until the first error. Not here: reading (`ends`, `recount`).
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from judge.sources.increments import Line, Lines, Unknown, count
from judge.sources.queries import Branch
from judge.sources.recount import Recount, Window
from judge.spec.resolved import ResolvedAnalysis
from judge.stats.samples import Absence, Count, Interval

NO_LINES = Lines(0)


@dataclass(slots=True)
class _Pods:
    """A track's counts of one metric in one interval, and why there are holes in them."""

    counts: dict[str, Count]
    why: Absence | None = None

    def add(self, pod: str, one: Count | None) -> None:
        """Take a count in; None is one that cannot be."""
        if one is None:
            self.why = Absence.UNRELIABLE
            return
        self.counts[pod] = one
        if not (math.isfinite(one.events) and math.isfinite(one.total)):
            self.why = Absence.NOT_FINITE


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts of an analysis in consecutive intervals.

    ``lines`` as `Ends` read them; ``absent`` the metrics that could not be read; ``recount`` None
    where doubts shall be holes.
    """

    analysis: ResolvedAnalysis
    tracks: Sequence[str]
    lines: Mapping[Branch, Lines]
    absent: Mapping[str, Absence]
    recount: Recount | None

    def interval(self, index: int, window: Window) -> Interval:
        """The interval ``index``, which is ``window``."""
        samples: dict[str, dict[str, dict[str, Count]]] = {}
        absent: dict[str, dict[str, Absence]] = {}
        for name, parts in self._by_metric().items():
            samples[name], absent[name] = {}, {}
            first = not any(
                line.sums[index] is not None
                for (_, part), branch in parts.items()
                if part == "total"
                for line in self.lines[branch].pods.values()
            )
            for track in self.tracks:
                pods = self._pods(name, track, parts, index, window, first=first)
                if pods.counts:
                    samples[name][track] = pods.counts
                if pods.why is not None:
                    absent[name][track] = pods.why
        return Interval(
            start=window.start,
            end=window.end,
            samples={name: tracks for name, tracks in samples.items() if tracks},
            weights=self._weights(),
            absent={name: tracks for name, tracks in absent.items() if tracks},
        )

    def _by_metric(self) -> dict[str, dict[tuple[str, str], Branch]]:
        found: dict[str, dict[tuple[str, str], Branch]] = {
            metric.name: {} for metric in self.analysis.metrics
        }
        for branch in self.lines:
            found[branch.metric][branch.track, branch.part] = branch
        return found

    def _weights(self) -> dict[str, float]:
        return {
            name: track.weight
            for name, track in self.analysis.tracks.items()
            if track.weight is not None and name in self.tracks
        }

    def _pods(
        self,
        metric: str,
        track: str,
        parts: Mapping[tuple[str, str], Branch],
        index: int,
        window: Window,
        *,
        first: bool,
    ) -> _Pods:
        total, events = parts.get((track, "total")), parts.get((track, "events"))
        if metric in self.absent or total is None:
            return _Pods({}, self.absent.get(metric, Absence.NO_DATA))
        pods, doubtful = self._certain(total, events, index)
        if doubtful:
            self._settle(pods, doubtful, (total, events), window, first=first)
        if not pods.counts and pods.why is None:
            pods.why = Absence.NO_DATA
        return pods

    def _certain(self, total: Branch, events: Branch | None, index: int) -> tuple[_Pods, list[str]]:
        """The pods that the sums alone decide, and those that they do not."""
        pods, doubtful = _Pods({}), []
        event_lines = NO_LINES if events is None else self.lines[events]
        for pod, line in self.lines[total].pods.items():
            of_all = _reading(total, line, index)
            beside = event_lines.pods.get(pod)
            of_events = (
                Unknown.ABSENT
                if events is None or beside is None
                else _reading(events, beside, index)
            )
            if Unknown.DOUBTFUL in (of_all, of_events):
                doubtful.append(pod)
            elif not isinstance(of_all, Unknown):
                pods.add(pod, count(0.0 if isinstance(of_events, Unknown) else of_events, of_all))
        return pods, doubtful

    def _settle(
        self,
        pods: _Pods,
        doubtful: Collection[str],
        branches: tuple[Branch, Branch | None],
        window: Window,
        *,
        first: bool,
    ) -> None:
        total, events = branches
        recounted = None
        if self.recount is not None and all(one.counter for one in branches if one is not None):
            recounted = self.recount.counts(events, total, doubtful, window, first=first)
        if recounted is None:
            pods.why = Absence.UNRELIABLE
            return
        for pod, one in recounted.items():
            pods.add(pod, one)


def _reading(branch: Branch, line: Line, index: int) -> float | Unknown:
    return line.increment(index) if branch.counter else line.value(index)
