"""Histograms and gauges of every shape that a real Prometheus holds, and what becomes of them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import pytest

from judge.sources.inspect import TrackReport, inspect
from judge.sources.prometheus import PrometheusSource
from judge.sources.recording import interval_document, interval_from
from judge.spec.resolved import Metric, Reading
from judge.stats.samples import Absence, Histogram, Interval, Level, Sample
from tests.integration.latencies import at
from tests.servers import prometheus
from tests.servers.analyses import analysis, gauge, latency
from tests.servers.exposition import Series
from tests.servers.native import Native, NativeSeries, upper_bound

pytestmark = pytest.mark.xdist_group("histograms")

START = 1_700_000_040.0
TICKS = [START - 300 + 15 * tick for tick in range(29)]  # the last one at START + 120
RESTART = START + 20


def buckets(
    name: str, shares: dict[str, float], *, track: str = "baseline", restart: bool = False,
    born: float = 0.0, died: float = math.inf, **labels: str,
) -> list[Series]:  # fmt: skip
    """Ten requests a scrape, ``shares`` of them at most so long, by bound as it is written."""
    since = RESTART if restart else TICKS[0]
    times = [one for one in TICKS if born <= one < died]
    return [
        Series(
            name,
            {"track": track, "le": bound, **labels},
            [(at, share * 10 * (1 + (at - (since if at >= since else TICKS[0])) // 15))
             for at in times],
        )
        for bound, share in shares.items()
    ]  # fmt: skip


NARROW = {"0.1": 0.5, "1": 0.9, "+Inf": 1.0}
WIDE = {"0.5": 0.8, "1.0": 0.9, "+Inf": 1.0}
CLASSIC = [
    *buckets("plain_bucket", NARROW, pod="a"),
    *buckets("plain_bucket", WIDE, track="canary", pod="b"),
    *buckets("relaid_bucket", NARROW, pod="a", died=RESTART),
    *buckets("relaid_bucket", WIDE, pod="a", born=RESTART, restart=True),
    *buckets("mixed_bucket", NARROW, pod="a", path="/"),
    *buckets("mixed_bucket", {"0.5": 0.8, "1": 0.9, "+Inf": 1.0}, pod="a", path="/slow"),
    *buckets("headless_bucket", {"0.1": 0.5, "1": 0.9}, pod="a"),
    *buckets("headless_bucket", NARROW, track="canary", pod="b"),
    *buckets("podless_bucket", NARROW),
    *buckets("ahead_bucket", {**NARROW, "0.1": 0.95}, pod="a"),
    *[
        Series("infinite_bucket", {"track": "baseline", "pod": "a", "le": bound},
               [(one, math.inf if one > START else 5.0) for one in TICKS])
        for bound in NARROW
    ],
    *[
        Series("cpu_seconds_total", {"track": "baseline", "pod": "a", "core": core},
               [(one, rate * ((one - start) // 15)) for one in TICKS for start in
                [RESTART if restarts and one > RESTART else TICKS[0]]])
        for core, rate, restarts in (("0", 6.0, False), ("1", 3.0, True))
    ],
    *[
        Series("memory_bytes", {"track": track, "pod": pod, "kind": kind},
               [(one, value + (one - START)) for one in TICKS])
        for track, pod, value in (("baseline", "a", 1000.0), ("canary", "b", 2000.0))
        for kind in ("heap", "stack")
    ],
    Series("queue", {"track": "baseline"}, [(one, -2.0) for one in TICKS]),
    Series("broken", {"track": "baseline", "pod": "a"}, [(one, math.nan) for one in TICKS]),
    Series("broken", {"track": "canary", "pod": "b"}, [(one, 1.0) for one in TICKS]),
]  # fmt: skip


def natives(name: str, states: Sequence[Native], **labels: str) -> NativeSeries:
    """A state a scrape, the last one for ever."""
    last = len(states) - 1
    return NativeSeries(
        name,
        {"track": "baseline", "pod": "a", **labels},
        [(one, states[min(index, last)]) for index, one in enumerate(TICKS)],
    )


def grown(scrape: int) -> Native:
    """Per scrape three requests of just up to 1 and one of just above it."""
    return Native(positive={0: 3 * (scrape + 1), 1: scrape + 1}, zero=scrape + 1, sum=scrape + 1.0)


EVER = [grown(scrape) for scrape in range(len(TICKS))]
NATIVE = [
    natives("ever", EVER),
    natives("pair", EVER, prometheus_replica="r1"),
    natives("pair", [EVER[0], *EVER], prometheus_replica="r2"),
    natives("coarser", [*EVER[:22], *(one.coarser() for one in EVER[22:])]),
    natives("restarted", [*EVER[:22], *EVER]),
    natives("negative", [Native(negative={1: scrape}, zero=scrape) for scrape in range(29)]),
]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("shapes")
    with prometheus.written(folder, counters=CLASSIC, natives=NATIVE) as found:
        yield found


def look(address: str, *metrics: Metric, thorough: bool = True) -> Interval:
    """One look of a minute, as it comes back from a store."""
    wanted = analysis(*metrics, address=address)
    with PrometheusSource(wanted.prometheus) as source:
        (interval,) = source.read(
            wanted, start=START, end=START + 60, step=60, tracks=["baseline", "canary"],
            thorough=thorough,
        )  # fmt: skip
    document = interval_document(interval)
    assert interval_document(interval_from(document)) == document
    return interval


def pod(interval: Interval, metric: str, track: str = "baseline", pod: str = "a") -> Histogram:
    found: Sample = interval.samples[metric][track][pod]
    assert isinstance(found, Histogram)
    return found


def test_each_track_keeps_its_own_bounds(address: str) -> None:
    found = look(address, latency(buckets="plain_bucket"))
    assert pod(found, "latency") == Histogram((0.1, 1.0, math.inf), (20.0, 36.0, 40.0))
    assert pod(found, "latency", "canary", "b").bounds == (0.5, 1.0, math.inf)


def test_a_restart_with_other_buckets_leaves_those_that_both_have(address: str) -> None:
    found = look(address, latency(buckets="relaid_bucket"))
    # Scrapes at 0 (before it), 15, then of the new process at 30, 45 and 60: 10, then 10 each.
    assert pod(found, "latency") == Histogram((1.0, math.inf), (36.0, 40.0))
    assert look(address, latency(buckets="relaid_bucket"), thorough=False).samples == {}


def test_histograms_of_one_pod_are_added_where_all_of_them_tell(address: str) -> None:
    found = look(address, latency(buckets="mixed_bucket"))
    assert pod(found, "latency") == Histogram((1.0, math.inf), (72.0, 80.0))


def test_buckets_without_the_last_one_are_no_histogram(address: str) -> None:
    found = look(address, latency(buckets="headless_bucket"))
    assert found.absent == {"latency": {"baseline": Absence.UNRELIABLE}}
    assert set(found.samples["latency"]) == {"canary"}


def test_counts_that_fall_from_bucket_to_bucket_are_no_histogram(address: str) -> None:
    found = look(address, latency(buckets="ahead_bucket"))
    assert found.absent["latency"]["baseline"] is Absence.UNRELIABLE
    assert found.samples == {}


@pytest.mark.parametrize("name", ["cpu_seconds_total", "memory_bytes"])
def test_plain_numbers_are_no_histogram(address: str, name: str) -> None:
    found = look(address, latency(buckets=name), latency("good", buckets="plain_bucket"))
    assert found.absent["latency"]["baseline"] is Absence.UNRELIABLE
    assert set(found.samples) == {"good"}


def test_what_is_not_finite_is_no_count(address: str) -> None:
    found = look(address, latency(buckets="infinite_bucket"))
    assert found.absent["latency"]["baseline"] is Absence.NOT_FINITE
    assert all(math.isnan(one) for one in pod(found, "latency").counts)


def test_series_without_the_pod_label_are_one_pod(address: str) -> None:
    found = look(address, latency(buckets="podless_bucket"), gauge(of="queue"))
    assert pod(found, "latency", pod="").total == 40
    assert found.samples["memory"]["baseline"] == {"": Level(-2.0)}


def test_all_kinds_are_read_together(address: str) -> None:
    found = look(
        address,
        latency("classic", buckets="plain_bucket"),
        latency("native", buckets="ever"),
        gauge(),
    )
    assert set(found.samples) == {"classic", "native", "memory"}
    assert found.absent == {"native": {"canary": Absence.NO_DATA}}


def test_a_native_histogram_tells_the_edges_of_what_it_counted(address: str) -> None:
    found = pod(look(address, latency(buckets="ever")), "latency")
    step = upper_bound(3, 1)
    assert found.bounds == pytest.approx((-(2.0**-128), 2.0**-128, 1 / step, 1.0, step, math.inf))
    assert found.counts == (0.0, 4.0, 4.0, 16.0, 20.0, 20.0)
    assert found.sum == 4.0


def test_a_pair_of_replicas_counts_once(address: str) -> None:
    found = look(address, latency("one", buckets="ever"), latency("pair", buckets="pair"))
    assert found.samples["pair"] == found.samples["one"]


def test_a_coarser_resolution_is_told_where_both_tell(address: str) -> None:
    found = pod(look(address, latency(buckets="coarser")), "latency")
    assert found.total == 20
    assert at(found, 1.0) == 16
    assert at(found, upper_bound(2, 1)) == 20
    assert upper_bound(3, 1) not in found.bounds


def test_a_native_histogram_that_was_reset_counts_from_nothing(address: str) -> None:
    found = pod(look(address, latency(buckets="restarted")), "latency")
    # One scrape before the restart, then the first three states of the new process.
    assert found.total == 5 + 15
    assert look(address, latency(buckets="restarted"), thorough=False).samples == {}


def test_observations_below_zero_have_bounds_below_zero(address: str) -> None:
    found = pod(look(address, latency(buckets="negative")), "latency")
    assert found.bounds[0] == pytest.approx(-upper_bound(3, 1))
    assert at(found, -1.0) == 4
    assert found.total == 8


def test_a_gauge_is_what_it_is_at_the_end(address: str) -> None:
    found = look(address, gauge())
    assert found.samples["memory"] == {
        "baseline": {"a": Level(2 * 1060.0)},
        "canary": {"b": Level(2 * 2060.0)},
    }


def test_a_counter_as_a_gauge_is_its_growth_a_second(address: str) -> None:
    rate = gauge("cpu", of="cpu_seconds_total", reading=Reading.COUNTER)
    found = look(address, rate)
    # Core 0 grows by 6 a scrape; core 1 by 3 until its restart, then from 0: 3, 0, 3, 6.
    assert found.samples["cpu"]["baseline"] == {"a": Level((24 + 3 + 6) / 60)}
    history = look(address, rate, thorough=False)
    assert history.samples == {}
    assert history.absent["cpu"]["baseline"] is Absence.UNRELIABLE


def test_a_gauge_that_is_no_number_is_kept_and_said(address: str) -> None:
    found = look(address, gauge(of="broken"))
    level = found.samples["memory"]["baseline"]["a"]
    assert isinstance(level, Level)
    assert math.isnan(level.value)
    assert found.absent == {"memory": {"baseline": Absence.NOT_FINITE}}


def report(address: str, buckets: str, track: str = "baseline") -> TrackReport:
    reports = inspect(analysis(latency(buckets=buckets), address=address), at=START + 60)
    return next(one for one in reports if one.track == track)


def test_the_check_names_the_bounds_of_classic_histograms(address: str) -> None:
    found = report(address, "mixed_bucket")
    assert (found.series, found.pods, found.native) == (6, 1, False)
    assert found.bounds == (0.1, 0.5, 1.0, math.inf)
    assert report(address, "headless_bucket").bounds == (0.1, 1.0)


def test_the_check_names_the_bounds_of_native_histograms(address: str) -> None:
    found = report(address, "pair")
    assert (found.series, found.pods, found.native) == (1, 1, True)
    assert len(found.bounds) == 6
    assert found.bounds[-1] == math.inf


@pytest.mark.parametrize(
    ("buckets", "series"), [("memory_bytes", 2), ("nowhere", 0)], ids=["numbers", "nothing"]
)
def test_the_check_names_no_bounds_of_what_is_no_histogram(
    address: str, buckets: str, series: int
) -> None:
    found = report(address, buckets)
    assert (found.series, found.bounds, found.native) == (series, (), False)


@pytest.mark.parametrize(
    "metric", [latency(buckets="plain_bucket"), latency(buckets="ever"), gauge()]
)
def test_the_scrape_interval_is_found_from_samples_of_any_kind(
    address: str, metric: Metric
) -> None:
    wanted = analysis(metric, address=address)
    with PrometheusSource(wanted.prometheus) as source:
        assert source.scrape_interval(wanted, at=START + 60) == 15.0
