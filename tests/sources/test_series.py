"""Series of values, against servers that follow a script: what is asked, and what becomes of it.

What real servers say is in tests/integration.
"""

from __future__ import annotations

import contextlib
import json
import math
from collections.abc import Iterator
from dataclasses import replace

import pytest

from judge.errors import QueryTooLarge, SourceError, SourceRejected, SourceUnavailable
from judge.sources.prometheus import PrometheusSource
from judge.sources.retries import Retries
from judge.spec.resolved import JudgeName, Metric, PrometheusConfig, Query, Reading
from judge.stats.samples import Absence, Count, Interval, Series
from tests.kayenta_cases import Case, parametrized
from tests.servers.analyses import analysis, error_rate, series
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
NOTHING = says(matrix())
REFUSED = error("bad_data", "no such function", status=400)
OVERLOADED = error("timeout", "query timed out", status=503)


@contextlib.contextmanager
def scripted(*script: Behaviour, now: float = NOW) -> Iterator[tuple[Server, PrometheusSource]]:
    """A server with a script, and a source of it that does not really sleep."""
    with (
        misbehaving(*script) as server,
        PrometheusSource(
            PrometheusConfig(address=server.address),
            clock=lambda: now,
            sleep=lambda seconds: None,
            retries=Retries(tries=2),
        ) as source,
    ):
        yield server, source


def look(
    source: PrometheusSource,
    *metrics: Metric,
    intervals: int = 1,
    step: float = 120.0,
    tracks: tuple[str, ...] = ("canary",),
) -> list[Interval]:
    asked = replace(analysis(*metrics, interval=step), judge=JudgeName.KAYENTA)
    return source.read(
        asked, start=0.0, end=intervals * step, step=step, tracks=tracks, thorough=False
    )


def spans(server: Server) -> list[tuple[str, str, str]]:
    """Start, end and step of the range queries."""
    return [(one.form["start"], one.form["end"], one.form["step"]) for one in server.requests]


def by_track(*, baseline: Behaviour, canary: Behaviour) -> Behaviour:
    """Another answer for each track: their queries are asked at the same time."""

    def behave(handler: Handler) -> None:
        query = handler.asked.form["query"]
        (baseline if 'track="baseline"' in query else canary)(handler)

    return behave


def counting(labels: dict[str, str]) -> Behaviour:
    """Answer every point with its own time."""

    def behave(handler: Handler) -> None:
        form = handler.asked.form
        if "time" in form:
            one = {"metric": labels, "value": [float(form["time"]), form["time"]]}
            data = {"resultType": "vector", "result": [one]}
            handler.answer(json.dumps({"status": "success", "data": data}).encode())
            return
        start, end, step = (float(form[name]) for name in ("start", "end", "step"))
        times = [start + k * step for k in range(int((end - start) / step + 1e-6) + 1)]
        handler.answer(matrix((labels, [(at, f"{at:g}") for at in times])))

    return behave


def test_a_look_is_one_range_query_as_it_is_written_with_both_ends() -> None:
    values = [(0.0, "1.5"), (60.0, "NaN"), (120.0, "+Inf")]
    with scripted(says(matrix(({"b": "2", "__name__": "m", "a": "1"}, values)))) as (
        server,
        source,
    ):
        (interval,) = look(source, series())
    assert spans(server) == [("0.000", "120.000", "60.000")]
    assert server.requests[0].form["query"] == 'sum(rate(m{track="canary"}[1m]))'
    (found,) = interval.samples["values"]["canary"].items()
    assert found[0] == '{"a":"1","b":"2"}'
    assert isinstance(found[1], Series)
    assert found[1].at == (0.0, 60.0, 120.0)
    assert found[1].values[::2] == (1.5, math.inf)
    assert math.isnan(found[1].values[1])
    assert interval.absent == {"values": {"canary": Absence.NOT_FINITE}}


@parametrized("promResponse")
def test_answers_are_read_as_kayenta_reads_them(case: Case) -> None:
    result = case["response"]["data"]["result"]
    times = [at for one in result for at, _ in one["values"]] or [0.0, 60.0]
    first, last = min(times), max(times)
    expected = case["expected"]
    step = float(expected.get("stepSecs", 60.0))
    asked = replace(analysis(series(step=step)), judge=JudgeName.KAYENTA)
    with scripted(says(json.dumps(case["response"]).encode()), now=1e12) as (_, source):
        (interval,) = source.read(
            asked,
            start=first,
            end=last,
            step=last - first,
            tracks=["canary"],
            thorough=False,
        )
    found = interval.samples.get("values", {}).get("canary", {})
    if expected.get("series", ()) is None:
        assert found == {}
        assert interval.absent == {"values": {"canary": Absence.NO_DATA}}
        return
    ((labels, one),) = found.items()
    assert isinstance(one, Series)
    assert json.loads(labels) == expected["tags"]
    assert list(one.values) == expected["values"]
    assert one.at == tuple(index * step for index in range(len(expected["values"])))


def test_where_nothing_is_said_there_is_no_value() -> None:
    with scripted(says(matrix(({}, [(60.0, "3")])))) as (_, source):
        (interval,) = look(source, series())
    assert interval.samples == {"values": {"canary": {"{}": Series((60.0,), (3.0,))}}}
    assert interval.absent == {}


def test_the_window_of_a_query_may_begin_elsewhere_and_last_longer() -> None:
    metric = series(begins=-300.0, lasts=600.0)
    with scripted(counting({})) as (server, source):
        (interval,) = look(source, metric)
    assert spans(server) == [("-300.000", "300.000", "60.000")]
    one = interval.samples["values"]["canary"]["{}"]
    assert isinstance(one, Series)
    assert one.at == tuple(60.0 * k for k in range(11))
    assert one.values == tuple(-300.0 + 60.0 * k for k in range(11))
    assert (interval.start, interval.end) == (0.0, 120.0)


@pytest.mark.parametrize(
    ("metric", "questions"),
    [
        pytest.param(series(step=60.0), 1, id="points in common"),
        pytest.param(series(step=60.0, begins=-90.0), 1, id="from earlier on"),
        pytest.param(series(step=60.0, lasts=300.0), 1, id="longer than the interval"),
        pytest.param(series(step=50.0), 4, id="no points in common"),
        pytest.param(series(step=240.0), 4, id="a step longer than the interval"),
    ],
)
def test_several_intervals_have_what_each_had_by_itself(metric: Metric, questions: int) -> None:
    with scripted(counting({})) as (server, source):
        together = look(source, metric, intervals=4)
        assert len(server.requests) == questions
        asked = replace(analysis(metric, interval=120.0), judge=JudgeName.KAYENTA)
        alone = [
            source.read(
                asked,
                start=index * 120.0,
                end=(index + 1) * 120.0,
                step=120.0,
                tracks=["canary"],
                thorough=False,
            )[0]
            for index in range(4)
        ]
    assert together == alone
    assert all(one.samples for one in together)


def test_more_points_than_a_server_allows_are_several_questions() -> None:
    with scripted(counting({})) as (server, source):
        (interval,) = look(source, series(step=1.0), step=11_500.0)
    assert spans(server) == [("0.000", "10999.000", "1.000"), ("11000.000", "11500.000", "1.000")]
    one = interval.samples["values"]["canary"]["{}"]
    assert isinstance(one, Series)
    assert one.values == tuple(range(11_501))


def test_fresh_points_are_asked_for_one_by_one_and_those_to_come_together() -> None:
    with scripted(counting({}), now=300.0) as (server, source):
        (interval,) = look(source, series(step=20.0), step=600.0)
    ranges = [(one.form["start"], one.form["end"]) for one in server.requests if "end" in one.form]
    instants = [one.form["time"] for one in server.requests if "time" in one.form]
    assert ranges == [("0.000", "260.000"), ("340.000", "600.000")]
    assert instants == ["280.000", "300.000", "320.000"]
    one = interval.samples["values"]["canary"]["{}"]
    assert isinstance(one, Series)
    assert one.values == tuple(20.0 * k for k in range(31))


def test_a_scalar_is_a_series_without_labels() -> None:
    body = b'{"status":"success","data":{"resultType":"scalar","result":[0,"7"]}}'
    with scripted(says(body)) as (_, source):
        (interval,) = look(source, series(step=240.0))
    assert interval.samples["values"]["canary"] == {"{}": Series((0.0,), (7.0,))}


def test_label_sets_that_differ_in_the_name_alone_keep_it() -> None:
    alike = [
        ({"__name__": name, "a": "1"}, [(0.0, value)]) for name, value in (("m", "1"), ("n", "2"))
    ]
    with scripted(says(matrix(*alike, ({"__name__": "m", "a": "2"}, [(0.0, "3")])))) as (_, source):
        (interval,) = look(source, series())
    assert interval.samples["values"]["canary"] == {
        '{"__name__":"m","a":"1"}': Series((0.0,), (1.0,)),
        '{"__name__":"n","a":"1"}': Series((0.0,), (2.0,)),
        '{"a":"2"}': Series((0.0,), (3.0,)),
    }


def test_an_answer_in_part_is_a_hole() -> None:
    partial = says(matrix(({}, [(0.0, "1")]), warnings=["a store was out of reach"]))
    with scripted(partial) as (_, source):
        (interval,) = look(source, series())
    assert interval.samples == {}
    assert interval.absent == {"values": {"canary": Absence.PARTIAL}}


def test_a_query_that_is_refused_is_a_hole_of_its_own() -> None:
    script = by_track(baseline=REFUSED, canary=says(matrix(({}, [(0.0, "1")]))))
    with scripted(script) as (_, source):
        (interval,) = look(source, series(), tracks=("baseline", "canary"))
    assert interval.samples == {"values": {"canary": {"{}": Series((0.0,), (1.0,))}}}
    assert interval.absent == {"values": {"baseline": Absence.UNREACHABLE}}


def test_where_every_query_is_refused_the_reason_is_told() -> None:
    with scripted(REFUSED) as (_, source), pytest.raises(SourceRejected, match="no such function"):
        look(source, series(), tracks=("baseline", "canary"))


def test_a_server_that_is_silent_is_to_be_asked_again() -> None:
    ready = says(matrix(({}, [(0.0, "1")])))
    script = by_track(baseline=ready, canary=hangs_up)
    with scripted(script) as (server, source), pytest.raises(SourceUnavailable):
        look(source, series(), tracks=("baseline", "canary"))
    assert len(server.requests) == 3


def test_of_many_queries_of_a_silent_server_no_more_are_asked_than_are_under_way() -> None:
    many = [series(f"m{i}") for i in range(20)]
    with scripted(hangs_up) as (server, source), pytest.raises(SourceUnavailable):
        look(source, *many, tracks=("baseline", "canary"))
    assert len(server.requests) < 40


def test_many_queries_are_put_together_by_metric_and_track() -> None:
    many = [series(f"m{i}", expr=f"{i} * m{{{{{{selector}}}}}}") for i in range(12)]

    def behave(handler: Handler) -> None:
        query = handler.asked.form["query"]
        said = query.split(" ")[0] + ("" if "canary" in query else ".5")
        handler.answer(matrix(({}, [(0.0, said)])))

    with scripted(behave) as (_, source):
        (interval,) = look(source, *many, tracks=("baseline", "canary"))
    for i in range(12):
        assert interval.samples[f"m{i}"] == {
            "baseline": {"{}": Series((0.0,), (i + 0.5,))},
            "canary": {"{}": Series((0.0,), (float(i),))},
        }


def test_what_is_too_much_at_once_is_asked_for_in_halves() -> None:
    def behave(handler: Handler) -> None:
        form = handler.asked.form
        long = float(form["end"]) - float(form["start"]) > 700.0
        (OVERLOADED if long else counting({}))(handler)

    with scripted(behave) as (_, source):
        (interval,) = look(source, series(step=1.0), step=1200.0)
    one = interval.samples["values"]["canary"]["{}"]
    assert isinstance(one, Series)
    assert one.values == tuple(range(1201))


def test_what_is_too_much_in_any_part_is_told() -> None:
    with scripted(OVERLOADED) as (_, source), pytest.raises(QueryTooLarge):
        look(source, series(step=1.0), step=1200.0)


def answers(*, series_with: Behaviour, others_with: Behaviour) -> Behaviour:
    """One answer to a query that is sent as it is written, another to those that are marked."""

    def behave(handler: Handler) -> None:
        marked = "judge_branch" in handler.asked.form["query"]
        (others_with if marked else series_with)(handler)

    return behave


GREW = says(
    matrix(
        ({"judge_branch": "0s", "pod": "a"}, [(0.0, "3"), (120.0, "5")]),
        ({"judge_branch": "1s", "pod": "a"}, [(0.0, "100"), (120.0, "150")]),
        ({"judge_branch": "0d", "pod": "a"}, [(0.0, "1")]),
        ({"judge_branch": "1d", "pod": "a"}, [(0.0, "1")]),
    )
)


def test_other_kinds_are_read_beside_them_as_ever() -> None:
    script = answers(series_with=counting({}), others_with=GREW)
    with scripted(script) as (server, source):
        (interval,) = look(source, error_rate(), series(step=120.0))
    assert interval.samples == {
        "error-rate": {"canary": {"a": Count(2, 50)}},
        "values": {"canary": {"{}": Series((0.0, 120.0), (0.0, 120.0))}},
    }
    assert len(server.requests) == 2


def test_what_only_the_series_lack_is_their_hole() -> None:
    script = answers(series_with=REFUSED, others_with=GREW)
    with scripted(script) as (_, source):
        (interval,) = look(source, error_rate(), series())
    assert interval.samples == {"error-rate": {"canary": {"a": Count(2, 50)}}}
    assert interval.absent["values"]["canary"] is Absence.UNREACHABLE


def test_what_only_the_others_lack_is_theirs() -> None:
    script = answers(series_with=counting({}), others_with=REFUSED)
    with scripted(script) as (_, source):
        (interval,) = look(source, error_rate(), series())
    assert set(interval.samples) == {"values"}
    assert interval.absent["error-rate"]["canary"] is Absence.UNREACHABLE


def test_series_that_cannot_be_read_for_now_are_no_hole_beside_others() -> None:
    script = answers(series_with=hangs_up, others_with=GREW)
    with scripted(script) as (_, source), pytest.raises(SourceUnavailable):
        look(source, error_rate(), series())


def test_without_a_query_there_is_nothing_to_read() -> None:
    bare = replace(series(), queries={})
    with (
        scripted(NOTHING) as (_, source),
        pytest.raises(SourceError, match="has a query for canary"),
    ):
        look(source, bare)


def test_a_track_that_only_one_metric_asks_for_is_absent_in_the_other() -> None:
    other = replace(series("other"), queries={"baseline": {"values": Query("m", Reading.SERIES)}})
    with scripted(counting({})) as (_, source):
        (interval,) = look(source, series(), other)
    assert interval.absent == {"other": {"canary": Absence.NO_DATA}}


def test_the_scrape_interval_is_that_of_the_selectors_within_a_query() -> None:
    expr = 'sum(rate(http_total{{code=~"5..",{selector}}}[1m])) / on () up{{x="}}"}}'
    densest = vector(({"judge_branch": "1", "pod": "a"}, "40"))
    raw = matrix(({}, [(0.0, "1"), (15.0, "2"), (30.0, "3")]))
    with scripted(says(densest), says(raw)) as (server, source):
        found = source.scrape_interval(analysis(series(expr=expr)), at=60.0)
    assert found == 15.0
    asked = server.requests[0].form["query"]
    assert 'http_total{code=~"5..",track="baseline"}[600s]' in asked
    assert server.requests[1].form["query"].startswith('up{x="}",pod="a"}')
