"""Pod splits: some of the baseline's pods play the canary against the others.

Owned here: which pods can play in a stretch of the past, how they are grouped, and the intervals
that a judge of a canary then sees; before/after, the whole service plays against itself. What is
seen of a pod is not changed, only its track. Not here: judging (`judged`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from judge.spec.resolved import BASELINE, CANARY, Metric, ResolvedAnalysis, Track
from judge.stats.calibration import group_size
from judge.stats.samples import Interval, Pods

ALONE = "one number for the whole track, without pods"
ONE_POD = "one pod that was there for half of the window"
OTHER_PODS = "pods by other names than those of {metric}"
NOTHING = "no sample"


@dataclass(frozen=True, slots=True)
class Players:
    """The pods that can play in a window, and why a metric cannot be split, by its name."""

    pods: tuple[str, ...]
    unsplit: Mapping[str, str] = field(default_factory=dict)


def players(metrics: Sequence[Metric], intervals: Sequence[Interval]) -> Players:
    """The pods that were there for at least half of the intervals, by the first metric with two."""
    lasting = {metric.name: _lasting(metric, intervals) for metric in metrics}
    able = [metric for metric in metrics if len(lasting[metric.name]) > 1]
    if not able:
        return Players((), {one.name: _why(one, intervals, lasting) for one in metrics})
    first = next((one for one in able if one.critical and not one.observe), able[0])
    pods = lasting[first.name]
    unsplit = {one.name: _why(one, intervals, lasting) for one in metrics if one not in able}
    for one in able:
        if not set(lasting[one.name]) & set(pods):
            unsplit[one.name] = OTHER_PODS.format(metric=first.name)
    return Players(pods, unsplit)


def groups(pods: Sequence[str], *, playing: int, most: int, turn: int) -> list[tuple[str, ...]]:
    """The groups of pods that play, each as large as calibration's; at most so many of them.

    Where there are more, it is the turn of others in the next window.
    """
    count = len(pods)
    size = group_size(playing, count)
    first = [(turn * most + i) % count for i in range(most)] if count > most else range(count)
    return [tuple(sorted(pods[(one + i) % count] for i in range(size))) for one in sorted(first)]


def split(intervals: Sequence[Interval], playing: Collection[str]) -> list[Interval]:
    """The same intervals with the ``playing`` pods as canary and the rest as baseline."""
    return [replace(one, samples=_split(one, frozenset(playing)), weights={}) for one in intervals]


@dataclass(frozen=True, slots=True)
class Tries:
    """The pseudo-rollouts of a window: which pods play, and what a judge sees of each.

    ``pods`` is how many could play, 0 where there is nothing to judge; ``unsplit`` as of `Players`.
    """

    pods: int
    tries: tuple[tuple[tuple[str, ...], list[Interval]], ...] = ()
    unsplit: Mapping[str, str] = field(default_factory=dict)


def tries(
    metrics: Sequence[Metric], intervals: Sequence[Interval], *, playing: int, most: int, turn: int
) -> Tries:
    """The splits of a window's pods."""
    able = players(metrics, intervals)
    if not able.pods:
        return Tries(0, (), able.unsplit)
    chosen = groups(able.pods, playing=playing, most=most, turn=turn)
    splits = tuple((pods, split(intervals, pods)) for pods in chosen)
    return Tries(len(able.pods), splits, able.unsplit)


def against_itself(after: Sequence[Interval], before: Sequence[Interval]) -> Tries:
    """The baseline as the canary, against what it was before."""
    whole = [
        replace(one, samples=_in_turn(one, then), absent={}, weights={})
        for one, then in zip(after, before, strict=True)
    ]
    playing = [tracks.get(CANARY, {}) for one in whole for tracks in one.samples.values()]
    return Tries(len(set().union(*playing)), (((), whole),))


def _in_turn(after: Interval, before: Interval) -> dict[str, dict[str, Pods]]:
    found: dict[str, dict[str, Pods]] = {}
    for track, one in ((CANARY, after), (BASELINE, before)):
        for metric, tracks in one.samples.items():
            if tracks.get(BASELINE):
                found.setdefault(metric, {})[track] = tracks[BASELINE]
    return found


def played(analysis: ResolvedAnalysis) -> ResolvedAnalysis:
    """The analysis as it judges a split: a canary and a baseline, of no said weights."""
    baseline = analysis.tracks.get(BASELINE, Track(""))
    tracks = {
        BASELINE: replace(baseline, weight=None, weight_query=None),
        CANARY: Track(baseline.selector),
    }
    return replace(analysis, tracks=tracks)


def _split(interval: Interval, playing: frozenset[str]) -> dict[str, dict[str, Pods]]:
    found: dict[str, dict[str, Pods]] = {}
    for metric, tracks in interval.samples.items():
        pods = tracks.get(BASELINE, {})
        both = {
            CANARY: {pod: one for pod, one in pods.items() if pod in playing},
            BASELINE: {pod: one for pod, one in pods.items() if pod not in playing},
        }
        found[metric] = {track: some for track, some in both.items() if some}
    return found


def _lasting(metric: Metric, intervals: Sequence[Interval]) -> tuple[str, ...]:
    seen = Counter(pod for one in intervals for pod in _pods(one, metric))
    return tuple(sorted(pod for pod, times in seen.items() if 2 * times >= len(intervals)))


def _pods(interval: Interval, metric: Metric) -> Pods:
    return interval.samples.get(metric.name, {}).get(BASELINE, {})


def _why(
    metric: Metric, intervals: Sequence[Interval], lasting: Mapping[str, tuple[str, ...]]
) -> str:
    named = {pod for one in intervals for pod in _pods(one, metric)}
    if not named:
        return NOTHING
    if named == {""}:
        return ALONE
    return ONE_POD if lasting[metric.name] else "no pod that was there for half of the window"
