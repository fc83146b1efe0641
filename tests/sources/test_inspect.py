"""What each query of an analysis finds just now."""

from __future__ import annotations

from dataclasses import replace

import pytest

from judge.errors import SettingsError
from judge.sources.inspect import TrackReport, inspect
from judge.spec.resolved import PrometheusConfig
from tests.servers.analyses import analysis, series
from tests.servers.misbehaving import error, misbehaving, says, vector


def test_each_query_is_asked_by_itself_and_its_error_is_its_own() -> None:
    found = vector(({"judge_branch": "series"}, "6"), ({"judge_branch": "pods"}, "3"))
    refused = error("bad_data", "parse error", status=400)
    with misbehaving(says(found), refused, says(vector())) as server:
        reports = inspect(analysis(address=server.address), at=100.0)
    assert reports[0] == TrackReport("error-rate", "baseline", "events", 6, 3)
    assert (reports[1].part, reports[1].series) == ("total", 0)
    assert reports[1].error.endswith("refused the query: parse error")
    assert reports[2:] == [
        TrackReport("error-rate", "canary", part, 0, 0) for part in ("events", "total")
    ]
    assert {one.form["time"] for one in server.requests} == {"100.000"}


def test_the_query_of_a_series_is_asked_as_it_is_and_its_label_sets_are_no_pods() -> None:
    found = vector(({"route": "cart"}, "6"), ({"route": "pay"}, "NaN"))
    refused = error("bad_data", "parse error", status=400)
    asked = replace(analysis(series(expr="m{{{selector}}} * 2")), baseline_offset=60.0)
    with misbehaving(says(found), refused) as server:
        config = PrometheusConfig(server.address)
        reports = inspect(replace(asked, prometheus=config), at=100.0)
        forms = [one.form for one in server.requests]
    assert reports[0] == TrackReport("values", "baseline", "values", 2, 0)
    assert reports[1].error.endswith("refused the query: parse error")
    assert [(one["query"], one["time"]) for one in forms] == [
        ('m{track="baseline"} * 2', "40.000"),
        ('m{track="canary"} * 2', "100.000"),
    ]


def test_without_an_address_there_is_nobody_to_ask() -> None:
    with pytest.raises(SettingsError, match="--prometheus"):
        inspect(analysis(), at=100.0)
