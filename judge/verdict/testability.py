"""What an analysis cannot test on the data that it gets, told before it is tried.

`shortfalls` goes over the baseline's history (as a run reads it, or a stretch of it that
`judge check --prometheus` read) and says, metric by metric, which figure is missing and what would
mend it. It promises nothing of a metric that it finds no fault with, and judges nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from judge.spec.resolved import BASELINE, CANARY, JudgeName, Kind, Metric, ResolvedAnalysis
from judge.stats.calibration import FEWEST, calibrating
from judge.stats.samples import Count, Histogram, Interval, Sample
from judge.verdict import ab_testability, before, reasons, shortfall_reasons
from judge.verdict.kinds.gathering import Gathered, gathered
from judge.verdict.kinds.gauges import pod_levels
from judge.verdict.kinds.latency import untested_bound, untested_limit
from judge.verdict.kinds.terms import counts_pods
from judge.verdict.past import changes, longest_gap, missing_start, presence
from judge.verdict.sufficiency import FEWEST_EVENTS, FEWEST_EXPOSURES, MANY_EXPOSURES


@dataclass(frozen=True, slots=True)
class Shortfall:
    """What keeps a metric from being tested, in words, with the figure and the remedy.

    ``hopeless``: it will end inconclusive as it is; else it is judged, but on assumptions.
    """

    metric: str
    reason: str
    hopeless: bool


def shortfalls(analysis: ResolvedAnalysis, history: Sequence[Interval]) -> list[Shortfall]:
    """Every metric's shortfalls, hopeless ones first, given the baseline's ``history``.

    Kayenta's judge tests nothing on it, so nothing is short.
    """
    if analysis.judge is JudgeName.KAYENTA:
        return []
    found = [one for metric in analysis.metrics for one in _of(metric, analysis, history)]
    return sorted(found, key=lambda one: not one.hopeless)


def _of(metric: Metric, analysis: ResolvedAnalysis, history: Sequence[Interval]) -> list[Shortfall]:
    past = gathered(history, metric.name, BASELINE)
    if not past.seen.any():
        if metric.limit is None:
            return []
        why = reasons.absences(past.absent, BASELINE)
        if metric.better is not None:
            text = ab_testability.no_past(metric)
            return [Shortfall(metric.name, text + why, hopeless=False)]
        return [Shortfall(metric.name, shortfall_reasons.no_history(metric) + why, hopeless=False)]
    hopeless = [
        text
        for text in (
            _too_few_requests(metric, analysis, past),
            _coarse(metric, past),
            _without_floor(metric, past),
        )
        if text
    ]
    weak = _weak(metric, analysis, past, history) if metric.limit is not None else []
    return [
        *(Shortfall(metric.name, text, hopeless=True) for text in hopeless),
        *(Shortfall(metric.name, text, hopeless=False) for text in weak),
    ]


def _weak(
    metric: Metric, analysis: ResolvedAnalysis, past: Gathered, history: Sequence[Interval]
) -> list[str]:
    """What takes from the promise, or from what can be seen under it.

    A history that is too little is told with what makes it so; else each thing by itself.
    """
    if metric.better is not None:
        short = ab_testability.too_short(metric, analysis, past)
        return [short] if short else []
    holes = _holes(analysis, past, history)
    if analysis.shift:
        return before.weak(metric, analysis, past, holes)
    changed = _changed(metric, analysis, past, history)
    short = _without_pods(metric, analysis, past) or _uncalibrated(metric, analysis, past)
    if short:
        return [short + "".join(f"; {hole}" for hole in holes), *changed]
    return [
        *(shortfall_reasons.holed(metric, hole, _windows(analysis, past)) for hole in holes),
        *changed,
    ]


def _holes(analysis: ResolvedAnalysis, past: Gathered, history: Sequence[Interval]) -> list[str]:
    """Where the history begins late, and its longest gap, in words."""
    seen, interval = past.seen, analysis.interval
    found = []
    late = missing_start(seen)
    if late:
        there, asked = (len(seen) - late) * interval, len(seen) * interval
        found.append(shortfall_reasons.begins_late(history[late].start, there, asked))
    gap = longest_gap(seen, interval=interval)
    if gap is not None:
        found.append(
            shortfall_reasons.gap(history[gap.first].start, history[gap.last - 1].end, interval)
        )
    return found


def _changed(
    metric: Metric, analysis: ResolvedAnalysis, past: Gathered, history: Sequence[Interval]
) -> list[str]:
    """Deploys in the history, and steps of the metric, in words."""
    found = changes(metric, past, interval=analysis.interval)
    if not found:
        return []
    last = found[-1]
    since = Gathered(past.found[last.at :], past.pods, {})
    return [
        shortfall_reasons.changed(
            metric,
            at=history[last.at].start,
            pods=last.pods,
            ratio=last.ratio,
            deploys=len(found),
            since=(len(history) - last.at) * analysis.interval,
            windows=_windows(analysis, since),
            fewest=FEWEST,
        )
    ]


def _windows(analysis: ResolvedAnalysis, past: Gathered) -> int:
    """How many pseudo-rollouts calibrate."""
    present = presence(past)
    return calibrating(present, looks=analysis.all_looks) if present.size else 0


def _too_few_requests(metric: Metric, analysis: ResolvedAnalysis, past: Gathered) -> str:
    if metric.kind is Kind.GAUGE or counts_pods(metric):
        return ""
    minutes = float(past.seen.sum()) * analysis.interval / 60.0
    samples = [one for pods in past.found for one in pods.values()]
    rate = float(sum(_requests(one) for one in samples)) / minutes
    run = analysis.looks * analysis.interval / 60.0
    share = _canary_share(analysis, past)
    expected = rate * run * share
    if expected < FEWEST_EXPOSURES:
        wanted = FEWEST_EXPOSURES / max(rate * share, 1e-9)
        return shortfall_reasons.few_requests(
            metric, rate, share, expected, FEWEST_EXPOSURES, wanted
        )
    if metric.kind is Kind.HISTOGRAM or expected >= MANY_EXPOSURES:
        return ""
    events = float(sum(_events(one) for one in samples)) / minutes * run
    if events >= FEWEST_EVENTS:
        return ""
    wanted = min(MANY_EXPOSURES / expected, FEWEST_EVENTS / max(events, 1e-9)) * run
    return shortfall_reasons.few_requests(metric, rate, share, expected, MANY_EXPOSURES, wanted)


def _canary_share(analysis: ResolvedAnalysis, past: Gathered) -> float:
    """The canary's requests over the baseline's: by its weight, or one pod's worth of them."""
    track = analysis.tracks.get(CANARY)
    if track is not None and track.weight is not None and 0 < track.weight < 1:
        return track.weight / (1.0 - track.weight)
    usual = float(np.median([len(pods) for pods in past.found if pods]))
    return 1.0 / max(usual, 1.0)


def _requests(sample: Sample) -> float:
    return _counted(sample.total) if isinstance(sample, Count | Histogram) else 0.0


def _events(sample: Sample) -> float:
    return _counted(sample.events) if isinstance(sample, Count) else 0.0


def _counted(number: float) -> float:
    """A number of requests; what is none counts for nothing."""
    return number if math.isfinite(number) and number > 0 else 0.0


def _coarse(metric: Metric, past: Gathered) -> str:
    if metric.kind is not Kind.HISTOGRAM:
        return ""
    if not any(isinstance(one, Histogram) for pods in past.found for one in pods.values()):
        return ""
    return untested_limit(metric, past) or untested_bound(metric, past)


def _without_floor(metric: Metric, past: Gathered) -> str:
    if metric.kind is not Kind.GAUGE or metric.limit is None or metric.floor > 0:
        return ""
    means = pod_levels(past).mean()[0][past.seen]
    zero = float(np.mean(~(means > 0)))
    return shortfall_reasons.often_zero(metric, zero) if zero > 0.5 else ""


def _without_pods(metric: Metric, analysis: ResolvedAnalysis, past: Gathered) -> str:
    label = metric.pod_label or analysis.prometheus.pod_label
    if past.pods == [""]:
        return shortfall_reasons.no_pod_label(metric, label)
    if len(past.pods) == 1:
        return shortfall_reasons.one_pod(metric)
    return ""


def _uncalibrated(metric: Metric, analysis: ResolvedAnalysis, past: Gathered) -> str:
    windows = _windows(analysis, past)
    if windows >= FEWEST:
        return ""
    hours = float(past.seen.sum()) * analysis.interval / 3600.0
    told = shortfall_reasons.uncalibrated(metric, hours, len(past.pods), windows, FEWEST)
    trimmed = Gathered(past.found[int(past.seen.argmax()) :], past.pods, {})
    there = _windows(analysis, trimmed)
    if there >= FEWEST:
        told += shortfall_reasons.shorter(len(trimmed.found) * analysis.interval, there)
    return told
