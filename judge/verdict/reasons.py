"""Why, in plain words with numbers and limits.

Every sentence that a person reads of a verdict is written here; nothing is decided here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from judge.spec.resolved import Direction, Metric
from judge.stats.confidence import Effect
from judge.stats.samples import Absence
from judge.verdict.sufficiency import Amount
from judge.verdict.verdict import MetricVerdict


def title(metric: Metric) -> str:
    """A metric's name as words: ``error-rate`` is an error rate."""
    return metric.name.replace("-", " ").replace("_", " ")


def measured(metric: Metric, effect: Effect, seen: Amount, track: str) -> str:
    """What was measured: the effect, what it may lie between, and the limit."""
    if effect.estimate is None or seen.canary_events + seen.baseline_events == 0:
        return (
            f"{title(metric)}: {_among(seen.canary_events, seen.canary_total)} on the {track}, "
            f"{_among(seen.baseline_events, seen.baseline_total)} on the baseline"
            f"{_at_least(effect)}; {limit(metric)}"
        )
    return (
        f"{title(metric)} {figure(effect.estimate)} times the baseline's"
        f"{_between(effect)}; {limit(metric)}"
    )


def limit(metric: Metric) -> str:
    """The limit as a person would say it."""
    if metric.direction is Direction.EITHER:
        return f"limit {figure(1 / metric.limit)} to {figure(metric.limit)}"
    return f"limit {figure(metric.limit)}"


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


def absences(absent: dict[Absence, int], track: str) -> str:
    """Why intervals had no sample of a track, most frequent first."""
    if not absent:
        return ""
    told = ", ".join(
        f"{count} x {reason.value}" for reason, count in sorted(absent.items(), key=_often)
    )
    return f" ({track} without samples: {told})"


def weak(metric: Metric, track: str, spread: float, pods: int, needed: int | None) -> str:
    """Why pods that differ for good keep this canary from convicting what must not be missed."""
    few = f"{pods} {track} pod{'s' * (pods > 1)} cannot convict {_worst(metric)}"
    more = f"{needed} could" if needed else "nor could more, against so few baseline pods"
    return f"the pods differ by {spread:.0%} for good, so {few}; {more}"


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
    if metric.direction is Direction.EITHER:
        return f"a {_fold(metric.worst)} change"
    if metric.direction is Direction.DECREASE:
        return f"a fall to {figure(metric.worst)} times"
    return f"a {_fold(metric.worst)} increase"


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
    leading = max(metrics, key=lambda metric: verdicts[metric.name].evidence or 0.0)
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
    return (verdict.evidence or 0.0) - (verdict.threshold or 0.0)


def _is(metric: Metric, verdicts: Mapping[str, MetricVerdict], outcome: str) -> bool:
    return verdicts[metric.name].verdict == outcome
