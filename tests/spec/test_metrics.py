"""Metrics of every kind: how their queries are read, their bounds, and what does not fit."""

from __future__ import annotations

from pathlib import Path

import pytest

from judge.errors import SpecError
from judge.spec.loading import load_analysis, load_analysis_file
from judge.spec.resolved import Bound, Metric, Query, Reading

HEAD = """\
apiVersion: judge/v1
kind: Analysis
metadata: {name: checkout}
spec:
  tracks:
    baseline: {selector: 'track="stable"'}
    canary: {selector: 'track="canary"'}
  metrics:
"""
COUNTS = "kind: proportion, queries: {events: 'bad{ ${selector} }', total: 'all{ ${selector} }'}"
BUCKETS = "kind: histogram, queries: {buckets: 'took_bucket{ ${selector} }'}"
VALUE = "kind: gauge, queries: {value: 'used{ ${selector} }'}"


def only(fields: str) -> Metric:
    """The one metric that is written with ``fields`` in line 9, from column 7 on."""
    (metric,) = load_analysis(f"{HEAD}    - {{name: a, {fields}}}\n", source="a.yaml").metrics
    return metric


def told(fields: str) -> list[str]:
    """What is wrong with a metric, each with the field that it is about."""
    with pytest.raises(SpecError) as wrong:
        only(fields)
    found = []
    for issue in wrong.value.issues:
        assert (issue.source, issue.line) == ("a.yaml", 9)
        assert issue.column > len("    - {name: a, ")
        found.append(f"{issue.path.removeprefix('spec.metrics[0].')}: {issue.message}")
    return found


SUM = "sum by (pod) (used{ ${selector} })"


@pytest.mark.parametrize(
    ("queries", "part", "reading"),
    [
        ("kind: gauge, queries: {value: 'used{ ${selector} }'}", "value", Reading.GAUGE),
        (f"kind: gauge, queries: {{value: '{SUM}'}}", "value", Reading.GAUGE),
        (f"kind: gauge, queries: {{value: {{expr: '{SUM}'}}}}", "value", Reading.GAUGE),
        (
            "kind: gauge, queries: {value: {expr: 'used{ ${selector} }', reading: counter}}",
            "value",
            Reading.COUNTER,
        ),
        (BUCKETS, "buckets", Reading.COUNTER),
        (
            "kind: histogram, queries: {buckets: {expr: 'took{ ${selector} }'}}",
            "buckets",
            Reading.COUNTER,
        ),
        (COUNTS, "events", Reading.COUNTER),
        (COUNTS, "total", Reading.COUNTER),
    ],
)
def test_a_part_is_read_as_its_kind_needs(queries: str, part: str, reading: Reading) -> None:
    for track, one in only(queries).queries.items():
        assert one[part].reading is reading
        assert f'track="{"stable" if track == "baseline" else track}"' in one[part].expr


@pytest.mark.parametrize(
    ("fields", "limit", "bound"),
    [
        (f"max: 5%, {COUNTS}", None, Bound(max=0.05)),
        (f"max: 0.05, for: 2m, {COUNTS}", None, Bound(max=0.05, lasting=120.0)),
        (f"min: 0, max: 1, {COUNTS}", None, Bound(max=1.0, min=0.0)),
        (f"max: 0.3, {BUCKETS}", None, Bound(max=0.3, quantile=0.99)),
        (f"max: 0.3, quantile: 0.5, {BUCKETS}", None, Bound(max=0.3, quantile=0.5)),
        (f"max: 2e9, limit: {{ratio: 1.2}}, {VALUE}", 1.2, Bound(max=2e9)),
        (f"min: -5, max: -5, for: 1m, {VALUE}", None, Bound(-5.0, -5.0, 60.0)),
        (f"limit: {{ratio: 1}}, {VALUE}", 1.0, None),
        (BUCKETS, 1.25, None),
        ("template: http-error-rate, max: 5%", 1.25, Bound(max=0.05)),
    ],
)
def test_a_bound_arrives(fields: str, limit: float | None, bound: Bound | None) -> None:
    metric = only(fields)
    assert (metric.limit, metric.bound) == (limit, bound)
    assert (metric.worst is None) is (limit is None)


ONE_WRONG = {
    "a share of a gauge": (
        f"max: 5%, {VALUE}",
        "max: 5% bounds a proportion; write a number in the metric's own unit",
    ),
    "a share of a histogram": (f"min: 5%, {BUCKETS}", "min: 5% bounds a proportion; write"),
    "a proportion beyond the whole": (
        f"max: 5, {COUNTS}",
        "max: 5 is not between 0 and 1; write a share as 5% or 0.05",
    ),
    "a proportion below nothing": (f"min: -0.1, {COUNTS}", "min: -0.1 is not between 0 and 1"),
    "more than all": (f"max: 120%, {COUNTS}", "max: 120% is not between 0 and 1; write"),
    "a unit": (
        f"max: 300ms, {BUCKETS}",
        "max: '300ms' is no bound; write a number in the metric's own unit, without quotes",
    ),
    "an infinite bound": (f"max: .inf, {VALUE}", "max: must be a finite number"),
    "a bound of truth": (f"max: true, {VALUE}", "max: a bound is a number, or a share such"),
    "a latency of nothing": (
        f"max: 0, {BUCKETS}",
        "max: 0 is not above 0, as every bucket's boundary is; write a greater number",
    ),
    "bounds upside down": (
        f"max: 1, min: 2, {VALUE}",
        "min: 2 is above max (1); lower it",
    ),
    "shares upside down": (f"max: 5%, min: 0.06, {COUNTS}", "min: 0.06 is above max (0.05)"),
    "a time without a bound": (
        f"for: 2m, {VALUE}",
        "for: goes with a fixed bound; write max or min too, or remove it",
    ),
    "a time within an interval": (
        f"for: 30s, max: 1, {VALUE}",
        "for: 30s is shorter than one interval (1m), and a bound is looked at once an interval; w",
    ),
    "no time at all": (f"for: 0s, max: 1, {VALUE}", "for: 0s is shorter than one interval"),
    "a quantile without a bound": (
        f"quantile: 0.9, {BUCKETS}",
        "quantile: goes with a fixed bound; write max or min too, or remove it",
    ),
    "a quantile of a gauge": (
        f"quantile: 0.9, max: 1, {VALUE}",
        "quantile: is for kind: histogram, and this metric is a gauge; remove it",
    ),
    "a quantile of counts": (f"quantile: 0.9, {COUNTS}", "quantile: is for kind: histogram"),
    "a quantile of everything": (
        f"quantile: 1, max: 1, {BUCKETS}",
        "quantile: must be less than 1",
    ),
    "a quantile in percent": (f"quantile: 99, max: 1, {BUCKETS}", "quantile: must be less th"),
    "a quantile of nothing": (f"quantile: 0, max: 1, {BUCKETS}", "quantile: must be more than"),
    "a floor of counts": (
        f"floor: 1, {COUNTS}",
        "floor: is for kind: gauge, and this metric is a proportion; remove it",
    ),
    "a floor of a histogram": (f"floor: 1, {BUCKETS}", "floor: is for kind: gauge, and this"),
    "a floor below nothing": (f"floor: -1, {VALUE}", "floor: must be 0 or more"),
    "a slope of counts": (
        f"compare: slope, {COUNTS}",
        "compare: is for kind: gauge, and this metric is a proportion; remove it",
    ),
    "an unknown comparison": (
        f"compare: growth, {VALUE}",
        "compare: must be 'level' or 'slope'",
    ),
    "a slope without a limit": (
        f"compare: slope, direction: increase, {VALUE}",
        "compare: slope needs a limit of its own: by what factor more than the baseline's it may",
    ),
    "a bounded slope without a limit": (
        f"compare: slope, direction: increase, max: 1, {VALUE}",
        "compare: slope needs a limit of its own",
    ),
    "a slope without a direction": (
        f"compare: slope, limit: {{ratio: 1.1}}, {VALUE}",
        "compare: slope needs a direction; write direction: increase where growth is bad",
    ),
    "a slope's limit of the wrong side": (
        f"compare: slope, direction: decrease, limit: {{ratio: 1.1}}, {VALUE}",
        "limit.ratio: 1.1 is above 1, but a decrease is what is bad",
    ),
    "a slowdown of the wrong side": (
        f"limit: {{ratio: 0.9}}, {BUCKETS}",
        "limit.ratio: 0.9 is below 1, but an increase is what is bad",
    ),
    "a worst beside a bound": (
        f"max: 1, worst: {{ratio: 2}}, {VALUE}",
        "worst.ratio: there is no limit that it could lie beyond; write limit: {ratio: ...}",
    ),
    "buckets that are no counters": (
        "kind: histogram, queries: {buckets: {expr: 'a{ ${selector} }', reading: gauge}}",
        "queries.buckets.expr: buckets: buckets are counters; remove reading: gauge",
    ),
    "buckets in a sum": (
        "kind: histogram, queries: {buckets: 'sum by (le) (a{ ${selector} })'}",
        "queries.buckets: buckets: a counter is read by a plain selector",
    ),
    "one bucket": (
        "kind: histogram, queries: {buckets: 'a{ ${selector}, le=\"0.3\" }'}",
        "queries.buckets: buckets: a histogram needs all its buckets; remove the matcher of le",
    ),
    "a rate of a counter": (
        "kind: gauge, queries: {value: {expr: 'rate(a{ ${selector} }[1m])', reading: counter}}",
        "queries.value.expr: value: a counter is read by a plain selector",
    ),
}


@pytest.mark.parametrize("case", ONE_WRONG)
def test_what_makes_no_sense_is_told_with_its_place_and_the_way_out(case: str) -> None:
    fields, start = ONE_WRONG[case]
    (line,) = told(fields)
    assert line[: len(start)] == start


def test_buckets_in_a_sum_are_not_sent_to_a_gauge() -> None:
    (line,) = told("kind: histogram, queries: {buckets: 'sum(a{ ${selector} })'}")
    assert line.endswith("leave out rate() and sum(), which Judge does itself")


@pytest.mark.parametrize(
    ("fields", "lines"),
    [
        (
            "kind: gauge, queries: {events: 'a{ ${selector} }'}",
            [
                "queries.events: is no part of a gauge, which has value; remove it",
                "queries.value: is missing; add it (a gauge has value)",
            ],
        ),
        (
            "kind: proportion, queries: {events: 'a{ ${selector} }', value: 'b'}",
            [
                "queries.value: is no part of a proportion, which has events and total; remove it",
                "queries.total: is missing; add it (a proportion has events and total)",
            ],
        ),
        (
            "kind: histogram, queries: {}",
            ["queries.buckets: is missing; add it (a histogram has buckets)"],
        ),
        (
            f"compare: slope, floor: 1, quantile: 0.5, for: 2m, {COUNTS}",
            [
                "floor: is for kind: gauge, and this metric is a proportion; remove it",
                "compare: is for kind: gauge, and this metric is a proportion; remove it",
                "quantile: is for kind: histogram, and this metric is a proportion; remove it",
                "for: goes with a fixed bound; write max or min too, or remove it",
            ],
        ),
    ],
)
def test_all_that_does_not_fit_is_told_at_once(fields: str, lines: list[str]) -> None:
    assert told(fields) == lines


TEMPLATE = """\
apiVersion: judge/v1
kind: MetricTemplate
metadata: {name: used}
spec:
  kind: gauge
  unit: bytes
  max: 100
  for: 2m
  floor: 4
  weight: 0.5
  critical: false
  observe: true
  queries: {value: 'used{ {{ selector }} }'}
"""


def with_template(folder: Path, fields: str = "", *, interval: str = "1m") -> Metric:
    """The metric that names `TEMPLATE` and has ``fields`` of its own."""
    (folder / "used.yaml").write_text(TEMPLATE)
    metric = f"    - {{name: a, template: ./used.yaml{fields}}}\n"
    head = HEAD.replace("  metrics:", f"  interval: {interval}\n  metrics:")
    (folder / "a.yaml").write_text(head + metric)
    (found,) = load_analysis_file(folder / "a.yaml").metrics
    return found


def test_a_template_brings_its_bound_and_its_place_in_the_verdict(tmp_path: Path) -> None:
    found = with_template(tmp_path)
    assert (found.limit, found.worst, found.bound) == (None, None, Bound(100.0, lasting=120.0))
    assert (found.floor, found.unit, found.weight) == (4.0, "bytes", 0.5)
    assert (found.critical, found.observe) == (False, True)
    assert found.queries["canary"] == {"value": Query('used{ track="canary" }', Reading.GAUGE)}


def test_a_metric_changes_what_its_template_says(tmp_path: Path) -> None:
    found = with_template(tmp_path, ", max: 50, floor: 0, limit: {ratio: 1.5}, observe: false")
    assert (found.limit, found.bound) == (1.5, Bound(50.0, lasting=120.0))
    assert (found.floor, found.observe) == (0.0, False)


def test_a_template_cannot_know_the_interval(tmp_path: Path) -> None:
    found = with_template(tmp_path, interval="5m")
    assert found.bound == Bound(100.0, lasting=300.0)
    with pytest.raises(SpecError, match=r"spec.metrics\[0\].for: 2m is shorter than one interval"):
        with_template(tmp_path, ", for: 2m", interval="5m")


def test_what_does_not_fit_the_template_is_told_at_the_metric(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"a\.yaml:10:45: spec.metrics\[0\].min: 200 is above max"):
        with_template(tmp_path, ", min: 200")
    with pytest.raises(SpecError, match=r"spec.metrics\[0\].quantile: is for kind: histogram"):
        with_template(tmp_path, ", quantile: 0.5")
