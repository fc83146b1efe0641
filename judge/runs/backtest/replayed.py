"""The walk through the past: window by window, each judged by what was known before it.

Owned here: the order, which windows share a judge, and what is kept after each. What is there
already is not done again. Not here: times (`windows`), reading (`past`), one window (`judged`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby

from judge.runs.backtest.journal import Journal
from judge.runs.backtest.judged import NO_SAMPLES, judged_window, seen_in, skipped
from judge.runs.backtest.past import Past
from judge.runs.backtest.splits import played
from judge.runs.backtest.windows import PastWindow, Plan, history_of, windows
from judge.spec.resolved import ResolvedAnalysis
from judge.verdict.sequential import SequentialJudge


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
    every = windows(analysis, plan)
    for _, block in groupby(every, key=lambda one: one.block):
        sharing = list(block)
        left = [one for one in sharing if one.index not in journal.windows]
        judge: tuple[SequentialJudge, int] | None = None
        for window in left:
            why = _not_judged(window, past, busy)
            if why:
                journal.add_window(skipped(window, why))
            else:
                judge = judge or _judge(judged_as, sharing[0], past, plan)
                intervals = past.between(window.start, window.end)
                journal.add_window(
                    judged_window(judged_as, judge[0], window, intervals, plan, history=judge[1])
                )
            progress()


def _not_judged(window: PastWindow, past: Past, busy: Sequence[Busy]) -> str:
    if any(one.start < window.end and window.start < one.end for one in busy):
        return ROLLING
    return "" if seen_in(past.between(window.start, window.end)) else NO_SAMPLES


def _judge(
    analysis: ResolvedAnalysis, first: PastWindow, past: Past, plan: Plan
) -> tuple[SequentialJudge, int]:
    """The judge of a run that began with a block's first window, and what history it had."""
    history = past.between(*history_of(analysis, first, plan))
    return SequentialJudge(analysis, history), seen_in(history)


ROLLING = "a rollout was under way"
