"""The sequential judge: from evidence to a run's verdict, at any look, under one promise.

Owned here: what counts as failing, passing (proven or not) and not known yet for a run of several
metrics and tracks. Not here: the statistics (`judge.stats`), what a kind makes of samples
(`judge.verdict.kinds`), a single metric (`metric`), words (`reasons`).

A judge is made once a run, from its analysis and the baseline's history, and is then asked with all
of the run's intervals so far: it keeps nothing between looks, so a replay says the same.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from judge.spec.resolved import CANARY, SHADOW, Kind, Metric, ResolvedAnalysis
from judge.stats.evidence import schedule
from judge.stats.samples import Interval
from judge.verdict import reasons, run_reasons
from judge.verdict.before import basis, on_grid, unweighted
from judge.verdict.kinds.counts import CountsJudge
from judge.verdict.kinds.gauges import GaugeJudge
from judge.verdict.kinds.latency import LatencyJudge
from judge.verdict.kinds.looked import KindJudge, Looked
from judge.verdict.kinds.terms import MetricTerms, metric_terms
from judge.verdict.metric import Seen, metric_verdict, outcome_now
from judge.verdict.score import judged_share, score
from judge.verdict.shares import shares
from judge.verdict.traffic import misrouted
from judge.verdict.verdict import MetricVerdict, Outcome, Promise, TrackVerdict, Verdict


@dataclass(frozen=True, slots=True)
class _Stage:
    """Where a run stands at a look.

    ``ended``: it passes now, if it can; of ``planned`` looks enough must then have had data.
    ``passed_at``: it has passed before, at the look with this index, and is watched on.
    """

    ended: bool
    planned: int
    passed_at: int | None = None


class SequentialJudge:
    """Judges one run. Raises nothing on any data: what is missing makes it inconclusive."""

    def __init__(self, analysis: ResolvedAnalysis, history: Sequence[Interval]) -> None:
        self._analysis = analysis
        history = on_grid(analysis, history)
        self._basis = basis(analysis, history)
        of_alpha = shares(analysis.metrics, analysis.score)
        self._judges = {
            metric.name: _judge(metric_terms(metric, analysis, of_alpha[metric.name]), history)
            for metric in analysis.metrics
        }

    def look(
        self, intervals: Sequence[Interval], *, finished: bool, passed_at: int | None = None
    ) -> Verdict:
        """The verdict after these intervals, oldest first; ``finished`` where no more will come.

        ``passed_at`` is the index of the look at which the run has passed before, where it is
        watched on: it stays passed unless it fails now.
        """
        intervals = intervals[: self._most(passed_at)]
        if not intervals:
            return _nothing_yet(self._analysis, ended=finished)
        return self._told(intervals, {}, finished, passed_at)

    def _told(
        self,
        intervals: Sequence[Interval],
        known: Mapping[str, list[Seen]],
        finished: bool,
        passed_at: int | None,
    ) -> Verdict:
        """The verdict after these intervals; ``known`` is what they say of some of the tracks."""
        seen = {
            track: known.get(track) or self._seen(intervals, track)
            for track in self._tracks(intervals)
        }
        stage = self._stage(next(iter(seen.values())), intervals, finished, passed_at)
        planned = {
            track: [one.planned_for(stage.planned) for one in each] for track, each in seen.items()
        }
        return self._verdict(planned, intervals, stage)

    def decide(self, intervals: Sequence[Interval], *, finished: bool = True) -> Verdict:
        """The verdict of a run that looked after every interval and stopped when it could."""
        intervals = intervals[: self._analysis.all_looks]
        if not intervals:
            return self.look(intervals, finished=finished)
        decides = self._tracks(intervals)[0]
        seen = self._seen(intervals, decides)
        failed = self._fails(seen)
        first = int(failed.argmax()) if failed.any() else len(intervals)
        passed_at = self._passed_at(seen, intervals[:first])
        last = min(first + 1, self._most(passed_at), len(intervals))
        if passed_at is not None and last == passed_at + 1:
            return self.look(intervals[:last], finished=False)
        if last < len(intervals):
            return self.look(intervals[:last], finished=False, passed_at=passed_at)
        return self._told(intervals, {decides: seen}, finished, passed_at)

    def verdicts(self, intervals: Sequence[Interval], *, finished: bool = True) -> list[Verdict]:
        """What such a run said after each interval up to its last look."""
        told: list[Verdict] = []
        passed_at = None
        for upto in range(1, len(intervals) + 1):
            last = finished and upto == len(intervals)
            told.append(self.look(intervals[:upto], finished=last, passed_at=passed_at))
            if told[-1].decided and not told[-1].watching:
                break
            passed_at = told[-1].decided_at
        return told

    def _most(self, passed_at: int | None) -> int:
        """How many looks there are at most, once it is known at which of them the run passed."""
        passed = self._analysis.looks if passed_at is None else passed_at + 1
        return passed + (0 if passed_at is None else self._analysis.looks_after)

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

    def _stage(
        self,
        seen: Sequence[Seen],
        intervals: Sequence[Interval],
        finished: bool,
        passed_at: int | None,
    ) -> _Stage:
        """Where the run stands after these intervals, by what of the deciding track was seen."""
        planned = self._analysis.looks
        if passed_at is not None:
            return _Stage(ended=True, planned=passed_at + 1, passed_at=passed_at)
        if finished or len(intervals) >= planned:
            return _Stage(ended=True, planned=planned)
        if self._passes_early(seen, intervals):
            return _Stage(ended=True, planned=len(intervals))
        return _Stage(ended=False, planned=planned)

    def _passed_at(self, seen: Sequence[Seen], intervals: Sequence[Interval]) -> int | None:
        """The look at which a run passes that fails at none of these intervals.

        Only where that is before the end, or where there are looks after it. ``seen`` tells cheaply
        when it may be, since an earlier look's evidence hangs on nothing later.
        """
        planned, track = self._analysis.looks, seen[0].track
        before_end = min(len(intervals), planned - 1)
        ready = self._proven(seen)[:before_end] if self._analysis.early_pass else np.zeros(0)
        for at in map(int, np.flatnonzero(ready)):
            so_far = intervals[: at + 1]
            if self._passes_early(self._seen(so_far, track), so_far):
                return at
        if self._analysis.looks_after and len(intervals) > planned:
            at_end = self.look(intervals[:planned], finished=True)
            return planned - 1 if at_end.verdict is Outcome.PASS else None
        return None

    def _passes_early(self, seen: Sequence[Seen], intervals: Sequence[Interval]) -> bool:
        """Whether every critical metric is proven after these intervals, and nothing is missing."""
        if not (self._analysis.early_pass and self._proven(seen)[-1]) or self._fails(seen)[-1]:
            return False
        verdicts = {
            one.metric.name: MetricVerdict(outcome_now(one.planned_for(len(intervals))), "")
            for one in seen
        }
        points = score(self._analysis.metrics, verdicts, finished=True)
        outcome, _ = self._at_the_end(verdicts, points)
        return outcome is Outcome.PASS and not self._misrouted(seen, intervals)

    def _proven(self, seen: Sequence[Seen]) -> NDArray[np.bool_]:
        """At which looks every critical metric is proven that is compared; never without any."""
        compared = [one for one in seen if _proves(one.metric)]
        if not compared:
            return np.zeros(len(seen[0].looked.seen[0]), dtype=bool)
        return np.asarray(np.logical_and.reduce([one.looked.proven for one in compared]))

    def _verdict(
        self, seen: dict[str, list[Seen]], intervals: Sequence[Interval], stage: _Stage
    ) -> Verdict:
        looks, after = len(intervals), stage.passed_at is not None
        comparisons = {
            track: {
                one.metric.name: metric_verdict(one, ended=stage.ended, after=after) for one in each
            }
            for track, each in seen.items()
        }
        first, *others = seen
        tracks = {first: self._first_verdict(seen[first], comparisons[first], intervals, stage)}
        for track in others:
            tracks[track] = self._track_verdict(seen[track], comparisons[track], intervals, stage)
        outcome = tracks[first].verdict
        decided = stage.ended or outcome is Outcome.FAIL
        passed = outcome is Outcome.PASS
        decided_at = stage.passed_at if passed and stage.passed_at is not None else looks - 1
        return Verdict(
            verdict=outcome,
            reason=tracks[first].reason + self._basis,
            score=tracks[first].score,
            promise=_promise(seen[first], before_after=self._analysis.shift > 0),
            proven=tracks[first].proven,
            decided=decided,
            decided_at=decided_at if decided else None,
            watching=passed and looks < self._most(decided_at),
            metrics=comparisons[first],
            comparisons=comparisons,
            tracks=tracks,
        )

    def _first_verdict(
        self,
        seen: Sequence[Seen],
        verdicts: dict[str, MetricVerdict],
        intervals: Sequence[Interval],
        stage: _Stage,
    ) -> TrackVerdict:
        """What decides the run. One that has passed stays so, unless it fails."""
        if stage.passed_at is None:
            return self._track_verdict(seen, verdicts, intervals, stage)
        metrics, passed_after = self._analysis.metrics, stage.passed_at + 1
        points = score(metrics, verdicts, finished=True)
        if self._fails(seen)[-1]:
            why = run_reasons.run_failed(metrics, verdicts)
            return TrackVerdict(
                Outcome.FAIL, run_reasons.failed_after_all(passed_after, why), points
            )
        reason = run_reasons.run_watched(
            passed_after, len(intervals) - passed_after, metrics, verdicts
        )
        proven = bool(self._proven(seen)[stage.passed_at])
        return TrackVerdict(Outcome.PASS, reason, points, proven)

    def _track_verdict(
        self,
        seen: Sequence[Seen],
        verdicts: dict[str, MetricVerdict],
        intervals: Sequence[Interval],
        stage: _Stage,
    ) -> TrackVerdict:
        metrics, looks = self._analysis.metrics, len(intervals)
        points = score(metrics, verdicts, finished=stage.ended)
        if self._fails(seen)[-1]:
            return TrackVerdict(Outcome.FAIL, run_reasons.run_failed(metrics, verdicts), points)
        if not stage.ended:
            told = run_reasons.run_goes_on(looks, self._analysis.looks, metrics, verdicts)
            return TrackVerdict(Outcome.INCONCLUSIVE, told, points)
        outcome, reason = self._at_the_end(verdicts, points)
        unrouted = self._misrouted(seen, intervals) if outcome is not Outcome.FAIL else ""
        if unrouted:
            return TrackVerdict(
                Outcome.INCONCLUSIVE, run_reasons.untrusted(unrouted, reason), points
            )
        compared = [metric for metric in metrics if _proves(metric)]
        proven = bool(compared) and all(verdicts[metric.name].proven for metric in compared)
        if outcome is Outcome.PASS and stage.planned < self._analysis.looks:
            reason = run_reasons.passed_early(looks, self._analysis.looks, reason)
        return TrackVerdict(outcome, reason, points, outcome is Outcome.PASS and proven)

    def _misrouted(self, seen: Sequence[Seen], intervals: Sequence[Interval]) -> str:
        block = schedule(interval=self._analysis.interval, looks=self._analysis.looks).block
        routed = unweighted(self._analysis, intervals)
        return misrouted([one.looked for one in seen], routed, seen[0].track, block=block)

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


def _proves(metric: Metric) -> bool:
    """Whether a run is proven good only where this metric is."""
    return metric.critical and not metric.observe and metric.limit is not None


def _promise(seen: Sequence[Seen], *, before_after: bool) -> Promise:
    """What the bound rests on: the weakest of the comparisons'."""
    compared = [one.looked.comparison for one in seen if one.looked.terms is not None]
    made = [one for one in compared if one is not None]
    if not made or len(made) < len(compared) or not all(one.calibrated for one in made):
        return Promise.UNCALIBRATED
    if before_after:
        return Promise.EMPIRICAL
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
