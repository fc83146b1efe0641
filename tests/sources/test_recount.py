"""The queries that settle doubts, and what is made of odd answers to them."""

from __future__ import annotations

import contextlib
import json
import math
from collections.abc import Collection, Iterator, Mapping, Sequence

import pytest

from judge.sources.client import PrometheusClient
from judge.sources.queries import Branch
from judge.sources.raw_samples import Window
from judge.sources.recount import Recount
from judge.sources.retries import Retries
from judge.spec.resolved import PrometheusConfig, Query
from judge.stats.samples import Count, Histogram
from tests.servers.misbehaving import Behaviour, Server, error, matrix, misbehaving, says, vector

WINDOW = Window(1000.0, 1060.0)
REACH = 3600.0
EVENTS = Branch("m", "canary", "events", Query('r_total{code="500"}'))
TOTAL = Branch("m", "canary", "total", Query("r_total"))
OK = {"__name__": "r_total", "pod": "a", "code": "200"}
BAD = {"__name__": "r_total", "pod": "a", "code": "500"}
NONE = says(matrix())


@contextlib.contextmanager
def recounting(*script: Behaviour) -> Iterator[tuple[Server, Recount]]:
    with misbehaving(*script) as server:
        config = PrometheusConfig(address=server.address)
        client = PrometheusClient(config, retries=Retries(tries=1))
        with contextlib.closing(client):
            yield server, Recount(client, config, REACH)


def counts(
    recount: Recount, pods: Collection[str] = ("a",), *, total: Branch = TOTAL, first: bool = False
) -> Mapping[str, Count | None] | None:
    return recount.counts(EVENTS, total, pods, WINDOW, first=first)


def samples(labels: Mapping[str, str], *pairs: tuple[float, str]) -> Behaviour:
    return says(matrix((labels, pairs)))


def asked(server: Server) -> list[tuple[str, str]]:
    return [(one.form["query"], one.form["time"]) for one in server.requests]


def test_raw_samples_are_read_from_before_the_window() -> None:
    before_and_after = samples(OK, (990, "10"), (1050, "13"))
    with recounting(before_and_after, NONE) as (server, recount):
        assert counts(recount) == {"a": Count(0, 3)}
    assert asked(server) == [
        ('r_total{pod=~"a"}[360s]', "1060.000"),
        ('r_total{code="500",pod=~"a"}[360s]', "1060.000"),
    ]


def test_what_looks_newborn_is_looked_for_a_day_back() -> None:
    total = samples(OK, (990, "10"), (1050, "13"))
    born = samples(BAD, (1050, "7"))
    with recounting(total, born, says(vector((BAD, "6")))) as (server, recount):
        assert counts(recount) == {"a": Count(1, 3)}
    assert asked(server)[2] == (
        'last_over_time(r_total{code="500",pod=~"a"}[86400s])',
        "1000.000",
    )


def test_what_was_no_number_before_a_gap_is_not_newborn() -> None:
    total = samples(OK, (990, "10"), (1050, "13"))
    back = samples(BAD, (1050, "7000"))
    with recounting(total, back, says(vector((BAD, "NaN")))) as (_, recount):
        found = counts(recount)
    assert found is not None
    assert found["a"] is not None
    assert math.isnan(found["a"].events)


def test_marks_of_staleness_are_no_samples() -> None:
    gone = samples(OK, (990, "10"), (1020, "12"), (1050, "NaN"))
    with recounting(gone, NONE) as (_, recount):
        assert counts(recount) == {"a": Count(0, 2)}


def test_a_pod_that_nobody_knew_is_asked_for_its_age() -> None:
    born = samples(OK, (1050, "7"))
    started = 'process_start_time_seconds{pod=~"a"}'
    with recounting(born, says(vector()), NONE, says(vector())) as (server, recount):
        assert counts(recount) == {"a": Count(0, 7)}
    assert asked(server)[3] == (
        f"{started} unless last_over_time({started}[86400s] offset 60s)",
        "1060.000",
    )


@pytest.mark.parametrize(("started", "total"), [("100", 0.0), ("990", 7.0), ("1040", 7.0)])
def test_a_process_older_than_its_series_was_only_found(started: str, total: float) -> None:
    answers = (samples(OK, (1050, "7")), says(vector()), NONE, says(vector((OK, started))))
    with recounting(*answers) as (_, recount):
        assert counts(recount) == {"a": Count(0, total)}


def test_where_nothing_was_known_before_nothing_is_newborn() -> None:
    with recounting(samples(OK, (1020, "7"), (1050, "9")), says(vector()), NONE) as (_, recount):
        assert counts(recount, first=True) == {"a": Count(0, 2)}


def test_the_same_samples_are_read_once() -> None:
    answers = (samples(OK, (990, "10"), (1050, "13")), NONE)
    with recounting(*answers) as (server, recount):
        assert counts(recount) == counts(recount)
    assert len(server.requests) == 2


def test_very_many_pods_are_read_without_naming_them() -> None:
    pods = [f"checkout-canary-7d9f8b6c5-{index:05}" for index in range(1000)]
    named = {**OK, "pod": pods[0]}
    answer = says(matrix(*[(one, [(990, "1"), (1050, "2")]) for one in (OK, named)]))
    with recounting(answer, NONE) as (server, recount):
        assert counts(recount, pods) == {pods[0]: Count(0, 1)}
    assert asked(server)[0][0] == "r_total{}[360s]"


def test_more_events_than_total_are_no_count() -> None:
    answers = (samples(OK, (990, "1"), (1050, "2")), samples(BAD, (990, "1"), (1050, "5")))
    with recounting(*answers) as (_, recount):
        assert counts(recount) == {"a": None}


UNSETTLED: Sequence[Behaviour] = (
    error("execution", "too many samples", status=422),
    says(matrix(warnings=["a store is out of reach"])),
    says(b"<html>"),
)


@pytest.mark.parametrize("behaviour", UNSETTLED, ids=["refused", "partial", "html"])
def test_what_cannot_be_read_whole_settles_nothing(behaviour: Behaviour) -> None:
    with recounting(behaviour) as (_, recount):
        assert counts(recount) is None


def test_an_expression_has_no_raw_samples() -> None:
    mixed = Branch("m", "canary", "total", Query("a_total + b_total"))
    with recounting(NONE) as (server, recount):
        assert counts(recount, total=mixed) is None
    assert server.requests == []


GONE = (samples(OK, (990, "10"), (1050, "13")), NONE)
LAST_SEEN = samples(BAD, (400, "4"), (415, "5"))


def missing(recount: Recount) -> Mapping[str, Count | None] | None:
    return recount.counts(EVENTS, TOTAL, ["a"], WINDOW, first=False, missed=["a"])


def test_where_events_are_missed_they_and_the_total_since_then_are_read() -> None:
    went_on = samples(OK, (415, "6"), (430, "7"), (1050, "13"))
    with recounting(*GONE, LAST_SEEN, went_on) as (server, recount):
        assert missing(recount) == {"a": None}
    assert asked(server)[2:] == [
        ('r_total{code="500",pod=~"a"}[3600s]', "1000.000"),
        ('r_total{pod=~"a"}[945s]', "1060.000"),
    ]


def test_a_process_that_began_anew_since_its_last_events_has_had_none() -> None:
    anew = samples(OK, (415, "6"), (430, "2"), (1050, "13"))
    with recounting(*GONE, LAST_SEEN, anew) as (_, recount):
        assert missing(recount) == {"a": Count(0, 3)}


def test_where_no_events_were_there_none_are_missed() -> None:
    with recounting(*GONE, NONE) as (server, recount):
        assert missing(recount) == {"a": Count(0, 3)}
    assert len(server.requests) == 3


@pytest.mark.parametrize("answers", [(), (LAST_SEEN,)], ids=["events", "total"])
def test_what_was_missed_and_cannot_be_read_settles_nothing(answers: Sequence[Behaviour]) -> None:
    refused = error("execution", "too many samples", status=422)
    with recounting(*GONE, *answers, refused) as (_, recount):
        assert missing(recount) is None


LATENCY = Branch("m", "canary", "buckets", Query("seconds"))
RATE = Branch("m", "canary", "value", Query("r_total"))
SERIES = {"__name__": "seconds", "pod": "a"}


def held(count: int) -> dict[str, object]:
    """A native histogram of so many just above 1."""
    return {"count": str(count), "sum": "0", "buckets": [[0, "1", "2", str(count)]]}


def native(kind: str, **series: object) -> Behaviour:
    data = {"resultType": kind, "result": [{"metric": SERIES, **series}]}
    return says(json.dumps({"status": "success", "data": data}).encode())


AFTER_A_GAP = native("matrix", histograms=[[1050, held(7)]])


def histograms(recount: Recount) -> Mapping[str, Histogram | None] | None:
    return recount.histograms(LATENCY, ["a"], WINDOW, first=False)


def test_a_native_histogram_is_recounted_from_its_samples() -> None:
    samples = native("matrix", histograms=[[990, held(3)], [1020, held(5)], [1050, held(4)]])
    with recounting(samples) as (server, recount):
        # Two more, then a reset and four.
        assert histograms(recount) == {"a": Histogram((1.0, 2.0, math.inf), (0.0, 6.0, 6.0), 0.0)}
    assert asked(server) == [('seconds{pod=~"a"}[360s]', "1060.000")]


def test_one_that_is_back_after_a_gap_goes_on_from_what_it_held() -> None:
    with recounting(AFTER_A_GAP, native("vector", histogram=[1000, held(3)])) as (_, recount):
        assert histograms(recount) == {"a": Histogram((1.0, 2.0, math.inf), (0.0, 4.0, 4.0), 0.0)}


def test_where_the_server_tells_only_that_it_was_there_it_is_searched_for() -> None:
    there = native("vector", value=[1000, "0"])
    about = native("matrix", histograms=[[-2000, held(1)], [-1700, held(2)]])
    exactly = native("matrix", histograms=[[-1710, held(2)], [-1695, held(3)]])
    with recounting(AFTER_A_GAP, there, about, exactly) as (server, recount):
        assert histograms(recount) == {"a": Histogram((1.0, 2.0, math.inf), (0.0, 4.0, 4.0), 0.0)}
    points, samples = server.requests[2].form, server.requests[3].form
    assert (points["start"], points["end"], points["step"]) == ("-85400.000", "1000.000", "300.000")
    assert (samples["query"], samples["time"]) == ('seconds{pod=~"a"}[600s]', "-1400.000")


def test_where_nobody_tells_what_it_held_it_is_no_histogram() -> None:
    there = native("vector", value=[1000, "0"])
    with recounting(AFTER_A_GAP, there, NONE, says(vector())) as (_, recount):
        assert histograms(recount) == {"a": None}


def test_classic_buckets_are_recounted_together() -> None:
    buckets = {"0.1": [(990, "2"), (1050, "6")], "+Inf": [(990, "50"), (1050, "8")]}
    samples = says(matrix(*[({**SERIES, "le": le}, pairs) for le, pairs in buckets.items()]))
    with recounting(samples) as (_, recount):
        assert histograms(recount) == {"a": Histogram((0.1, math.inf), (6.0, 8.0))}


def test_the_growth_of_a_single_counter_is_told() -> None:
    with recounting(samples(OK, (990, "10"), (1020, "13"), (1050, "4"))) as (_, recount):
        assert recount.growths(RATE, ["a"], WINDOW, first=False) == {"a": 7.0}


@pytest.mark.parametrize("behaviour", UNSETTLED, ids=["refused", "partial", "html"])
def test_what_cannot_be_read_whole_settles_nothing_of_any_kind(behaviour: Behaviour) -> None:
    with recounting(behaviour) as (_, recount):
        assert histograms(recount) is None
        assert recount.growths(RATE, ["a"], WINDOW, first=False) is None


def test_what_a_counter_grew_by_in_a_gap_is_not_how_fast_it_grows_now() -> None:
    after, before = samples(OK, (1050, "700")), says(vector((OK, "100")))
    with recounting(after, before) as (_, recount):
        assert recount.growths(RATE, ["a"], WINDOW, first=False) == {}
