"""A backtest's pieces, added up: how often good releases would have been rolled back, and so on.

Owned here: the figures and their uncertainty. What goes wrong in neighbouring windows may be one
thing, so they count as a cluster of the same pods. Not here: words.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from judge.runs.backtest.results import Detection, Split, WindowResult
from judge.stats.clustered import ClusteredShare, clustered_share
from judge.verdict.verdict import Outcome, Promise

_WEAKEST = (Promise.UNCALIBRATED, Promise.EMPIRICAL, Promise.CALIBRATED, Promise.EXACT)


@dataclass(frozen=True, slots=True)
class Offender:
    """A split that was rolled back: when, which pods played, and how long it took (seconds)."""

    window: WindowResult
    split: Split
    after: float


@dataclass(frozen=True, slots=True)
class Found:
    """How a regression would have been found; times in seconds, None where mostly not at all."""

    ratio: float
    tried: int
    seen: int
    uncalibrated: int
    after: float | None
    uncalibrated_after: float | None


@dataclass(frozen=True, slots=True)
class MetricFigures:
    """One metric: how often it rolled back, what calibration did to its threshold, what it finds.

    ``raised`` is (least, median, most) of log E over the judges, None where none was calibrated;
    ``plain`` the threshold without. ``unsplit``: why, and in how many windows, it was not split.
    """

    name: str
    rolled_back: int
    plain: float | None
    raised: tuple[float, float, float] | None
    found: tuple[Found, ...]
    unsplit: dict[str, int]


@dataclass(frozen=True, slots=True)
class Figures:
    """All pod splits of a backtest.

    ``by_promise``: windows, splits and rolled-back splits by what the promise was worth.
    """

    windows: int
    judged: int
    rolled_back: ClusteredShare
    proven: int
    passed: int
    inconclusive: int
    by_promise: dict[Promise, tuple[int, int, int]]
    skipped: dict[str, list[WindowResult]]
    metrics: tuple[MetricFigures, ...]
    offenders: tuple[Offender, ...]
    replaced: tuple[WindowResult, ...]


def figures(results: Sequence[WindowResult], metrics: Sequence[str], interval: float) -> Figures:
    """The figures of these windows, oldest first; ``metrics`` by name, ``interval`` in seconds."""
    judged = [one for one in results if not one.skipped]
    splits = [split for one in judged for split in one.splits]
    by_reason: dict[str, list[WindowResult]] = {}
    for one in results:
        if one.skipped:
            by_reason.setdefault(one.skipped, []).append(one)
    return Figures(
        windows=len(results),
        judged=len(judged),
        rolled_back=_share(judged),
        proven=sum(one.outcome is Outcome.PASS and one.proven for one in splits),
        passed=sum(one.outcome is Outcome.PASS for one in splits),
        inconclusive=sum(one.outcome is Outcome.INCONCLUSIVE for one in splits),
        by_promise=_by_promise(judged),
        skipped=by_reason,
        metrics=tuple(_metric(name, judged, interval) for name in metrics),
        offenders=tuple(
            Offender(one, split, split.looks * interval) for one in judged for split in _failed(one)
        ),
        replaced=tuple(one for one in judged if one.replaced),
    )


def _failed(window: WindowResult) -> list[Split]:
    return [one for one in window.splits if one.outcome is Outcome.FAIL]


def _share(judged: Sequence[WindowResult]) -> ClusteredShare:
    events: Counter[int] = Counter()
    trials: Counter[int] = Counter()
    for one in judged:
        events[one.cluster] += len(_failed(one))
        trials[one.cluster] += len(one.splits)
    clusters = sorted(trials)
    return clustered_share([events[one] for one in clusters], [trials[one] for one in clusters])


def _by_promise(judged: Sequence[WindowResult]) -> dict[Promise, tuple[int, int, int]]:
    found: dict[Promise, tuple[int, int, int]] = {}
    for one in judged:
        promises = {split.promise for split in one.splits}
        weakest = next(promise for promise in _WEAKEST if promise in promises)
        windows, splits, failed = found.get(weakest, (0, 0, 0))
        found[weakest] = windows + 1, splits + len(one.splits), failed + len(_failed(one))
    return {one: found[one] for one in reversed(_WEAKEST) if one in found}


def _metric(name: str, judged: Sequence[WindowResult], interval: float) -> MetricFigures:
    failed = sum(
        any(one.metric == name for one in split.failed)
        for window in judged
        for split in _failed(window)
    )
    # every window of a block has the same judge: it counts once
    raises = {one.block: one.raises[name] for one in judged if name in one.raises}
    raised = sorted(one.raised for one in raises.values())
    detections = [each for one in judged for each in one.detections if each.metric == name]
    return MetricFigures(
        name=name,
        rolled_back=failed,
        plain=next(iter(raises.values())).plain if raises else None,
        raised=(raised[0], float(median(raised)), raised[-1]) if raised else None,
        found=tuple(
            _found(ratio, [one for one in detections if one.ratio == ratio], interval)
            for ratio in sorted({one.ratio for one in detections})
        ),
        unsplit=dict(Counter(one.unsplit[name] for one in judged if name in one.unsplit)),
    )


def _found(ratio: float, tried: Sequence[Detection], interval: float) -> Found:
    return Found(
        ratio=ratio,
        tried=len(tried),
        seen=sum(one.seen is not None for one in tried),
        uncalibrated=sum(one.uncalibrated is not None for one in tried),
        after=_median([one.seen for one in tried], interval),
        uncalibrated_after=_median([one.uncalibrated for one in tried], interval),
    )


def _median(looks: Iterable[int | None], interval: float) -> float | None:
    """The median time; those that were never seen took longer than all the others."""
    middle = float(median([math.inf if one is None else one for one in looks]))
    return middle * interval if math.isfinite(middle) else None
