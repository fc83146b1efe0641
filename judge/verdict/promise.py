"""What a run's promise will be worth, told from the history alone.

Owned here: the same answer as the verdict's (`sequential`), without calibrating: enough pseudo
rollouts, or not. Of an A/B test it is the least that it can be: only its first interval shows
whether the same pods serve both variants, and then nothing is measured on the past. `testability`
says what is short, and what would mend it.
"""

from __future__ import annotations

from collections.abc import Sequence

from judge.spec.resolved import BASELINE, JudgeName, ResolvedAnalysis
from judge.stats.calibration import FEWEST, calibrating
from judge.stats.samples import Interval
from judge.stats.terms import Terms
from judge.verdict.kinds.gathering import gathered
from judge.verdict.kinds.terms import MetricTerms, metric_terms
from judge.verdict.planning.players import player
from judge.verdict.shares import shares
from judge.verdict.verdict import Promise

_WEAKEST = (Promise.UNCALIBRATED, Promise.EMPIRICAL, Promise.CALIBRATED, Promise.EXACT)

MEANINGS = {
    Promise.EXACT: "exact: calibrated, and the history shows requests that are independent",
    Promise.CALIBRATED: "calibrated: measured on this history, for a service that goes on like it",
    Promise.EMPIRICAL: "empirical: measured on pairs of the past, for days that go on like them",
    Promise.UNCALIBRATED: (
        "uncalibrated: the noise as learned or assumed; incidents of single pods may break it"
    ),
    Promise.NONE: "none: Kayenta's judge promises nothing about good releases that are rolled back",
}


def unmeasured(analysis: ResolvedAnalysis) -> Promise:
    """What is promised before anything was looked at."""
    return Promise.NONE if analysis.judge is JudgeName.KAYENTA else Promise.UNCALIBRATED


def promise_of(analysis: ResolvedAnalysis, history: Sequence[Interval]) -> Promise:
    """The weakest of the compared metrics' promises; uncalibrated where none is compared."""
    if analysis.judge is JudgeName.KAYENTA:
        return Promise.NONE
    of_alpha = shares(analysis.metrics, analysis.score)
    each = [
        _metric_promise(metric_terms(metric, analysis, of_alpha[metric.name]), history)
        for metric in analysis.metrics
        if metric.limit is not None
    ]
    return min(each, key=_WEAKEST.index, default=Promise.UNCALIBRATED)


def _metric_promise(terms: MetricTerms, history: Sequence[Interval]) -> Promise:
    compared = terms.compared
    if compared is None or compared.ab_test:
        return Promise.UNCALIBRATED
    past = gathered(history, terms.metric.name, BASELINE)
    if terms.apart is not None:
        return Promise.EMPIRICAL if terms.apart.enough(past.seen) else Promise.UNCALIBRATED
    return _beside(terms, compared, history)


def _beside(terms: MetricTerms, compared: Terms, history: Sequence[Interval]) -> Promise:
    plays = player(terms.metric, compared, history)
    if plays is None or not plays.testable:
        return Promise.UNCALIBRATED
    if calibrating(plays.present, looks=compared.looks) < FEWEST:
        return Promise.UNCALIBRATED
    return Promise.EXACT if plays.exact else Promise.CALIBRATED
