from __future__ import annotations

import threading

import pytest

from judge.spec.promql import PromqlError
from judge.spec.promql_shapes import Level, Mean, Quantile, Ratio, shape_of
from judge.spec.rendering import RenderingError

ALL = 'sum(rate(http_total{app="x"}[5m]))'
BAD = 'sum(rate(http_total{app="x",code=~"5.."}[5m]))'
OK = 'sum(rate(http_total{app="x",code!~"5.."}[5m]))'
BAD_ONES = 'http_total{app="x", code=~"5.."}'
OK_ONES = 'http_total{app="x", code!~"5.."}'
EVERYTHING = 'http_total{app="x"}'


def ratio(expr: str) -> Ratio:
    shape = shape_of(expr)
    assert isinstance(shape, Ratio), expr
    return shape


@pytest.mark.parametrize(
    ("expr", "events", "scale", "offset"),
    [
        (f"{BAD} / {ALL}", BAD_ONES, 1, 0),
        (f"{OK} / {ALL}", OK_ONES, 1, 0),
        (f"100 * {BAD} / {ALL}", BAD_ONES, 100, 0),
        (f"({BAD} / {ALL}) * 100", BAD_ONES, 100, 0),
        (f"{BAD} / {ALL} / 2", BAD_ONES, 0.5, 0),
        (f"100 - {OK} / {ALL} * 100", OK_ONES, -100, 100),
        (f"1 - {OK} / {ALL}", OK_ONES, -1, 1),
        (f"(1 - {OK} / {ALL}) * 100", OK_ONES, -100, 100),
        (f"-({OK} / {ALL}) + 1", OK_ONES, -1, 1),
        (f"({ALL} - {OK}) / {ALL}", OK_ONES, -1, 1),
        (f"100 * ({ALL} - {BAD}) / {ALL}", BAD_ONES, -100, 100),
        (f"({ALL} - ({BAD} or vector(0))) / {ALL}", BAD_ONES, -1, 1),
        (f"{BAD} / ({BAD} + {OK})", BAD_ONES, 1, 0),
        (f"({BAD} or vector(0)) / {ALL}", BAD_ONES, 1, 0),
        (f"({BAD} or on() vector(0)) / {ALL}", BAD_ONES, 1, 0),
        (f"{BAD.replace('5m]', '5m] ')} / on() {ALL}", BAD_ONES, 1, 0),
        (f"{BAD} / ignoring(code) {ALL}", BAD_ONES, 1, 0),
        (f"{BAD} / ({ALL} > 0)", BAD_ONES, 1, 0),
        (f"{BAD} / ({ALL} != 0)", BAD_ONES, 1, 0),
        (f"{BAD} / {ALL} and {ALL} > 0", BAD_ONES, 1, 0),
        (f"clamp_max({BAD} / {ALL}, 1)", BAD_ONES, 1, 0),
        (f"clamp_min(1 - {OK} / {ALL}, 0)", OK_ONES, -1, 1),
        (f"clamp({BAD} / {ALL} * 100, 0, 100)", BAD_ONES, 100, 0),
        (f"{BAD} / clamp_min({ALL}, 0.001)", BAD_ONES, 1, 0),
        (f"max({BAD} / {ALL})", BAD_ONES, 1, 0),
        ("sum by () (rate(a_total{x='1'}[1m])) / sum(rate(a_total[1m]))", 'a_total{x="1"}', 1, 0),
        (
            f"{BAD.replace('sum', 'sum by (app) ')} / {ALL.replace('sum', 'sum by (app) ')}",
            BAD_ONES,
            1,
            0,
        ),
        (f"{BAD.replace('rate', 'increase')} / {ALL.replace('rate', 'increase')}", BAD_ONES, 1, 0),
        (f"{BAD.replace('rate', 'irate')} / {ALL.replace('rate', 'irate')}", BAD_ONES, 1, 0),
        (f"{BAD.replace('5m', '300s')} / {ALL}", BAD_ONES, 1, 0),
        ("sum(rate(a{x='1'}[1m]) * 60) / sum(rate(a[1m]) * 60)", 'a{x="1"}', 1, 0),
        (f"{BAD} # of all:\n / {ALL}", BAD_ONES, 1, 0),
    ],
)  # fmt: skip
def test_a_share_of_events(expr: str, events: str, scale: float, offset: float) -> None:
    found = ratio(expr)
    assert (found.events, found.scale, found.offset) == (events, scale, offset)
    assert found.total == events.split("{")[0] + ('{app="x"}' if "app" in events else "")
    assert found.within
    assert found.expr == expr


@pytest.mark.parametrize(
    "expr",
    [
        # Not the same growth above and below.
        f"{BAD.replace('5m', '1m')} / {ALL}",
        f"{BAD.replace('rate', 'increase')} / {ALL}",
        f"{BAD} / {ALL.replace('[5m]', '[5m] offset 1h')}",
        f"{BAD} / {ALL.replace('[5m]', '[5m] @ 1700000000')}",
        f"{BAD.replace('5m', '{{ interval }}')} / {ALL}",
        # Several series, or nothing that is summed.
        'rate(http_total{code="500"}[5m]) / rate(http_total[5m])',
        f"{BAD.replace('sum', 'sum by (path) ')} / {ALL.replace('sum', 'sum by (path) ')}",
        f"{BAD.replace('sum', 'sum without (pod) ')} / {ALL.replace('sum', 'sum without (pod) ')}",
        f"{BAD.replace('sum', 'avg')} / {ALL.replace('sum', 'avg')}",
        f"sum({BAD[4:-1]} / {ALL[4:-1]})",
        # One side has a label that the other has not: they never meet.
        f"{BAD.replace('sum', 'sum by (app) ')} / {ALL}",
        # Nothing where it would be 0, or something else there.
        f"({BAD} > 0) / {ALL}",
        f"{BAD} / {ALL} > 0.05",
        f"{BAD} / ({ALL} > 10)",
        f"{OK} / {ALL} * 100 or vector(100)",
        'sum by (a) (rate(b{a="1",c="2"}[1m])) / sum by (a) (rate(b{a="1"}[1m])) or vector(0)',
        f"clamp_max({BAD} / {ALL}, 0.5)",
        f"clamp_max({BAD} / sum(rate(others_total[5m])), 1)",
        f"{BAD} / clamp_min({ALL}, 1)",
        f"{BAD} / {ALL} > bool 0",
        # Not linear in one share.
        f"{ALL} / {BAD} / {ALL}",
        f"1 / ({BAD} / {ALL})",
        f"({BAD} / {ALL}) ^ 2",
        f"({BAD} / {ALL}) * ({BAD} / {ALL})",
        f"({BAD} + sum(rate(http_total{{code='404'}}[5m]))) / {ALL}",
        f"{ALL} / {ALL}",
        f"{BAD} / {ALL} * 0",
        f"{BAD} / {ALL} / 0",
        f"{BAD} / -{ALL}",
        # Levels.
        "sum(http_total)",
        ALL,
        "sum(http_total) / sum(other_total)",
        "avg_over_time(up[5m])",
        "topk(1, up)",
        "vector(1)",
        "3",
        "up",
        # Which a parser of older PromQL reads otherwise.
        'sum(rate({"http_total", "code"="5"}[5m])) / sum(rate({"http_total"}[5m]))',
        'sum(rate({__name__=~"a|b",x="1"}[5m])) / sum(rate({__name__=~"a|b"}[5m]))',
    ],
)
def test_everything_else_is_a_level(expr: str) -> None:
    assert shape_of(expr) == Level(expr)


def test_the_events_left_out_are_one_turned_matcher_away() -> None:
    assert ratio(f"{OK} / {ALL}").complement == BAD_ONES
    assert ratio(f"{BAD} / {ALL}").complement == OK_ONES
    two = ratio("sum(rate(http_total{a!='1',b!='2'}[5m])) / sum(rate(http_total[5m]))")
    assert two.within
    assert two.complement == ""


def test_two_counters_are_no_part_and_whole_by_their_labels() -> None:
    found = ratio("sum(rate(failures_total[5m])) / sum(rate(requests_total[5m]))")
    assert (found.within, found.complement) == (False, "")


def test_requests_under_a_boundary_are_among_all_requests() -> None:
    assert ratio(
        'sum(rate(t_seconds_bucket{a="1",le="0.5"}[5m])) / sum(rate(t_seconds_count{a="1"}[5m]))'
    ).within
    assert not ratio(
        'sum(rate(t_seconds_bucket{le="0.5"}[5m])) / sum(rate(t_seconds_count{a="1"}[5m]))'
    ).within


@pytest.mark.parametrize(
    ("expr", "idle"),
    [
        (f"{BAD} / {ALL}", None),
        (f"{BAD} / {ALL} or vector(0)", 0),
        (f"100 - {OK} / {ALL} * 100 or vector(100)", 100),
        (f"({BAD} or vector(0)) / clamp_min({ALL}, 0.001)", 0),
        (f"1 - ({BAD} or vector(0)) / ({ALL} > 0 or vector(1))", 1),
    ],
)
def test_what_the_query_says_without_traffic(expr: str, idle: float | None) -> None:
    assert ratio(expr).idle == idle


def test_places_stay_where_they_were() -> None:
    found = ratio(
        'sum(rate({{ metric }}_total{ {{ selector }},app="${app}", code=~`5\\d{2}`}[{{interval}}]))'
        ' / sum(rate({{metric}}_total{ {{selector}}, app="{{ app }}" }[{{ interval }}]))'
    )
    assert found.total == '{{ metric }}_total{ {{ selector }}, app="{{ app }}" }'
    assert found.events == (
        '{{ metric }}_total{ {{ selector }}, app="{{ app }}", code=~"5\\\\d{2}" }'
    )
    assert found.window == "{{ interval }}"


@pytest.mark.parametrize("q", [0.5, 0.99])
@pytest.mark.parametrize(
    ("buckets", "selector"),
    [
        ('sum(rate(t_bucket{app="x"}[5m])) by (le)', 't_bucket{app="x"}'),
        ('sum by (le, app) (rate(t_bucket{app="x"}[5m]))', 't_bucket{app="x"}'),
        ("sum(increase(t_bucket[5m])) by (le)", "t_bucket"),
        ("sum(rate(t[5m]))", "t"),
    ],
)
def test_a_quantile(q: float, buckets: str, selector: str) -> None:
    expr = f"1000 * histogram_quantile({q}, {buckets})"
    assert shape_of(expr) == Quantile(q, selector, 1000, "5m", expr)


@pytest.mark.parametrize(
    "expr",
    [
        "histogram_quantile(0.9, rate(t_bucket[5m]))",
        "histogram_quantile(0.9, sum(rate(t_bucket[5m])) by (le, pod))",
        "histogram_quantile(0.9, sum(rate(t_bucket[5m])))",
        "histogram_quantile(0.9, sum(rate(t[5m])) by (le))",
        'histogram_quantile(0.9, sum(rate(t_bucket{le!="1"}[5m])) by (le))',
        "histogram_quantile(1, sum(rate(t_bucket[5m])) by (le))",
        "histogram_quantile(0.9, sum(t_bucket) by (le))",
        "histogram_quantile(0.9, sum(rate(t_bucket[5m])) by (le)) + 1",
        "-histogram_quantile(0.9, sum(rate(t_bucket[5m])) by (le))",
        "histogram_quantile({{ q }}, sum(rate(t_bucket[5m])) by (le))",
    ],
)
def test_no_quantile_that_a_histogram_could_have(expr: str) -> None:
    assert shape_of(expr) == Level(expr)


def test_a_mean() -> None:
    expr = 'sum(rate(t_seconds_sum{a="1"}[5m])) / sum(rate(t_seconds_count{a="1"}[5m])) * 1000'
    assert shape_of(expr) == Mean(
        't_seconds_sum{a="1"}', 't_seconds_count{a="1"}', 1000, 't_seconds_bucket{a="1"}',
        "5m", expr,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("expr", "culprit"),
    [
        ("sum(rate(a[5m])) / / b", "/ b"),
        ("sum by le (a)", "le (a)"),
        ("sum(rates(a[5m]))", "rates(a[5m]))"),
        ('sum(rate(a{b="c" d="e"}[5m]))', 'd="e"}[5m]))'),
        ('sum(rate(a{b="ccc"}[$__rate_interval]))', "$__rate_interval]))"),
        ('a{x="a long string"} + rate(a)', "rate(a)"),
        ('sum(rate(a{x="{{ x }}" y="1"}[{{ interval }}]))', 'y="1"}[{{ interval }}]))'),
        ("sum(rate({{ x }}[{{ interval }}])) / / {{ y }}", "/ {{ y }}"),
        ("sum(a", "(a"),
        ("", ""),
    ],
)
def test_what_is_no_promql_is_told_with_its_place(expr: str, culprit: str) -> None:
    with pytest.raises(PromqlError) as caught:
        shape_of(expr)
    assert expr[caught.value.offset :] == culprit


def test_what_is_no_place_is_told() -> None:
    with pytest.raises(RenderingError):
        shape_of('sum(rate(a{b="{{ if x }}"}[5m]))')


@pytest.mark.parametrize(
    "expr",
    [
        "sum(up) > {{ n }}",
        "clamp_max(sum(up), {{ n }})",
        "{{ n }} * sum(up offset {{ back }})",
        "topk({{ n }}, up)",
        "rate(up[{{ minutes }}m])",
        "sum(up) * {{ n }}e3",
    ],
)
def test_a_place_may_be_a_number(expr: str) -> None:
    assert shape_of(expr) == Level(expr)


@pytest.mark.parametrize(
    "expr",
    [
        "(" * 3000 + "a" + ")" * 3000,
        "1+" * 20_000 + "1",
        "-" * 50_000 + "a",
        "a or " * 10_000 + "a",
        "sum(" * 2000 + "a" + ")" * 2000,
        'a{x="' + "y" * 100_000 + '"}',
        "a and " * 190 + "a",
    ],
)
def test_a_hostile_query_is_a_level_and_ends_nothing(expr: str) -> None:
    found: list[object] = []
    # A server reads in threads, whose stacks are the smaller ones.
    reader = threading.Thread(target=lambda: found.append(shape_of(expr)))
    reader.start()
    reader.join()
    assert found == [Level(expr)]


@pytest.mark.parametrize(
    "time",
    ["[1e30]", "[1e18]", "[99999999y]", "[5m] offset 1e30", "[5m] offset +Inf",
     "[5m] offset NaN", "[5m] offset 99999999y", "[5m] @ 1e300", "[5m] offset+Inf"],
)  # fmt: skip
def test_a_time_out_of_reach_makes_a_level(time: str) -> None:
    expr = f'sum(rate(a{{x="1"}}{time})) / sum(rate(a{time}))'
    assert shape_of(expr) == Level(expr)
