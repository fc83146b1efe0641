"""Past rollouts judged: what the analysis would have said of them, and when.

Owned here: what is compared with what. The analysis's own canary where it had samples; else, in a
rolling update, the new pods with the old ones while both are there. Raises `SourceError` where the
past cannot be read. Not here: which rollouts there were (`releases`).
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence

from judge.runs.backtest.judged import finite
from judge.runs.backtest.releases import (
    GIVEN,
    Release,
    RollingUpdate,
    Sighted,
    rolling_updates,
)
from judge.runs.backtest.results import MetricSaid, RolloutResult
from judge.runs.backtest.splits import played
from judge.runs.once import judge_window
from judge.sources.pod_owners import pod_owners
from judge.sources.pods_seen import Span, pods_seen
from judge.sources.prometheus import PrometheusSource
from judge.spec.resolved import BASELINE, CANARY, ResolvedAnalysis
from judge.spec.units import format_duration
from judge.stats.samples import Interval, Level, Pods, Series
from judge.verdict.sequential import SequentialJudge
from judge.verdict.sufficiency import FEWEST_BLOCKS
from judge.verdict.verdict import Outcome, Verdict

BLOCK = 60.0  # seconds: the least step in which evidence grows
OWN = "canary with baseline"
NEW_WITH_OLD = "new pods with old"
BEFORE_AFTER = "compare with the time before by `baselineOffset`"
_CLOSE = 1e-6


def sighted(
    analysis: ResolvedAnalysis, source: PrometheusSource, *, start: float, end: float, now: float
) -> Sighted:
    """When the analysis's pods were there, and the rolling updates among them.

    Raises `SourceError`.
    """
    by_track: dict[str, Mapping[str, Sequence[Span]]] = {
        track: pods_seen(analysis, track, source.client, start=start, end=end, now=now)
        for track in (BASELINE, CANARY)
    }
    names = [pod for pods in by_track.values() for pod in pods]
    owners = pod_owners(source.client, names, start=start, end=end)
    baseline, canary = by_track[BASELINE], by_track[CANARY]
    alone = {pod: spans for pod, spans in canary.items() if pod not in baseline}
    return Sighted(
        canary, rolling_updates(baseline, owners), rolling_updates(alone, owners), bool(owners)
    )


def judged_release(
    analysis: ResolvedAnalysis,
    source: PrometheusSource,
    release: Release,
    seen: Sighted,
    *,
    until: float,
) -> RolloutResult:
    """What would have been said of a release, by what is known until ``until`` (Unix seconds)."""
    start = release.at + analysis.warmup
    looks = _looks(analysis, start, min(until, start + analysis.looks * analysis.interval))
    least = _least_looks(analysis)
    if looks >= least and _own(analysis, release, seen, start):
        length = looks * analysis.interval
        judged = judge_window(analysis, source, end=start + length, lookback=length, as_run=True)
        said = _said(release, OWN, judged.verdict, start, analysis.interval)
        return _so_far(said, analysis, looks)
    if looks < least:
        known = format_duration(looks * analysis.interval)
        return _nothing(release, f"only {known} of it lie before the end")
    if release.update is None:
        return _nothing(release, f"no pods of a canary, and no old pods beside new; {BEFORE_AFTER}")
    return _rolling(analysis, source, release, release.update, until=until)


def _so_far(said: RolloutResult, analysis: ResolvedAnalysis, looks: int) -> RolloutResult:
    """What was said, and that it is no last word: the run has not been looked at to its end."""
    if looks >= analysis.looks or said.outcome is Outcome.FAIL:
        return said
    known, whole = (format_duration(n * analysis.interval) for n in (looks, analysis.looks))
    reason = f"{said.reason}; only {known} of {whole} lie before the end"
    return dataclasses.replace(said, reason=reason)


def _own(analysis: ResolvedAnalysis, release: Release, seen: Sighted, start: float) -> bool:
    """Whether the analysis's own tracks are compared: not while its baseline is what is rolled."""
    rolled = release.update is not None and release.found != GIVEN
    if rolled and not analysis.baseline_offset:
        return False
    return seen.canary_between(start, start + analysis.looks * analysis.interval)


def _rolling(
    analysis: ResolvedAnalysis,
    source: PrometheusSource,
    release: Release,
    update: RollingUpdate,
    *,
    until: float,
) -> RolloutResult:
    """The new pods with the old ones, as long as there are both."""
    start = update.at + analysis.warmup
    most = start + analysis.looks * analysis.interval
    looks = _looks(analysis, start, min(until, most, update.both_until))
    read = _baseline(analysis, source, start, looks, True) if looks else []
    intervals = _beside(_apart(read, update))
    least = _least_looks(analysis)
    if len(intervals) < least:
        return _nothing(
            release,
            "after the warm-up, new and old pods had samples beside each other for "
            f"{format_duration(len(intervals) * analysis.interval)}, and a comparison takes "
            f"{format_duration(least * analysis.interval)}; {BEFORE_AFTER}",
        )
    duration = len(intervals) * analysis.interval
    asked = played(dataclasses.replace(analysis, duration=duration, keep_watching=0.0))
    past = math.floor(analysis.history / analysis.interval + _CLOSE)
    history = _baseline(analysis, source, update.at - past * analysis.interval, past, False)
    verdict = SequentialJudge(asked, history).decide(intervals)
    return _said(release, NEW_WITH_OLD, verdict, start, analysis.interval)


def _beside(intervals: Sequence[Interval]) -> list[Interval]:
    """The intervals up to the last in which both new and old pods had something to tell."""
    both = [
        place
        for place, one in enumerate(intervals)
        if any(
            all(_tells(tracks.get(track, {})) for track in (CANARY, BASELINE))
            for tracks in one.samples.values()
        )
    ]
    return list(intervals[: both[-1] + 1]) if both else []


def _tells(pods: Pods) -> bool:
    """Whether any pod answered requests, or had a level: what is gone is shown for a while."""
    return any(isinstance(one, Level | Series) or one.total > 0 for one in pods.values())


def _baseline(
    analysis: ResolvedAnalysis, source: PrometheusSource, start: float, count: int, thorough: bool
) -> list[Interval]:
    return source.read(
        analysis,
        start=start,
        end=start + count * analysis.interval,
        step=analysis.interval,
        tracks=[BASELINE],
        thorough=thorough,
    )


def _apart(intervals: Sequence[Interval], update: RollingUpdate) -> list[Interval]:
    """The intervals with the new pods as canary and the old ones as baseline."""
    found = []
    for one in intervals:
        samples: dict[str, dict[str, Pods]] = {}
        for metric, tracks in one.samples.items():
            pods = tracks.get(BASELINE, {})
            both = {
                CANARY: {pod: each for pod, each in pods.items() if pod in update.new},
                BASELINE: {pod: each for pod, each in pods.items() if pod in update.old},
            }
            samples[metric] = {track: some for track, some in both.items() if some}
        found.append(dataclasses.replace(one, samples=samples, weights={}))
    return found


def _looks(analysis: ResolvedAnalysis, start: float, end: float) -> int:
    return max(0, math.floor((end - start) / analysis.interval + _CLOSE))


def _least_looks(analysis: ResolvedAnalysis) -> int:
    return max(FEWEST_BLOCKS, math.ceil(FEWEST_BLOCKS * BLOCK / analysis.interval - _CLOSE))


def _nothing(release: Release, why: str) -> RolloutResult:
    return RolloutResult(release.at, release.found, "", why)


def _said(
    release: Release, compared: str, verdict: Verdict, start: float, interval: float
) -> RolloutResult:
    at = verdict.decided_at
    return RolloutResult(
        at=release.at,
        found=release.found,
        compared=compared,
        reason=verdict.reason,
        outcome=verdict.verdict,
        proven=verdict.proven,
        promise=verdict.promise,
        score=verdict.score,
        start=start,
        decided=None if at is None else start + (at + 1) * interval,
        metrics={
            name: MetricSaid(
                one.verdict, finite(one.estimate), finite(one.low), finite(one.high), one.reason
            )
            for name, one in verdict.metrics.items()
        },
    )
