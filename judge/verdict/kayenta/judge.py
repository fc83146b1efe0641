"""Kayenta's judge of a run: all values so far (or of the last ones), classified, scored, decided.

Owned here: what is judged at a look, what of a score ends a run, and the verdict's own form. Not
here: a pair's classification (`classification`), the score (`scoring`), what is paired (`pairing`).
It promises nothing on how often it errs (`Promise.NONE`): each look is a test by itself.

Like the sequential judge it keeps nothing between looks, so a replay says the same bit for bit.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from judge.spec.resolved import BASELINE, CANARY, SHADOW, Metric, ResolvedAnalysis
from judge.stats.samples import Interval
from judge.verdict.kayenta import reasons
from judge.verdict.kayenta.classification import classify_all
from judge.verdict.kayenta.documents import result_document, score_document
from judge.verdict.kayenta.labels import Classification, Label
from judge.verdict.kayenta.pairing import Tags, Unpaired, pairs
from judge.verdict.kayenta.readings import TrackReadings, trailing_holes
from judge.verdict.kayenta.rules import comparable, grouping, terms_of, tolerated
from judge.verdict.kayenta.scoring import Result, Score, classified, score
from judge.verdict.kayenta.terms import Terms
from judge.verdict.verdict import MetricVerdict, Outcome, Promise, TrackVerdict, Verdict

_OUTCOMES = {
    Label.PASS: Outcome.PASS,
    Label.HIGH: Outcome.FAIL,
    Label.LOW: Outcome.FAIL,
    Label.NODATA_FAIL_METRIC: Outcome.FAIL,
    Label.NODATA: Outcome.INCONCLUSIVE,
    Label.ERROR: Outcome.INCONCLUSIVE,
}
_WORST_FIRST = (Outcome.FAIL, Outcome.INCONCLUSIVE, Outcome.PASS)


@dataclass(frozen=True, slots=True)
class _Said:
    """What is said of one metric of one track; ``why`` it could not be judged, if it could not."""

    metric: Metric
    terms: Terms
    found: Sequence[tuple[Tags, Classification]] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class _Tally:
    """What all metrics of a track come to; ``why`` there is no ``score``, if there is none."""

    score: Score | None
    why: str = ""


@dataclass(slots=True)
class Seen:
    """All readings of a run so far, by track and metric. Grows interval by interval."""

    analysis: ResolvedAnalysis
    tracks: Sequence[str]
    readings: dict[tuple[str, str], TrackReadings] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for metric in filter(comparable, self.analysis.metrics):
            for track in (BASELINE, *self.tracks):
                self.readings[metric.name, track] = TrackReadings(
                    metric, track, self.analysis.lookback
                )

    def add(self, interval: Interval) -> None:
        """Take in the next interval."""
        for one in self.readings.values():
            one.add(interval)


class KayentaJudge:
    """Judges one run. Raises nothing on any data: what is missing is Nodata, as Kayenta has it."""

    def __init__(self, analysis: ResolvedAnalysis) -> None:
        self._analysis = analysis
        self._terms = {
            metric.name: terms_of(metric, strict=analysis.strict) for metric in analysis.metrics
        }
        self._grouping = grouping(analysis)

    def look(
        self, intervals: Sequence[Interval], *, finished: bool, passed_at: int | None = None
    ) -> Verdict:
        """The verdict after these intervals, oldest first; ``finished`` where no more will come.

        ``passed_at`` is of no use to it: whoever passes here is not watched on.
        """
        intervals = intervals[: self._analysis.looks]
        seen = self.seen(intervals)
        for interval in intervals:
            seen.add(interval)
        return self.told(seen, intervals, finished=finished)

    def decide(self, intervals: Sequence[Interval], *, finished: bool = True) -> Verdict:
        """The verdict of a run that looked after every interval and stopped when it could."""
        return self.verdicts(intervals, finished=finished)[-1]

    def verdicts(self, intervals: Sequence[Interval], *, finished: bool = True) -> list[Verdict]:
        """What such a run said after each interval up to its last look."""
        intervals = intervals[: self._analysis.looks]
        if not intervals:
            return [self.look(intervals, finished=finished)]
        follower, told = Follower(self), list[Verdict]()
        for upto in range(1, len(intervals) + 1):
            last = finished and upto == len(intervals)
            told.append(follower.after(intervals[:upto], finished=last))
            if told[-1].decided:
                break
        return told

    def seen(self, intervals: Sequence[Interval]) -> Seen:
        """Where a run begins that is followed look by look; nothing is in it yet."""
        return Seen(self._analysis, tracks_of(self._analysis, intervals))

    def told(self, seen: Seen, intervals: Sequence[Interval], *, finished: bool) -> Verdict:
        """The verdict on all that was ``seen``, which is these intervals."""
        ended = finished or len(intervals) >= self._analysis.looks
        if not intervals:
            return self._nothing_yet(ended=ended)
        comparisons, tracks, scored = {}, {}, None
        for track in seen.tracks:
            said = [self._said(metric, track, seen) for metric in self._analysis.metrics]
            tally = self._tally(said, ended=ended)
            scored = tally.score if track == seen.tracks[0] else scored
            comparisons[track] = {one.metric.name: self._metric(one, track) for one in said}
            tracks[track] = self._track(tally, comparisons[track], intervals, ended=ended)
        first = tracks[seen.tracks[0]]
        decided = ended or first.verdict is Outcome.FAIL
        return Verdict(
            verdict=first.verdict,
            reason=first.reason,
            score=first.score,
            promise=Promise.NONE,
            decided=decided,
            decided_at=len(intervals) - 1 if decided else None,
            metrics=comparisons[seen.tracks[0]],
            comparisons=comparisons,
            tracks=tracks,
            kayenta=None if scored is None else self._document(scored),
        )

    def _document(self, scored: Score) -> Mapping[str, object]:
        limits = self._analysis.score
        label = classified(scored.points, passing=limits.passing, marginal=limits.marginal)
        return score_document(scored, label)

    def _said(self, metric: Metric, track: str, seen: Seen) -> _Said:
        terms = self._terms[metric.name]
        if not comparable(metric):
            return _Said(metric, terms, why=reasons.not_comparable(metric))
        ours, theirs = (seen.readings[metric.name, one] for one in (track, BASELINE))
        silent = [one.track for one in (ours, theirs) if one.unread()]
        if silent:
            return _Said(metric, terms, why=reasons.unread(metric, silent))
        try:
            paired = pairs(theirs.sides(), ours.sides())
        except Unpaired as error:
            return _Said(metric, terms, why=reasons.unpaired(metric, str(error)))
        said = classify_all([(one.experiment, one.control) for one in paired], terms)
        found = [(one.tags, each) for one, each in zip(paired, said, strict=True)]
        return _Said(metric, terms, found)

    def _tally(self, said: Sequence[_Said], *, ended: bool) -> _Tally:
        acting = [one for one in said if not one.metric.observe]
        unjudged = [one.why for one in acting if one.why]
        if unjudged:
            return _Tally(None, why="; ".join(unjudged))
        results = [
            Result(one.metric.name, found, self._grouping.groups[one.metric.name])
            for one in acting
            for _, found in one.found
        ]
        if self._analysis.strict:
            return self._strictly(results, ended=ended)
        return _Tally(self._score(results))

    def _strictly(self, results: Sequence[Result], *, ended: bool) -> _Tally:
        """In strict mode too little data say nothing, neither good nor bad.

        What is known fails a run before its end only where the rest could not save it.
        """
        scarce = [one for one in results if one.said.scarce]
        known = self._score([one for one in results if not one.said.scarce])
        missing = bool(scarce) and (not _counted(known) or bool(self._score(results).owed))
        if (known.owed or _counted(known)) and self._is_failure(known):
            certain = self._is_failure(self._score(_at_best(results)))
            missing = bool(scarce) and not certain and (missing or not ended)
            return _Tally(None, reasons.scarce(scarce)) if missing else _Tally(known)
        if missing:
            return _Tally(None, reasons.scarce(scarce))
        return _Tally(known) if _counted(known) else _Tally(None, reasons.NOTHING_COUNTS)

    def _is_failure(self, scored: Score) -> bool:
        return scored.points <= self._analysis.score.marginal

    def _score(self, results: Sequence[Result]) -> Score:
        return score(results, self._grouping.weights, strict=self._analysis.strict)

    def _track(
        self,
        tally: _Tally,
        verdicts: Mapping[str, MetricVerdict],
        intervals: Sequence[Interval],
        *,
        ended: bool,
    ) -> TrackVerdict:
        """What a track's score decides: at or below marginal all of it, the rest at the end."""
        limits, looks, planned = self._analysis.score, len(intervals), self._analysis.looks
        scored = tally.score
        if scored is None:
            told = reasons.not_judged(looks, planned, tally.why, ended=ended)
            return TrackVerdict(Outcome.INCONCLUSIVE, told, None)
        points = scored.points
        if self._is_failure(scored):
            why = _found(verdicts)
            return TrackVerdict(Outcome.FAIL, reasons.failed(scored, limits, why), points)
        if not ended:
            told = reasons.goes_on(looks, planned, points)
            return TrackVerdict(Outcome.INCONCLUSIVE, told, points)
        holes = trailing_holes(intervals) if self._analysis.strict else 0
        if holes:
            return TrackVerdict(Outcome.INCONCLUSIVE, reasons.unseen(holes, points), points)
        if points >= limits.passing:
            return TrackVerdict(Outcome.PASS, reasons.passed(points, limits), points)
        told = reasons.marginal(points, limits, _found(verdicts))
        return TrackVerdict(Outcome.INCONCLUSIVE, told, points)

    def _metric(self, said: _Said, track: str) -> MetricVerdict:
        if not said.found:
            limit = tolerated(said.metric, said.terms)
            return MetricVerdict(Outcome.INCONCLUSIVE, said.why, limit=limit)
        metric, terms = said.metric, said.terms
        tags, worst = min(said.found, key=lambda one: _badness(one[1]))
        observed = {
            name: {"mean": side.mean}
            for name, side in ((track, worst.experiment), (BASELINE, worst.control))
            if side.count
        }
        return MetricVerdict(
            verdict=_OUTCOMES[worst.label],
            reason=reasons.classified(metric, terms, worst, tags, len(said.found) - 1),
            estimate=worst.ratio if worst.shift is not None else None,
            limit=tolerated(metric, terms),
            observed=observed,
            kayenta=[
                result_document(
                    metric.name,
                    tags,
                    one,
                    track=track,
                    groups=self._grouping.groups[metric.name],
                    muted=metric.observe,
                )
                for tags, one in said.found
            ],
        )

    def _nothing_yet(self, *, ended: bool) -> Verdict:
        reason = reasons.nothing_yet()
        verdicts = {
            one.name: MetricVerdict(
                Outcome.INCONCLUSIVE, reason, limit=tolerated(one, self._terms[one.name])
            )
            for one in self._analysis.metrics
        }
        return Verdict(
            verdict=Outcome.INCONCLUSIVE,
            reason=reason,
            score=None,
            promise=Promise.NONE,
            decided=ended,
            metrics=verdicts,
            comparisons={CANARY: verdicts},
            tracks={CANARY: TrackVerdict(Outcome.INCONCLUSIVE, reason, None)},
        )


class Follower:
    """Asks the judge at each look of one run in turn, and stops where that run would have.

    What it keeps is made of the intervals alone: one that begins anew says the same, later.
    """

    def __init__(self, judge: KayentaJudge) -> None:
        self._judge = judge
        self._known: tuple[Interval, ...] = ()
        self._seen: Seen | None = None
        self._said: Verdict | None = None

    def after(self, intervals: Sequence[Interval], *, finished: bool) -> Verdict:
        """The verdict after these intervals, or the earlier one that ended the run."""
        if not self._goes_on(intervals):
            self._known, self._seen, self._said = (), None, None
        if self._said is not None and self._said.decided:
            return self._said
        seen = self._seen = self._seen or self._judge.seen(intervals)
        for upto in range(len(self._known) + 1, len(intervals) + 1):
            seen.add(intervals[upto - 1])
            self._known = tuple(intervals[:upto])
            last = finished and upto == len(intervals)
            self._said = self._judge.told(seen, self._known, finished=last)
            if self._said.decided:
                break
        return self._said or self._judge.told(seen, (), finished=finished)

    def _goes_on(self, intervals: Sequence[Interval]) -> bool:
        """Whether these are the intervals known, and some more."""
        known = len(self._known)
        return 0 < known < len(intervals) and intervals[known - 1] is self._known[-1]


def tracks_of(analysis: ResolvedAnalysis, intervals: Sequence[Interval]) -> list[str]:
    """What is compared with the baseline; the first decides the run."""
    known = set(analysis.tracks) or {
        track for one in intervals for tracks in one.samples.values() for track in tracks
    }
    return [track for track in (CANARY, SHADOW) if track in known] or [CANARY]


def _at_best(results: Sequence[Result]) -> list[Result]:
    """The results if those with too little data turned out to be good."""
    return [
        replace(one, said=replace(one.said, label=Label.PASS, critical=False))
        if one.said.scarce
        else one
        for one in results
    ]


def _counted(scored: Score) -> bool:
    """Whether any metric has a say in the score."""
    return any(group.counted for group in scored.groups)


def _badness(said: Classification) -> tuple[int, bool, float]:
    """What the worst has least of; of equals the one whose ratio is farthest from 1."""
    ratio = said.ratio if said.ratio is not None and said.ratio > 0 else 1.0
    return _WORST_FIRST.index(_OUTCOMES[said.label]), not said.critical, -abs(math.log(ratio))


def _found(verdicts: Mapping[str, MetricVerdict]) -> list[str]:
    return [one.reason for one in verdicts.values() if one.verdict is not Outcome.PASS]
