"""A whole analysis planned on its baseline's history: every metric, and the run.

Owned here: which tracks are planned for (`planned_tracks`), what else could be tried, what cannot
be planned and why. Everything is played from a fixed seed: the same history, the same plan. Not
here: reading the history (`judge.runs.planning`), one metric (`metric_plan`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from judge.spec.resolved import CANARY, Kind, Metric, ResolvedAnalysis
from judge.stats.planning.scenes import Planned
from judge.stats.samples import Interval
from judge.stats.terms import Terms
from judge.verdict.kinds.terms import counts_pods, metric_terms
from judge.verdict.planning.metric_plan import (
    Prospect,
    prospect,
    releases_played,
    usual_pods,
)
from judge.verdict.planning.players import player
from judge.verdict.promise import promise_of
from judge.verdict.shares import shares
from judge.verdict.testability import Shortfall, shortfalls
from judge.verdict.verdict import Promise

SEED = 1
MOST_SHARE = 0.5  # more traffic than that for a canary is not proposed
OPTION_SCENES = 120


@dataclass(frozen=True, slots=True)
class Wish:
    """What the caller says of the canary; None where the analysis is to say it."""

    pods: int | None = None
    share: float | None = None


@dataclass(frozen=True, slots=True)
class Option:
    """Other tracks than planned, and what they would see; ``name`` is what there is more of."""

    name: str
    prospect: Prospect


@dataclass(frozen=True, slots=True)
class MetricPlan:
    """What is foreseen of one metric.

    ``share`` is its part of the run's promise; ``level`` what is usual (a share of events, a median
    latency, a mean level). ``cannot`` tells why nothing is foreseen; else there is a ``prospect``.
    """

    metric: Metric
    share: float
    level: float | None = None
    cannot: str = ""
    terms: Terms | None = None
    prospect: Prospect | None = None
    options: tuple[Option, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What is foreseen of a run.

    ``promise`` is what its verdict would say of the bound on false rollbacks.
    """

    analysis: ResolvedAnalysis
    metrics: tuple[MetricPlan, ...]
    shortfalls: tuple[Shortfall, ...]
    promise: Promise
    history: Sequence[Interval]

    @property
    def proven(self) -> float | None:
        """The share of good releases that pass proven; None where a metric is not planned.

        As if the metrics had nothing to do with each other.
        """
        deciding = [
            one
            for one in self.metrics
            if one.metric.critical and not one.metric.observe and one.metric.limit is not None
        ]
        told = [one.prospect for one in deciding if one.prospect is not None]
        if not told or len(told) < len(deciding):
            return None
        return math.prod(one.proven.share.value or 0.0 for one in told)


def plan_of(
    analysis: ResolvedAnalysis,
    history: Sequence[Interval],
    *,
    wish: Wish,
    done: Callable[[str, float], None],
    seed: int = SEED,
) -> Plan:
    """Plan every metric on the baseline's ``history``.

    ``done`` is told the name of the metric that is being planned and which part of it is done.
    """
    of_alpha = shares(analysis.metrics, analysis.score)
    metrics = tuple(
        _metric_plan(metric, analysis, of_alpha[metric.name], history, wish, seed, done)
        for metric in analysis.metrics
    )
    return Plan(
        analysis,
        metrics,
        tuple(shortfalls(analysis, history)),
        promise_of(analysis, history),
        history,
    )


def planned_tracks(analysis: ResolvedAnalysis, pods: int, wish: Wish) -> Planned:
    """The tracks of a run: as wished, else by the canary's weight, else one pod and its share.

    ``pods`` are the baseline's. Of a weight the canary has as many pods as it takes at the
    baseline's requests a pod.
    """
    track = analysis.tracks.get(CANARY)
    share = wish.share if wish.share is not None else (track.weight if track else None)
    if share is not None and not 0.0 < share < 1.0:
        share = None
    canary = wish.pods
    if canary is None:
        canary = 1 if share is None else max(1, round(share / (1.0 - share) * pods))
    return Planned(canary, pods, canary / (canary + pods) if share is None else share)


def _metric_plan(
    metric: Metric,
    analysis: ResolvedAnalysis,
    share: float,
    history: Sequence[Interval],
    wish: Wish,
    seed: int,
    done: Callable[[str, float], None],
) -> MetricPlan:
    terms = metric_terms(metric, analysis, share).compared
    why = _not_planned(metric, analysis, terms)
    plays = player(metric, terms, history) if terms is not None and not why else None
    if terms is None or plays is None:
        why = why or "the baseline's history has no sample of it"
        return MetricPlan(metric, share, cannot=why)
    usual = usual_pods(plays)
    tracks = planned_tracks(analysis, usual, wish if usual > 1 else Wish(1, wish.share))
    others = _options(metric, tracks, weighted=_weighted(analysis, wish))
    played = _Progress(metric, terms, 1 + len(others), done)

    def foreseen(wanted: Planned, **limited: int) -> Prospect | None:
        return prospect(
            metric,
            terms,
            plays,
            wanted,
            pass_looks=analysis.looks,
            seed=seed,
            done=played.one,
            **limited,
        )

    first = foreseen(tracks)
    if first is None:
        why = "nothing of the two tracks can be compared"
        return MetricPlan(metric, share, plays.level, why, terms)
    options = [(name, foreseen(wanted, count=OPTION_SCENES)) for name, wanted in others]
    told = tuple(Option(name, found) for name, found in options if found is not None)
    return MetricPlan(metric, share, plays.level, "", terms, first, told)


def _not_planned(metric: Metric, analysis: ResolvedAnalysis, terms: Terms | None) -> str:
    """Why a metric is not planned at all; "" where it is."""
    if metric.better is not None:
        return "A/B tests are not planned: what they can show hangs on the visitors to come"
    if terms is None:
        return (
            "it is held to a fixed bound alone, and when one is broken hangs on how far beyond it "
            "a release goes"
        )
    if analysis.shift:
        return (
            "before/after comparisons (baselineOffset) are not planned: judge backtest says how "
            "they would have done on the past"
        )
    return ""


def _options(metric: Metric, tracks: Planned, *, weighted: bool) -> list[tuple[str, Planned]]:
    """What else could be tried: a pod more, and twice the traffic."""
    more = tracks.canary + 1
    share = tracks.share if weighted else more / (more + tracks.baseline)
    found = []
    if tracks.baseline > 1:
        found.append(("pod", Planned(more, tracks.baseline, share)))
    requests = metric.kind is not Kind.GAUGE and not counts_pods(metric)
    if requests and tracks.share < MOST_SHARE:
        twice = min(MOST_SHARE, 2.0 * tracks.share)
        found.append(("traffic", Planned(tracks.canary, tracks.baseline, twice)))
    return found


def _weighted(analysis: ResolvedAnalysis, wish: Wish) -> bool:
    """Whether somebody said which share of the requests the canary gets."""
    track = analysis.tracks.get(CANARY)
    return wish.share is not None or (track is not None and track.weight is not None)


class _Progress:
    """How much of a metric's plan is done, told as it grows."""

    def __init__(
        self, metric: Metric, terms: Terms, prospects: int, done: Callable[[str, float], None]
    ) -> None:
        self._name, self._done = metric.name, done
        self._whole = prospects * releases_played(metric, terms)
        self._played = 0

    def one(self) -> None:
        """One release more was played."""
        self._played += 1
        self._done(self._name, min(1.0, self._played / self._whole))
