"""A finished window, judged once: what ``judge verdict`` and ``POST /api/v1/verdicts`` share.

Owned here: which stretches of time are history and which are judged. Reads through any `Source`,
acts on nothing, stores nothing. The promise of such a verdict is for that one call.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from judge.errors import Issue, SpecError
from judge.runs.run import settling_delay
from judge.runs.tracks import read_past, read_tracks
from judge.sources.source import Source
from judge.spec.resolved import ResolvedAnalysis
from judge.spec.units import format_duration
from judge.stats.samples import Interval
from judge.verdict.judging import make_judge
from judge.verdict.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict with the samples that it was reached from, oldest first.

    ``told`` are the verdicts after each interval up to it, where they were asked for.
    ``analysis`` is the one that was judged: its duration is that of the window, and unless it was
    judged as a run it does not pass early.
    """

    verdict: Verdict
    analysis: ResolvedAnalysis
    history: tuple[Interval, ...]
    intervals: tuple[Interval, ...]
    told: tuple[Verdict, ...] = ()


def judge_window(
    analysis: ResolvedAnalysis,
    source: Source,
    *,
    end: float,
    lookback: float | None = None,
    by_look: bool = False,
    as_run: bool = False,
) -> Judged:
    """Judge the whole intervals of the ``lookback`` seconds before ``end`` (Unix seconds).

    ``by_look``: with the verdicts after each interval, which cost as much as a run does.
    All of the window counts: nobody is helped by a pass after five minutes where the rest of it is
    there to be seen. ``as_run``: as a run would have judged it that may pass early.
    Without ``lookback`` the analysis's duration counts. The baseline's history is read from before
    the window and its warm-up. Raises `SourceError` where nothing could be read, `SpecError` where
    a baseline with an offset would be read from within the window.
    """
    duration = analysis.duration if lookback is None else lookback
    asked = dataclasses.replace(analysis, duration=duration)
    if not as_run:
        asked = dataclasses.replace(asked, early_pass=False, keep_watching=0.0)
    _check_offset(asked)
    start = end - asked.looks * asked.interval
    released = start - asked.warmup
    past = int(asked.history // asked.interval)
    history = read_past(source, asked, start=released - past * asked.interval, intervals=past)
    intervals = read_tracks(source, asked, start=start, intervals=asked.looks, opens=True)
    judge = make_judge(asked, history)
    told = tuple(judge.verdicts(intervals)) if by_look else ()
    verdict = told[-1] if told else judge.decide(intervals)
    return Judged(verdict, asked, tuple(history), tuple(intervals), told)


def _check_offset(asked: ResolvedAnalysis) -> None:
    """A longer window than the analysis's may reach back to where its baseline is read from."""
    longest = asked.baseline_offset - asked.warmup
    if asked.baseline_offset and asked.duration > longest:
        message = (
            f"a window of {format_duration(asked.duration)} reaches back to where the baseline is "
            f"read from; make it {format_duration(max(longest, 0.0))} or less"
        )
        raise SpecError([Issue("spec.baselineOffset", message)])


def settled(analysis: ResolvedAnalysis, source: Source, *, now: float) -> float:
    """The latest time (Unix seconds) whose samples have surely arrived by ``now``.

    Raises `SourceError`.
    """
    scrape = source.scrape_interval(analysis, at=now) if analysis.delay is None else None
    return now - settling_delay(analysis, scrape)
