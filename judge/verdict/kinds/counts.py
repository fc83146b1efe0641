"""Proportions: errors among requests, orders among visits, pods that crash among pods."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from judge.spec.resolved import BASELINE
from judge.stats.arms import Arms, Array, PodCounts, paired, summed
from judge.stats.dispersion import ASSUMED_TAU, assumed
from judge.stats.risks import calibration, learn, usual_pods, weigh_counts
from judge.stats.samples import Count, Interval
from judge.stats.shifted import apart_counts, merged_counts
from judge.stats.terms import Terms
from judge.stats.within_pods import weigh_within_pods
from judge.verdict.kinds.bounds import plain_bound, tested_bound
from judge.verdict.kinds.gathering import Gathered, gathered
from judge.verdict.kinds.looked import Amount, BoundLooked, Looked
from judge.verdict.kinds.terms import MetricTerms, counts_pods, promised
from judge.verdict.kinds.variants import pod_by_pod, shared_pods

_HOLE = (np.nan, np.nan)


class CountsJudge:
    """Judges one metric of kind proportion; see `KindJudge`."""

    def __init__(self, terms: MetricTerms, history: Sequence[Interval]) -> None:
        self._terms = terms
        self._name = terms.metric.name
        past = gathered(history, self._name, BASELINE)
        self._apart = terms.apart
        self._history = self._arm(pod_counts(past))
        self._noise = (
            learn(self._history, interval=terms.interval)
            if self._apart is None
            else apart_counts(self._history, self._apart)
        )
        self._enough = self._apart is None or self._apart.enough(past.seen)
        self._raised: dict[int, Array | None] = {}

    def look(self, intervals: Sequence[Interval], track: str) -> Looked:
        """See `KindJudge`."""
        ours, theirs = (gathered(intervals, self._name, one) for one in (track, BASELINE))
        canary, baseline = pod_counts(ours), pod_counts(theirs)
        arms = paired(self._arm(canary), self._arm(baseline))
        terms = self._terms.compared
        of_pods = counts_pods(self._terms.metric)
        shared = shared_pods(ours, theirs) if terms is not None and terms.ab_test else []
        looked = Looked(
            amount=self._amount(arms, (canary, baseline), of_pods=of_pods),
            comparison=None
            if terms is None or shared
            else weigh_counts(arms, self._noise, terms, self._raise(canary, terms)),
            terms=terms,
            share=self._terms.share,
            seen=(ours.seen, theirs.seen),
            absent={track: ours.absent, BASELINE: theirs.absent},
            not_finite=(*_not_finite(ours, canary), *_not_finite(theirs, baseline)),
            bound=self._bound(canary),
            requests=None if of_pods else (summed(canary).total, summed(baseline).total),
            observed=_shares(canary, baseline, track),
            learned=self._noise is not None and bool(self._noise.learned),
            spread=float(self._noise.tau) if self._noise is not None else ASSUMED_TAU,
            history_pods=self._history.events.shape[-1],
        )
        if terms is None or not shared:
            return looked
        variants = pod_by_pod((ours, canary), (theirs, baseline), shared)
        return self._within_pods(looked, variants, terms)

    def _within_pods(self, looked: Looked, arms: Arms, terms: Terms) -> Looked:
        """The same of an A/B test whose variants (pods, intervals) are served by the same pods."""
        known = float(self._noise.rate) if self._noise is not None else np.nan
        rate = known if np.isfinite(known) else None
        comparison, learned = weigh_within_pods(arms, terms, rate=rate)
        ours, theirs = arms.treated, arms.reference
        amount = replace(
            looked.amount,
            usable=int(arms.usable.any(0).sum()),
            requests=(float(ours.total.sum()), float(theirs.total.sum())),
            events=(float(ours.events.sum()), float(theirs.events.sum())),
        )
        return replace(
            looked, amount=amount, comparison=comparison, learned=learned, spread=0.0, shared=True
        )

    def _arm(self, counts: PodCounts) -> PodCounts:
        """The pods; before and after, their sum."""
        return counts if self._apart is None else merged_counts(counts)

    def _amount(self, arms: Arms, tracks: tuple[PodCounts, PodCounts], *, of_pods: bool) -> Amount:
        ours, theirs = arms.treated, arms.reference
        totals = float(ours.total.sum()), float(theirs.total.sum())
        canary, baseline = (_sums(one) for one in tracks)
        return Amount(
            usable=int(arms.usable.sum()),
            planned=self._terms.planned,
            block=self._terms.plan.block,
            requests=None if of_pods else totals,
            events=(float(ours.events.sum()), float(theirs.events.sum())),
            told=(canary, baseline),
        )

    def _raise(self, canary: PodCounts, terms: Terms) -> Array | None:
        """What calibration adds to the threshold; measured once for a number of canary pods.

        The number is the first interval's, so that the threshold does not move during a run.
        """
        if self._noise is None or not self._enough:
            return None
        pods = usual_pods(_first_present(canary))
        if pods not in self._raised:
            self._raised[pods] = calibration(self._history, self._noise, terms, canary_pods=pods)
        return self._raised[pods]

    def _bound(self, canary: PodCounts) -> BoundLooked | None:
        bound = self._terms.metric.bound
        if bound is None:
            return None
        arm = summed(canary)
        if not promised(self._terms.metric):
            return plain_bound(self._terms, _quotient(arm.events, arm.total))
        value = _quotient(arm.events.sum(), arm.total.sum())
        return tested_bound(
            self._terms,
            arm,
            assumed() if self._noise is None else self._noise,
            self._history,
            most=bound.max,
            least=bound.min,
            value=float(value) if np.isfinite(value) else None,
        )


def pod_counts(one: Gathered) -> PodCounts:
    """The counts (intervals, pods) of a track; a missing pod or interval is a hole."""
    values = np.array(
        [[_pair(pods.get(pod)) for pod in one.pods] for pods in one.found], dtype=float
    ).reshape(len(one.found), len(one.pods), 2)
    return PodCounts(values[..., 0], values[..., 1])


def _pair(sample: object) -> tuple[float, float]:
    return (sample.events, sample.total) if isinstance(sample, Count) else _HOLE


def _not_finite(one: Gathered, counts: PodCounts) -> list[str]:
    """The pods with NaN or an infinity among the samples that they have."""
    broken = ~(np.isfinite(counts.events) & np.isfinite(counts.total))
    return [
        pod
        for i, pod in enumerate(one.pods)
        if any(pod in one.found[t] for t in np.flatnonzero(broken[:, i]))
    ]


def _first_present(counts: PodCounts) -> PodCounts:
    present = np.asarray((counts.filled().total > 0).any(-1))
    at = int(present.argmax()) if present.size else 0
    return PodCounts(counts.events[at : at + 1], counts.total[at : at + 1])


def _shares(canary: PodCounts, baseline: PodCounts, track: str) -> dict[str, dict[str, float]]:
    """The share of events of each track over the whole run, where it had any exposure."""
    found = {}
    for name, counts in ((track, canary), (BASELINE, baseline)):
        events, total = _sums(counts)
        if total > 0:
            found[name] = {"share": events / total}
    return found


def _sums(counts: PodCounts) -> tuple[float, float]:
    """Events and exposures of a track over the whole run."""
    arm = summed(counts)
    return float(arm.events.sum()), float(arm.total.sum())


def _quotient(events: Array, total: Array) -> Array:
    return np.divide(events, total, out=np.full_like(total, np.nan), where=total > 0)
