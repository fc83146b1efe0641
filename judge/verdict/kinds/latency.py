"""Histograms: how much slower requests are, from classic and native buckets alike."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from judge.spec.resolved import BASELINE, Metric
from judge.stats.arms import Array, PodCounts, summed
from judge.stats.boundaries import TOLERANCE, pairs, representable
from judge.stats.comparison import Comparison
from judge.stats.dispersion import assumed
from judge.stats.histograms import PodHistograms, known_counts, quantile
from judge.stats.risks import learn, usual_pods
from judge.stats.samples import Histogram, Interval
from judge.stats.shifted import apart_tails, merged_histograms
from judge.stats.slowdowns import tail_calibration, usable_looks, weigh_histograms
from judge.stats.tail_noise import learn_tails, tail_shares
from judge.stats.terms import Terms
from judge.verdict import shortfall_reasons
from judge.verdict.kinds.bounds import plain_bound, tested_bound
from judge.verdict.kinds.gathering import Gathered, gathered
from judge.verdict.kinds.looked import Amount, BoundLooked, Looked
from judge.verdict.kinds.terms import MetricTerms, promised

QUANTILES = (0.5, 0.95, 0.99)
_SAME = 1e-9
Places = tuple[NDArray[np.intp], NDArray[np.bool_]]


class LatencyJudge:
    """Judges one metric of kind histogram; see `KindJudge`."""

    def __init__(self, terms: MetricTerms, history: Sequence[Interval]) -> None:
        self._terms = terms
        self._metric = terms.metric
        past = gathered(history, self._metric.name, BASELINE)
        self._apart = terms.apart
        self._history = self._arm(pod_histograms(past, bounds_of([past])))
        self._noise = (
            learn_tails(self._history, interval=terms.interval)
            if self._apart is None
            else apart_tails(self._history, self._apart)
        )
        self._enough = self._apart is None or self._apart.enough(past.seen)
        self._raised: dict[int, Array | None] = {}

    def look(self, intervals: Sequence[Interval], track: str) -> Looked:
        """See `KindJudge`."""
        ours, theirs = (gathered(intervals, self._metric.name, one) for one in (track, BASELINE))
        known = () if self._noise is None else self._noise.bounds
        bounds = bounds_of([ours, theirs], known)
        canary = self._arm(pod_histograms(ours, bounds))
        baseline = self._arm(pod_histograms(theirs, bounds))
        comparison = self._compared(canary, baseline)
        return Looked(
            amount=self._amount(canary, baseline, comparison),
            comparison=comparison,
            terms=self._terms.compared,
            share=self._terms.share,
            seen=(ours.seen, theirs.seen),
            absent={track: ours.absent, BASELINE: theirs.absent},
            not_finite=(*_not_finite(ours), *_not_finite(theirs)),
            untestable=self._untestable(baseline)
            if comparison is None
            else self._other_buckets(comparison, canary, baseline),
            bound=self._bound(canary),
            requests=(_requests(canary), _requests(baseline)),
            observed=_quantiles(canary, baseline, track),
            learned=self._noise is not None and bool(self._noise.noise.learned.any()),
            history_pods=self._history.counts.shape[-2],
            limit=_tested_limit(comparison),
        )

    def _arm(self, histograms: PodHistograms) -> PodHistograms:
        """The pods; before and after, their sum."""
        return histograms if self._apart is None else merged_histograms(histograms)

    def _compared(self, canary: PodHistograms, baseline: PodHistograms) -> Comparison | None:
        terms = self._terms.compared
        if terms is None or len(canary.bounds) < 2 or not canary.counts.size:
            return None
        raised = self._raise(canary, terms)
        return weigh_histograms(canary, baseline, self._noise, terms, raised)

    def _raise(self, canary: PodHistograms, terms: Terms) -> Array | None:
        """What calibration adds to the threshold; measured once for a number of canary pods."""
        if self._noise is None or not self._enough:
            return None
        requests = canary.counts[..., -1]
        present = np.asarray((np.nan_to_num(requests) > 0).any(-1))
        first = requests[int(present.argmax()) :][:1]
        pods = usual_pods(PodCounts(first, first))
        if pods not in self._raised:
            self._raised[pods] = tail_calibration(
                self._history, self._noise, terms, canary_pods=pods
            )
        return self._raised[pods]

    def _untestable(self, baseline: PodHistograms) -> str:
        """Why the buckets cannot test the limit; "" where there is nothing to test yet."""
        if self._terms.compared is None:
            return ""
        return _too_coarse(self._metric, self._history if self._noise is not None else baseline)

    def _other_buckets(
        self, comparison: Comparison, canary: PodHistograms, baseline: PodHistograms
    ) -> str:
        """Whether both tracks had requests all along, and no bounds at which to compare them."""
        both = (_requests(canary) > 0) & (_requests(baseline) > 0)
        if not both.any() or usable_looks(comparison.sides[0])[both].any():
            return ""
        return shortfall_reasons.other_buckets(self._metric)

    def _amount(
        self, canary: PodHistograms, baseline: PodHistograms, comparison: Comparison | None
    ) -> Amount:
        ours, theirs = _requests(canary), _requests(baseline)
        usable = (ours > 0) & (theirs > 0)
        if comparison is not None:
            usable &= usable_looks(comparison.sides[0])
        totals = float(ours[usable].sum()), float(theirs[usable].sum())
        return Amount(
            usable=int(usable.sum()),
            planned=self._terms.planned,
            block=self._terms.plan.block,
            requests=totals,
        )

    def _bound(self, canary: PodHistograms) -> BoundLooked | None:
        bound = self._metric.bound
        if bound is None:
            return None
        if not promised(self._metric) or bound.max is None:
            values = _by_interval(canary, bound.quantile, bound.max)
            return plain_bound(self._terms, values)
        value = quantile(*known_counts(canary), bound.quantile)
        at = _nearest(canary.bounds, bound.max)
        if at is None:
            nothing = np.zeros(canary.counts.shape[0], dtype=bool)
            why = _no_bucket(self._metric, canary.bounds)
            return BoundLooked(None, nothing, nothing, untestable=why)
        beyond = canary.beyond(np.array([at]))
        arm = summed(PodCounts(beyond.events[0], beyond.total[0]))
        past = self._beyond(float(canary.bounds[at]))
        return tested_bound(
            self._terms,
            arm,
            learn(past, interval=self._terms.interval) or assumed(),
            past,
            most=1.0 - bound.quantile,
            least=None,
            value=value if math.isfinite(value) else None,
        )

    def _beyond(self, bound: float) -> PodCounts:
        """The history's requests above the bound nearest to this one; no pods without any."""
        at = _nearest(self._history.bounds, bound)
        if at is None:
            nothing = np.zeros((len(self._history.counts), 0))
            return PodCounts(nothing, nothing)
        beyond = self._history.beyond(np.array([at]))
        return PodCounts(beyond.events[0], beyond.total[0])


def untested_limit(metric: Metric, past: Gathered) -> str:
    """Why the buckets of these histograms cannot test the metric's limit; "" where they can."""
    if metric.limit is None:
        return ""
    known = pod_histograms(past, bounds_of([past]))
    slowdown = max(metric.limit, 1.0 / metric.limit)
    if pairs(known.bounds, tail_shares(known), slowdown) is not None:
        return ""
    return _too_coarse(metric, known)


def untested_bound(metric: Metric, past: Gathered) -> str:
    """Why the buckets of these histograms cannot test the metric's `max`; "" where they can."""
    if metric.bound is None or metric.bound.max is None or not promised(metric):
        return ""
    bounds = bounds_of([past])
    return "" if _nearest(bounds, metric.bound.max) is not None else _no_bucket(metric, bounds)


def _too_coarse(metric: Metric, known: PodHistograms) -> str:
    if not np.nansum(known.counts) > 0:
        return ""
    allowed = representable(known.bounds, tail_shares(known))
    return shortfall_reasons.coarse(metric, [float(one) for one in allowed if one > 1.0])


def _no_bucket(metric: Metric, bounds: Array) -> str:
    return shortfall_reasons.no_bucket(metric, [float(one) for one in bounds if np.isfinite(one)])


def bounds_of(several: Iterable[Gathered], known: Iterable[float] = ()) -> Array:
    """Every bound that any sample has, and those ``known``, ascending, infinity last."""
    layouts = {
        sample.bounds
        for one in several
        for pods in one.found
        for sample in pods.values()
        if isinstance(sample, Histogram)
    }
    found = np.array(sorted({*known, *(bound for layout in layouts for bound in layout)}))
    finite = found[np.isfinite(found)]
    if finite.size:
        apart = np.append(True, np.diff(finite) > _SAME * np.abs(finite[1:]))
        finite = finite[apart]
    return np.append(finite, np.inf)


def pod_histograms(one: Gathered, bounds: Array) -> PodHistograms:
    """The histograms (intervals, pods, bounds) of a track; NaN where a count is not known.

    A sample with NaN or an infinity among its counts is a hole, as a whole.
    """
    counts = np.full((len(one.found), len(one.pods), len(bounds)), np.nan)
    place = {pod: i for i, pod in enumerate(one.pods)}
    layouts: dict[tuple[float, ...], Places] = {}
    for t, pods in enumerate(one.found):
        for pod, sample in pods.items():
            if not isinstance(sample, Histogram) or not _finite(sample):
                continue
            if sample.bounds not in layouts:
                layouts[sample.bounds] = _places(np.array(sample.bounds), bounds)
            at, known = layouts[sample.bounds]
            counts[t, place[pod]] = _at_bounds(np.array(sample.counts), at, known)
    return PodHistograms(bounds, counts)


def _places(own: Array, bounds: Array) -> Places:
    """For each bound the place of the first own one that is not below, and whether it is that."""
    at = np.minimum(np.searchsorted(own, bounds * (1 - _SAME)), len(own) - 1)
    return at, np.isclose(own[at], bounds, rtol=_SAME, atol=0.0)


def _at_bounds(counts: Array, at: NDArray[np.intp], same: NDArray[np.bool_]) -> Array:
    """Cumulative counts at bounds: known at a sample's own, and where nothing lies between two."""
    before = np.append(0.0, counts)[at]
    return np.where(same | (counts[at] == before), counts[at], np.nan)


def _requests(histograms: PodHistograms) -> Array:
    """All requests by interval, (intervals,)."""
    return np.asarray(np.nansum(histograms.counts[..., -1], axis=-1))


def _not_finite(one: Gathered) -> list[str]:
    """The pods with NaN or an infinity among the samples that they have."""
    return sorted(
        {
            pod
            for pods in one.found
            for pod, sample in pods.items()
            if isinstance(sample, Histogram) and not _finite(sample)
        }
    )


def _finite(sample: Histogram) -> bool:
    return math.isfinite(sum(sample.counts))


def _quantiles(
    canary: PodHistograms, baseline: PodHistograms, track: str
) -> dict[str, dict[str, float]]:
    """Quantiles of each track over the whole run, for the eye."""
    found = {}
    for name, histograms in ((track, canary), (BASELINE, baseline)):
        bounds, counts = known_counts(histograms)
        if counts.size and counts[-1] > 0:
            found[name] = {
                f"p{100 * share:g}": quantile(bounds, counts, share) for share in QUANTILES
            }
    return found


def _by_interval(histograms: PodHistograms, share: float, most: float | None) -> Array:
    """The quantile of each interval, (intervals,); NaN where it is not known.

    One beyond the last bucket is infinite if that says that it is beyond ``most``, else not known.
    """
    found = np.full(len(histograms.counts), np.nan)
    for at in range(len(found)):
        bounds, counts = known_counts(
            PodHistograms(histograms.bounds, histograms.counts[at : at + 1])
        )
        value = quantile(bounds, counts, share)
        last = float(bounds[-2]) if len(bounds) > 1 else math.nan
        if math.isfinite(value) and share * counts[-1] > counts[-2]:
            value = math.inf if most is not None and last >= most else math.nan
        found[at] = value
    return found


def _nearest(bounds: Array, wanted: float) -> int | None:
    """The bound nearest to a value; None where it is farther off than is tolerated."""
    fine = np.flatnonzero(np.isfinite(bounds) & (bounds > 0))
    if not fine.size or not wanted > 0:
        return None
    off = np.abs(np.log(bounds[fine]) - math.log(wanted))
    best = int(off.argmin())
    return int(fine[best]) if off[best] <= math.log(TOLERANCE) + _SAME else None


def _tested_limit(comparison: Comparison | None) -> float | None:
    if comparison is None:
        return None
    side = comparison.sides[0]
    return 1.0 / side.null if side.inverted else side.null
