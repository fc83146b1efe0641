"""The source against a server that follows a script: how many questions, and what of odd answers.

What real servers say is in tests/integration.
"""

from __future__ import annotations

import contextlib
import json
import math
from collections.abc import Iterator
from dataclasses import replace

import pytest

from judge.errors import SourceError, SourceMalformed, SourceRejected, SourceUnavailable
from judge.sources.prometheus import PrometheusSource
from judge.sources.retries import Retries
from judge.spec.resolved import Metric, PrometheusConfig, ResolvedAnalysis
from judge.stats.samples import Absence, Count, Histogram, Interval
from tests.servers.analyses import analysis, error_rate, latency
from tests.servers.misbehaving import (
    Behaviour,
    Handler,
    Server,
    error,
    hangs_up,
    matrix,
    misbehaving,
    says,
    vector,
)

NOW = 10_000_000.0
EVENTS = 'http_requests_total{track="canary",code=~"5.."}'


@contextlib.contextmanager
def scripted(*script: Behaviour) -> Iterator[tuple[Server, PrometheusSource]]:
    """A server with a script, and a source of it that does not really sleep."""
    with (
        misbehaving(*script) as server,
        PrometheusSource(
            PrometheusConfig(address=server.address),
            clock=lambda: NOW,
            sleep=lambda seconds: None,
            retries=Retries(tries=2),
        ) as source,
    ):
        yield server, source


def look(
    source: PrometheusSource,
    *metrics: Metric,
    start: float = 0.0,
    intervals: int = 1,
    step: float = 60.0,
    thorough: bool = False,
) -> list[Interval]:
    return source.read(
        analysis(*metrics),
        start=start,
        end=start + intervals * step,
        step=step,
        tracks=["canary"],
        thorough=thorough,
    )


def answer(*lines: tuple[str, str, str], warnings: tuple[str, ...] = ()) -> Behaviour:
    """A range answer of two points: mark, first value, second value ("" where missing)."""
    series = [
        (
            {"judge_branch": mark, "pod": "a"},
            [(at, value) for at, value in ((0.0, first), (60.0, second)) if value],
        )
        for mark, first, second in lines
    ]
    return says(matrix(*series, warnings=warnings))


GREW = (("0s", "3", "5"), ("0d", "1", ""), ("1s", "100", "150"), ("1d", "2", ""))


def test_a_look_is_one_question() -> None:
    with scripted(answer(*GREW)) as (server, source):
        (interval,) = look(source)
    assert interval.samples == {"error-rate": {"canary": {"a": Count(2, 50)}}}
    assert interval.absent == {}
    assert (interval.start, interval.end) == (0, 60)
    (request,) = server.requests
    assert request.path == "/api/v1/query_range"
    assert (request.form["start"], request.form["end"]) == ("0.000", "60.000")


def test_hours_are_one_question() -> None:
    with scripted(says(matrix())) as (server, source):
        intervals = look(source, intervals=480)
    assert len(intervals) == 480
    assert len(server.requests) == 1
    assert {one.absent["error-rate"]["canary"] for one in intervals} == {Absence.NO_DATA}


def test_more_points_than_a_server_allows_are_several_questions() -> None:
    with scripted(says(matrix())) as (server, source):
        look(source, intervals=21_999)
    spans = [(float(one.form["start"]), float(one.form["end"])) for one in server.requests]
    assert spans[0] == (0, 10_999 * 60)
    assert spans[1] == (11_000 * 60, 21_999 * 60)
    assert len(server.requests) == 2


def test_no_event_series_beside_a_total_is_no_event() -> None:
    with scripted(answer(*GREW[2:])) as (_, source):
        (interval,) = look(source)
    assert interval.samples["error-rate"]["canary"] == {"a": Count(0, 50)}


GONE = (("0g", "", "1"), *GREW[2:])


def test_events_that_were_there_not_long_ago_are_a_hole() -> None:
    with scripted(answer(*GONE)) as (_, source):
        (interval,) = look(source)
    assert interval.samples == {}
    assert interval.absent == {"error-rate": {"canary": Absence.UNRELIABLE}}


def test_nothing_is_missed_of_a_pod_without_a_total() -> None:
    with scripted(answer(GONE[0], ("1s", "", ""))) as (server, source):
        (interval,) = look(source, thorough=True)
    assert interval.absent == {"error-rate": {"canary": Absence.NO_DATA}}
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("duration", "reach"), [(600.0, "3600s"), (7000.0, "7200s"), (1e6, "86400s")]
)
def test_events_are_missed_for_as_long_as_a_run_lasts(duration: float, reach: str) -> None:
    one = replace(analysis(), duration=duration, warmup=200.0)
    with scripted(says(matrix())) as (server, source):
        source.read(one, start=0, end=60, step=60, tracks=["canary"], thorough=False)
    assert f"last_over_time({EVENTS}[{reach}])" in server.requests[0].form["query"]


def test_events_without_a_total_are_a_hole() -> None:
    with scripted(answer(*GREW[:2])) as (_, source):
        (interval,) = look(source)
    assert interval.samples == {}
    assert interval.absent == {"error-rate": {"canary": Absence.NO_DATA}}


def test_more_events_than_total_are_a_hole() -> None:
    with scripted(answer(("0s", "3", "99"), GREW[1], *GREW[2:])) as (_, source):
        (interval,) = look(source)
    assert interval.samples == {}
    assert interval.absent == {"error-rate": {"canary": Absence.UNRELIABLE}}


@pytest.mark.parametrize("part", [0, 2])
def test_a_doubt_in_either_part_is_a_hole_in_both(part: int) -> None:
    lines = list(GREW)
    lines[part] = (lines[part][0], lines[part][1], "1")
    with scripted(answer(*lines)) as (server, source):
        (interval,) = look(source)
    assert interval.samples == {}
    assert interval.absent == {"error-rate": {"canary": Absence.UNRELIABLE}}
    assert len(server.requests) == 1


def test_doubts_that_raw_samples_cannot_be_had_for_stay_holes() -> None:
    lines = [*GREW[:2], ("1s", "100", "50"), GREW[3]]
    with scripted(answer(*lines), error("bad_data", "no", status=400)) as (server, source):
        (interval,) = look(source, thorough=True)
    assert interval.absent == {"error-rate": {"canary": Absence.UNRELIABLE}}
    assert len(server.requests) > 1


def test_a_partial_answer_is_no_answer() -> None:
    with scripted(answer(*GREW, warnings=("store is down",))) as (_, source):
        (interval,) = look(source)
    assert interval.samples == {}
    assert interval.absent == {"error-rate": {"canary": Absence.PARTIAL}}


@pytest.mark.parametrize(("value", "kept"), [("+Inf", "inf"), ("-Inf", "-inf"), ("NaN", "nan")])
def test_what_is_not_finite_is_kept_and_said(value: str, kept: str) -> None:
    with scripted(answer(*GREW[:2], ("1s", "100", value), GREW[3])) as (_, source):
        (interval,) = look(source)
    if kept == "-inf":
        assert interval.absent == {"error-rate": {"canary": Absence.UNRELIABLE}}
        return
    assert str(interval.samples["error-rate"]["canary"]["a"].total) == kept
    assert interval.absent == {"error-rate": {"canary": Absence.NOT_FINITE}}


@pytest.mark.parametrize("broken", ["+Inf", "NaN"])
def test_the_first_number_after_none_is_a_hole_in_both_parts(broken: str) -> None:
    total = ("1s", "900", "50")  # which fell, and could be settled from the raw samples
    lines = (("0s", broken, "5000"), ("0d", "", "1"), total)
    with scripted(answer(*lines)) as (server, source):
        (interval,) = look(source, thorough=True)
    (count,) = interval.samples["error-rate"]["canary"].values()
    assert isinstance(count, Count)
    assert math.isnan(count.events)
    assert math.isnan(count.total)
    assert interval.absent == {"error-rate": {"canary": Absence.NOT_FINITE}}
    assert len(server.requests) == 1


def test_events_that_are_no_number_without_a_total_are_a_hole() -> None:
    with scripted(answer(("0s", "3", "NaN"), ("1s", "", ""))) as (_, source):
        (interval,) = look(source)
    assert interval.samples == {}
    assert interval.absent == {"error-rate": {"canary": Absence.NO_DATA}}


@pytest.mark.parametrize(
    "refusal",
    [
        error("bad_data", "parse error", status=400),
        error("execution", "too many samples", status=422),
        error("timeout", "query timed out", status=503),
        says(b"<html>too large</html>", status=413),
    ],
    ids=["400", "422", "timeout", "413"],
)
def test_a_refused_question_is_split_by_metric(refusal: Behaviour) -> None:
    with scripted(refusal, answer(*GREW), refusal) as (server, source):
        (interval,) = look(source, error_rate("good"), error_rate("bad"))
    assert interval.samples == {"good": {"canary": {"a": Count(2, 50)}}}
    assert interval.absent == {"bad": {"canary": Absence.UNREACHABLE}}
    assert len(server.requests) == 3


def test_nothing_at_all_is_an_error() -> None:
    with (
        scripted(error("bad_data", "parse error", status=400)) as (_, source),
        pytest.raises(SourceRejected, match="parse error"),
    ):
        look(source, error_rate("a"), error_rate("b"))


def test_credentials_are_not_tried_metric_by_metric() -> None:
    with (
        scripted(says(b"", status=401)) as (server, source),
        pytest.raises(SourceRejected, match="credentials"),
    ):
        look(source, error_rate("a"), error_rate("b"))
    assert len(server.requests) == 1


def test_a_server_out_of_reach_is_not_asked_metric_by_metric() -> None:
    with scripted(hangs_up) as (server, source), pytest.raises(SourceUnavailable):
        look(source, error_rate("a"), error_rate("b"))
    assert len(server.requests) == 2  # the tries of one question


def test_a_question_that_is_too_much_is_asked_in_shorter_stretches() -> None:
    lengths = []

    def busy(handler: Handler) -> None:
        form = handler.server.requests[-1].form
        points = 1 + round((float(form["end"]) - float(form["start"])) / 60)
        lengths.append(points)
        (error("timeout", "too long", status=503) if points > 200 else says(matrix()))(handler)

    with scripted(busy) as (_, source):
        assert len(look(source, intervals=480)) == 480
    assert lengths == [481, 240, 120, 120, 241, 120, 121]


def test_many_long_queries_are_asked_in_several_questions() -> None:
    long = 'code=~"5..",path!~"' + "x" * 150 + '"'
    with scripted(says(matrix())) as (server, source):
        look(source, *(error_rate(f"m{index}", errors=long) for index in range(10)))
    assert 1 < len(server.requests) < 10
    assert all(len(one.form["query"]) <= 16_000 for one in server.requests)


def test_fresh_points_of_short_intervals_are_asked_one_by_one() -> None:
    body = vector(({"judge_branch": "1s", "pod": "a"}, "7"))
    with scripted(says(matrix()), says(body)) as (server, source):
        look(source, start=NOW - 65, intervals=6, step=10)
    asked = [(one.path, one.form.get("end") or one.form["time"]) for one in server.requests]
    assert asked[0] == ("/api/v1/query_range", f"{NOW - 35:.3f}")
    assert asked[1:] == [("/api/v1/query", f"{NOW - ago:.3f}") for ago in (25, 15, 5)]


def test_a_minute_is_one_question_however_fresh() -> None:
    with scripted(says(matrix())) as (server, source):
        look(source, start=NOW - 61)
    assert len(server.requests) == 1


@pytest.mark.parametrize("mark", ["", "9s", "0x"])
def test_a_series_that_was_not_asked_for_is_refused(mark: str) -> None:
    with (
        scripted(answer((mark, "1", "2"))) as (_, source),
        pytest.raises(SourceMalformed, match="judge_branch"),
    ):
        look(source)


def test_weights_of_the_tracks_come_with_the_interval() -> None:
    one = analysis()
    weighted = ResolvedAnalysis(
        name=one.name,
        metrics=one.metrics,
        tracks={"canary": type(one.tracks["canary"])("a", 0.1), "baseline": one.tracks["baseline"]},
    )
    with scripted(answer(*GREW)) as (_, source):
        (interval,) = source.read(
            weighted, start=0, end=60, step=60, tracks=["canary"], thorough=False
        )
    assert interval.weights == {"canary": 0.1}


def test_no_whole_interval_is_no_question() -> None:
    with scripted(says(matrix())) as (server, source):
        assert look(source, intervals=0) == []
    assert server.requests == []


def test_an_analysis_without_queries_cannot_be_read() -> None:
    with (
        scripted(says(matrix())) as (_, source),
        pytest.raises(SourceError, match="no query for shadow"),
    ):
        source.read(analysis(), start=0, end=60, step=60, tracks=["shadow"], thorough=False)


def test_the_scrape_interval_is_the_slowest_querys() -> None:
    fast = {"judge_branch": "0", "pod": "a", "__name__": "ignored"}
    slow = {"judge_branch": "1", "pod": "b"}
    with scripted(
        says(vector((fast, "40"), (slow, "10"))),
        says(matrix(({}, [(0, "1"), (15, "2"), (30.1, "3"), (45, "4")]))),
        says(matrix(({}, [(0, "1"), (60, "2"), (240, "3"), (300, "4")]))),
    ) as (server, source):
        assert source.scrape_interval(analysis(), at=NOW) == 60
    assert server.requests[0].form["query"].count("topk(1,") == 4
    assert '{track="baseline",code=~"5..",pod="a"}[600s]' in server.requests[1].form["query"]


def test_without_samples_there_is_no_scrape_interval() -> None:
    with scripted(says(vector())) as (_, source):
        assert source.scrape_interval(analysis(), at=NOW) is None


def native(*ends: int, replica: str = "") -> dict[str, object]:
    """A series of a native histogram that holds so many just above 1, point by point."""
    return {
        "metric": {"pod": "a", "__replica__": replica},
        "histograms": [
            [60.0 * at, {"count": str(held), "sum": "0", "buckets": [[0, "1", "2", str(held)]]}]
            for at, held in enumerate(ends)
        ],
    }


def native_answer(*series: dict[str, object], warnings: tuple[str, ...] = ()) -> Behaviour:
    data = {"resultType": "matrix", "result": series}
    return says(json.dumps({"status": "success", "data": data, "warnings": warnings}).encode())


MAYBE_NATIVE = answer(("0u", "1", "1"))


def test_native_histograms_are_asked_for_where_there_may_be_any() -> None:
    with scripted(MAYBE_NATIVE, native_answer(native(3, 8))) as (server, source):
        (interval,) = look(source, latency(buckets="seconds"))
    (grew,) = interval.samples["latency"]["canary"].values()
    assert grew == Histogram((1.0, 2.0, math.inf), (0.0, 5.0, 5.0), 0.0)
    assert len(server.requests) == 2
    query = server.requests[1].form["query"]
    assert query == ('sum by (pod,prometheus_replica,__replica__) (seconds{track="canary",le=""})')


def test_classic_histograms_are_one_question() -> None:
    series = [({"judge_branch": "0s", "pod": "a", "le": le}, [(0.0, "3"), (60.0, grown)])
              for le, grown in (("0.1", "5"), ("+Inf", "9"))]  # fmt: skip
    with scripted(says(matrix(*series))) as (server, source):
        (interval,) = look(source, latency())
    assert interval.samples["latency"]["canary"] == {"a": Histogram((0.1, math.inf), (2.0, 6.0))}
    assert len(server.requests) == 1


def test_native_histograms_that_cannot_be_had_cost_their_metric_alone() -> None:
    joined = answer(*GREW, ("2u", "1", "1"))
    with scripted(joined, error("bad_data", "no", status=400)) as (_, source):
        (interval,) = look(source, error_rate(), latency())
    assert set(interval.samples) == {"error-rate"}
    assert interval.absent == {"latency": {"canary": Absence.UNREACHABLE}}


def test_native_histograms_that_cannot_be_had_are_an_error_where_nothing_else_was_asked() -> None:
    with (
        scripted(MAYBE_NATIVE, error("bad_data", "no such thing", status=400)) as (_, source),
        pytest.raises(SourceRejected, match="no such thing"),
    ):
        look(source, latency())


def test_a_partial_answer_of_native_histograms_is_none() -> None:
    with scripted(MAYBE_NATIVE, native_answer(native(3, 8), warnings=("a store is down",))) as (
        _,
        source,
    ):
        (interval,) = look(source, latency())
    assert interval.samples == {}
    assert interval.absent == {"latency": {"canary": Absence.PARTIAL}}


def test_native_histograms_that_are_too_much_are_asked_for_in_shorter_stretches() -> None:
    lengths = []

    def busy(handler: Handler) -> None:
        form = handler.server.requests[-1].form
        if "judge_branch" in form["query"]:
            says(matrix(({"judge_branch": "0u", "pod": "a"}, [(0.0, "1")])))(handler)
            return
        points = 1 + round((float(form["end"]) - float(form["start"])) / 60)
        lengths.append(points)
        (error("timeout", "too long", status=503) if points > 100 else says(matrix()))(handler)

    with scripted(busy) as (_, source):
        look(source, latency(), intervals=240)
    assert lengths == [241, 120, 60, 60, 121, 60, 61]


def test_the_replica_that_is_ahead_counts() -> None:
    pair = native_answer(native(5, 7, replica="one"), native(4, 8, replica="two"))
    with scripted(MAYBE_NATIVE, pair) as (_, source):
        (interval,) = look(source, latency())
    (grew,) = interval.samples["latency"]["canary"].values()
    assert isinstance(grew, Histogram)
    assert grew.total == 3
