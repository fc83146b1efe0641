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
from judge.spec.limits import default_worst
from judge.spec.resolved import (
    Actions,
    BasicAuth,
    Direction,
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
)

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
queries = st.dictionaries(
    st.sampled_from(TRACKS), st.fixed_dictionaries({"events": query, "total": query}), max_size=3
)


@st.composite
def metrics(draw: st.DrawFn) -> Metric:
    direction = draw(st.sampled_from(Direction))
    down = direction is Direction.DECREASE
    limit = draw(st.floats(0.01, 1.0) if down else st.floats(1.0, 100.0))
    factor = draw(st.floats(1.01, 10.0))
    worst = limit / factor if down else limit * factor
    return Metric(
        name=draw(st.text(alphabet="aZ0_-", min_size=1, max_size=8)),
        kind=Kind.PROPORTION,
        direction=direction,
        limit=limit,
        worst=draw(st.sampled_from([worst, default_worst(limit, direction)])),
        unit=draw(text),
        weight=draw(st.floats(0.01, 100.0)),
        critical=draw(st.booleans()),
        observe=draw(st.booleans()),
        template=draw(st.one_of(st.just(""), word)),
        pod_label=draw(st.one_of(st.just(""), word)),
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
webhooks = st.lists(
    st.builds(Webhook, url, st.one_of(st.just(""), path), headers, seconds), max_size=2
).map(tuple)
scores = st.lists(st.floats(0, 100), min_size=2, max_size=2).map(
    lambda pair: ScoreThresholds(max(pair), min(pair))
)


@st.composite
def analyses(draw: st.DrawFn) -> ResolvedAnalysis:
    interval = draw(st.floats(1.0, 1e4))
    return ResolvedAnalysis(
        name=draw(word),
        metrics=tuple(
            draw(st.lists(metrics(), min_size=1, max_size=3, unique_by=lambda one: one.name))
        ),
        namespace=draw(word),
        labels=draw(st.dictionaries(text, text, max_size=2)),
        prometheus=draw(servers),
        tracks=draw(
            st.dictionaries(
                st.sampled_from(TRACKS),
                st.builds(Track, st.one_of(st.just(""), selector), st.one_of(st.none(), share)),
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
    )


@settings(max_examples=50)
@given(analyses())
def test_an_analysis_survives_its_json_form(analysis: ResolvedAnalysis) -> None:
    written = json.loads(json.dumps(to_document(analysis), allow_nan=False))
    assert from_document(written) == analysis


SMALL = ResolvedAnalysis(
    name="checkout",
    metrics=(
        Metric("errors", Kind.PROPORTION, Direction.INCREASE, 1.25, 2.0, "share of requests"),
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
    ("document", "told"),
    [
        ({}, "metrics: is missing; add it"),
        ({"spec": {}}, "spec.metrics: is missing; add it"),
        ({"metrics": []}, "metrics: must hold at least 1"),
        ({"metrics": [{"name": "a"}]}, "metrics[0]: has no kind; write kind: proportion"),
        (
            {"metrics": [{"name": "a", "template": "http-eror-rate"}]},
            "metrics[0].template: no shipped template is called http-eror-rate",
        ),
        ({"metrics": [{**COUNTS, "kind": "gauge"}]}, "metrics[0].kind: kind: gauge is not judged"),
        ({"metrics": [{**COUNTS, "max": 5}]}, "metrics[0].max: a fixed bound"),
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
def test_what_is_wrong_in_a_bundle_is_refused(document: dict[str, Any], told: str) -> None:
    with pytest.raises(SpecError) as wrong:
        from_document(document)
    assert [str(issue)[: len(told)] for issue in wrong.value.issues] == [told]
