"""A run planned before it begins: the history that it would read, and what is foreseen on it.

Owned here: reading that history, and refusing where there is none to plan on. Not here: planning
(`judge.verdict.planning`). Stores nothing, acts on nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from judge.errors import Issue, SpecError
from judge.runs.foresight import past_of
from judge.sources.source import Source
from judge.spec.resolved import BASELINE, JudgeName, ResolvedAnalysis
from judge.stats.samples import Interval
from judge.verdict.planning.plan import Plan, Wish, plan_of

Done = Callable[[str, float], None]


def plan(analysis: ResolvedAnalysis, source: Source, *, at: float, wish: Wish, done: Done) -> Plan:
    """The plan of a run that began at ``at`` (Unix seconds).

    Raises `SourceError`, or `SpecError` where there is nothing to plan on.
    """
    _plannable(analysis)
    return _planned(analysis, past_of(analysis, source, at=at), wish, done)


def plan_recorded(
    analysis: ResolvedAnalysis, history: Sequence[Interval], *, wish: Wish, done: Done
) -> Plan:
    """The plan of a run after a recorded history. Raises `SpecError`."""
    _plannable(analysis)
    return _planned(
        replace(analysis, history=len(history) * analysis.interval), history, wish, done
    )


def _plannable(analysis: ResolvedAnalysis) -> None:
    if analysis.judge is JudgeName.KAYENTA:
        raise _refused(
            "spec.judge",
            "Kayenta's judge is not planned: it promises nothing that could be; write judge: "
            "sequential, and alsoJudge: kayenta to have its opinion beside",
        )
    if all(metric.better is not None for metric in analysis.metrics):
        raise _refused(
            "spec.metrics",
            "an A/B test is not planned: what it can show hangs on the visitors to come; judge "
            "check --prometheus says whether the history has conversions enough",
        )
    if analysis.shift:
        raise _refused(
            "spec.baselineOffset",
            "a comparison with the service's own past is not planned; judge backtest replays it "
            "on the past",
        )
    if not analysis.history:
        raise _refused("spec.history", "is 0, so there is nothing to plan on; leave it out")


def _planned(
    analysis: ResolvedAnalysis, history: Sequence[Interval], wish: Wish, done: Done
) -> Plan:
    found = any(
        tracks.get(BASELINE) for interval in history for tracks in interval.samples.values()
    )
    if not found:
        raise _refused(
            "spec.tracks.baseline",
            "its history has no sample of any metric, so there is nothing to plan on; look at the "
            "selector with judge check --prometheus, or name another time with --at",
        )
    return plan_of(analysis, history, wish=wish, done=done)


def _refused(path: str, message: str) -> SpecError:
    return SpecError([Issue(path, message)])
