"""Another judge's opinion beside the verdict: what Kayenta's would have said of the same looks.

Owned here: asking both at each look and putting the other's words into the verdict. The verdict
itself is untouched: nothing that the other judge says changes it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from judge.spec.resolved import JudgeName, ResolvedAnalysis
from judge.stats.samples import Interval
from judge.verdict.kayenta.judge import Follower, KayentaJudge
from judge.verdict.kayenta.rules import comparable
from judge.verdict.sequential import SequentialJudge
from judge.verdict.verdict import Outcome, Promise, Verdict, document

LEFT_OUT = "leftOut"
"""Names the metrics that the other judge cannot judge, in its JSON."""


class SideBySide:
    """The sequential judge, with Kayenta's opinion in each verdict's ``also``.

    Kayenta's run ends where its own rule ends it, or at the planned end; from then on its last
    words stand. Remembers how far it was asked, to ask only of what is new.
    """

    def __init__(self, main: SequentialJudge, analysis: ResolvedAnalysis) -> None:
        self._main = main
        self._analysis = analysis
        metrics = tuple(filter(comparable, analysis.metrics))
        self._left_out = [one.name for one in analysis.metrics if one not in metrics]
        asked = replace(analysis, metrics=metrics, judge=JudgeName.KAYENTA, also_judge=None)
        self._other = KayentaJudge(asked) if metrics else None
        self._followed = Follower(self._other) if self._other else None

    def look(
        self, intervals: Sequence[Interval], *, finished: bool, passed_at: int | None = None
    ) -> Verdict:
        """See `SequentialJudge`."""
        said = self._main.look(intervals, finished=finished, passed_at=passed_at)
        return self._with(said, intervals, finished=finished)

    def decide(self, intervals: Sequence[Interval], *, finished: bool = True) -> Verdict:
        """See `SequentialJudge`."""
        said = self._main.decide(intervals, finished=finished)
        used = self._used(said, intervals)
        return self._with(said, used, finished=finished and len(used) == len(intervals))

    def verdicts(self, intervals: Sequence[Interval], *, finished: bool = True) -> list[Verdict]:
        """See `SequentialJudge`."""
        told = self._main.verdicts(intervals, finished=finished)
        return [
            self._with(said, intervals[:upto], finished=finished and upto == len(intervals))
            for upto, said in enumerate(told, start=1)
        ]

    def _used(self, said: Verdict, intervals: Sequence[Interval]) -> Sequence[Interval]:
        """The intervals that were looked at up to the verdict."""
        if said.decided_at is None:
            return intervals
        after = self._analysis.looks_after if said.verdict is Outcome.PASS else 0
        return intervals[: said.decided_at + 1 + after]

    def _with(self, said: Verdict, intervals: Sequence[Interval], *, finished: bool) -> Verdict:
        other = self._opinion(intervals[: self._analysis.looks], finished=finished)
        return replace(said, also={JudgeName.KAYENTA.value: other})

    def _opinion(self, intervals: Sequence[Interval], *, finished: bool) -> Mapping[str, Any]:
        if self._followed is None:
            nothing = Verdict(
                Outcome.INCONCLUSIVE, "no metric that it can judge", None, Promise.NONE
            )
            return {**document(nothing), LEFT_OUT: self._left_out}
        other = document(self._followed.after(intervals, finished=finished))
        return {**other, LEFT_OUT: self._left_out} if self._left_out else other
