"""A track's samples of one metric in one interval, as they are settled pod by pod.

Owned here: the samples gathered, and why there are holes among them. Not here: settling them
(`count_tally`, `histogram_tally`, `level_tally`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from judge.sources.raw_samples import Window
from judge.sources.recount import Recount
from judge.stats.samples import Absence, Count, Histogram, Sample, Series


@dataclass(frozen=True, slots=True)
class Look:
    """One interval of a metric that is being settled.

    ``index`` is its place among those read; ``first`` says that nothing of the metric was shown at
    its start. Without ``recount`` doubts shall be holes.
    """

    index: int
    window: Window
    first: bool
    recount: Recount | None


@dataclass(slots=True)
class PodSamples:
    """Samples by pod, and the reason for what is missing or odd; None where nothing is."""

    samples: dict[str, Sample] = field(default_factory=dict)
    why: Absence | None = None

    def add(self, pod: str, one: Sample | None) -> None:
        """Take a sample in; None is one that cannot be."""
        if one is None:
            self.why = Absence.UNRELIABLE
            return
        self.samples[pod] = one
        if not _finite(one):
            self.why = Absence.NOT_FINITE


def _finite(one: Sample) -> bool:
    if isinstance(one, Count):
        return math.isfinite(one.events) and math.isfinite(one.total)
    if isinstance(one, Histogram):
        return math.isfinite(one.total)
    if isinstance(one, Series):
        return all(math.isfinite(value) for value in one.values)
    return math.isfinite(one.value)
