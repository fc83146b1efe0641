"""What cannot be tested, the figure that is missing and what would mend it, in plain words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime

from judge.spec.resolved import Kind, Metric
from judge.spec.units import format_duration
from judge.verdict.reasons import figure, title


def coarse(metric: Metric, allowed: Sequence[float]) -> str:
    """Buckets that cannot test the limit, and the limits that they can."""
    wanted = metric.limit or 1.0
    near = sorted(sorted(allowed, key=lambda one: abs(math.log(one) - math.log(wanted)))[:3])
    mend = (
        f"they can test {', '.join(figure(one) for one in near)}: set limit.ratio to one of these"
        if near
        else "they hold too few requests beyond any boundary: look at its buckets"
    )
    return (
        f"{title(metric)}: the buckets are too coarse to test a limit of {wanted:.3g} "
        f"(no boundary within 15 % of {wanted:.3g} times another in the tail); {mend}, "
        "or use finer buckets, such as native histograms"
    )


def no_bucket(metric: Metric, bounds: Sequence[float]) -> str:
    """No boundary where a quantile is bounded."""
    wanted = metric.bound.max if metric.bound is not None and metric.bound.max else 1.0
    near = sorted(
        (one for one in bounds if one > 0), key=lambda one: abs(math.log(one) - math.log(wanted))
    )
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
    summed = (
        "a level is then the sum over a track's series, which compares only if both tracks have "
        "equally many; "
        if metric.kind is Kind.GAUGE
        else ""
    )
    return (
        f"{title(metric)}: its series have no label {label}, so all of a track is one pod: {summed}"
        "the noise between pods is assumed, not learned, and nothing is calibrated; set podLabel "
        "to the label that tells pods apart"
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


def shorter(seconds: float, windows: int) -> str:
    """A history whose empty beginning is in its own way: windows of a run lie too far apart."""
    return (
        f"; as it is, history: {format_duration(60.0 * (seconds // 60.0))} gives {windows}, since "
        "in less time its windows lie closer together"
    )


def begins_late(first: float, there: float, asked: float) -> str:
    """A server, or a service, that has not been there for as long as is asked for."""
    return (
        f"there is nothing before {moment(first)}, {hours(there)} of the {hours(asked)} asked for: "
        "Prometheus keeps no more (--storage.tsdb.retention.time), or the series are younger"
    )


def gap(first: float, last: float, interval: float) -> str:
    """Minutes or hours in the history without any sample."""
    return f"it has a gap of {hours(last - first)}, from {moment(first)} to {moment(last)}"


def holed(metric: Metric, hole: str, windows: int) -> str:
    """Holes that leave enough to calibrate on."""
    return (
        f"{title(metric)}: {hole}; what is left gives {windows} windows of a run's length, which "
        "is enough: the promise is calibrated, for a service that goes on as it was then"
    )


def changed(
    metric: Metric,
    *,
    at: float,
    pods: int,
    ratio: float | None,
    deploys: int,
    since: float,
    windows: int,
    fewest: int,
) -> str:
    """A deploy in the history, or a step that lasts, and what it means for what is learned."""
    what = (
        f"most pods were replaced at about {moment(at)}, as by a deploy ({pods} came)"
        if pods
        else f"it moved for good at about {moment(at)}"
    )
    if deploys > 1:
        what += f", the last of {deploys} times in this history"
    if ratio is None:
        return (
            f"{title(metric)}: {what}; it went on as before, so both releases count as one "
            "service, and the promise is for one that goes on as both did"
        )
    enough = (
        f"set history to {format_duration(60.0 * (since // 60.0))}, what lies after it: its "
        f"{windows} windows of a run's length are enough for a calibrated promise"
        if windows >= fewest
        else f"what lies after it, {hours(since)}, has {windows} windows of a run's length, and a "
        f"promise calibrated on that alone takes {fewest}"
    )
    return (
        f"{title(metric)}: {what}; since then it is {ratio:.2g} times what it was. What differs "
        "between the releases counts as noise between pods: regressions are seen later or not at "
        f"all, and the promise is for both taken together; {enough}"
    )


def moment(at: float) -> str:
    """A time, to the minute."""
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M} UTC"


def hours(seconds: float) -> str:
    """A length of time, as people say it."""
    return f"{seconds / 3600.0:.3g} h" if seconds >= 3600.0 else f"{seconds / 60.0:.3g} min"
