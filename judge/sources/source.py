"""What every source of numbers can do; Prometheus and a recording are two."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from judge.spec.resolved import ResolvedAnalysis
from judge.stats.samples import Interval


class Source(Protocol):
    """Where an analysis's numbers come from."""

    def read(
        self,
        analysis: ResolvedAnalysis,
        *,
        start: float,
        end: float,
        step: float,
        tracks: Sequence[str],
        thorough: bool,
    ) -> list[Interval]:
        """The intervals [start + i step, start + (i + 1) step) up to ``end``, oldest first.

        ``thorough`` settles series that came and went from their raw samples (a look); without it
        such a pod's interval is left out as a hole (hours of history). Times in Unix seconds.
        Raises `SourceError` where nothing at all could be read; what could be read of an interval
        in part comes with its holes and their `Absence`.
        """

    def scrape_interval(self, analysis: ResolvedAnalysis, *, at: float) -> float | None:
        """Seconds between samples of what the analysis reads, as seen before ``at``; or None."""
