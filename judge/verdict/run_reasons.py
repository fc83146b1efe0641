"""Why a run is rolled back, promoted or held, in plain words; nothing is decided here."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from judge.spec.resolved import Metric
from judge.verdict.verdict import MetricVerdict


def run_failed(metrics: Sequence[Metric], verdicts: Mapping[str, MetricVerdict]) -> str:
    """Why a run is rolled back: the metrics that failed, or those that did so only together."""
    failed = [verdicts[metric.name].reason for metric in metrics if _is(metric, verdicts, "fail")]
    if failed:
        return "; ".join(failed)
    leading = max(metrics, key=lambda metric: _margin(verdicts[metric.name]))
    return f"the metrics together, none alone; foremost {verdicts[leading.name].reason}"


def passed_early(looks: int, planned: int, reason: str) -> str:
    """Why a run is promoted before its end."""
    return f"{reason}; enough is known after {looks} of {planned} intervals"


def failed_after_all(passed_after: int, reason: str) -> str:
    """Why a run is rolled back that had passed after so many intervals."""
    return f"it had passed after {passed_after} intervals; then: {reason}"


def run_watched(
    passed_after: int, looks: int, metrics: Sequence[Metric], verdicts: Mapping[str, MetricVerdict]
) -> str:
    """What there is to say of a run that has passed and has been watched on, for ``looks``."""
    since = f"passed after {passed_after} intervals, and watched for {looks} more"
    return f"{since}; {_leading(metrics, verdicts)}"


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


def untrusted(traffic: str, otherwise: str) -> str:
    """A run that would have passed but for its traffic."""
    return f"{traffic}; of the metrics: {otherwise}"


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
