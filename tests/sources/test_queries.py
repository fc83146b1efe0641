"""What is asked for an analysis."""

from __future__ import annotations

import re

import pytest

from judge.sources.queries import Branch, What, branches, deduplicated, joined, unmarked
from judge.spec.promql import check_brackets
from judge.spec.resolved import PrometheusConfig, Query, Reading
from tests.servers.analyses import analysis, error_rate, gauge, latency


def test_a_branch_for_each_metric_track_and_part() -> None:
    one = analysis(error_rate("a"), error_rate("b"))
    found = branches(one.metrics, ["canary", "shadow"])
    assert [(branch.metric, branch.track, branch.part) for branch in found] == [
        ("a", "canary", "events"),
        ("a", "canary", "total"),
        ("b", "canary", "events"),
        ("b", "canary", "total"),
    ]


def test_everything_is_asked_at_once_and_each_term_is_marked() -> None:
    asked = branches(analysis().metrics, ["baseline", "canary"])
    query = joined(asked, PrometheusConfig(), step=60, reach=3600)
    check_brackets(query)
    marks = re.findall(r'"judge_branch","(\w+)"', query)
    assert marks == ["0s", "0d", "0g", "1s", "1d", "2s", "2d", "2g", "3s", "3d"]
    assert "by (pod)" in query
    assert "max without (prometheus_replica,__replica__)" in query


def test_a_gauge_needs_no_doubts() -> None:
    one = analysis(error_rate(reading=Reading.GAUGE))
    query = joined(branches(one.metrics, ["canary"]), PrometheusConfig(), step=60, reach=3600)
    assert re.findall(r'"judge_branch","(\w+)"', query) == ["0s", "1s"]


def test_what_came_went_or_was_reset_is_looked_for() -> None:
    asked = branches(analysis().metrics, ["canary"])
    query = joined(asked, PrometheusConfig(replica_labels=()), step=60, reach=3600)
    now = 'http_requests_total{track="canary"}'
    before = f"{now} offset 60s"
    assert (
        f"count by (pod) (({now} unless {before}) or ({before} unless {now}) "
        f"or resets({now}[360s]) > resets({now}[300s] offset 60s))"
    ) in query


def test_pods_whose_events_are_gone_are_looked_for() -> None:
    asked = branches(analysis().metrics, ["canary"])
    query = joined(asked, PrometheusConfig(), step=60, reach=5400)
    events = 'http_requests_total{track="canary",code=~"5.."}'
    assert (
        f"count by (pod) (last_over_time({events}[5400s])) "
        f"unless count by (pod) ({events} or {events} offset 60s)"
    ) in query


@pytest.mark.parametrize("expr", ["a_total + b_total", '{__name__=~"a_total|b_total"}'])
def test_more_than_one_counter_has_a_sum_and_a_number_of_series(expr: str) -> None:
    asked = branches(analysis().metrics, ["canary"])[:1]
    mixed = type(asked[0])("a", "canary", "total", Query(expr))
    query = joined([mixed], PrometheusConfig(), step=60, reach=3600)
    assert re.findall(r'"judge_branch","(\w+)"', query) == ["0s", "0c"]


def test_labels_of_pods_and_replicas_are_the_configurations() -> None:
    config = PrometheusConfig(pod_label="kubernetes_pod_name", replica_labels=("ha",))
    query = joined(branches(analysis().metrics, ["canary"]), config, step=60, reach=3600)
    assert "by (kubernetes_pod_name)" in query
    assert "max without (ha)" in query


def test_without_replica_labels_nothing_is_deduplicated() -> None:
    assert deduplicated(Query("up"), PrometheusConfig(replica_labels=())) == "up"


def test_several_metric_names_stay_apart_when_replicas_are_merged() -> None:
    merged = deduplicated(Query('{__name__=~"a_total|b_total"}'), PrometheusConfig())
    assert '"judge_name","$1","__name__"' in merged


@pytest.mark.parametrize("mark", ["", "s", "3", "3x", "x3s"])
def test_a_mark_that_is_none_of_ours_is_refused(mark: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        unmarked(mark)


def test_a_mark_is_read_back() -> None:
    assert unmarked("12d") == (12, What.DOUBTS)


def test_a_histogram_is_asked_for_by_bound_and_its_doubts_by_pod() -> None:
    asked = branches([latency(buckets="seconds_bucket")], ["canary"])
    query = joined(asked, PrometheusConfig(replica_labels=()), step=60, reach=3600)
    check_brackets(query)
    assert re.findall(r'"judge_branch","(\w+)"', query) == ["0s", "0p", "0u", "0d"]
    assert 'sum by (pod,le) (seconds_bucket{track="canary"})' in query
    assert 'count by (pod) (seconds_bucket{track="canary",le=""})' in query
    one_each = 'seconds_bucket{track="canary",le=~"|\\\\+Inf"}'
    assert f"{one_each} unless {one_each} offset 60s" in query


def test_buckets_of_several_names_have_a_number_of_series() -> None:
    several = Branch("a", "canary", "buckets", Query('{__name__=~"a_bucket|b_bucket"}'))
    query = joined([several], PrometheusConfig(), step=60, reach=3600)
    assert re.findall(r'"judge_branch","(\w+)"', query) == ["0s", "0p", "0u", "0c"]


def test_a_rate_is_a_counter_with_doubts_and_a_gauge_has_none() -> None:
    asked = branches([gauge("a", reading=Reading.COUNTER), gauge("b")], ["canary"])
    query = joined(asked, PrometheusConfig(), step=60, reach=3600)
    assert [one.part for one in asked] == ["value", "value"]
    assert re.findall(r'"judge_branch","(\w+)"', query) == ["0s", "0d", "1s"]
