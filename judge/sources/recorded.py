"""A bundle played as if it were live: a `Source` whose numbers were recorded before."""

from __future__ import annotations

from collections.abc import Sequence

from judge.sources.recording import Bundle
from judge.spec.resolved import ResolvedAnalysis
from judge.stats.samples import Interval


class RecordedSource:
    """Plays a bundle, shifted so that its first interval begins at ``started_at``.

    ``started_at`` is the Unix time at which the run begins (after the warm-up). Windows must fall
    on the recorded intervals; what was not recorded comes back without samples, as a hole.
    """

    def __init__(self, bundle: Bundle, *, started_at: float) -> None:
        shift = started_at - bundle.intervals[0].start
        self._intervals = {
            round(one.start + shift, 3): Interval(
                one.start + shift, one.end + shift, one.samples, one.weights, one.absent
            )
            for one in (*bundle.history, *bundle.intervals)
        }

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
        """The recorded intervals of the window, with the wanted tracks only."""
        wanted = [start + i * step for i in range(round((end - start) / step))]
        return [self._at(begin, step, tracks) for begin in wanted]

    def scrape_interval(self, analysis: ResolvedAnalysis, *, at: float) -> float | None:
        """Nothing has to settle in a recording."""
        return 0.0

    def _at(self, start: float, step: float, tracks: Sequence[str]) -> Interval:
        recorded = self._intervals.get(round(start, 3))
        if recorded is None:
            return Interval(start, start + step, {})
        samples = {
            metric: {track: pods for track, pods in by_track.items() if track in tracks}
            for metric, by_track in recorded.samples.items()
        }
        return Interval(start, start + step, samples, recorded.weights, recorded.absent)
