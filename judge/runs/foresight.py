"""What of an analysis cannot be tested, told before its first run.

Owned here: reading the history that a run that began now would read. Not here: what is short in
it (`judge.verdict.testability`); a run itself tells the same of its own history.
"""

from __future__ import annotations

from judge.runs.tracks import read_past
from judge.sources.source import Source
from judge.spec.resolved import ResolvedAnalysis
from judge.verdict.testability import Shortfall, shortfalls


def foresee(analysis: ResolvedAnalysis, source: Source, *, at: float) -> list[Shortfall]:
    """The shortfalls of a run that began at ``at`` (Unix seconds), the hopeless ones first.

    None where the analysis asks for no history. Raises `SourceError`.
    """
    intervals = int(analysis.history / analysis.interval + 1e-9)
    if not intervals:
        return []
    start = at - intervals * analysis.interval
    history = read_past(source, analysis, start=start, intervals=intervals)
    return shortfalls(analysis, history)
