from __future__ import annotations

import re
from typing import Any

import pytest

from judge.dialects.flagger.builtins import (
    BUILTINS,
    DURATION,
    OBSERVERS,
    SUCCESS_RATE,
    builtin,
    builtins,
    observer_name,
)
from judge.spec.loading import load_analysis_document
from judge.spec.promql import parse_vector_selector
from judge.spec.promql_shapes import Measured
from judge.spec.resolved import BASELINE, CANARY, Kind, ResolvedAnalysis

NAMES = {
    "namespace": "shop",
    "workload": "podinfo",
    "service": "web",
    "ingress": "my-edge",
    "route": "rt",
}


@pytest.mark.parametrize(
    ("provider", "observer"),
    [
        ("appmesh:v1beta2", "appmesh"),
        ("appmesh", "appmesh"),
        ("linkerd", "linkerd"),
        ("istio", "istio"),
        ("contour", "contour"),
        ("gloo", "gloo"),
        ("gloo:v1", "gloo"),
        ("nginx", "nginx"),
        ("kubernetes", "kubernetes"),
        ("gatewayapi:v1", "gatewayapi"),
        ("gatewayapi:v1beta1", "gatewayapi"),
        ("skipper", "skipper"),
        ("traefik", "traefik"),
        ("osm", "osm"),
        ("kuma", "kuma"),
        ("apisix", "apisix"),
        ("knative", "knative"),
        ("crossover", "istio"),
        ("smi:crossover", "istio"),
        ("kubernetes:service", "istio"),
        ("anything", "istio"),
    ],
)
def test_what_is_observed_for_a_provider(provider: str, observer: str) -> None:
    assert observer_name(provider) == observer


def test_another_metric_is_no_builtin() -> None:
    with pytest.raises(ValueError, match="none of request-success-rate, request-duration"):
        builtin("istio", "request-rate")


def loaded(
    provider: str, metrics: tuple[Measured, ...], *, kind: str = "Deployment"
) -> ResolvedAnalysis:
    own = builtin(provider, SUCCESS_RATE, kind=kind)
    apart = own.variables(NAMES)
    alike: dict[str, Any] = {"selector": 'a="1"'}
    return load_analysis_document(
        {
            "apiVersion": "judge/v1",
            "kind": "Analysis",
            "metadata": {"name": "made"},
            "spec": {
                "variables": {name: f"{name.lower()}-1" for name in own.inputs},
                "tracks": {
                    track: {"variables": apart[track]} if apart else alike
                    for track in (BASELINE, CANARY)
                },
                "metrics": [one.written() for one in metrics],
            },
        }
    )


@pytest.mark.parametrize("provider", OBSERVERS)
@pytest.mark.parametrize(
    ("metric", "least", "most"),
    [
        (SUCCESS_RATE, 99, None),
        (SUCCESS_RATE, None, 99.5),
        (SUCCESS_RATE, 90, 100),
        (SUCCESS_RATE, None, None),
        (DURATION, None, 500),
        (DURATION, 10, None),
        (DURATION, 10, 500),
        (DURATION, None, 0),
        (DURATION, None, None),
    ],
)
def test_whatever_the_range_an_analysis_can_hold_it(
    provider: str, metric: str, least: float | None, most: float | None
) -> None:
    found = builtin(provider, metric).measured(NAMES, min=least, max=most)
    if not found:
        assert (provider, least, most) == ("apisix", None, None)
        return
    metrics = loaded(provider, found).metrics
    assert all(one.bound is not None or one.limit is not None for one in metrics)
    assert any(one.bound is not None for one in metrics) is ((least, most) != (None, None))


def test_milliseconds_become_the_buckets_own_unit() -> None:
    most = {
        provider: one.rules["max"]
        for provider in OBSERVERS
        for one in builtin(provider, DURATION).measured(NAMES, max=250)
        if one.kind is Kind.HISTOGRAM and "max" in one.rules
    }
    in_seconds = {"traefik", "kubernetes", "gatewayapi"}
    assert most == {
        provider: 0.25 if provider in in_seconds else 250
        for provider in OBSERVERS
        if provider not in ("nginx", "skipper")
    }


def test_means_are_held_in_milliseconds_and_their_histograms_compared() -> None:
    for provider in ("nginx", "skipper"):
        mean, whole = builtin(provider, DURATION).measured(NAMES, max=250)
        assert (mean.kind, mean.rules["max"], whole.kind) == (Kind.GAUGE, 250, Kind.HISTOGRAM)
        assert mean.queries["value"].endswith("* 1000")


def test_sides_that_cannot_be_told_apart_are_held_to_the_range_alone_and_that_is_told() -> None:
    for metric in BUILTINS:
        (one,) = builtin("apisix", metric).measured(NAMES, max=99)
        assert "limit" not in one.rules
        assert any("not compared" in remark for remark in one.remarks)


def test_pods_are_named_by_the_label_that_the_query_selects_them_by() -> None:
    labels = {
        provider: {
            one.rules.get("podLabel")
            for metric in builtins(provider).values()
            for one in metric.measured(NAMES, min=0.1, max=50)
        }
        for provider in OBSERVERS
    }
    pods = {one: {"kubernetes_pod_name"} for one in ("appmesh", "kubernetes", "gatewayapi")}
    assert labels == {provider: {None} for provider in OBSERVERS} | pods | {
        "nginx": {"controller_pod"}
    }


def patterns(provider: str, kind: str) -> dict[str, re.Pattern[str]]:
    """The regular expression of pods of each track."""
    (metric,) = builtin(provider, SUCCESS_RATE, kind=kind).measured(NAMES, min=99)
    (resolved,) = loaded(provider, (metric,), kind=kind).metrics
    found = {}
    for track, parts in resolved.queries.items():
        _, matchers = parse_vector_selector(parts["total"].expr)
        (pods,) = [one.value for one in matchers if one.name == "kubernetes_pod_name"]
        found[track] = re.compile(pods)
    return found


@pytest.mark.parametrize("provider", ["appmesh", "kubernetes", "gatewayapi:v1"])
@pytest.mark.parametrize(
    ("kind", "pod"), [("Deployment", "5d9c7b6f44-x2k8z"), ("DaemonSet", "x2k8z")]
)
def test_each_side_reads_its_own_pods(provider: str, kind: str, pod: str) -> None:
    pods = {CANARY: f"podinfo-{pod}", BASELINE: f"podinfo-primary-{pod}"}
    for track, pattern in patterns(provider, kind).items():
        read = [name for name in pods.values() if pattern.fullmatch(name)]
        assert read == [pods[track]]


def test_the_pods_of_a_daemon_set_are_what_flagger_itself_passes_over() -> None:
    (metric,) = builtin("kubernetes", SUCCESS_RATE, kind="DaemonSet").measured(NAMES, min=99)
    assert any("DaemonSet" in remark for remark in metric.remarks)
    (metric,) = builtin("istio", SUCCESS_RATE, kind="DaemonSet").measured(NAMES, min=99)
    assert not any("DaemonSet" in remark for remark in metric.remarks)


def test_skipper_calls_its_routes_by_words() -> None:
    expr = builtin("skipper", SUCCESS_RATE).placed(NAMES, "1m")
    assert 'route=~"kube(ew)?_shop__my_edge_canary__.*__web_{{ role }}(_[0-9]+)?"' in expr
    assert "[1m]" in expr


def test_the_revisions_of_knative_are_a_callers_to_say() -> None:
    found = builtin("knative", SUCCESS_RATE)
    assert found.inputs == ("canaryRevision", "primaryRevision")
    assert builtin("istio", SUCCESS_RATE).inputs == ()
    (metric,) = loaded("knative", found.measured(NAMES, min=99)).metrics
    assert 'envoy_cluster_name=~"shop/primaryrevision-1"' in metric.queries[BASELINE]["total"].expr
