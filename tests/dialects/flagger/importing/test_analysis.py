"""Canaries become analyses that can be loaded, and whatever differs is told with its place."""

from __future__ import annotations

import copy
import itertools
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judge.dialects.flagger.importing.analysis import Wanted, imported
from judge.errors import SpecError
from judge.spec.loading import load_analysis
from judge.spec.resolved import Metric, ResolvedAnalysis
from judge.spec.written import read_documents

from .importing import LATENCY, QUEUE, RATIO, canary, listed, made, metric, template, text_of

CANARIES = sorted((Path(__file__).parent / "canaries").glob("*.yaml"))
TEMPLATES = (template(), template("latency", LATENCY), template("queue", QUEUE))

STRATEGIES: list[dict[str, Any]] = [
    {},
    {"stepWeights": [1, 5, 25]},
    {"iterations": 10},
    {"iterations": 5, "match": [{"headers": {"cookie": {"regex": "insider"}}}]},
    {"mirror": True, "mirrorWeight": 50},
    {"stepWeight": 0},
]
SPECS: list[dict[str, Any]] = [
    {},
    {"provider": "kubernetes"},
    {"provider": "nginx", "ingressRef": {"name": "edge"}, "progressDeadlineSeconds": 60},
    {"provider": "linkerd", "service": {"name": "front", "port": 80}, "skipAnalysis": True},
    {"targetRef": {"kind": "DaemonSet", "name": "checkout"}, "suspend": True},
    {"targetRef": {"kind": "Service", "name": "checkout"}, "autoscalerRef": None},
]
METRICS: list[list[dict[str, Any]]] = [
    [metric()],
    [metric("latency", thresholdRange={"max": 0.5}), metric("queue", thresholdRange={"min": 1})],
    [metric(threshold=5, thresholdRange=None), metric("queue", thresholdRange={})],
    [{"name": "in place", "query": QUEUE, "threshold": 10}, metric("queue", thresholdRange=None)],
]


def loaded(*documents: dict[str, Any], **wanted: str) -> ResolvedAnalysis:
    return load_analysis(made(*documents, **wanted).text)


def by_name(analysis: ResolvedAnalysis) -> dict[str, Metric]:
    return {one.name: one for one in analysis.metrics}


@pytest.mark.parametrize("path", CANARIES, ids=lambda path: path.stem)
def test_whole_files_become_analyses_and_can_be_given_their_webhooks(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    found = imported(read_documents(text, source=path.name), Wanted(judge_url="http://judge"))
    assert load_analysis(found.text).metrics
    again = read_documents(found.canary_text(), source=path.name)
    assert imported(again, Wanted(judge_url="http://judge")).hooks == ()
    assert all(one.line > 0 and one.column > 0 for one in found.remarks)


@pytest.mark.parametrize(
    ("strategy", "spec", "metrics"),
    [
        (*combined, METRICS[i % len(METRICS)])
        for i, combined in enumerate(itertools.product(STRATEGIES, SPECS))
    ],
)
def test_every_form_of_a_canary_becomes_an_analysis(
    strategy: dict[str, Any], spec: dict[str, Any], metrics: list[dict[str, Any]]
) -> None:
    found = made(canary(*metrics, spec=spec, **strategy), *TEMPLATES)
    analysis = load_analysis(found.text)
    assert {one.name for one in analysis.metrics} >= {"queue"} & {one["name"] for one in metrics}
    assert found.canary_text().count("judge-") == len(found.hooks)


def test_what_the_canary_says_of_itself_is_said() -> None:
    analysis = loaded(canary(metric(), interval="30s"), *TEMPLATES)
    assert (analysis.name, analysis.namespace) == ("checkout", "shop")
    assert (analysis.interval, analysis.duration) == (30.0, 150.0)
    assert analysis.prometheus.address == "http://prometheus:9090"


def test_the_primary_is_the_baseline_and_reads_its_own_series() -> None:
    (one,) = loaded(canary(metric()), *TEMPLATES).metrics
    events = {track: parts["events"].expr for track, parts in one.queries.items()}
    assert events == {
        "baseline": 'http_requests_total{app="checkout-primary", code=~"5.."}',
        "canary": 'http_requests_total{app="checkout", code=~"5.."}',
    }
    assert one.limit is not None
    assert one.bound is not None
    assert one.bound.max == pytest.approx(0.01)


def test_a_plain_bound_is_as_patient_as_flagger_within_the_run() -> None:
    queue = metric("queue", thresholdRange={"max": 50})
    lasting = {
        threshold: by_name(loaded(canary(queue, threshold=threshold), *TEMPLATES))["queue"].bound
        for threshold in (0, 3, 50)
    }
    assert {k: one and one.lasting for k, one in lasting.items()} == {0: 60.0, 3: 180.0, 50: 300.0}


def test_a_least_of_0_makes_no_duration_a_bare_number() -> None:
    latency = metric("latency", thresholdRange={"min": 0, "max": 0.5})
    (one,) = loaded(canary(latency), *TEMPLATES).metrics
    assert one.bound is not None
    assert (one.kind, one.bound.min, one.bound.max) == ("histogram", None, 0.5)


def test_a_number_of_which_nothing_is_known_is_bounded_and_its_comparison_shown() -> None:
    found = by_name(loaded(canary(metric("queue")), *TEMPLATES))
    assert (found["queue"].limit, found["queue"].observe) == (None, False)
    assert (found["queue-compared"].bound, found["queue-compared"].observe) == (None, True)


@pytest.mark.parametrize("window", ["1e30", "5m:1e30", "99999999999999999999", "x", "]", "0s"])
def test_a_window_that_no_query_can_have_is_refused_with_its_line(window: str) -> None:
    builtin = {"name": "request-success-rate", "interval": window, "thresholdRange": {"min": 99}}
    with pytest.raises(SpecError, match="is no window that a query can have") as caught:
        made(canary(builtin, metric(), metric(interval=window)), *TEMPLATES)
    assert [one.path for one in caught.value.issues] == [
        "spec.analysis.metrics[0].interval",
        "spec.analysis.metrics[2].interval",
    ]


@pytest.mark.parametrize("query", ["max(up[1e30:1m])", "max(up offset NaN)", "up[5m]", "max(up"])
def test_a_query_that_nothing_can_be_made_of_harms_nobody(query: str) -> None:
    found = made(canary(metric(), metric("queue")), template(), template("queue", query))
    assert {one.name for one in load_analysis(found.text).metrics} >= {"errors"}


def test_names_are_made_fit_and_each_its_own() -> None:
    metrics = [metric(name="404s %", templateRef={"name": "errors"}) for _ in range(2)]
    analysis = loaded(canary(*metrics), *TEMPLATES)
    assert [one.name for one in analysis.metrics] == ["404s", "404s-2"]


def test_pods_are_told_apart_by_the_label_that_selects_them() -> None:
    text = RATIO.replace('app="{{ target }}"', 'kubernetes_pod_name=~"{{ target }}-.{9,10}-.{5}"')
    (one,) = loaded(canary(metric()), template(query=text)).metrics
    assert one.pod_label == "kubernetes_pod_name"


@pytest.mark.parametrize(
    ("spec", "analysis", "said"),
    [
        ({}, {"alerts": [{"name": "a"}]}, "spec.analysis.alerts: stay with Flagger"),
        ({}, {"sessionAffinity": {"cookieName": "c"}}, "spec.analysis.sessionAffinity: stays"),
        ({}, {"primaryReadyThreshold": 50}, "spec.analysis.primaryReadyThreshold: stays"),
        ({}, {"stepWeightPromotion": 10}, "spec.analysis.stepWeightPromotion: stays"),
        ({}, {"mirror": True}, "spec.analysis.mirror: stays with Flagger"),
        ({}, {"iterations": 3, "match": [{"uri": {}}]}, "spec.analysis.match: stays with Flagger"),
        ({}, {"match": [{"uri": {}}]}, "spec.analysis.match: is not read by Flagger either"),
        ({}, {"interval": "5s"}, "spec.analysis.interval: Flagger takes 10s at the least"),
        ({}, {"interval": "soon"}, "spec.analysis.interval: 'soon' is no duration"),
        ({}, {"stepWeight": 0}, "spec.analysis: there is no step by which"),
        ({}, {"stepWieght": 5}, "spec.analysis.stepWieght: is no field of Flagger's"),
        ({"skipAnalysis": True}, {}, "spec.skipAnalysis: Flagger promotes this without asking"),
        ({"targetRef": {"kind": "Service", "name": "a"}}, {}, "spec.targetRef.kind: a Service"),
        (
            {},
            {"webhooks": [{"name": "load", "url": "http://x/"}]},
            "spec.analysis.webhooks: load: stay as they are",
        ),
        ({}, {"webhooks": []}, "spec.analysis.webhooks: lacks Judge's confirm-promotion, WITHOUT"),
        (
            {},
            {"webhooks": [{"name": "j", "url": "http://j/flagger/checkout/rollback"}]},
            "spec.analysis.webhooks[0].url: asks Judge for rollback and has the type rollout",
        ),
        (
            {},
            {"webhooks": [{"name": "j", "url": "http://j/flagger/old/rollout"}]},
            "spec.analysis.webhooks[0].url: asks Judge of the analysis old",
        ),
    ],
)
def test_what_has_no_counterpart_is_told_with_its_place(
    spec: dict[str, Any], analysis: dict[str, Any], said: str
) -> None:
    found = made(canary(metric(), spec=spec, **analysis), *TEMPLATES)
    (line,) = [one for one in listed(found) if one.startswith(said)]
    assert all(one.line > 0 for one in found.remarks), line


@pytest.mark.parametrize(
    ("changes", "provider", "said"),
    [
        ({"interval": ""}, {}, "metrics[0]: without an interval Flagger renders none"),
        ({"thresholdRange": {}}, {}, "metrics[0]: the range is empty"),
        ({"thresholdRange": None}, {}, "metrics[0]: there is no range: Flagger lets nothing"),
        ({}, {"secretRef": {"name": "s"}}, "spec.provider.secretRef: the Secret s cannot be read"),
        ({}, {"headers": {"Authorization": ["x"]}}, "headers.Authorization: is a secret"),
        ({}, {"address": "http://a:b@c"}, "spec.provider.address: cannot stand in an analysis"),
    ],
)
def test_what_differs_of_a_metric_is_told_with_its_place(
    changes: dict[str, Any], provider: dict[str, Any], said: str
) -> None:
    found = made(canary(metric(**changes)), template(**provider))
    assert [one for one in listed(found) if said in one], listed(found)
    assert all(one.line > 0 for one in found.remarks)


def test_a_template_of_another_system_is_left_out_and_told() -> None:
    elsewhere = template("dogs", "sum:requests{service:{{ target }}}", type="datadog")
    found = made(canary(metric(), metric("dogs")), template(), elsewhere)
    assert [one.name for one in load_analysis(found.text).metrics] == ["errors"]
    assert any("dogs" in str(one) or "datadog" in one.message for one in found.remarks)


def test_the_server_of_most_metrics_is_read_and_another_is_told() -> None:
    mine = template("errors", headers={"X-Scope-OrgID": ["shop"]}, insecureSkipVerify=True)
    other = template("latency", LATENCY, address="http://other:9090")
    documents = (canary(metric(), metric("latency")), mine, other)
    server = loaded(*documents).prometheus
    assert (server.address, dict(server.headers)) == (
        "http://prometheus:9090",
        {"X-Scope-OrgID": "shop"},
    )
    assert server.tls.insecure_skip_verify
    assert any("an analysis reads one Prometheus" in one for one in listed(made(*documents)))
    assert loaded(*documents, prometheus="http://given:9090").prometheus.address == (
        "http://given:9090"
    )


@pytest.mark.parametrize(
    ("documents", "said"),
    [
        ([template()], "there is no Canary"),
        ([canary(metric()), canary(metric())], "there are 2 Canaries"),
        ([canary()], "there is no metric that could be carried over"),
        ([canary(metric("none"))], "there is no MetricTemplate shop/none in the files"),
        ([canary({"name": "nothing"})], "is no builtin metric"),
        ([canary(metric()), template(query="{{ nobody }}")], "nobody"),
        ([canary(metric()), template(query="{{ if }}")], ""),
        ([canary(metric()), template(query="up{a='${b}'}")], "the query holds ${"),
        ([canary(metric()), template(), template()], "another template has this name"),
        ([canary(metric(), threshold="5"), template()], ""),
        ([canary(metric(thresholdRange={"max": "1"})), template()], "must be a number"),
        ([canary(metric(), spec={"targetRef": None}), template()], "is missing; add it"),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_line(
    documents: list[dict[str, Any]], said: str
) -> None:
    with pytest.raises(SpecError) as caught:
        made(*documents)
    assert said in str(caught.value)
    assert all(one.line > 0 for one in caught.value.issues) or "no Canary" in said


def test_a_canary_without_an_analysis_is_refused() -> None:
    without = canary()
    del without["spec"]["analysis"]
    with pytest.raises(SpecError, match="has no analysis"):
        made(without)


def test_the_old_name_of_the_analysis_is_read_too() -> None:
    old = canary(metric())
    old["spec"]["canaryAnalysis"] = old["spec"].pop("analysis")
    found = made(old, template())
    assert load_analysis(found.text).duration == 300.0
    assert found.hooks_at == "spec.canaryAnalysis.webhooks"
    assert "canaryAnalysis" in found.canary_text()


def test_the_one_that_is_meant_is_taken_out_of_several() -> None:
    other = copy.deepcopy(canary(metric()))
    other["metadata"]["name"] = "cart"
    both = (canary(metric()), other, template())
    assert made(*both, canary="cart").name == "cart"
    with pytest.raises(SpecError, match=r"there is no Canary named crat; .*did you mean cart"):
        made(*both, canary="crat")


def test_a_list_as_a_cluster_answers_is_read() -> None:
    found = made({"apiVersion": "v1", "kind": "List", "items": [canary(metric()), template()]})
    assert load_analysis(found.text).name == "checkout"
    assert found.remarks[0].path.startswith("spec.analysis")
    assert "judge-rollback" in found.canary_text()


WHOLE = text_of(canary(metric(), metric("latency")), *TEMPLATES)
slips = st.lists(
    st.tuples(
        st.floats(0, 1, exclude_max=True),
        st.integers(0, 20),
        st.text(alphabet="{}[]:,\"'`\\#&*!|>%@-\n \x00\u2028é0.5$~?<=x", max_size=3),
    ),
    min_size=1,
    max_size=3,
)


@settings(max_examples=60, deadline=None)
@given(slips)
def test_a_slip_in_a_file_has_a_line_or_does_no_harm(edits: list[tuple[float, int, str]]) -> None:
    text = WHOLE
    for share, length, new in edits:
        at = int(share * len(text))
        text = text[:at] + new + text[at + length :]
    try:
        found = imported(read_documents(text, source="c.yaml"), Wanted(judge_url="http://judge"))
    except SpecError as error:
        issues = error.issues
    else:
        issues = ()
        assert load_analysis(found.text).metrics
    assert all(one.message and (one.line > 0 or "no Canary" in one.message) for one in issues)
