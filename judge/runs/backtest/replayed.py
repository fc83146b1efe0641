"""The walk through the past: window by window, each judged by what was known before it.

Owned here: the order, which windows share a judge, and what is kept after each. What is there
already is not done again. Not here: times (`windows`), reading (`past`), one window (`judged`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby

from judge.runs.backtest.journal import Journal
from judge.runs.backtest.judged import (
    FEW_PODS,
    NO_SAMPLES,
    judged_window,
    replaced,
    seen_in,
    skipped,
)
from judge.runs.backtest.past import Past
from judge.runs.backtest.splits import Tries, against_itself, played, tries
from judge.runs.backtest.windows import PastWindow, Plan, history_of, windows
from judge.runs.one_arm import Arms
from judge.spec.resolved import ResolvedAnalysis
from judge.verdict.sequential import SequentialJudge

ROLLING = "a rollout was under way"
NO_BEFORE = "no samples of the time before"


@dataclass(frozen=True, slots=True)
class Busy:
    """A stretch of time in which the baseline's pods were of two releases; Unix seconds."""

    start: float
    end: float


def replay_past(
    analysis: ResolvedAnalysis,
    past: Past,
    plan: Plan,
    journal: Journal,
    *,
    busy: Sequence[Busy] = (),
    progress: Callable[[], None] = lambda: None,
) -> None:
    """Judge every window of ``plan`` that ``journal`` does not have, and keep it there.

    ``progress`` is called after each. Raises `SourceError` where the past cannot be read.
    """
    judged_as = played(analysis)
    for _, block in groupby(windows(analysis, plan), key=lambda one: one.block):
        sharing = list(block)
        judge: tuple[SequentialJudge, int] | None = None
        for window in sharing:
            if window.index in journal.windows:
                continue
            tried = _tried(judged_as, window, past, plan, busy)
            if isinstance(tried, str):
                journal.add_window(skipped(window, tried))
            else:
                judge = judge or _judge(judged_as, sharing[0], past, plan)
                other = replaced(past.between(window.start, window.end))
                journal.add_window(
                    judged_window(
                        judged_as, judge[0], window, tried, history=judge[1], replaced=other
                    )
                )
            progress()


def _tried(
    analysis: ResolvedAnalysis, window: PastWindow, past: Past, plan: Plan, busy: Sequence[Busy]
) -> Tries | str:
    """The pseudo-rollouts of a window, or why there are none."""
    offset = analysis.baseline_offset
    if any(one.start < window.end and window.start - offset < one.end for one in busy):
        return ROLLING
    intervals = past.between(window.start, window.end)
    if not seen_in(intervals):
        return NO_SAMPLES
    if offset:
        before = past.between(window.start - offset, window.end - offset)
        return against_itself(intervals, before) if seen_in(before) else NO_BEFORE
    found = tries(
        analysis.metrics, intervals, playing=plan.playing, most=plan.splits, turn=window.index
    )
    return found if found.pods else FEW_PODS


def _judge(
    analysis: ResolvedAnalysis, first: PastWindow, past: Past, plan: Plan
) -> tuple[SequentialJudge, int]:
    """The judge of a run that began with a block's first window, and what history it had."""
    history = past.between(*history_of(analysis, first, plan))
    whole = Arms().of(history) if analysis.shift else history
    return SequentialJudge(analysis, whole), seen_in(history)
