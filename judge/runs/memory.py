"""What a process remembers of runs between looks: their calibrated judges and their samples.

Only ever a copy of what is in the store: it saves calibrating and reading again, and a process
that has lost it builds it anew. Bounded; the least recently used is forgotten.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from judge.spec.resolved import ResolvedAnalysis
from judge.stats.samples import Interval
from judge.store.claims import Claims
from judge.store.run import Run
from judge.verdict.verdict import Verdict

REMEMBERED = 1000  # runs, of 1 to 2 MB each


class Judge(Protocol):
    """Says what the intervals so far amount to."""

    def look(
        self, intervals: Sequence[Interval], *, finished: bool, passed_at: int | None = None
    ) -> Verdict:
        """The verdict after ``intervals``; ``finished``: there will be no more before it.

        ``passed_at`` is the look at which the run has passed, where it is watched on.
        """


JudgeFactory = Callable[[ResolvedAnalysis, Sequence[Interval]], Judge]


@dataclass(frozen=True, slots=True)
class Remembered:
    """A run's judge, calibrated, and all of its intervals so far, as stored."""

    judge: Judge
    intervals: tuple[Interval, ...]


class Memory:
    """The runs that this process has looked at lately."""

    def __init__(
        self, claims: Claims, *, judge: JudgeFactory, remembered: int = REMEMBERED
    ) -> None:
        self._claims = claims
        self._judge = judge
        self._remembered = remembered
        self._runs: OrderedDict[str, Remembered] = OrderedDict()
        self._lock = threading.Lock()

    def recall(self, run: Run) -> Remembered:
        """The run as far as it has been looked at, from the store where we do not know it."""
        with self._lock:
            known = self._runs.get(run.id)
        if known is not None and len(known.intervals) == run.next_index:
            return known
        judge = known.judge if known else self._judge(run.analysis, self._claims.history(run))
        return Remembered(judge, tuple(self._claims.intervals(run)))

    def remember(self, run: Run, remembered: Remembered) -> None:
        """Keep what is now in the store; a run that has ended is forgotten."""
        with self._lock:
            self._runs.pop(run.id, None)
            if run.state.active:
                self._runs[run.id] = remembered
            while len(self._runs) > self._remembered:
                self._runs.popitem(last=False)

    def forget(self, run: Run) -> None:
        """Somebody else has the run now."""
        with self._lock:
            self._runs.pop(run.id, None)
