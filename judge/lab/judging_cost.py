"""What judging a whole run costs: the sequential judge on metrics of every kind, and nothing else.

Milliseconds differ between machines, so they come with those that parsing the same intervals out
of JSON takes, measured in turn with them.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from judge.lab.bundles import mixed_bundle
from judge.sources.recording import interval_document
from judge.verdict.sequential import SequentialJudge

LOOKS = 60
HISTORY = 480
TIMES = 15
CPU_MILLISECONDS = 50.0


@dataclass(frozen=True, slots=True)
class JudgingCost:
    """Milliseconds of CPU to judge ``looks`` intervals of ``metrics`` at once, calibrated before.

    Median, ``least`` and ``most`` of several times; ``json`` is the median of parsing the same
    intervals; ``first`` is with calibrating on the history.
    """

    metrics: int
    looks: int
    first: float
    median: float
    least: float
    most: float
    json: float

    @property
    def ratio(self) -> float:
        """Judging over parsing."""
        return self.median / self.json

    def __str__(self) -> str:
        return (
            f"judging {self.looks} intervals of {self.metrics} metrics of mixed kinds, 10 pods: "
            f"{self.median:.0f} ms of CPU in the median, {self.least:.0f} to {self.most:.0f} "
            f"(to reach: under {CPU_MILLISECONDS:g} ms), {self.ratio:.1f} times what json.loads of "
            f"the same intervals takes ({self.json:.1f} ms); {self.first:.0f} ms for the first, "
            f"which calibrates on {HISTORY} intervals"
        )


def judging_cost(*, looks: int = LOOKS, times: int | None = None, seed: int = 1) -> JudgingCost:
    """Judge a good run again and again."""
    bundle = mixed_bundle(rng=np.random.default_rng(seed), looks=looks, history=HISTORY)
    text = json.dumps([interval_document(one) for one in bundle.intervals])
    judge = SequentialJudge(bundle.analysis, bundle.history)

    def look() -> None:
        judge.look(bundle.intervals, finished=True)

    first = _milliseconds(look)
    both = [
        (_milliseconds(look), _milliseconds(lambda: json.loads(text)))
        for _ in range(times or TIMES)
    ]
    judging, parsing = zip(*both, strict=True)
    return JudgingCost(
        metrics=len(bundle.analysis.metrics),
        looks=looks,
        first=first,
        median=statistics.median(judging),
        least=min(judging),
        most=max(judging),
        json=statistics.median(parsing),
    )


def _milliseconds(work: Callable[[], object]) -> float:
    begun = time.process_time()
    work()
    return 1e3 * (time.process_time() - begun)
