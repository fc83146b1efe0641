"""A metric that is an A/B test: what it says, what it takes from its template, what is wrong."""

from __future__ import annotations

import json

import pytest

from judge.errors import SpecError
from judge.spec.document import from_document, to_document
from judge.spec.loading import load_analysis
from judge.spec.resolved import Bound, Direction, Metric, ResolvedAnalysis

HEAD = """\
apiVersion: judge/v1
kind: Analysis
metadata: {name: shop}
spec:
  tracks:
    baseline: {selector: 'variant="a"'}
    canary: {selector: 'variant="b"'}
"""
TEMPLATE = "template: conversion-rate, variables: {orders: orders_total, visits: visits_total}"
COUNTS = "kind: proportion, queries: {events: 'left{ ${selector} }', total: 'all{ ${selector} }'}"
SIZES = "kind: histogram, queries: {buckets: 'basket_bucket{ ${selector} }'}"
PODS = (
    "kind: proportion, queries: {events: {expr: 'bad{ ${selector} }', reading: gauge},"
    " total: {expr: 'all{ ${selector} }', reading: gauge}}"
)


def loaded(fields: str, more: str = "") -> ResolvedAnalysis:
    return load_analysis(f"{HEAD}{more}  metrics:\n    - {{name: a, {fields}}}\n", source="a.yaml")


def only(fields: str) -> Metric:
    (metric,) = loaded(fields).metrics
    return metric


def test_any_difference_is_one_and_five_per_cent_matter_where_nobody_said() -> None:
    metric = only(f"better: decrease, {COUNTS}")
    assert (metric.better, metric.direction) == (Direction.DECREASE, Direction.EITHER)
    assert (metric.limit, metric.worst) == (1.0, 1.05)


def test_a_template_for_canaries_keeps_its_queries_and_not_its_limit() -> None:
    metric = only(f"better: increase, {TEMPLATE}")
    assert (metric.better, metric.direction) == (Direction.INCREASE, Direction.EITHER)
    assert (metric.limit, metric.worst) == (1.0, 1.05)
    assert metric.unit == "share of visits"
    assert metric.queries["canary"]["events"].expr == 'orders_total{ variant="b" }'


def test_what_was_said_arrives() -> None:
    fields = "better: increase, limit: {ratio: 1.01}, margin: {ratio: 1.1}, min: 1%, weight: 2"
    metric = only(f"{fields}, {TEMPLATE}")
    assert (metric.limit, metric.worst, metric.weight) == (1.01, 1.1, 2.0)
    assert metric.bound == Bound(min=0.01)


@pytest.mark.parametrize("fields", ["better: increase", "better: decrease, margin: {ratio: 1.02}"])
def test_it_survives_its_json_form(fields: str) -> None:
    analysis = loaded(f"{fields}, {TEMPLATE}")
    written = json.loads(json.dumps(to_document(analysis)))
    assert "worst" not in written["spec"]["metrics"][0]
    assert from_document(written) == analysis


def test_a_bundle_may_say_little_of_it() -> None:
    document = {"metrics": [{"name": "a", "kind": "proportion", "better": "increase"}]}
    (metric,) = from_document(document).metrics
    assert (metric.better, metric.limit, metric.worst) == (Direction.INCREASE, 1.0, 1.05)


@pytest.mark.parametrize(
    ("fields", "more", "wrong"),
    [
        (f"better: up, {COUNTS}", "", "metrics[0].better: must be "),
        (f"better: either, {COUNTS}", "", "metrics[0].better: must be "),
        (f"better: increase, {SIZES}", "", "metrics[0].better: makes an A/B test of a proportion"),
        (f"better: increase, {PODS}", "", "metrics[0].better: makes an A/B test of counters"),
        (f"margin: {{ratio: 1.1}}, {COUNTS}", "", "metrics[0].margin: is an A/B test's; write"),
        (
            f"better: increase, margin: {{ratio: 0.9}}, {COUNTS}",
            "",
            "metrics[0].margin.ratio: 0.9 is below 1, but a margin holds in both directions",
        ),
        (
            f"better: increase, limit: {{ratio: 0.98}}, {COUNTS}",
            "",
            "metrics[0].limit.ratio: 0.98 is below 1, but an A/B test's limit holds in both",
        ),
        (
            f"better: increase, limit: {{ratio: 1.1}}, {COUNTS}",
            "",
            "metrics[0].margin.ratio: 1.05 is not beyond the limit; write a ratio above 1.1",
        ),
        (
            f"better: increase, margin: {{ratio: 1.0001}}, {COUNTS}",
            "",
            "metrics[0].margin.ratio: 1.0001 is too small a difference for any test",
        ),
        (
            f"better: increase, worst: {{ratio: 1.1}}, {COUNTS}",
            "",
            "metrics[0].worst: an A/B test has a margin in its place",
        ),
        (
            f"better: increase, direction: decrease, {COUNTS}",
            "",
            "metrics[0].direction: an A/B test looks both ways; remove it",
        ),
        (
            f"better: increase, {COUNTS}",
            "  baselineOffset: 1d\n",
            "metrics[0].better: compares two variants at the same time, and baselineOffset two",
        ),
    ],
)
def test_what_does_not_fit_is_told_with_the_way_out(fields: str, more: str, wrong: str) -> None:
    with pytest.raises(SpecError) as error:
        loaded(fields, more)
    assert wrong in str(error.value)
