"""The sequential judge: from evidence to a run's verdict, at any look, under one promise.

Owned here: what counts as failing, passing (proven or not) and not known yet for a run of several
metrics and tracks. Not here: the statistics (`judge.stats`), what a kind makes of samples
(`judge.verdict.kinds`), a single metric (`metric`), words (`reasons`).

A judge is made once a run, from its analysis and the baseline's history, and is then asked with all
of the run's intervals so far: it keeps nothing between looks, so a replay says the same.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from judge.spec.resolved import CANARY, SHADOW, Kind, ResolvedAnalysis
from judge.stats.evidence import schedule
from judge.stats.samples import Interval
from judge.verdict import reasons, run_reasons
from judge.verdict.kinds.counts import CountsJudge
from judge.verdict.kinds.gauges import GaugeJudge
from judge.verdict.kinds.latency import LatencyJudge
from judge.verdict.kinds.looked import KindJudge, Looked
from judge.verdict.kinds.terms import MetricTerms, metric_terms
from judge.verdict.metric import Seen, metric_verdict
from judge.verdict.score import judged_share, score
from judge.verdict.shares import shares
from judge.verdict.traffic import misrouted
from judge.verdict.verdict import MetricVerdict, Outcome, Promise, TrackVerdict, Verdict


class SequentialJudge:
    """Judges one run. Raises nothing on any data: what is missing makes it inconclusive."""

    def __init__(self, analysis: ResolvedAnalysis, history: Sequence[Interval]) -> None:
        self._analysis = analysis
        of_alpha = shares(analysis.metrics, analysis.score)
        self._judges = {
            metric.name: _judge(metric_terms(metric, analysis, of_alpha[metric.name]), history)
            for metric in analysis.metrics
        }

    def look(self, intervals: Sequence[Interval], *, finished: bool) -> Verdict:
        """The verdict after these intervals, oldest first; ``finished`` where no more will come."""
        intervals = intervals[: self._analysis.looks]
        if not intervals:
            return _nothing_yet(self._analysis, ended=finished)
        tracks = self._tracks(intervals)
        return self._verdict(
            {track: self._seen(intervals, track) for track in tracks}, intervals, finished=finished
        )

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

    def looked(self, metric: str, intervals: Sequence[Interval], track: str) -> Looked:
        """The evidence on one metric after these intervals, for who needs more than a verdict."""
        return self._judges[metric].look(intervals, track)

    def _tracks(self, intervals: Sequence[Interval]) -> list[str]:
        """What is compared with the baseline; the first decides the run."""
        known = set(self._analysis.tracks) or {
            track for one in intervals for tracks in one.samples.values() for track in tracks
        }
        return [track for track in (CANARY, SHADOW) if track in known] or [CANARY]

    def _seen(self, intervals: Sequence[Interval], track: str) -> list[Seen]:
        return [
            Seen(metric, track, self._judges[metric.name].look(intervals, track))
            for metric in self._analysis.metrics
        ]

    def _fails(self, seen: Sequence[Seen]) -> NDArray[np.bool_]:
        """Whether the run fails at each look: by its critical metrics together, or by its score."""
        acting = [one for one in seen if not one.metric.observe]
        critical = [one for one in acting if one.metric.critical]
        failed = np.zeros(len(seen[0].looked.seen[0]), dtype=bool)
        parts = [part for one in critical for part in one.looked.parts]
        if parts:
            mean = np.logaddexp.reduce([math.log(share) + grown for share, grown in parts])
            failed |= mean >= math.log(1.0 / self._analysis.risk.false_rollback)
        for one in critical:
            failed |= one.looked.failed
        whole = sum(one.metric.weight for one in acting)
        if whole:
            stood = np.sum([one.metric.weight * ~one.looked.failed for one in acting], axis=0)
            failed |= 100.0 * stood / whole < self._analysis.score.marginal
        return failed

    def _verdict(
        self, seen: dict[str, list[Seen]], intervals: Sequence[Interval], *, finished: bool
    ) -> Verdict:
        looks = len(intervals)
        ended = finished or looks >= self._analysis.looks
        comparisons = {
            track: {one.metric.name: metric_verdict(one, ended=ended) for one in each}
            for track, each in seen.items()
        }
        tracks = {
            track: self._track_verdict(each, comparisons[track], intervals, ended=ended)
            for track, each in seen.items()
        }
        track, first = next(iter(seen.items()))
        decided = ended or tracks[track].verdict is Outcome.FAIL
        return Verdict(
            verdict=tracks[track].verdict,
            reason=tracks[track].reason,
            score=tracks[track].score,
            promise=_promise(first),
            proven=tracks[track].proven,
            decided=decided,
            decided_at=looks - 1 if decided else None,
            metrics=comparisons[track],
            comparisons=comparisons,
            tracks=tracks,
        )

    def _track_verdict(
        self,
        seen: Sequence[Seen],
        verdicts: dict[str, MetricVerdict],
        intervals: Sequence[Interval],
        *,
        ended: bool,
    ) -> TrackVerdict:
        metrics, looks = self._analysis.metrics, len(intervals)
        points = score(metrics, verdicts, finished=ended)
        if self._fails(seen)[-1]:
            return TrackVerdict(Outcome.FAIL, run_reasons.run_failed(metrics, verdicts), points)
        if not ended:
            told = run_reasons.run_goes_on(looks, self._analysis.looks, metrics, verdicts)
            return TrackVerdict(Outcome.INCONCLUSIVE, told, points)
        outcome, reason = self._at_the_end(verdicts, points)
        unrouted = self._misrouted(seen, intervals) if outcome is not Outcome.FAIL else ""
        if unrouted:
            return TrackVerdict(
                Outcome.INCONCLUSIVE, run_reasons.untrusted(unrouted, reason), points
            )
        compared = [
            metric
            for metric in metrics
            if metric.critical and not metric.observe and metric.limit is not None
        ]
        proven = bool(compared) and all(verdicts[metric.name].proven for metric in compared)
        return TrackVerdict(outcome, reason, points, outcome is Outcome.PASS and proven)

    def _misrouted(self, seen: Sequence[Seen], intervals: Sequence[Interval]) -> str:
        block = schedule(interval=self._analysis.interval, looks=self._analysis.looks).block
        return misrouted([one.looked for one in seen], intervals, seen[0].track, block=block)

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
            return Outcome.INCONCLUSIVE, run_reasons.run_unknown(metrics, verdicts)
        if points < self._analysis.score.passing:
            return Outcome.INCONCLUSIVE, run_reasons.run_marginal(
                points, self._analysis.score.passing, metrics, verdicts
            )
        return Outcome.PASS, run_reasons.run_passed(metrics, verdicts)


def _judge(terms: MetricTerms, history: Sequence[Interval]) -> KindJudge:
    kinds: dict[Kind, type[CountsJudge] | type[LatencyJudge] | type[GaugeJudge]] = {
        Kind.PROPORTION: CountsJudge,
        Kind.HISTOGRAM: LatencyJudge,
        Kind.GAUGE: GaugeJudge,
    }
    return kinds[terms.metric.kind](terms, history)


def _promise(seen: Sequence[Seen]) -> Promise:
    """What the bound rests on: the weakest of the comparisons'."""
    compared = [one.looked.comparison for one in seen if one.looked.terms is not None]
    made = [one for one in compared if one is not None]
    if not made or len(made) < len(compared) or not all(one.calibrated for one in made):
        return Promise.UNCALIBRATED
    return Promise.EXACT if all(one.exact for one in made) else Promise.CALIBRATED


def _nothing_yet(analysis: ResolvedAnalysis, *, ended: bool) -> Verdict:
    verdicts = {
        metric.name: MetricVerdict(
            Outcome.INCONCLUSIVE, reasons.too_little(metric, "no interval yet"), limit=metric.limit
        )
        for metric in analysis.metrics
    }
    reason = "no interval has been looked at yet"
    return Verdict(
        verdict=Outcome.INCONCLUSIVE,
        reason=reason,
        score=None,
        promise=Promise.UNCALIBRATED,
        decided=ended,
        metrics=verdicts,
        comparisons={CANARY: verdicts},
        tracks={CANARY: TrackVerdict(Outcome.INCONCLUSIVE, reason, None)},
    )
