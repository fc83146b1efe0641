"""What of an analysis cannot be tested, told before its first run.

Owned here: reading the history that a run that began now would read. Not here: what is short in
it (`judge.verdict.testability`); a run itself tells the same of its own history.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from judge.runs.tracks import read_past
from judge.sources.source import Source
from judge.spec.resolved import JudgeName, ResolvedAnalysis
from judge.stats.samples import Interval
from judge.verdict.promise import promise_of
from judge.verdict.testability import Shortfall, shortfalls
from judge.verdict.verdict import Promise


@dataclass(frozen=True, slots=True)
class Foreseen:
    """Of a run to come: its shortfalls, the hopeless ones first, and what its promise is worth.

    ``promise`` is None where the analysis asks for no history.
    """

    shortfalls: tuple[Shortfall, ...] = ()
    promise: Promise | None = None


def foresee(analysis: ResolvedAnalysis, source: Source, *, at: float) -> Foreseen:
    """What is foreseen of a run that began at ``at`` (Unix seconds). Raises `SourceError`."""
    if analysis.judge is JudgeName.KAYENTA:
        return Foreseen(promise=promise_of(analysis, ()))
    history = past_of(analysis, source, at=at)
    if not history:
        return Foreseen()
    return Foreseen(tuple(shortfalls(analysis, history)), promise_of(analysis, history))


def past_of(analysis: ResolvedAnalysis, source: Source, *, at: float) -> Sequence[Interval]:
    """The history that a run which began at ``at`` (Unix seconds) would read.

    Empty where the analysis asks for none. Raises `SourceError`.
    """
    intervals = int(analysis.history / analysis.interval + 1e-9)
    start = at - intervals * analysis.interval
    return read_past(source, analysis, start=start, intervals=intervals) if intervals else []
