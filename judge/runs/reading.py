"""What a run needs of its source: the history before it, an interval of it, or the lack of one.

Owned here: which windows and tracks are asked for, and that what comes back lies on the run's own
bounds and is what the store will give back. Raises whatever `SourceError` the source raises; what
then becomes of the run is `look`'s.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from judge.runs.run import Window, history_windows, look_window, settling_delay
from judge.runs.tracks import read_past, read_tracks
from judge.sources.source import Source
from judge.stats.samples import Absence, Interval
from judge.store.packing import as_stored
from judge.store.run import Run


@dataclass(frozen=True, slots=True)
class History:
    """The baseline's intervals before a run, oldest first, and how long samples settle (s)."""

    intervals: tuple[Interval, ...]
    delay: float


def read_history(source: Source, run: Run) -> History:
    """What calibrates the run's judge. Raises SourceError.

    Nothing for a run that is judged at once, on what there is.
    """
    if run.analysis.at_once:
        return History((), 0.0)
    scrape = None
    if run.analysis.delay is None:
        scrape = source.scrape_interval(run.analysis, at=run.started_at)
    delay = settling_delay(run.analysis, scrape)
    windows = history_windows(run)
    if not windows:
        return History((), delay)
    found = read_past(source, run.analysis, start=windows[0].start, intervals=len(windows))
    return History(tuple(_placed(found, windows)), delay)


def read_look(source: Source, run: Run) -> Interval:
    """What the run's next look sees. Raises SourceError."""
    window = look_window(run, run.next_index)
    opens = run.next_index == 0
    found = read_tracks(source, run.analysis, start=window.start, intervals=1, opens=opens)
    return as_stored(_placed(found, [window])[0])


def unread(run: Run) -> Interval:
    """What the run's next look sees where the source cannot be read: nothing, and why."""
    window = look_window(run, run.next_index)
    absent = {
        metric.name: dict.fromkeys(run.analysis.tracks, Absence.UNREACHABLE)
        for metric in run.analysis.metrics
    }
    return Interval(window.start, window.end, {}, absent=absent)


def _placed(found: Sequence[Interval], windows: Sequence[Window]) -> list[Interval]:
    """The intervals on our own bounds: added up elsewhere, theirs may overlap by a rounding."""
    if len(found) != len(windows):
        raise ValueError(f"asked for {len(windows)} intervals, the source gave {len(found)}")
    return [
        replace(interval, start=window.start, end=window.end)
        for interval, window in zip(found, windows, strict=True)
    ]
