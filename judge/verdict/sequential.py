"""The sequential judge: from evidence to a run's verdict, at any look, under one promise.

Owned here: what counts as failing, passing (proven or not) and not known yet for a run of several
metrics. Not here: the statistics (`judge.stats`), a single metric (`metric`), words (`reasons`).

A judge is made once a run, from its analysis and the baseline's history, and is then asked with all
of the run's intervals so far: it keeps nothing between looks, so a replay says the same.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from judge.spec.resolved import (
    BASELINE,
    CANARY,
    SHADOW,
    Direction,
    Metric,
    ResolvedAnalysis,
)
from judge.stats.arms import Array, PodCounts, paired
from judge.stats.comparison import (
    Terms,
    calibration,
    learn,
    unlearned,
    usual_pods,
    weigh,
)
from judge.stats.dispersion import Dispersion
from judge.stats.samples import Interval
from judge.verdict import reasons
from judge.verdict.counting import track_counts
from judge.verdict.metric import Seen, metric_verdict
from judge.verdict.score import judged_share, score
from judge.verdict.shares import shares
from judge.verdict.verdict import MetricVerdict, Outcome, Promise, Verdict


class SequentialJudge:
    """Judges one run. Raises nothing on any data: what is missing makes it inconclusive."""

    def __init__(self, analysis: ResolvedAnalysis, history: Sequence[Interval]) -> None:
        self._analysis = analysis
        self._shares = shares(analysis.metrics, analysis.score)
        self._history = {
            metric.name: track_counts(history, metric.name, BASELINE).counts
            for metric in analysis.metrics
        }
        self._noise = {
            metric.name: learn(self._history[metric.name], self._terms(metric))
            for metric in analysis.metrics
        }
        self._raised: dict[tuple[str, int], Array | None] = {}

    def look(self, intervals: Sequence[Interval], *, finished: bool) -> Verdict:
        """The verdict after these intervals, oldest first; ``finished`` where no more will come."""
        intervals = intervals[: self._analysis.looks]
        if not intervals:
            return _nothing_yet(self._analysis, ended=finished)
        seen = {track: self._seen(intervals, track) for track in self._tracks(intervals)}
        return self._verdict(seen, len(intervals), finished=finished)

    def decide(self, intervals: Sequence[Interval], *, finished: bool = True) -> Verdict:
        """The verdict of a run that looked after every interval and stopped when it could."""
        intervals = intervals[: self._analysis.looks]
        if intervals:
            failed = self._fails(self._seen(intervals, self._tracks(intervals)[0]))
            if failed.any():
                stopped = int(failed.argmax()) + 1
                finished = finished and stopped == len(intervals)
                intervals = intervals[:stopped]
        return self.look(intervals, finished=finished)

    def _tracks(self, intervals: Sequence[Interval]) -> list[str]:
        """What is compared with the baseline; the first decides the run."""
        known = set(self._analysis.tracks) or {
            track for one in intervals for tracks in one.samples.values() for track in tracks
        }
        return [track for track in (CANARY, SHADOW) if track in known] or [CANARY]

    def _seen(self, intervals: Sequence[Interval], track: str) -> list[Seen]:
        return [self._weighed(metric, intervals, track) for metric in self._analysis.metrics]

    def _weighed(self, metric: Metric, intervals: Sequence[Interval], track: str) -> Seen:
        canary = track_counts(intervals, metric.name, track)
        baseline = track_counts(intervals, metric.name, BASELINE)
        arms = paired(canary.counts, baseline.counts)
        terms = self._terms(metric)
        history, noise = self._history[metric.name], self._noise[metric.name]
        if noise is None:
            noise, kept = unlearned(arms)
            comparison = weigh(kept, noise, terms, None)
        else:
            raised = self._raise(metric, history, noise, canary.counts)
            comparison = weigh(arms, noise, terms, raised)
        return Seen(
            metric=metric,
            track=track,
            share=self._shares[metric.name],
            canary=canary,
            baseline=baseline,
            arms=arms,
            comparison=comparison,
            terms=terms,
            history_pods=history.events.shape[-1],
        )

    def _terms(self, metric: Metric) -> Terms:
        analysis = self._analysis
        return Terms(
            limit=metric.limit,
            worst=metric.worst,
            alpha=analysis.risk.false_rollback * self._shares[metric.name],
            beta=analysis.risk.missed_regression,
            interval=analysis.interval,
            looks=analysis.looks,
            both=metric.direction is Direction.EITHER,
        )

    def _raise(
        self, metric: Metric, history: PodCounts, noise: Dispersion, canary: PodCounts
    ) -> Array | None:
        """What calibration adds to the threshold; measured once for a number of canary pods.

        The number is the first interval's, so that the threshold does not move during a run.
        """
        present = np.asarray((canary.filled().total > 0).any(-1))
        pods = usual_pods(_first(canary, present)) if present.any() else 1
        key = metric.name, pods
        if key not in self._raised:
            self._raised[key] = calibration(history, noise, self._terms(metric), canary_pods=pods)
        return self._raised[key]

    def _fails(self, seen: Sequence[Seen]) -> NDArray[np.bool_]:
        """Whether the run fails at each look: by its critical metrics together, or by its score."""
        critical = [one for one in seen if one.metric.critical and not one.metric.observe]
        looks = seen[0].comparison.log_evidence.shape[-1]
        failed = np.zeros(looks, dtype=bool)
        if critical:
            mean = np.logaddexp.reduce(
                [
                    math.log(one.share) + one.comparison.log_evidence - one.comparison.raised
                    for one in critical
                ]
            )
            failed |= mean >= math.log(1.0 / self._analysis.risk.false_rollback)
            failed |= np.logical_or.reduce([one.failed for one in critical])
        acting = [one for one in seen if not one.metric.observe]
        whole = sum(one.metric.weight for one in acting)
        if whole:
            stood = np.sum([one.metric.weight * ~one.failed for one in acting], axis=0)
            failed |= 100.0 * stood / whole < self._analysis.score.marginal
        return failed

    def _verdict(self, seen: dict[str, list[Seen]], looks: int, *, finished: bool) -> Verdict:
        ended = finished or looks >= self._analysis.looks
        track, first = next(iter(seen.items()))
        failed = bool(self._fails(first)[-1])
        comparisons = {
            track: {one.metric.name: metric_verdict(one, ended=ended) for one in each}
            for track, each in seen.items()
        }
        return self._run_verdict(first, comparisons, track, looks, failed=failed, ended=ended)

    def _run_verdict(
        self,
        first: Sequence[Seen],
        comparisons: dict[str, dict[str, MetricVerdict]],
        track: str,
        looks: int,
        *,
        failed: bool,
        ended: bool,
    ) -> Verdict:
        metrics, verdicts = self._analysis.metrics, comparisons[track]
        points = score(metrics, verdicts, finished=ended)
        if failed:
            outcome, reason = Outcome.FAIL, reasons.run_failed(metrics, verdicts)
        elif not ended:
            outcome = Outcome.INCONCLUSIVE
            reason = reasons.run_goes_on(looks, self._analysis.looks, metrics, verdicts)
        else:
            outcome, reason = self._at_the_end(verdicts, points)
        acting = [metric for metric in metrics if metric.critical and not metric.observe]
        proven = bool(acting) and all(verdicts[metric.name].proven for metric in acting)
        return Verdict(
            verdict=outcome,
            reason=reason,
            score=points,
            promise=_promise(first),
            proven=outcome is Outcome.PASS and proven,
            decided=failed or ended,
            decided_at=looks - 1 if failed or ended else None,
            metrics=verdicts,
            comparisons=comparisons,
        )

    def _at_the_end(
        self, verdicts: dict[str, MetricVerdict], points: float | None
    ) -> tuple[Outcome, str]:
        metrics = self._analysis.metrics
        unknown = [
            metric
            for metric in metrics
            if metric.critical
            and not metric.observe
            and verdicts[metric.name].verdict is Outcome.INCONCLUSIVE
        ]
        if unknown or points is None or judged_share(metrics, verdicts) < 0.5:
            return Outcome.INCONCLUSIVE, reasons.run_unknown(metrics, verdicts)
        if points < self._analysis.score.passing:
            return Outcome.INCONCLUSIVE, reasons.run_marginal(
                points, self._analysis.score.passing, metrics, verdicts
            )
        return Outcome.PASS, reasons.run_passed(metrics, verdicts)


def _first(counts: PodCounts, present: NDArray[np.bool_]) -> PodCounts:
    at = int(present.argmax())
    return PodCounts(counts.events[at : at + 1], counts.total[at : at + 1])


def _promise(seen: Sequence[Seen]) -> Promise:
    """What the bound rests on: the weakest of the metrics'."""
    if not all(one.comparison.calibrated for one in seen):
        return Promise.UNCALIBRATED
    noises = [one.comparison.noise for one in seen]
    plain = all(noise.phi == 1.0 and noise.tau == 0.0 for noise in noises)
    return Promise.EXACT if plain else Promise.CALIBRATED


def _nothing_yet(analysis: ResolvedAnalysis, *, ended: bool) -> Verdict:
    verdicts = {
        metric.name: MetricVerdict(
            Outcome.INCONCLUSIVE, reasons.too_little(metric, "no interval yet"), limit=metric.limit
        )
        for metric in analysis.metrics
    }
    return Verdict(
        verdict=Outcome.INCONCLUSIVE,
        reason="no interval has been looked at yet",
        score=None,
        promise=Promise.UNCALIBRATED,
        decided=ended,
        metrics=verdicts,
        comparisons={CANARY: verdicts},
    )
