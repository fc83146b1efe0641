"""One window of the past: every split of its pods judged, and regressions put into some.

Owned here: what is asked of the judge for a window, and what is kept of its answers. The judge is
the one that a run has, on the intervals that a run would see; its history lies before the window.
Not here: which windows (`windows`), reading (`past`), adding up (`figures`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from judge.runs.backtest.regressions import beyond, worsened
from judge.runs.backtest.results import Detection, FailedMetric, Raise, Split, WindowResult
from judge.runs.backtest.splits import Tries
from judge.runs.backtest.windows import PastWindow
from judge.spec.resolved import BASELINE, CANARY, ResolvedAnalysis
from judge.stats.comparison import failing
from judge.stats.samples import Interval
from judge.verdict.kinds.looked import Looked
from judge.verdict.sequential import SequentialJudge
from judge.verdict.verdict import Outcome, Verdict

RATIOS = (2.0, 4.0)  # regressions that are put in
FEW_PODS = "fewer than two pods were there for half of the window"
NO_SAMPLES = "no samples"


def judged_window(
    analysis: ResolvedAnalysis,
    judge: SequentialJudge,
    window: PastWindow,
    tried: Tries,
    *,
    history: int,
    replaced: bool,
) -> WindowResult:
    """What a window shows. ``analysis`` is as `splits.played` makes it, ``judge`` that analysis's.

    ``history``: how many intervals of the judge's history had a sample.
    """
    unsplit = dict(sorted(tried.unsplit.items()))
    chosen = tried.tries[window.index % len(tried.tries)][1]
    rng = np.random.default_rng([window.index, int(window.end)])
    return WindowResult(
        index=window.index,
        released=window.released,
        start=window.start,
        end=window.end,
        block=window.block,
        cluster=window.cluster,
        pods=tried.pods,
        replaced=replaced,
        history=history,
        splits=tuple(
            _judged(analysis, judge, intervals, pods, unsplit) for pods, intervals in tried.tries
        ),
        unsplit=unsplit,
        raises=_raises(analysis, judge, chosen, unsplit),
        detections=tuple(_detections(analysis, judge, chosen, unsplit, rng)),
    )


def skipped(window: PastWindow, why: str) -> WindowResult:
    """A window that was not judged, and why."""
    times = window.released, window.start, window.end
    return WindowResult(window.index, *times, window.block, window.cluster, skipped=why)


def seen_in(intervals: Sequence[Interval]) -> int:
    """In how many intervals the baseline had a sample of any metric."""
    return sum(_any_sample([one]) for one in intervals)


def failed_metrics(verdict: Verdict) -> tuple[FailedMetric, ...]:
    """The metrics that failed; where only all of them together did, the one with most evidence."""
    failed = [(name, one) for name, one in verdict.metrics.items() if one.verdict is Outcome.FAIL]
    if not failed:
        known = [(name, one) for name, one in verdict.metrics.items() if one.evidence is not None]
        failed = [max(known, key=lambda pair: pair[1].evidence or 0.0)] if known else []
    return tuple(
        FailedMetric(name, finite(one.estimate), finite(one.low), finite(one.high), one.reason)
        for name, one in failed
    )


def finite(value: float | None) -> float | None:
    """The number, or None where JSON has no word for it."""
    return value if value is not None and math.isfinite(value) else None


def _judged(
    analysis: ResolvedAnalysis,
    judge: SequentialJudge,
    intervals: Sequence[Interval],
    pods: tuple[str, ...],
    unsplit: Mapping[str, str],
) -> Split:
    verdict = judge.decide(intervals)
    outcome, proven = _outcome(analysis, verdict, unsplit)
    looks = len(intervals) if verdict.decided_at is None else verdict.decided_at + 1
    failed = failed_metrics(verdict) if outcome is Outcome.FAIL else ()
    return Split(pods, outcome, proven, looks, verdict.promise, failed)


def _outcome(
    analysis: ResolvedAnalysis, verdict: Verdict, unsplit: Mapping[str, str]
) -> tuple[Outcome, bool]:
    """The run's verdict, as if the metrics that cannot be split had been fine.

    They keep their share of the promise, so what is rolled back is what a run would roll back.
    """
    if verdict.verdict is not Outcome.INCONCLUSIVE or not unsplit:
        return verdict.verdict, verdict.proven
    deciding = [one for one in analysis.metrics if one.critical and not one.observe]
    rest = [verdict.metrics[one.name] for one in deciding if one.name not in unsplit]
    if not rest or any(one.verdict is Outcome.INCONCLUSIVE for one in rest):
        return Outcome.INCONCLUSIVE, False
    compared = [one for one in deciding if one.name not in unsplit and one.limit is not None]
    proven = bool(compared) and all(verdict.metrics[one.name].proven for one in compared)
    return Outcome.PASS, proven


def _raises(
    analysis: ResolvedAnalysis,
    judge: SequentialJudge,
    intervals: Sequence[Interval],
    unsplit: Mapping[str, str],
) -> dict[str, Raise]:
    """The thresholds of the metrics that were compared and calibrated."""
    found = {}
    for metric in analysis.metrics:
        if metric.limit is None or metric.name in unsplit:
            continue
        comparison = judge.looked(metric.name, intervals, CANARY).comparison
        if comparison is not None and comparison.calibrated:
            raised = float(comparison.raised)
            found[metric.name] = Raise(float(comparison.threshold) - raised, raised)
    return found


def _detections(
    analysis: ResolvedAnalysis,
    judge: SequentialJudge,
    intervals: Sequence[Interval],
    unsplit: Mapping[str, str],
    rng: np.random.Generator,
) -> list[Detection]:
    """When regressions of each metric would have been convicted, each by its own metric."""
    found = []
    for metric in analysis.metrics:
        if metric.name in unsplit:
            continue
        for ratio in RATIOS:
            if not beyond(metric, ratio):
                continue
            worse = worsened(intervals, metric, ratio, rng=rng)
            looked = judge.looked(metric.name, worse, CANARY)
            if looked.comparison is not None:
                found.append(Detection(metric.name, ratio, *_convicted(looked)))
    return found


def _convicted(looked: Looked) -> tuple[int | None, int | None]:
    """The looks that a conviction takes, calibrated and not."""
    comparison = looked.comparison
    if comparison is None or looked.terms is None:
        return None, None
    plain = failing(comparison.sides, looked.terms, None)
    return (
        _first(comparison.log_evidence >= float(comparison.threshold)),
        _first(plain.log_evidence >= float(plain.threshold)),
    )


def _first(reached: NDArray[np.bool_]) -> int | None:
    return int(reached.argmax()) + 1 if reached.any() else None


def replaced(intervals: Sequence[Interval]) -> bool:
    """Whether most pods at the end were not there at the beginning: a deploy in between."""
    named = [_named(one) for one in intervals]
    known = [pods for pods in named if pods]
    if len(known) < 2 or not known[-1]:
        return False
    return 2 * len(known[-1] - known[0]) > len(known[-1])


def _named(interval: Interval) -> set[str]:
    return {pod for tracks in interval.samples.values() for pod in tracks.get(BASELINE, {})}


def _any_sample(intervals: Sequence[Interval]) -> bool:
    return any(_named(one) for one in intervals)
