"""What Kayenta's judgement of one metric costs: NaN, interval, effect size and label, no more.

Seconds differ between machines, so they come with those of scipy's Mann-Whitney test of the same
arrays, measured in turn with them: one p-value, where a judgement searches for three shifts.
`PEER` is what Kayenta itself took for just these arrays.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from judge.stats.arms import Array
from judge.verdict.kayenta.classification import classify, classify_all
from judge.verdict.kayenta.terms import Terms

TIMES = 9
PEER = {60: 0.92, 1440: 22.8}
"""Milliseconds of CPU a judgement by points a side: NetflixACAJudge's classifier of `samples`,
warmed up, in Java 17 on the machine where the README's figures were measured."""
PAIRS = {60: 300, 1440: 30}
KINDS = 3
"""Of data in `samples`."""

Pair = tuple[Array, Array]


@dataclass(frozen=True, slots=True)
class Milliseconds:
    """Of CPU, for one judgement: the median, least and most of several times."""

    median: float
    least: float
    most: float

    def __str__(self) -> str:
        return f"{self.median:.3f} ms ({self.least:.3f} to {self.most:.3f})"


@dataclass(frozen=True, slots=True)
class RanksCost:
    """One judgement at ``points`` a side: ``single``, or many ``together``: ``batched``.

    ``test`` is what scipy's test of the same arrays takes, ``peer`` what Kayenta took.
    """

    points: int
    together: int
    single: Milliseconds
    batched: Milliseconds
    test: Milliseconds
    peer: float

    def __str__(self) -> str:
        times = [self.peer / one.median for one in (self.single, self.batched)]
        beside = [one.median / self.test.median for one in (self.single, self.batched)]
        return (
            f"a judgement by Kayenta's judge at {self.points} points a side: {self.single} of CPU "
            f"alone, {times[0]:.1f} times faster than Kayenta's {self.peer:g} ms, and "
            f"{self.batched} of {self.together} together, {times[1]:.1f} times faster; "
            f"{beside[0]:.2f} and {beside[1]:.2f} times what scipy's test takes "
            f"({self.test.median:.3f} ms)"
        )


def ranks_costs(*, pairs: int | None = None, times: int | None = None) -> list[RanksCost]:
    """At 60 and 1,440 points a side; ``pairs`` of arrays, or those of `PAIRS`."""
    return [ranks_cost(points, pairs=pairs or PAIRS[points], times=times) for points in PEER]


def ranks_cost(points: int, *, pairs: int, times: int | None = None) -> RanksCost:
    """Judge the same pairs alone, those of a kind together, and test them, in turn.

    Together as the series of one metric are: of one kind. Below 48 of a kind each goes alone.
    """
    from scipy.stats import mannwhitneyu

    found = samples(points, pairs)
    terms = Terms("metric")

    def alone() -> None:
        for pair in found:
            classify(*pair, terms)

    def tested() -> None:
        for pair in found:
            mannwhitneyu(*pair, method="asymptotic")

    def together() -> None:
        for kind in range(KINDS):
            classify_all(found[kind::KINDS], terms)

    works = (alone, together, tested)
    rounds = [[_each(work, pairs) for work in works] for _ in range(times or TIMES)]
    single, batched, test = (_spread(column) for column in zip(*rounds, strict=True))
    return RanksCost(points, pairs // KINDS, single, batched, test, PEER[points])


def samples(points: int, pairs: int, *, seed: int = 1) -> list[Pair]:
    """Pairs of arrays (points,): in turn normal, skewed and counts; no side differs."""
    rng = np.random.default_rng(seed)
    laws: list[Callable[[], Array]] = [
        lambda: rng.normal(10.0, 1.0, points),
        lambda: rng.gamma(2.0, 100.0, points),
        lambda: rng.poisson(3.0, points).astype(np.float64),
    ]
    return [(laws[at % KINDS](), laws[at % KINDS]()) for at in range(pairs)]


def _each(work: Callable[[], object], pairs: int) -> float:
    begun = time.process_time()
    work()
    return 1e3 * (time.process_time() - begun) / pairs


def _spread(column: tuple[float, ...]) -> Milliseconds:
    return Milliseconds(statistics.median(column), min(column), max(column))
