from __future__ import annotations

from typing import Any

import pytest

from judge.spec.loading import load_analysis_document
from judge.spec.promql_shapes import Measured, measured, shape_of
from judge.spec.resolved import Kind, Metric

T = 'track="{{ track }}"'
ALL = f"sum(rate(http_requests_total{{{T}}}[5m]))"
BAD = f'sum(rate(http_requests_total{{{T},code=~"5.."}}[5m]))'
OK = f'sum(rate(http_requests_total{{{T},code!~"5.."}}[5m]))'
TWO = f'sum(rate(http_requests_total{{{T},code!~"5..",path!="/x"}}[5m]))'
TAIL = f"histogram_quantile(0.95, sum(rate(t_seconds_bucket{{{T}}}[5m])) by (le))"
MEAN = f"sum(rate(t_seconds_sum{{{T}}}[5m])) / sum(rate(t_seconds_count{{{T}}}[5m])) * 1000"
LEVEL = f"max(queue_length{{{T}}})"


def one(expr: str, **said: Any) -> Measured:
    (found,) = measured(shape_of(expr), name="metric", **said)
    return found


def loaded(*metrics: Measured) -> tuple[Metric, ...]:
    """The metrics of an analysis that holds them, as they are judged."""
    return load_analysis_document(
        {
            "apiVersion": "judge/v1",
            "kind": "Analysis",
            "metadata": {"name": "made"},
            "spec": {
                "tracks": {"baseline": {"selector": 'a="1"'}, "canary": {"selector": 'a="2"'}},
                "metrics": [metric.written() for metric in metrics],
            },
        }
    ).metrics


@pytest.mark.parametrize(
    ("expr", "said", "events", "rules"),
    [
        # An upper end holds the events themselves.
        (f"{BAD} / {ALL}", {"max": 0.05}, 'code=~"5.."', {"direction": "increase", "max": 0.05}),
        (f"{BAD} / {ALL} * 100", {"max": 1}, 'code=~"5.."', {"direction": "increase", "max": 0.01}),
        (f"{BAD} / {ALL}", {"max": 0}, 'code=~"5.."', {"direction": "increase", "max": 0.0}),
        # A lower end of a success rate holds the failures.
        (f"{OK} / {ALL} * 100", {"min": 99}, 'code=~"5.."', {"direction": "increase", "max": 0.01}),
        (f"{OK} / {ALL}", {"min": 0.95, "max": 1}, 'code=~"5.."',
         {"direction": "increase", "max": 0.05}),
        (f"100 - {OK} / {ALL} * 100", {"max": 5}, 'code=~"5.."',
         {"direction": "increase", "max": 0.05}),
        (f"1 - {BAD} / {ALL}", {"min": 0.9}, 'code=~"5.."', {"direction": "increase", "max": 0.1}),
        (f"{OK} / {ALL} * 100", {}, 'code=~"5.."', {"direction": "increase"}),
        (f"{BAD} / {ALL}", {}, 'code=~"5.."', {"direction": "increase"}),
        # Several matchers have no opposite: the successes are held.
        (f"{TWO} / {ALL} * 100", {"min": 99}, 'code!~"5..", path!="/x"',
         {"direction": "decrease", "min": 0.99}),
        (f"{BAD} / {ALL}", {"min": 0.1, "max": 0.2}, 'code=~"5.."',
         {"direction": "either", "min": 0.1, "max": 0.2}),
        # The range is of a multiple of the query's value.
        (f"{BAD} / {ALL}", {"max": 5, "scale": 100}, 'code=~"5.."',
         {"direction": "increase", "max": 0.05}),
    ],
)  # fmt: skip
def test_a_share(expr: str, said: dict[str, Any], events: str, rules: dict[str, Any]) -> None:
    metric = one(expr, **said, compared=True)
    limit = {"increase": 1.25, "decrease": 0.8, "either": 1.25}[rules["direction"]]
    assert metric.rules == {**rules, "limit": {"ratio": limit}}
    assert metric.queries == {
        "events": f"http_requests_total{{{T}, {events}}}",
        "total": f"http_requests_total{{{T}}}",
    }
    (judged,) = loaded(metric)
    assert judged.kind is Kind.PROPORTION


def test_a_share_that_cannot_be_compared_is_held_to_its_bound_alone() -> None:
    metric = one(f"{OK} / {ALL}", min=0.99, compared=False)
    assert metric.rules == {"direction": "increase", "max": 0.01}
    (judged,) = loaded(metric)
    assert judged.limit is None


def test_nothing_to_judge_is_no_metric() -> None:
    for expr in (f"{OK} / {ALL}", TAIL, MEAN, LEVEL):
        assert measured(shape_of(expr), name="metric", compared=False) == ()


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"max": 101}, "its range cannot be broken"),
        ({"min": 0, "max": 100}, "its range cannot be broken"),
        ({"min": 101}, "no release can keep its range"),
        ({"max": -1}, "no release can keep its range"),
    ],
)
def test_a_range_beyond_all_shares_is_told(said: dict[str, float], told: str) -> None:
    for compared in (True, False):
        metric = one(f"{OK} / {ALL} * 100", **said, compared=compared)
        assert any(told in remark for remark in metric.remarks)
        loaded(metric)


def test_two_counters_of_events_are_a_share_and_two_of_other_things_a_level() -> None:
    failures = "sum(rate(failures_total[5m])) / sum(rate(requests_total[5m]))"
    metric = one(failures, max=0.1, compared=False)
    assert (metric.kind, metric.rules["max"]) == (Kind.PROPORTION, 0.1)
    assert any("for a share" in remark for remark in metric.remarks)
    for expr, most in [
        (failures, 2),
        ("sum(rate(cpu_seconds_total[5m])) / sum(rate(requests_total[5m]))", 0.1),
        ("sum(rate(sent_bytes_total[5m])) / sum(rate(requests_total[5m]))", 0.1),
        ("sum(rate(a[5m])) / sum(rate(b[5m]))", 0.1),
    ]:
        metric = one(expr, max=most, compared=False)
        assert (metric.kind, metric.queries) == (Kind.GAUGE, {"value": expr})
        assert metric.rules == {"direction": "increase", "max": most}
        loaded(metric)


@pytest.mark.parametrize(
    ("expr", "said", "rules"),
    [
        (TAIL, {"max": 0.5}, {"direction": "increase", "max": 0.5, "quantile": 0.95}),
        (f"{TAIL} * 1000", {"max": 500}, {"direction": "increase", "max": 0.5, "quantile": 0.95}),
        (TAIL, {"max": 500, "scale": 1000},
         {"direction": "increase", "max": 0.5, "quantile": 0.95}),
        (TAIL.replace("0.95", "0.99"), {"max": 0.5}, {"direction": "increase", "max": 0.5}),
        (TAIL, {"min": 0.01}, {"direction": "decrease", "min": 0.01, "quantile": 0.95}),
        (TAIL, {"min": 0.01, "max": 0.5},
         {"direction": "either", "min": 0.01, "max": 0.5, "quantile": 0.95}),
        (TAIL, {}, {"direction": "increase"}),
    ],
)  # fmt: skip
def test_a_quantile(expr: str, said: dict[str, Any], rules: dict[str, Any]) -> None:
    metric = one(expr, **said)
    assert metric.kind is Kind.HISTOGRAM
    assert metric.queries == {"buckets": f"t_seconds_bucket{{{T}}}"}
    own = {k: v for k, v in metric.rules.items() if k not in ("limit", "worst", "unit")}
    assert own == rules
    assert metric.rules["unit"] == "seconds"
    (judged,) = loaded(metric)
    assert judged.limit is not None
    if said:
        loaded(one(expr, **said, compared=False))


def test_a_quantile_that_no_bucket_could_be_is_held_as_a_level() -> None:
    metric = one(TAIL, max=0)
    assert (metric.kind, metric.queries, metric.rules["max"]) == (Kind.GAUGE, {"value": TAIL}, 0)
    loaded(metric)


def test_a_mean_is_held_as_it_is_and_its_histogram_compared() -> None:
    mean, whole = measured(shape_of(MEAN), name="latency", max=500)
    assert (mean.name, mean.kind, mean.queries) == ("latency", Kind.GAUGE, {"value": MEAN})
    assert mean.rules == {"direction": "increase", "max": 500}
    assert whole.name == "latency-distribution"
    assert whole.queries == {"buckets": f"t_seconds_bucket{{{T}}}"}
    assert "max" not in whole.rules
    judged = loaded(mean, whole)
    assert [metric.limit for metric in judged] == [None, 2.25]
    assert measured(shape_of(MEAN), name="latency", max=500, compared=False) == (mean,)
    (alone,) = measured(shape_of(MEAN), name="latency")
    assert (alone.name, alone.kind) == ("latency", Kind.HISTOGRAM)


@pytest.mark.parametrize(
    ("said", "rules"),
    [
        ({"max": 5}, {"direction": "increase", "max": 5, "limit": {"ratio": 1.25}}),
        ({"min": 5}, {"direction": "decrease", "min": 5, "limit": {"ratio": 0.8}}),
        ({"min": 1, "max": 5},
         {"direction": "either", "min": 1, "max": 5, "limit": {"ratio": 1.25}}),
        ({}, {"direction": "either", "limit": {"ratio": 1.25}}),
        ({"max": 5, "compared": False}, {"direction": "increase", "max": 5}),
        ({"max": 5, "scale": -1, "compared": False}, {"direction": "decrease", "min": -5}),
    ],
)  # fmt: skip
def test_a_level(said: dict[str, Any], rules: dict[str, Any]) -> None:
    metric = one(LEVEL, **said)
    assert (metric.kind, metric.queries, metric.rules) == (Kind.GAUGE, {"value": LEVEL}, rules)
    loaded(metric)
