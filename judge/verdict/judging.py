"""Which judge an analysis asks for: the one place where a judge is made for a run.

Owned here: the choice, and what every judge can be asked. Judges are made once a run.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from judge.spec.resolved import JudgeName, ResolvedAnalysis
from judge.stats.samples import Interval
from judge.verdict.kayenta.judge import KayentaJudge
from judge.verdict.sequential import SequentialJudge
from judge.verdict.side_by_side import SideBySide
from judge.verdict.verdict import Verdict


class Judge(Protocol):
    """Says what a run's intervals amount to; raises nothing on any data."""

    def look(
        self, intervals: Sequence[Interval], *, finished: bool, passed_at: int | None = None
    ) -> Verdict:
        """The verdict after ``intervals``, oldest first; ``finished`` where no more will come.

        ``passed_at`` is the index of the look at which the run has passed, where it is watched on.
        """

    def decide(self, intervals: Sequence[Interval], *, finished: bool = True) -> Verdict:
        """The verdict of a run that looked after every interval and stopped when it could."""

    def verdicts(self, intervals: Sequence[Interval], *, finished: bool = True) -> list[Verdict]:
        """What such a run said after each interval up to its last look."""


def make_judge(analysis: ResolvedAnalysis, history: Sequence[Interval]) -> Judge:
    """The judge of a run; ``history`` is the baseline's before it, for who calibrates."""
    if analysis.judge is JudgeName.KAYENTA:
        return KayentaJudge(analysis)
    main = SequentialJudge(analysis, history)
    return SideBySide(main, analysis) if analysis.also_judge is not None else main
