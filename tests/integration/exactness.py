"""What every server that speaks Prometheus's API must be counted to, pod by pod, look by look."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import pytest

from judge.errors import SourceRejected
from judge.sources.inspect import inspect
from judge.sources.prometheus import PrometheusSource
from judge.spec.resolved import Reading
from judge.stats.samples import Absence, Count, Interval
from tests.servers.analyses import analysis, error_rate
from tests.servers.exposition import Series
from tests.servers.histories import END, LOOKS, START, STEP, Pod, pods

PODS = pods()
NAMES = [pod.name for pod in PODS]
# Those of whose errors the server gets to know.
WHOLE = [pod for pod in PODS if not pod.lost_codes]
# Pods with an interval that their sums at its ends do not decide, on every server.
DOUBTED = ("restarts", "overtakes", "exchanges", "newborn", "first-errors")


def series() -> list[Series]:
    """The baseline's history, and what the other tests ask of a server."""
    history = [one for pod in PODS for one in pod.series("baseline")]
    return [*history, *_relabelled(), *_not_finite(), *_gauges()]


def _relabelled() -> list[Series]:
    """A pod that runs for long and becomes the canary in the third look, as labels decide."""
    labels = {"pod": "promoted", "job": "app", "instance": "10.0.0.9:80"}
    times = [START - 1200 + 15 * tick for tick in range(250)]
    before = [at for at in times if at < START + 2.5 * STEP]
    after = [at for at in times if at >= START + 2.5 * STEP]

    def counted(track: str, at: Sequence[float]) -> list[Series]:
        own = {**labels, "track": track}
        return [
            Series("moves_total", {**own, "code": "200"}, [(t, 9000 + (t - START)) for t in at]),
            Series("process_start_time_seconds", own, [(t, START - 86400) for t in at]),
        ]

    newborn = {"pod": "really-new", "track": "canary", "job": "app", "instance": "10.0.0.10:80"}
    return [
        *counted("baseline", before),
        *counted("canary", after),
        Series("moves_total", {**newborn, "code": "200"},
               [(t, 10 + (t - after[0])) for t in after]),
        Series("process_start_time_seconds", newborn, [(t, after[0] - 5) for t in after]),
        # Somebody else whom the server has known for longer.
        Series("moves_total", {"pod": "other", "track": "baseline", "code": "200"},
               [(t, 5.0) for t in times]),
    ]  # fmt: skip


def _not_finite() -> list[Series]:
    times = [START - 60 + 15 * tick for tick in range(60)]
    first, mended = START + STEP - 5, START + 3 * STEP - 5
    return [
        Series("broken_total", {"pod": "a", "track": "baseline", "code": "200"},
               [(at, math.inf if first <= at < mended else at - START + 900) for at in times]),
    ]  # fmt: skip


def _gauges() -> list[Series]:
    times = [START - 60 + 15 * tick for tick in range(60)]
    return [
        Series("pod_up", {"pod": pod, "track": "canary", "code": code}, [(at, 1.0) for at in times])
        for pod, code in (("good", "200"), ("bad", "500"))
    ]


@cache
def looks(address: str) -> tuple[Interval, ...]:
    """A run's looks, one after the other, as a daemon takes them."""
    with source(address) as one:
        return tuple(
            interval
            for look in range(LOOKS)
            for interval in read(one, START + look * STEP, START + (look + 1) * STEP)
        )


def source(address: str) -> PrometheusSource:
    """A source of the server at ``address``."""
    return PrometheusSource(analysis(address=address).prometheus)


def read(
    one: PrometheusSource, start: float, end: float, *, thorough: bool = True
) -> list[Interval]:
    """The baseline's intervals."""
    return one.read(
        analysis(), start=start, end=end, step=STEP, tracks=["baseline"], thorough=thorough
    )


def counts(intervals: Sequence[Interval], pod: str) -> list[Count | None]:
    """A pod's counts in each interval; None where it is a hole."""
    return [one.samples.get("error-rate", {}).get("baseline", {}).get(pod) for one in intervals]


def telescopes(address: str, pod: Pod) -> None:
    """The increments of all looks add up to what truly happened, exactly."""
    counted = [one for one in counts(looks(address), pod.name) if one is not None]
    assert sum(one.total for one in counted) == pod.truth(errors=False)
    assert sum(one.events for one in counted) == pod.truth(errors=True)


def says_the_same_at_once(address: str) -> None:
    """Hours read at once are the looks that were taken one by one."""
    with source(address) as one:
        assert tuple(read(one, START, END)) == looks(address)


def leaves_doubts_out(address: str) -> None:
    """Without raw samples a doubtful pod's interval is a hole, and the rest the same."""
    with source(address) as one:
        history = read(one, START, END, thorough=False)
    for pod in PODS:
        rough, exact = counts(history, pod.name), counts(looks(address), pod.name)
        assert all(a is None or a == b for a, b in zip(rough, exact, strict=True)), pod.name
        if pod.name in DOUBTED:
            left_out = [b for a, b in zip(rough, exact, strict=True) if a is None]
            assert any(one is not None for one in left_out), pod.name
    assert counts(history, "steady") == counts(looks(address), "steady")


def does_not_count_what_was_before_it_looked(address: str) -> None:
    """Where a server has only begun to look, the first scrape's values are from before."""
    with source(address) as one:
        (first,) = read(one, START - 1200 - 30, START - 1200 + 30)
    (count,) = counts([first], "steady")
    # Scraped twice, 15 s apart, at seven and a half requests a second.
    assert count is not None
    assert abs(count.total - 7.5 * 15) < 3


def tells_a_promoted_pod_from_a_new_one(address: str) -> None:
    """A process older than its series was found, not born; a new one counts whole."""
    with source(address) as one:
        (interval,) = one.read(
            analysis(error_rate("moves", counter="moves_total")),
            start=START + 2 * STEP,
            end=START + 3 * STEP,
            step=STEP,
            tracks=["baseline", "canary"],
            thorough=True,
        )
    canary = interval.samples["moves"]["canary"]
    # Each is scraped three times in the look and grows by 15 between two scrapes.
    assert canary["promoted"].total == 30
    assert canary["really-new"].total == 10 + 30


def keeps_what_is_not_finite(address: str) -> None:
    """An infinity is in the sample, and said; once it is over nothing is counted twice."""
    with source(address) as one:
        intervals = one.read(
            analysis(error_rate("broken", counter="broken_total")),
            start=START,
            end=START + 4 * STEP,
            step=STEP,
            tracks=["baseline"],
            thorough=True,
        )
    totals = [one.samples["broken"]["baseline"]["a"].total for one in intervals]
    assert totals[0] == math.inf
    assert all(map(math.isnan, totals[1:3]))
    assert totals[3] == STEP
    said = [one.absent.get("broken", {}).get("baseline") for one in intervals]
    assert said == [*[Absence.NOT_FINITE] * 3, None]


def leaves_out_what_lacks_its_errors(address: str) -> None:
    """Error series that vanish from a process that lives on: a hole in both parts until it is over.

    Where nothing marks their end the server shows their last value for some time.
    """
    (pod,) = (pod for pod in PODS if pod.lost_codes)
    ((lost, back),) = pod.lost_codes.values()
    counted = counts(looks(address), pod.name)
    holes = [index for index, one in enumerate(counted) if one is None]
    assert holes == list(range(holes[0], math.ceil(back)))
    assert lost < holes[0] < lost + 7
    for first, end in ((0, math.floor(lost)), (math.ceil(back), LOOKS)):
        part = [one for one in counted[first:end] if one is not None]
        (life,) = pod.lives
        for errors, rates in ((False, ("200", "500")), (True, ("500",))):
            grown = sum(one.events if errors else one.total for one in part)
            rate = sum(life.codes[code][0] for code in rates)
            assert abs(grown - rate * STEP * (end - first)) <= len(rates)


def reads_gauges_at_the_end(address: str) -> None:
    """A gauge counts as it is, and a missing event series beside a total is no event."""
    metric = error_rate("ready", counter="pod_up", reading=Reading.GAUGE)
    with source(address) as one:
        (interval,) = one.read(
            analysis(metric), start=START, end=START + STEP, step=STEP, tracks=["canary"],
            thorough=True,
        )  # fmt: skip
    assert interval.samples["ready"]["canary"] == {"good": Count(0, 1), "bad": Count(1, 1)}


def says_which_track_has_no_data(address: str) -> None:
    """A track without a series is absent; the other one is read all the same."""
    with source(address) as one:
        (interval,) = one.read(
            analysis(), start=START, end=START + STEP, step=STEP, tracks=["baseline", "canary"],
            thorough=True,
        )  # fmt: skip
    assert interval.absent == {"error-rate": {"canary": Absence.NO_DATA}}
    assert set(interval.samples["error-rate"]) == {"baseline"}


def reads_the_rest_where_a_query_is_refused(address: str) -> None:
    """One metric's broken query costs that metric alone; all of them broken is an error."""
    broken = error_rate("broken", errors='code=~"(5.."')
    at = {"start": START, "end": START + STEP, "step": STEP}
    with source(address) as one:
        (interval,) = one.read(
            analysis(error_rate(), broken), **at, tracks=["baseline"], thorough=True
        )
        with pytest.raises(SourceRejected, match="missing closing"):
            one.read(analysis(broken), **at, tracks=["baseline"], thorough=True)
    assert interval.absent == {"broken": {"baseline": Absence.UNREACHABLE}}
    assert (
        interval.samples["error-rate"]["baseline"]["steady"] == counts(looks(address), "steady")[0]
    )


def splits_long_ranges(address: str) -> None:
    """More points than a server allows are read in stretches that fit together."""
    step = 0.2
    metric = error_rate(errors='code=~"5..",pod="steady"')
    with source(address) as one:
        intervals = one.read(
            analysis(metric), start=START, end=END, step=step, tracks=["baseline"], thorough=False
        )
    assert len(intervals) == round((END - START) / step) > 11_000
    pod = next(pod for pod in PODS if pod.name == "steady")
    assert sum(one.total for one in counts(intervals, "steady") if one) == pod.truth(errors=False)


def counts_series_and_pods(address: str) -> None:
    """The check before a first run: replicas count once, errors are kept."""
    broken = error_rate("broken", errors='code=~"(5.."')
    with source(address) as one:
        reports = inspect(analysis(error_rate(), broken), source=one, at=START + 30)
    found = {(one.metric, one.track, one.part): one for one in reports}
    pods_then = ("newborn", "comes-and-goes")
    total = found["error-rate", "baseline", "total"]
    assert total.pods == len([name for name in NAMES if name not in pods_then])
    assert total.series > total.pods
    assert total.error == ""
    assert found["error-rate", "canary", "total"].series == 0
    assert "missing closing" in found["broken", "baseline", "events"].error
    assert found["broken", "baseline", "total"] == replace(total, metric="broken")


def scrapes_every_fifteen_seconds(address: str) -> None:
    """The scrape interval is found from the samples."""
    with source(address) as one:
        assert one.scrape_interval(analysis(), at=END) == 15.0
        assert one.scrape_interval(analysis(), at=END + 10 * 86400) is None


CHECKS = (
    says_the_same_at_once,
    leaves_doubts_out,
    does_not_count_what_was_before_it_looked,
    tells_a_promoted_pod_from_a_new_one,
    keeps_what_is_not_finite,
    leaves_out_what_lacks_its_errors,
    reads_gauges_at_the_end,
    says_which_track_has_no_data,
    reads_the_rest_where_a_query_is_refused,
    splits_long_ranges,
    counts_series_and_pods,
    scrapes_every_fifteen_seconds,
)
