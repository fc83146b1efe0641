"""Gauges: CPU, memory, queue depth, requests a second; levels, or how fast they grow."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from judge.spec.resolved import BASELINE, Compare
from judge.stats.arms import Array
from judge.stats.dispersion import ASSUMED_TAU
from judge.stats.levels import (
    LevelArms,
    PodLevels,
    learn_levels,
    level_arms,
    level_calibration,
    usual_level_pods,
    weigh_levels,
)
from judge.stats.samples import Interval, Level
from judge.stats.shifted import apart_levels, merged_levels
from judge.stats.terms import Terms
from judge.verdict import shortfall_reasons
from judge.verdict.kinds.bounds import plain_bound
from judge.verdict.kinds.gathering import Gathered, gathered
from judge.verdict.kinds.looked import Amount, Looked
from judge.verdict.kinds.terms import MetricTerms


class GaugeJudge:
    """Judges one metric of kind gauge; see `KindJudge`."""

    def __init__(self, terms: MetricTerms, history: Sequence[Interval]) -> None:
        self._terms = terms
        self._metric = terms.metric
        self._slope = terms.metric.compare is Compare.SLOPE
        self._floor = terms.metric.floor
        past = gathered(history, self._metric.name, BASELINE)
        self._apart = terms.apart
        self._history = self._arm(pod_levels(past))
        self._noise = (
            learn_levels(
                self._history, interval=terms.interval, floor=self._floor, slope=self._slope
            )
            if self._apart is None
            else apart_levels(self._history, self._apart, floor=self._floor, slopes=self._slope)
        )
        self._enough = self._apart is None or self._apart.enough(past.seen)
        self._raised: dict[int, Array | None] = {}

    def look(self, intervals: Sequence[Interval], track: str) -> Looked:
        """See `KindJudge`."""
        ours, theirs = (gathered(intervals, self._metric.name, one) for one in (track, BASELINE))
        canary, baseline = pod_levels(ours), pod_levels(theirs)
        arms = level_arms(self._arm(canary), self._arm(baseline), floor=self._floor)
        terms = self._terms.compared
        return Looked(
            amount=Amount(
                usable=int(arms.usable.sum()),
                planned=self._terms.planned,
                block=self._terms.plan.block,
            ),
            comparison=None
            if terms is None
            else weigh_levels(
                arms, self._noise, terms, self._raise(canary, terms), slope=self._slope
            ),
            terms=terms,
            share=self._terms.share,
            seen=(ours.seen, theirs.seen),
            absent={track: ours.absent, BASELINE: theirs.absent},
            not_finite=(*_not_finite(ours), *_not_finite(theirs)),
            untestable=self._without_logarithm(arms, ours, theirs) if terms is not None else "",
            bound=plain_bound(self._terms, _mean(canary)),
            observed=_means(canary, baseline, track),
            learned=self._noise is not None and bool(self._noise.learned),
            spread=float(self._noise.tau) if self._noise is not None else ASSUMED_TAU,
            history_pods=self._history.values.shape[-1],
        )

    def _arm(self, levels: PodLevels) -> PodLevels:
        """The pods; before and after, their mean."""
        return levels if self._apart is None else merged_levels(levels, self._floor)

    def _raise(self, canary: PodLevels, terms: Terms) -> Array | None:
        """What calibration adds to the threshold; measured once for a number of canary pods."""
        if self._noise is None or not self._enough:
            return None
        pods = usual_level_pods(_first_present(canary))
        if pods not in self._raised:
            self._raised[pods] = level_calibration(
                self._history,
                self._noise,
                terms,
                floor=self._floor,
                slope=self._slope,
                canary_pods=pods,
            )
        return self._raised[pods]

    def _without_logarithm(self, arms: LevelArms, ours: Gathered, theirs: Gathered) -> str:
        """Why levels that are there cannot be compared; "" where they can."""
        both = ours.seen & theirs.seen
        if not both.any() or arms.usable[both].any():
            return ""
        return shortfall_reasons.no_floor(self._metric)


def pod_levels(one: Gathered) -> PodLevels:
    """The levels (intervals, pods) of a track; a missing pod or interval is a hole."""
    values = np.array(
        [[_value(pods.get(pod)) for pod in one.pods] for pods in one.found], dtype=float
    )
    return PodLevels(values.reshape(len(one.found), len(one.pods)))


def _value(sample: object) -> float:
    return sample.value if isinstance(sample, Level) else np.nan


def _not_finite(one: Gathered) -> list[str]:
    """The pods with NaN or an infinity among the samples that they have."""
    return sorted(
        {
            pod
            for pods in one.found
            for pod, sample in pods.items()
            if not np.isfinite(_value(sample))
        }
    )


def _first_present(levels: PodLevels) -> PodLevels:
    present = np.asarray(np.isfinite(levels.values).any(-1))
    at = int(present.argmax()) if present.size else 0
    return PodLevels(levels.values[at : at + 1])


def _mean(levels: PodLevels) -> Array:
    """The mean over pods at each look, whatever its sign; NaN without any, (looks,)."""
    known = np.isfinite(levels.values)
    pods = known.sum(-1)
    sums = np.where(known, levels.values, 0.0).sum(-1)
    return np.asarray(np.divide(sums, pods, out=np.full(len(sums), np.nan), where=pods > 0))


def _means(canary: PodLevels, baseline: PodLevels, track: str) -> dict[str, dict[str, float]]:
    """The mean over pods and intervals of each track, where it has any."""
    found = {}
    for name, levels in ((track, canary), (BASELINE, baseline)):
        known = levels.values[np.isfinite(levels.values)]
        if known.size:
            found[name] = {"mean": float(known.mean())}
    return found
