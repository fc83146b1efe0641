"""What a look says of one metric of one track, in the same form whatever the metric's kind.

Owned here: the forms (`Looked`, `BoundLooked`, `Amount`) and the interface of a kind's judge. Not
here: making them (`counts`, `latency`, `gauges`), what follows from them (`judge.verdict.metric`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from judge.stats.arms import Array
from judge.stats.comparison import Comparison
from judge.stats.samples import Absence, Interval
from judge.stats.terms import Terms
from judge.verdict.verdict import Difference


@dataclass(frozen=True, slots=True)
class Amount:
    """How much was seen of one metric: intervals, and requests and events of each track.

    ``block`` is the number of intervals in a minute, the least step in which evidence grows.
    Pairs are (canary, baseline), of intervals that had data on both: ``requests`` (None where what
    is counted are not requests) and ``events`` among them. ``told`` are events and exposures of
    each track in all intervals, for the words. All None where nothing is counted.
    """

    usable: int
    planned: int
    block: int
    requests: tuple[float, float] | None = None
    events: tuple[float, float] | None = None
    told: tuple[tuple[float, float], tuple[float, float]] | None = None


@dataclass(frozen=True, slots=True)
class BoundLooked:
    """A fixed bound after some looks.

    ``log_evidence`` (looks,) is the e-process of a bound inside the promise, None for a plain one;
    ``broken`` (looks,) tells at which looks it convicts, ``known`` (looks,) at which there was a
    value. ``value`` is what was bounded, over the whole run (the last look for a plain bound).
    ``untestable`` tells why it could not be tested.
    """

    value: float | None
    broken: NDArray[np.bool_]
    known: NDArray[np.bool_]
    log_evidence: Array | None = None
    share: float = 0.0
    threshold: float = np.inf
    untestable: str = ""

    @property
    def promised(self) -> bool:
        """Whether its false alarms are inside the promise."""
        return self.log_evidence is not None


@dataclass(frozen=True, slots=True)
class Looked:
    """One metric of one track against the baseline, after some looks.

    ``comparison`` is None for a metric that has only a bound, or where ``untestable`` says why it
    cannot be made. ``seen`` (canary, baseline) tell at which looks (looks,) there was a sample;
    ``requests`` (canary, baseline) how many requests, None where they are not counted.
    ``observed`` is what a person wants to read of each track. ``learned``: the noise is known from
    the history; ``spread``: how far pods differ for good, a log-sd. ``limit`` is the one that is
    really tested, where the data do not allow the one that was asked for. ``shared``: it is an A/B
    test whose variants are served by the same pods.
    """

    amount: Amount
    comparison: Comparison | None
    terms: Terms | None
    share: float
    seen: tuple[NDArray[np.bool_], NDArray[np.bool_]]
    absent: Mapping[str, Mapping[Absence, int]]
    not_finite: tuple[str, ...] = ()
    untestable: str = ""
    bound: BoundLooked | None = None
    requests: tuple[Array, Array] | None = None
    observed: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    learned: bool = True
    spread: float = 0.0
    history_pods: int = 0
    limit: float | None = None
    shared: bool = False

    @property
    def failed(self) -> NDArray[np.bool_]:
        """Whether it fails by each look."""
        convicted = np.zeros(len(self.seen[0]), dtype=bool)
        if self.comparison is not None:
            convicted |= self.comparison.log_evidence >= self.comparison.threshold
        if self.bound is not None:
            convicted |= self.bound.broken
        return np.asarray(np.logical_or.accumulate(convicted))

    @property
    def proven(self) -> NDArray[np.bool_]:
        """At which looks (looks,) what must not be missed is ruled out.

        Of an A/B test: at which it has an answer that passes, better or no difference.
        """
        return np.asarray(self.alike | self.better)

    @property
    def alike(self) -> NDArray[np.bool_]:
        """At which looks (looks,) the worst ratio is ruled out; of an A/B test either way."""
        if self.comparison is None or self.terms is None:
            return np.zeros(len(self.seen[0]), dtype=bool)
        return np.asarray(self.comparison.log_pass >= math.log(1.0 / self.terms.beta))

    @property
    def better(self) -> NDArray[np.bool_]:
        """At which looks (looks,) an A/B test shows that the canary is better."""
        if self.comparison is None or self.terms is None or not self.comparison.told:
            return np.zeros(len(self.seen[0]), dtype=bool)
        return self.comparison.told[1 - self.terms.bad_side].shown

    @property
    def worse(self) -> NDArray[np.bool_]:
        """By which looks (looks,) an A/B test has shown that the canary is worse."""
        if self.comparison is None or self.terms is None or not self.comparison.told:
            return np.zeros(len(self.seen[0]), dtype=bool)
        shown = self.comparison.told[self.terms.bad_side].shown
        return np.asarray(np.logical_or.accumulate(shown))

    @property
    def answered(self) -> NDArray[np.bool_]:
        """At which looks (looks,) an A/B test has its answer: worse, better, or no difference."""
        return np.asarray(self.proven | self.worse)

    @property
    def difference(self) -> Difference | None:
        """An A/B test's answer after the last look. One that was shown goes before that of none."""
        if self.comparison is None or not self.comparison.told:
            return None
        if self.worse[-1]:
            return Difference.WORSE
        if self.better[-1]:
            return Difference.BETTER
        return Difference.NONE if self.alike[-1] else None

    def planned_for(self, looks: int) -> Looked:
        """The same as if no more than so many looks had been planned."""
        planned = min(self.amount.planned, looks)
        return replace(self, amount=replace(self.amount, planned=planned))

    @property
    def parts(self) -> list[tuple[float, Array]]:
        """The shares of the promise and the logarithms of the e-values (looks,) that spend it."""
        found = []
        if self.comparison is not None:
            raised = self.comparison.log_evidence - self.comparison.raised
            # half of an A/B test's share is for showing that the canary is better
            convicts = 0.5 if self.comparison.told else 1.0
            found.append((convicts * self.comparison_share, raised))
        if self.bound is not None and self.bound.log_evidence is not None:
            found.append((self.bound.share, self.bound.log_evidence))
        return found

    @property
    def comparison_share(self) -> float:
        """What of the metric's share the comparison has."""
        return self.share - (self.bound.share if self.bound is not None else 0.0)


class KindJudge(Protocol):
    """Judges one metric of one run; made once, from the baseline's history."""

    def look(self, intervals: Sequence[Interval], track: str) -> Looked:
        """What these intervals, oldest first, say of ``track``."""
