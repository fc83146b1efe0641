"""Why a metric fails, passes or is not known yet, in plain words with numbers and limits.

Every sentence that a person reads of a metric's verdict is written here; nothing is decided here.
Of a run tell `run_reasons`, of what cannot be tested `shortfall_reasons`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from judge.spec.resolved import Compare, Direction, Kind, Metric
from judge.stats.confidence import Effect
from judge.stats.samples import Absence
from judge.verdict import ab_reasons
from judge.verdict.kinds.looked import BoundLooked, Looked


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
    if metric.better is not None and effect.estimate is not None:
        alike = bool(looked.alike[-1])
        return f"{title(metric)} {ab_reasons.said(metric, effect, looked.difference, alike=alike)}"
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
    if metric.better is not None:
        return f"a difference of {ab_reasons.margin(metric)} matters"
    asked = metric.limit or 1.0
    bound = asked if tested is None else tested
    told = f"limit {figure(bound)}"
    if metric.direction is Direction.EITHER:
        told = f"limit {figure(1 / bound)} to {figure(bound)}"
    if abs(bound / asked - 1.0) > 0.005:
        return f"{told} (the buckets' nearest to {asked:.3g})"
    return told


def ruled_out(metric: Metric, effect: Effect, beta: float) -> str:
    """What a proven pass has ruled out: with what error, where the interval still reaches there.

    The interval is one for the promise of few false rollbacks, the proof one for few missed
    regressions, which may be the larger error.
    """
    farthest = metric.worst or 1.0
    below = effect.low is None or effect.low <= min(farthest, 1.0 / farthest)
    above = effect.high is None or effect.high >= max(farthest, 1.0 / farthest)
    falls, rises = (metric.direction is not one for one in (Direction.INCREASE, Direction.DECREASE))
    within = (falls and below) or (rises and above)
    return f"{worst(metric)} is ruled out" + (f" (at {100.0 * beta:.3g} %)" if within else "")


def not_ruled_out(metric: Metric, effect: Effect) -> str:
    """What a pass that is not proven leaves open."""
    if effect.low is None and effect.high is None:
        return f"{worst(metric)} is still possible"
    low = figure(effect.low) if effect.low is not None else "0"
    high = figure(effect.high) if effect.high is not None else "any"
    return f"{worst(metric)} is still possible: {low} to {high}"


def too_little(metric: Metric, what: str) -> str:
    """Why a metric could not be judged."""
    return f"{title(metric)}: too little data: {what}"


def not_finite(metric: Metric, pods: Sequence[str]) -> str:
    """NaN or an infinity among the samples."""
    named = ", ".join(pods[:3]) + (f" and {len(pods) - 3} more" if len(pods) > 3 else "")
    return f"{title(metric)}: NaN or infinite samples from {named}; it cannot pass on those"


def unseen(metric: Metric, track: str, looks: int, of: int, lost: Sequence[str]) -> str:
    """Tracks that had samples and have none any more: why a metric cannot pass."""
    return f"{title(metric)}: {vanished(track, looks, of, lost)}"


def vanished(track: str, looks: int, of: int, lost: Sequence[str]) -> str:
    """Tracks that had samples and have none any more, or whose samples do not meet any more."""
    last = f"in the last {looks} of {of} intervals"
    if len(lost) == 1:
        return f"the {lost[0]} vanished: no samples {last}"
    both = f"the {track} and the baseline"
    return (
        f"{both} vanished: no samples {last}" if lost else f"no samples of {both} together {last}"
    )


def seldom(track: str, seen: int, planned: int) -> str:
    """A metric with a bound that was hardly ever there."""
    return f"{seen} of {planned} intervals had a value on the {track}"


def ended(track: str, looks: int, of: int) -> str:
    """A metric with a bound that was there and is not any more."""
    return f"no value on the {track} in the last {looks} of {of} intervals"


def few_on(track: str, requests: float, needed: int) -> str:
    """A metric with a bound that nothing was asked of."""
    return f"the {track} had {requests:,.0f} requests, a pass takes {needed}"


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
    few = f"{pods} {track} pod{'s' * (pods > 1)} cannot convict {worst(metric)}"
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


def worst(metric: Metric) -> str:
    """What must not be missed, in words."""
    ratio = metric.worst or 1.0
    if metric.better is not None:
        return f"a difference of {ab_reasons.margin(metric)}"
    if metric.direction is Direction.EITHER:
        return f"a {_fold(ratio)} change"
    if metric.direction is Direction.DECREASE:
        return f"a fall to {figure(ratio)} times"
    if metric.kind is Kind.HISTOGRAM:
        return f"a {_fold(ratio)} slowdown"
    if metric.compare is Compare.SLOPE:
        return f"a {_fold(ratio)} growth an hour"
    return f"a {_fold(ratio)} increase"


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
