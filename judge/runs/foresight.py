"""What of an analysis cannot be tested, told before its first run.

Owned here: reading the history that a run that began now would read. Not here: what is short in
it (`judge.verdict.testability`); a run itself tells the same of its own history.
"""

from __future__ import annotations

from judge.sources.source import Source
from judge.spec.resolved import BASELINE, ResolvedAnalysis
from judge.verdict.testability import Shortfall, shortfalls


def foresee(analysis: ResolvedAnalysis, source: Source, *, at: float) -> list[Shortfall]:
    """The shortfalls of a run that began at ``at`` (Unix seconds), the hopeless ones first.

    None where the analysis asks for no history. Raises `SourceError`.
    """
    intervals = int(analysis.history / analysis.interval + 1e-9)
    if not intervals:
        return []
    history = source.read(
        analysis,
        start=at - intervals * analysis.interval,
        end=at,
        step=analysis.interval,
        tracks=[BASELINE],
        thorough=False,
    )
    return shortfalls(analysis, history)
