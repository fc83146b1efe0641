"""A resolved analysis survives its JSON form; a bundle's may leave nearly everything out."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judge.errors import SpecError
from judge.spec.document import from_document, to_document
from judge.spec.kayenta_rules import EffectMeasure, EffectSize, KayentaRules, NanStrategy
from judge.spec.limits import default_worst
from judge.spec.resolved import (
    Actions,
    BasicAuth,
    Bound,
    Compare,
    Direction,
    JudgeName,
    Kind,
    Metric,
    Mode,
    PrometheusConfig,
    Query,
    Reading,
    ResolvedAnalysis,
    Risk,
    ScoreThresholds,
    Tls,
    Track,
    Webhook,
    WeightQuery,
)

LONGEST_INTERVAL = 1e4
TRACKS = ["baseline", "canary", "shadow"]

word = st.text(alphabet="abcxyz", min_size=1, max_size=5)
text = st.text(alphabet=st.characters(exclude_categories=("Cs",)), max_size=12)
path = word.map("/etc/{}".format)
url = st.builds("{}://{}.example{}".format, st.sampled_from(["http", "https"]), word, path)
headers = st.dictionaries(
    word.map("x-{}".format), st.text(alphabet="aB1 ~!,;", max_size=6), max_size=2
)
seconds = st.floats(min_value=0.001, max_value=1e6)
share = st.floats(min_value=1e-6, max_value=0.5)
selector = st.builds(
    lambda name, value: f"{name}={json.dumps(value)}",
    word,
    st.text(alphabet="ab{}$\\\"'", max_size=8),
)
counter = st.builds("{}{{{}}}".format, word, selector).map(Query)
gauge = st.builds("sum by (pod) ({})".format, word).map(lambda expr: Query(expr, Reading.GAUGE))
query = st.one_of(counter, gauge)
series = st.builds(
    Query,
    gauge.map(lambda one: one.expr),
    reading=st.just(Reading.SERIES),
    step=st.floats(1.0, 600.0),
    begins=st.floats(-1e6, 1e6),
    lasts=st.one_of(st.none(), seconds),
)
PART_QUERIES = {
    Kind.PROPORTION: {"events": query, "total": query},
    Kind.HISTOGRAM: {"buckets": counter},
    Kind.GAUGE: {"value": query},
    Kind.SERIES: {"values": series},
}
NATIVE = [kind for kind in Kind if kind is not Kind.SERIES]


@st.composite
def bounds(draw: st.DrawFn, kind: Kind) -> Bound:
    values = {
        Kind.PROPORTION: st.floats(0, 1),
        Kind.HISTOGRAM: st.floats(1e-9, 1e12),
        Kind.GAUGE: st.floats(-1e12, 1e12),
    }[kind]
    low, high = sorted([draw(values), draw(values)])
    least, most = draw(st.sampled_from([(low, high), (None, high), (low, None)]))
    lasting = draw(st.one_of(st.none(), st.floats(LONGEST_INTERVAL, 1e6)))
    quantile = draw(st.floats(0.01, 0.999)) if kind is Kind.HISTOGRAM else 0.99
    return Bound(max=most, min=least, lasting=lasting, quantile=quantile)


@st.composite
def ratios(draw: st.DrawFn, direction: Direction) -> tuple[float, float]:
    down = direction is Direction.DECREASE
    limit = draw(st.floats(0.01, 1.0) if down else st.floats(1.0, 100.0))
    factor = draw(st.floats(1.01, 10.0))
    worst = limit / factor if down else limit * factor
    return limit, draw(st.sampled_from([worst, default_worst(limit, direction)]))


groups = st.text(alphabet=st.characters(exclude_categories=("Cs",)), min_size=1, max_size=5)
effects = st.builds(EffectSize, st.sampled_from(EffectMeasure), *(4 * [st.floats(-1e3, 1e3)]))
kayenta_rules = st.builds(
    KayentaRules,
    st.sampled_from(NanStrategy),
    st.one_of(st.none(), st.floats(0, 10)),
    st.booleans(),
    effects,
    st.lists(groups, max_size=2).map(tuple),
)


@st.composite
def metrics(draw: st.DrawFn, *, asked: bool) -> Metric:
    kind = draw(st.sampled_from(Kind if asked else NATIVE))
    direction = draw(st.sampled_from(Direction))
    bound = None if asked else draw(st.one_of(st.none(), bounds(kind)))
    limit, worst = draw(ratios(direction))
    compared = kind is not Kind.SERIES and (bound is None or draw(st.booleans()))
    slope = not asked and kind is Kind.GAUGE and compared and draw(st.booleans())
    queries = st.dictionaries(
        st.sampled_from(TRACKS), st.fixed_dictionaries(PART_QUERIES[kind]), max_size=3
    )
    return Metric(
        name=draw(st.text(alphabet="aZ0_-", min_size=1, max_size=8)),
        kind=kind,
        direction=direction,
        limit=limit if compared else None,
        worst=worst if compared else None,
        bound=bound,
        compare=Compare.SLOPE if slope else Compare.LEVEL,
        floor=draw(st.floats(0, 1e9)) if kind is Kind.GAUGE else 0.0,
        unit=draw(text),
        weight=draw(st.floats(0.01, 100.0)),
        critical=draw(st.booleans()),
        observe=draw(st.booleans()),
        template=draw(st.one_of(st.just(""), word)),
        pod_label=draw(st.one_of(st.just(""), word)),
        kayenta=draw(kayenta_rules) if asked else None,
        queries=draw(queries),
    )


servers = st.builds(
    PrometheusConfig,
    address=st.one_of(st.just(""), url),
    headers=headers,
    basic_auth=st.one_of(
        st.none(), st.builds(BasicAuth, text, password_file=st.one_of(st.just(""), path))
    ),
    tls=st.one_of(
        st.builds(Tls, ca_file=path, insecure_skip_verify=st.booleans()),
        st.builds(Tls, cert_file=path, key_file=path),
    ),
    proxy=st.one_of(st.just(""), url),
    timeout=seconds,
    replica_labels=st.lists(word, max_size=2).map(tuple),
    pod_label=word,
)
tracks = st.one_of(
    st.builds(Track, st.one_of(st.just(""), selector), st.one_of(st.none(), share)),
    st.builds(
        Track,
        selector,
        weight_query=st.builds(
            WeightQuery, query.map(lambda one: one.expr), of=st.floats(1e-6, 1e6)
        ),
    ),
)
webhooks = st.lists(
    st.builds(Webhook, url, st.one_of(st.just(""), path), headers, seconds), max_size=2
).map(tuple)
scores = st.lists(st.floats(0, 100), min_size=2, max_size=2).map(
    lambda pair: ScoreThresholds(max(pair), min(pair))
)


@st.composite
def analyses(draw: st.DrawFn) -> ResolvedAnalysis:
    interval = draw(st.floats(1.0, LONGEST_INTERVAL))
    asked = draw(st.booleans())
    return ResolvedAnalysis(
        name=draw(word),
        metrics=tuple(
            draw(
                st.lists(
                    metrics(asked=asked), min_size=1, max_size=3, unique_by=lambda one: one.name
                )
            )
        ),
        namespace=draw(word),
        labels=draw(st.dictionaries(text, text, max_size=2)),
        prometheus=draw(servers),
        tracks=draw(
            st.dictionaries(
                st.sampled_from(TRACKS),
                tracks,
            )
        ),
        interval=interval,
        duration=interval * draw(st.floats(1.0, 10_000.0)),
        warmup=draw(st.one_of(st.just(0.0), seconds)),
        delay=draw(st.one_of(st.none(), st.just(0.0), seconds)),
        history=draw(seconds),
        mode=draw(st.sampled_from(Mode)),
        risk=Risk(draw(share), draw(share)),
        score=draw(scores),
        actions=draw(st.builds(Actions, webhooks, webhooks, webhooks, webhooks)),
        early_pass=not asked and draw(st.booleans()),
        keep_watching=0.0 if asked else interval * draw(st.sampled_from([0.0, 1.0, 2.5, 900.0])),
        judge=JudgeName.KAYENTA if asked else JudgeName.SEQUENTIAL,
        strict=asked and draw(st.booleans()),
        group_weights=draw(st.dictionaries(groups, st.floats(0, 100), max_size=2)) if asked else {},
        lookback=draw(st.sampled_from([0.0, 1.0, 2.5])) * interval if asked else 0.0,
        at_once=draw(st.booleans()),
    )


@settings(max_examples=50)
@given(analyses())
def test_an_analysis_survives_its_json_form(analysis: ResolvedAnalysis) -> None:
    written = json.loads(json.dumps(to_document(analysis), allow_nan=False))
    assert from_document(written) == analysis


SMALL = ResolvedAnalysis(
    name="checkout",
    metrics=(
        Metric("errors", Kind.PROPORTION, Direction.INCREASE, 1.25, 2.0, unit="share of requests"),
    ),
)


def test_a_password_is_never_written() -> None:
    server = PrometheusConfig("http://p", basic_auth=BasicAuth("me", password="hunter2"))
    document = to_document(replace(SMALL, prometheus=server))
    assert "hunter2" not in json.dumps(document)
    assert from_document(document).prometheus.basic_auth == BasicAuth("me")


def test_what_the_settings_put_into_headers_is_read_back() -> None:
    server = PrometheusConfig("http://p", headers={"Authorization": "Bearer x"})
    analysis = replace(SMALL, prometheus=server)
    assert from_document(to_document(analysis)) == analysis


@pytest.mark.parametrize(
    "document",
    [
        {"metrics": [{"name": "errors", "kind": "proportion"}]},
        {"spec": {"metrics": [{"name": "errors", "kind": "proportion"}]}},
        {"metrics": [{"name": "errors", "kind": "proportion"}], "interval": "1m", "duration": 1800},
        {"kind": "Analysis", "metrics": [{"name": "errors", "kind": "proportion"}]},
        {"metrics": [{"name": "errors", "kind": "proportion", "limit": None}], "delay": None},
        {"metrics": [{"name": "errors", "kind": "proportion"}], "prometheus": "far"},
        {
            "metrics": [
                {
                    "name": "errors",
                    "kind": "proportion",
                    "queries": {"events": "a{ {{ selector }} }", "total": "b"},
                }
            ]
        },
    ],
)
def test_a_bundle_may_say_little(document: dict[str, Any]) -> None:
    metric = Metric("errors", Kind.PROPORTION, Direction.INCREASE, 1.25, 2.0)
    assert from_document(document) == ResolvedAnalysis(name="unnamed", metrics=(metric,))


@pytest.mark.parametrize("kind", NATIVE)
def test_a_bundle_may_give_a_kind_alone(kind: Kind) -> None:
    (read,) = from_document({"metrics": [{"name": "a", "kind": kind.value}]}).metrics
    assert read == Metric("a", kind, Direction.INCREASE, 1.25, 2.0)


def test_what_a_bundle_says_of_a_bound_arrives() -> None:
    written = [
        {"name": "share", "kind": "proportion", "max": "5%", "for": "2m"},
        {"name": "slow", "kind": "histogram", "max": 0.3, "quantile": 0.9, "limit": {"ratio": 1.1}},
        {"name": "queue", "kind": "gauge", "min": 1, "max": 100, "floor": 2, "for": 120},
        {
            "name": "leak",
            "kind": "gauge",
            "compare": "slope",
            "direction": "increase",
            "limit": {"ratio": 1.05},
        },
    ]
    share, slow, queue, leak = from_document({"metrics": written}).metrics
    assert (share.bound, share.limit, share.worst) == (Bound(0.05, None, 120.0), None, None)
    assert (slow.bound, slow.limit) == (Bound(0.3, quantile=0.9), 1.1)
    assert (queue.bound, queue.floor, queue.limit) == (Bound(100.0, 1.0, 120.0), 2.0, None)
    assert (leak.compare, leak.limit, leak.bound) == (Compare.SLOPE, 1.05, None)


def test_a_document_of_an_older_version_is_still_what_it_was() -> None:
    old = {
        "name": "pods",
        "kind": "proportion",
        "direction": "increase",
        "limit": {"ratio": 1.5},
        "worst": {"ratio": 3.375},
        "unit": "",
        "weight": 1.0,
        "critical": True,
        "observe": False,
        "template": "pods-crashing",
        "queries": {"canary": {"events": {"expr": "a", "reading": "gauge"}, "total": "b"}},
    }
    queries = {"canary": {"events": Query("a", Reading.GAUGE), "total": Query("b")}}
    (read,) = from_document({"metrics": [old]}).metrics
    assert read == Metric(
        "pods",
        Kind.PROPORTION,
        Direction.INCREASE,
        1.5,
        3.375,
        template="pods-crashing",
        queries=queries,
    )


def test_a_metric_that_gives_its_kind_takes_nothing_from_its_template() -> None:
    written = {"name": "a", "kind": "proportion", "template": "pods-crashing", "max": "5%"}
    (read,) = from_document({"metrics": [written]}).metrics
    assert (read.limit, read.bound, read.unit) == (None, Bound(0.05), "")
    assert read.template == "pods-crashing"


def test_a_template_by_name_brings_its_kind_direction_and_limit() -> None:
    document = {"metrics": [{"name": "pods", "template": "pods-crashing"}]}
    (metric,) = from_document(document).metrics
    assert (metric.kind, metric.direction, metric.limit) == (
        Kind.PROPORTION,
        Direction.INCREASE,
        1.5,
    )
    assert metric.worst == 1.5**3
    assert (metric.unit, metric.template, metric.queries) == ("share of pods", "pods-crashing", {})


def test_a_direction_of_its_own_has_a_limit_of_its_own() -> None:
    metric = {"name": "a", "template": "http-error-rate", "direction": "decrease"}
    (read,) = from_document({"metrics": [metric]}).metrics
    assert (read.limit, read.worst) == (0.8, 0.5)


@pytest.mark.parametrize(
    ("written", "looks", "duration"),
    [
        ({}, None, 1800.0),
        ({}, 7, 210.0),
        ({"duration": "5m"}, 7, 300.0),
        ({"duration": 300.5}, 7, 300.5),
    ],
)
def test_the_duration_is_that_of_the_looks_unless_it_is_written(
    written: dict[str, Any], looks: int | None, duration: float
) -> None:
    document = {"metrics": [{"name": "a", "kind": "proportion"}], "interval": 30, **written}
    assert from_document(document, looks=looks).duration == duration


COUNTS = {"name": "a", "kind": "proportion"}


@pytest.mark.parametrize(
    "case",
    [
        ({}, "metrics: is missing; add it"),
        ({"spec": {}}, "spec.metrics: is missing; add it"),
        ({"metrics": []}, "metrics: must hold at least 1"),
        (
            {"metrics": [{"name": "a"}]},
            "metrics[0]: has no kind; write kind: proportion, histogram, gauge or s",
        ),
        (
            {"metrics": [{"name": "a", "template": "http-eror-rate"}]},
            "metrics[0].template: no shipped template is called http-eror-rate",
        ),
        ({"metrics": [{**COUNTS, "kind": "gouge"}]}, "metrics[0].kind: must be 'proportion', 'hi"),
        ({"metrics": [{**COUNTS, "max": 5}]}, "metrics[0].max: 5 is not between 0 and 1"),
        ({"metrics": [{**COUNTS, "floor": 5}]}, "metrics[0].floor: is for kind: gauge"),
        (
            {"metrics": [{"name": "a", "kind": "gauge", "max": 5, "for": 30}]},
            "metrics[0].for: 30s is shorter than one interval (1m)",
        ),
        (
            {"metrics": [{"name": "a", "kind": "gauge", "compare": "slope"}]},
            "metrics[0].compare: slope needs a direction",
            "metrics[0].compare: slope needs a limit of its own",
        ),
        (
            {"metrics": [{**COUNTS, "queries": {"canary": {"events": "a", "buckets": "b"}}}]},
            "metrics[0].queries.canary.buckets: is no part of a proportion, which has events and",
            "metrics[0].queries.canary.total: is missing; add it (a proportion has events an",
        ),
        ({"metrics": [COUNTS, COUNTS]}, "metrics[1].name: another metric is called a"),
        ({"metrics": [{**COUNTS, "limit": {"ratio": 0.5}}]}, "metrics[0].limit.ratio: 0.5 is"),
        ({"metrics": [{**COUNTS, "limit": {"ratio": 1e5}}]}, "metrics[0].limit.ratio: 100000"),
        ({"metrics": [{**COUNTS, "worst": {"ratio": 1.1}}]}, "metrics[0].worst.ratio: 1.1 is not"),
        (
            {"metrics": [{**COUNTS, "direction": "decrease", "worst": {"ratio": 0.9}}]},
            "metrics[0].worst.ratio: 0.9 is not beyond the limit; write a ratio below 0.8",
        ),
        ({"metrics": [COUNTS], "interval": 0.5}, "interval: an interval of 500ms is too short"),
        ({"metrics": [COUNTS], "interval": "5m", "duration": "1m"}, "interval: the duration 1m"),
        ({"metrics": [COUNTS], "warmup": -1}, "warmup: -1 is not a number of seconds"),
        ({"metrics": [COUNTS], "intervall": 1}, "intervall: is not a field here; known: "),
        ({"metrics": [COUNTS], "score": {"pass": 1}}, "score.marginal: must not be above pass"),
        ({"spec": {"metrics": [COUNTS]}, "metrics": []}, "metrics: is not a field here"),
        ({"spec": {"metrics": [COUNTS]}, "kind": "Bundle"}, "kind: must be 'Analysis'"),
        (
            {
                "metrics": [
                    {**COUNTS, "queries": {"canary": {"events": "a", "total": "rate(b[1m])"}}}
                ]
            },
            "metrics[0].queries.canary.total: a counter is read by a plain selector",
        ),
        (
            {
                "metrics": [
                    {
                        **COUNTS,
                        "queries": {"canary": {"events": "a", "total": "b"}, "events": "a"},
                    }
                ]
            },
            "metrics[0].queries: write the queries by track, or for all tracks alike",
        ),
        ({"metrics": [COUNTS], "tracks": {"canary": {"selector": "x"}}}, "tracks.canary.selector:"),
    ],
)
def test_what_is_wrong_in_a_bundle_is_refused(case: tuple[Any, ...]) -> None:
    document, *told = case
    with pytest.raises(SpecError) as wrong:
        from_document(document)
    assert len(wrong.value.issues) == len(told)
    assert [
        str(issue)[: len(start)] for issue, start in zip(wrong.value.issues, told, strict=True)
    ] == told
