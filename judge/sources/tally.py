"""From what was read at the ends of intervals to each interval's samples and their reasons.

Owned here: putting an interval together, metric by metric and track by track. Not here: reading
(`ends`, `recount`), what a pod's lines say (`count_tally`, `histogram_tally`, `level_tally`), the
tracks' weights (`weights`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from judge.sources.count_tally import counts
from judge.sources.ends import Ends
from judge.sources.histogram_tally import histograms
from judge.sources.level_tally import levels
from judge.sources.pod_samples import Look, PodSamples
from judge.sources.queries import Branch
from judge.sources.raw_samples import Window
from judge.sources.recount import Recount
from judge.spec.resolved import PARTS, Kind, Metric, ResolvedAnalysis
from judge.stats.samples import Absence, Interval, Sample

Branches = Mapping[tuple[str, str], Branch]


@dataclass(frozen=True, slots=True)
class Tally:
    """Samples of an analysis in consecutive intervals.

    ``ends`` have been read; without ``recount`` doubts shall be holes.
    """

    analysis: ResolvedAnalysis
    tracks: Sequence[str]
    ends: Ends
    recount: Recount | None

    def interval(self, index: int, window: Window) -> Interval:
        """The interval ``index``, which is ``window``."""
        samples: dict[str, dict[str, dict[str, Sample]]] = {}
        absent: dict[str, dict[str, Absence]] = {}
        by_metric = self._by_metric()
        for metric in self.analysis.metrics:
            parts = by_metric.get(metric.name, {})
            first = not self._shown(metric, parts, index)
            look = Look(index, window, first, self.recount)
            for track in self.tracks:
                found = self._pods(metric, track, parts, look)
                if found.samples:
                    samples.setdefault(metric.name, {})[track] = found.samples
                if found.why is not None:
                    absent.setdefault(metric.name, {})[track] = found.why
        return Interval(window.start, window.end, samples, absent=absent)

    def _by_metric(self) -> dict[str, dict[tuple[str, str], Branch]]:
        found: dict[str, dict[tuple[str, str], Branch]] = {}
        for branch in (*self.ends.lines, *self.ends.buckets):
            found.setdefault(branch.metric, {})[branch.track, branch.part] = branch
        return found

    def _shown(self, metric: Metric, parts: Branches, index: int) -> bool:
        """Whether anything of the metric was shown at the start of the interval ``index``."""
        main = _main_part(metric)
        return any(
            line.shown(index)
            for (_, part), branch in parts.items()
            if part == main
            for line in self.ends.of(branch).pods.values()
        )

    def _pods(self, metric: Metric, track: str, parts: Branches, look: Look) -> PodSamples:
        main = parts.get((track, _main_part(metric)))
        if metric.name in self.ends.absent or main is None:
            return PodSamples(why=self.ends.absent.get(metric.name, Absence.NO_DATA))
        if metric.kind is Kind.HISTOGRAM:
            found = histograms(main, self.ends.buckets[main], look)
        elif metric.kind is Kind.GAUGE:
            found = levels(main, self.ends.lines[main], look)
        else:
            events = parts.get((track, "events"))
            beside = None if events is None else (events, self.ends.lines[events])
            found = counts(beside, (main, self.ends.lines[main]), look)
        if not found.samples and found.why is None:
            found.why = Absence.NO_DATA
        return found


def _main_part(metric: Metric) -> str:
    """The part without which a pod has no sample."""
    return PARTS[metric.kind][-1]
