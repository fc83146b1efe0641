"""Why, in plain words with numbers and limits.

Every sentence that a person reads of a verdict is written here; nothing is decided here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from judge.spec.resolved import Compare, Direction, Kind, Metric
from judge.stats.confidence import Effect
from judge.stats.samples import Absence
from judge.verdict.kinds.looked import BoundLooked, Looked
from judge.verdict.verdict import MetricVerdict


def title(metric: Metric) -> str:
    """A metric's name as words: ``error-rate`` is an error rate."""
    return metric.name.replace("-", " ").replace("_", " ")


def measured(metric: Metric, effect: Effect, looked: Looked, track: str) -> str:
    """What was measured: the effect, what it may lie between, the limit, and any bound.

    A bound that is broken comes first: it is why the metric fails.
    """
    if metric.bound is None or looked.bound is None:
        return _compared(metric, effect, looked, track)
    bounded = _bounded(metric, looked.bound, track)
    if metric.limit is None:
        return f"{title(metric)}: {bounded}"
    compared = _compared(metric, effect, looked, track)
    if looked.bound.broken.any():
        return f"{title(metric)}: {bounded}; {compared}"
    return f"{compared}; {bounded}"


def _compared(metric: Metric, effect: Effect, looked: Looked, track: str) -> str:
    seen = looked.amount
    if looked.untestable and looked.comparison is None:
        return looked.untestable
    for name, there in zip((track, "baseline"), looked.seen, strict=True):
        if not there.any():
            why = absences(looked.absent.get(name, {}), name)
            return f"{title(metric)}: nothing of the {name}{why}; {limit(metric)}"
    if seen.told is not None and seen.events is not None:
        if effect.estimate is None or sum(seen.events) == 0:
            return (
                f"{title(metric)}: {_among(*seen.told[0])} on the {track}, "
                f"{_among(*seen.told[1])} on the baseline"
                f"{_at_least(effect)}; {limit(metric)}"
            )
    elif effect.estimate is None:
        return f"{title(metric)}: nothing to compare yet; {limit(metric)}"
    return (
        f"{title(metric)} {_times(metric, effect.estimate)}{_between(effect)}"
        f"{_quantiles(metric, looked, track)}; {limit(metric, looked.limit)}"
    )


def _times(metric: Metric, estimate: float | None) -> str:
    told = figure(estimate or 0.0)
    if metric.compare is Compare.SLOPE:
        return f"grows {told}-fold an hour against the baseline's"
    return f"{told} times the baseline's"


def _quantiles(metric: Metric, looked: Looked, track: str) -> str:
    """The tail of both tracks, as it was; nothing where it is not known."""
    if metric.kind is not Kind.HISTOGRAM:
        return ""
    ours, theirs = looked.observed.get(track, {}), looked.observed.get("baseline", {})
    if "p99" not in ours or "p99" not in theirs:
        return ""
    return f" (p99 {amount(ours['p99'], metric)} against {amount(theirs['p99'], metric)})"


def _bounded(metric: Metric, looked: BoundLooked, track: str) -> str:
    """What a fixed bound says."""
    bound = metric.bound
    if bound is None:
        return ""
    if looked.untestable:
        return looked.untestable
    ends = [
        f"{word} {amount(value, metric)}"
        for word, value in (("at most", bound.max), ("at least", bound.min))
        if value is not None
    ]
    what = f"p{100 * bound.quantile:g} " if metric.kind is Kind.HISTOGRAM else ""
    value = "no value" if looked.value is None else amount(looked.value, metric)
    kept = "broken" if looked.broken.any() else "kept"
    promise = "" if looked.promised else " (a plain rule, not covered by the promise)"
    lasting = f" for {bound.lasting / 60:g} min" if bound.lasting else ""
    allowed = f"{' and '.join(ends)} allowed: {kept}{lasting if kept == 'broken' else ''}"
    return f"{what}{value} on the {track}, {allowed}{promise}"


def amount(value: float, metric: Metric) -> str:
    """A value in the metric's own unit: a share as per cent, anything else with its unit."""
    if metric.kind is Kind.PROPORTION:
        return f"{100 * value:.3g} %"
    return f"{value:.3g} {metric.unit}".rstrip()


def limit(metric: Metric, tested: float | None = None) -> str:
    """The limit as a person would say it; ``tested`` is the one that the data allow."""
    asked = metric.limit or 1.0
    bound = asked if tested is None else tested
    told = f"limit {figure(bound)}"
    if metric.direction is Direction.EITHER:
        told = f"limit {figure(1 / bound)} to {figure(bound)}"
    if abs(bound / asked - 1.0) > 0.005:
        return f"{told} (the buckets' nearest to {figure(asked)})"
    return told


def ruled_out(metric: Metric) -> str:
    """What a proven pass has ruled out."""
    return f"{_worst(metric)} is ruled out"


def not_ruled_out(metric: Metric, effect: Effect) -> str:
    """What a pass that is not proven leaves open."""
    if effect.low is None and effect.high is None:
        return f"{_worst(metric)} is still possible"
    low = figure(effect.low) if effect.low is not None else "0"
    high = figure(effect.high) if effect.high is not None else "any"
    return f"{_worst(metric)} is still possible: {low} to {high}"


def too_little(metric: Metric, what: str) -> str:
    """Why a metric could not be judged."""
    return f"{title(metric)}: too little data: {what}"


def not_finite(metric: Metric, pods: Sequence[str]) -> str:
    """NaN or an infinity among the samples."""
    named = ", ".join(pods[:3]) + (f" and {len(pods) - 3} more" if len(pods) > 3 else "")
    return f"{title(metric)}: NaN or infinite samples from {named}; it cannot pass on those"


def unseen(metric: Metric, track: str, looks: int, of: int, lost: Sequence[str]) -> str:
    """Tracks that had samples and have none any more, or whose samples do not meet any more."""
    last = f"in the last {looks} of {of} intervals"
    if len(lost) == 1:
        return f"{title(metric)}: the {lost[0]} vanished: no samples {last}"
    both = f"the {track} and the baseline"
    if lost:
        return f"{title(metric)}: {both} vanished: no samples {last}"
    return f"{title(metric)}: no samples of {both} together {last}"


def seldom(track: str, seen: int, planned: int) -> str:
    """A metric with a bound that was hardly ever there."""
    return f"{seen} of {planned} intervals had a value on the {track}"


def ended(track: str, looks: int, of: int) -> str:
    """A metric with a bound that was there and is not any more."""
    return f"no value on the {track} in the last {looks} of {of} intervals"


def few_on(track: str, requests: float, needed: int) -> str:
    """A metric with a bound that nothing was asked of."""
    return f"the {track} had {requests:,.0f} requests, a pass takes {needed}"


def coarse(metric: Metric, allowed: Sequence[float]) -> str:
    """Buckets that cannot test the limit, and the limits that they can."""
    wanted = metric.limit or 1.0
    near = sorted(sorted(allowed, key=lambda one: abs(math.log(one / wanted)))[:3])
    mend = (
        f"they can test {', '.join(figure(one) for one in near)}: set limit.ratio to one of these"
        if near
        else "they hold too few requests beyond any boundary: look at its buckets"
    )
    return (
        f"{title(metric)}: the buckets are too coarse to test a limit of {figure(wanted)} "
        f"(no boundary within 15 % of {figure(wanted)} times another in the tail); {mend}, "
        "or use finer buckets, such as native histograms"
    )


def no_bucket(metric: Metric, bounds: Sequence[float]) -> str:
    """No boundary where a quantile is bounded."""
    wanted = metric.bound.max if metric.bound is not None and metric.bound.max else 1.0
    near = sorted((one for one in bounds if one > 0), key=lambda one: abs(math.log(one / wanted)))
    told = ", ".join(f"{one:g}" for one in sorted(near[:3])) or "none"
    return (
        f"{title(metric)}: no bucket boundary within 15 % of max {wanted:g}; the nearest are "
        f"{told}: set max to one of these, or add a bucket"
    )


def other_buckets(metric: Metric) -> str:
    """Tracks whose histograms cannot be compared."""
    return (
        f"{title(metric)}: the tracks' buckets differ: no boundary is known on both at which they "
        "could be compared; give both releases the same buckets"
    )


def no_floor(metric: Metric) -> str:
    """A gauge that is 0 throughout has no ratio."""
    return (
        f"{title(metric)}: it is 0 on a track, which has no ratio; set floor to what is as good as "
        "nothing (it is added to both tracks)"
    )


def no_traffic(track: str, looks: int, requests: float, *, sampled: bool) -> str:
    """A track that nothing was sent to, or that was never seen."""
    if not sampled:
        return (
            f"the {track} had no samples in {looks} intervals, the baseline {requests:,.0f} "
            f"requests: check that the {track} runs, is scraped, and is what its selector selects"
        )
    return (
        f"the {track} got no requests in {looks} intervals, the baseline {requests:,.0f}: "
        f"check that traffic is routed to the {track}"
    )


def traffic_ended(track: str, looks: int, of: int) -> str:
    """A track that got requests and gets none any more."""
    return f"the {track} got no requests in the last {looks} of {of} intervals: its traffic ended"


def other_share(track: str, share: float, meant: float) -> str:
    """A split of requests that is not the configured one."""
    return (
        f"the {track} got {100 * share:.3g} % of the requests where {100 * meant:.3g} % were "
        "configured: what was judged is not the rollout that was meant; check the routing, or "
        "correct the weight"
    )


def no_history(metric: Metric) -> str:
    """A metric of which the baseline's past has nothing."""
    return (
        f"{title(metric)}: no sample of the baseline in its history, so its noise is assumed and "
        "nothing is calibrated; check the selector of the baseline and the metric's name"
    )


def few_requests(
    metric: Metric, rate: float, share: float, expected: float, needed: int, minutes: float
) -> str:
    """A service that is asked too seldom for the run to end with a verdict."""
    return (
        f"{title(metric)}: too few requests: {rate:.3g} a minute on the baseline give the canary "
        f"(at {share:.3g} of the baseline's) about {expected:,.0f} in a run, a pass takes "
        f"{needed}; make the run {minutes:,.0f} min long, or give the canary more of the traffic"
    )


def often_zero(metric: Metric, share: float) -> str:
    """A gauge that is 0 most of the time has no ratio then."""
    return (
        f"{title(metric)}: it is 0 in {share:.0%} of the baseline's intervals, where it has no "
        "ratio; set floor to what is as good as nothing (it is added to both tracks)"
    )


def no_pod_label(metric: Metric, label: str) -> str:
    """Series that do not tell pods apart."""
    return (
        f"{title(metric)}: its series have no label {label}, so all of a track is one pod: the "
        "noise between pods is assumed, not learned, and nothing is calibrated; set podLabel to "
        "the label that tells pods apart, such as instance"
    )


def one_pod(metric: Metric) -> str:
    """A baseline of a single pod."""
    return (
        f"{title(metric)}: the baseline has a single pod: the noise between pods is assumed, not "
        "learned, and nothing is calibrated; two pods or more would do"
    )


def uncalibrated(metric: Metric, hours: float, pods: int, windows: int, fewest: int) -> str:
    """A history too short, or with too few pods at a time, to measure the promise on."""
    return (
        f"{title(metric)}: {hours:.3g} h of samples from {pods} pods are too little to calibrate "
        f"on: they give {windows} windows of a run's length with a pod to play the canary, it "
        f"takes {fewest}; the promise will be called uncalibrated: set history longer, or keep "
        "more of it"
    )


def untrusted(traffic: str, otherwise: str) -> str:
    """A run that would have passed but for its traffic."""
    return f"{traffic}; of the metrics: {otherwise}"


def absences(absent: Mapping[Absence, int], track: str) -> str:
    """Why intervals had no sample of a track, most frequent first."""
    if not absent:
        return ""
    told = ", ".join(
        f"{count} x {reason.value}" for reason, count in sorted(absent.items(), key=_often)
    )
    return f" ({track} without samples: {told})"


def weak(
    metric: Metric, track: str, spread: float, pods: int, needed: int | None, *, learned: bool
) -> str:
    """Why pods that differ for good keep this canary from convicting what must not be missed."""
    few = f"{pods} {track} pod{'s' * (pods > 1)} cannot convict {_worst(metric)}"
    more = f"{needed} could" if needed else "nor could more, against so few baseline pods"
    differ = f"differ by {spread:.0%} for good" if learned else f"may differ by {spread:.0%}"
    return f"the pods {differ}, so {few}; {more}"


def assumed(pods: int) -> str:
    """Why the noise could not be learned, and what was taken in its place."""
    lack = {0: "no history", 1: "a single pod in the history"}.get(pods, "too few events before")
    return f"noise assumed, not learned ({lack})"


def figure(value: float) -> str:
    """A ratio with the digits that matter: 1.25, 3.1, 194."""
    if value >= 100:
        return f"{value:,.0f}"
    if value >= 2:
        return f"{value:.1f}"
    return f"{value:.2f}"


def _worst(metric: Metric) -> str:
    worst = metric.worst or 1.0
    if metric.direction is Direction.EITHER:
        return f"a {_fold(worst)} change"
    if metric.direction is Direction.DECREASE:
        return f"a fall to {figure(worst)} times"
    if metric.kind is Kind.HISTOGRAM:
        return f"a {_fold(worst)} slowdown"
    if metric.compare is Compare.SLOPE:
        return f"a {_fold(worst)} growth an hour"
    return f"a {_fold(worst)} increase"


def _fold(ratio: float) -> str:
    return f"{ratio:.2f}".rstrip("0").rstrip(".") + "-fold"


def _between(effect: Effect) -> str:
    if effect.low is not None and effect.high is not None:
        return f", between {figure(effect.low)} and {figure(effect.high)}"
    if effect.low is not None:
        return f", at least {figure(effect.low)}"
    if effect.high is not None:
        return f", at most {figure(effect.high)}"
    return ""


def _at_least(effect: Effect) -> str:
    return f", at least {figure(effect.low)} times as often" if effect.low is not None else ""


def _among(events: float, total: float) -> str:
    return f"{events:,.0f} of {total:,.0f}"


def _often(item: tuple[Absence, int]) -> int:
    return -item[1]


def run_failed(metrics: Sequence[Metric], verdicts: Mapping[str, MetricVerdict]) -> str:
    """Why a run is rolled back: the metrics that failed, or those that did so only together."""
    failed = [verdicts[metric.name].reason for metric in metrics if _is(metric, verdicts, "fail")]
    if failed:
        return "; ".join(failed)
    leading = max(metrics, key=lambda metric: _margin(verdicts[metric.name]))
    return f"the metrics together, none alone; foremost {verdicts[leading.name].reason}"


def run_goes_on(
    looks: int, planned: int, metrics: Sequence[Metric], verdicts: Mapping[str, MetricVerdict]
) -> str:
    """Where a run stands that is not decided."""
    return f"not known yet after {looks} of {planned} intervals; {_leading(metrics, verdicts)}"


def run_unknown(metrics: Sequence[Metric], verdicts: Mapping[str, MetricVerdict]) -> str:
    """Why a run ended without an answer."""
    unknown = [
        verdicts[metric.name].reason for metric in metrics if _is(metric, verdicts, "inconclusive")
    ]
    return "; ".join(unknown) or "no metric counts: every one of them is only observed"


def run_marginal(
    points: float,
    passing: float,
    metrics: Sequence[Metric],
    verdicts: Mapping[str, MetricVerdict],
) -> str:
    """A score between the two thresholds."""
    failed = [verdicts[metric.name].reason for metric in metrics if _is(metric, verdicts, "fail")]
    return f"score {points:g}, below {passing:g}: {'; '.join(failed)}"


def run_passed(metrics: Sequence[Metric], verdicts: Mapping[str, MetricVerdict]) -> str:
    """Why a run is promoted: the metric that came nearest to its limit says most."""
    if len(metrics) == 1:
        return verdicts[metrics[0].name].reason
    failed = [verdicts[metric.name].reason for metric in metrics if _is(metric, verdicts, "fail")]
    told = f"; failed without being critical: {'; '.join(failed)}" if failed else ""
    within = sum(_is(metric, verdicts, "pass") for metric in metrics)
    return f"{within} of {len(metrics)} metrics within their limits; nearest: " + (
        _leading(metrics, verdicts) + told
    )


def _leading(metrics: Sequence[Metric], verdicts: Mapping[str, MetricVerdict]) -> str:
    standing = [metric for metric in metrics if not _is(metric, verdicts, "fail")] or metrics
    leading = max(standing, key=lambda metric: _margin(verdicts[metric.name]))
    return verdicts[leading.name].reason


def _margin(verdict: MetricVerdict) -> float:
    """How near a metric is to failing; one without evidence, a plain bound's, is not near."""
    if verdict.evidence is None or verdict.threshold is None:
        return -math.inf
    return verdict.evidence - verdict.threshold


def _is(metric: Metric, verdicts: Mapping[str, MetricVerdict], outcome: str) -> bool:
    return verdicts[metric.name].verdict == outcome
