"""The PromQL of Kayenta's metrics: its own cases, and what it refuses."""

from __future__ import annotations

from typing import Any

import pytest

from judge.dialects.kayenta.config import CanaryConfig, QueryConfig
from judge.dialects.kayenta.queries import query_of
from judge.dialects.kayenta.scopes import Scope
from judge.errors import SpecError
from tests.kayenta_cases import Case, parametrized

TEMPLATES = {"by-app": "app='${scope}'", "named": "PromQL:${expression}"}


def query(scope: Scope | None = None, **fields: Any) -> str:
    config = CanaryConfig.model_validate({"templates": TEMPLATES})
    return query_of(config, QueryConfig.model_validate(fields), scope or Scope("checkout"))


@parametrized("promQuery")
def test_kayentas_own_cases(case: Case) -> None:
    fields = ("metricName", "labelBindings", "customFilterTemplate", "customInlineTemplate")
    config = CanaryConfig.model_validate({"templates": case["templates"]})
    metric = QueryConfig.model_validate({name: case[name] for name in (*fields, "resourceType")})
    params = {name: str(value) for name, value in (case["extendedScopeParams"] or {}).items()}
    scope = Scope(case["scope"] or "", case["location"], params)
    found = query_of(config, metric, scope, scope_label=case["scopeLabel"])
    assert found == case["expected"]["query"]


def test_a_named_template_of_filters_goes_before_the_labels() -> None:
    found = query(
        metricName="requests",
        customFilterTemplate="by-app",
        labelBindings=["code=~'5..'"],
        groupByFields=["pod", "zone"],
    )
    assert found == "avg(requests{app='checkout',code=~'5..'}) by (pod,zone)"


def test_the_inline_template_goes_before_the_named_one() -> None:
    found = query(customFilterTemplate="by-app", customInlineTemplate="PromQL:vector(1)")
    assert found == "vector(1)"


def test_a_template_may_turn_out_to_be_a_whole_query() -> None:
    scope = Scope("checkout", params={"expression": "sum(up)"})
    assert query(scope, customFilterTemplate="named") == "sum(up)"


def test_filters_are_split_at_each_comma_and_empty_ones_at_the_end_dropped() -> None:
    found = query(metricName="m", customInlineTemplate="a=~'x{1,2}',b='c',,")
    assert found == "avg(m{a=~'x{1,2}',b='c'})"


def test_a_value_is_put_in_as_it_is() -> None:
    scope = Scope("checkout", params={"labels": 'a="b",c="d"'})
    found = query(scope, customInlineTemplate="PromQL:sum(m{${labels}})")
    assert found == 'sum(m{a="b",c="d"})'


@pytest.mark.parametrize(
    ("scope", "matchers"),
    [
        (Scope("app", "us-east1"), 'job=~"app-.{4}",zone=~".+/zones/us-east1-.{1}"'),
        (Scope("", "us-east1"), 'zone=~".+/zones/us-east1-.{1}"'),
        (
            Scope("app", "us-east1", {"project": "shop"}),
            'job=~"app-.{4}",zone=~".+/projects/shop/zones/us-east1-.{1}"',
        ),
    ],
)
def test_instances_of_google_are_found_by_scope_project_and_zone(
    scope: Scope, matchers: str
) -> None:
    metric = QueryConfig.model_validate({"metricName": "m", "resourceType": "gce_instance"})
    assert query_of(CanaryConfig(), metric, scope, scope_label="job") == f"avg(m{{{matchers}}})"


def test_instances_of_amazon_are_found_by_their_group() -> None:
    scope = Scope("app-v001", "us-east-1", {"resourceType": "aws_ec2_instance"})
    found = query(scope, metricName="m")
    assert found == 'avg(m{asg_groupName="app-v001",zone=~"us-east-1.{1}"})'


def test_the_metrics_type_of_resource_goes_before_the_scopes() -> None:
    scope = Scope("app", "eu", {"resourceType": "gce_instance"})
    assert 'zone=~"eu.{1}"' in query(scope, metricName="m", resourceType="aws_ec2_instance")


@pytest.mark.parametrize(
    ("scope", "fields", "path", "told"),
    [
        (None, {"metricName": "m"}, "resourceType", "is missing, and so is a template"),
        (None, {"metricName": "m", "resourceType": "k8s"}, "resourceType", "'k8s' has no filters"),
        (
            Scope("app", params={"resourceType": "k8s"}),
            {"metricName": "m"},
            "resourceType",
            "'k8s' has no filters",
        ),
        (None, {"metricName": "m", "resourceType": "gce_instance"}, "resourceType", "location"),
        (None, {"metricName": "m", "resourceType": "aws_ec2_instance"}, "resourceType", "location"),
        (None, {"customInlineTemplate": "app='${scope}'"}, "metricName", "is missing"),
        (
            None,
            {"metricName": "m", "customInlineTemplate": "ns='${namespace}'"},
            "customInlineTemplate",
            "namespace has no value",
        ),
        (None, {"customFilterTemplate": "named"}, "customFilterTemplate", "expression has no"),
        (
            Scope(params={"expression": "sum(m"}),
            {"customFilterTemplate": "named"},
            "customFilterTemplate",
            "never closed",
        ),
        (
            Scope("it's"),
            {"metricName": "m", "customFilterTemplate": "by-app"},
            "customFilterTemplate",
            "string that is never closed",
        ),
        (
            Scope(params={"expression": " "}),
            {"customFilterTemplate": "named"},
            "customFilterTemplate",
            "holds no query",
        ),
    ],
)
def test_what_kayenta_or_prometheus_would_refuse_is_refused_at_its_field(
    scope: Scope | None, fields: dict[str, Any], path: str, told: str
) -> None:
    with pytest.raises(SpecError) as raised:
        query(scope, **fields)
    (issue,) = raised.value.issues
    assert issue.path == path
    assert told in issue.message
