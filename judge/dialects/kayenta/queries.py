"""The PromQL of a metric for one side of a canary.

Owned here: which template is meant, and how a query is built from a metric's name, filters and
labels. Promised: the same text as Kayenta's; what it refuses, and what Prometheus would, is a
`SpecError` at the field that it is about. Like Kayenta, and unlike Judge's own templates, a value
is put into the query as it is, not escaped. Not here: filling places (`templates`), what is read
when (`metrics`). Source: Kayenta a69573be.
"""

from __future__ import annotations

from collections.abc import Sequence

from judge.dialects.kayenta.checks import (
    PROMQL,
    RESOURCE_TYPES,
    promql_fault,
    resource_type_fault,
)
from judge.dialects.kayenta.config import CanaryConfig, QueryConfig
from judge.dialects.kayenta.scopes import Scope
from judge.dialects.kayenta.templates import TemplateError, expand
from judge.errors import Issue, SpecError

SCOPE_LABEL = "instance"
"""The label of an instance's name, where a Prometheus account says nothing else."""

_GCE, _EC2 = RESOURCE_TYPES
_EC2_GROUP = "asg_groupName"


def query_of(
    config: CanaryConfig, query: QueryConfig, scope: Scope, *, scope_label: str = SCOPE_LABEL
) -> str:
    """PromQL of ``query``, one of ``config``'s metrics', for ``scope``.

    Raises `SpecError` with a path that begins in the query, as ``customInlineTemplate``.
    """
    resource_type = query.resource_type if query.resource_type.strip() else scope.resource_type
    field, template = _template(config, query)
    filters = _expanded(field, template, scope.variables(query.resource_type)) if template else ""
    if filters.startswith(PROMQL):
        return _checked(field, filters.removeprefix(PROMQL))
    if not query.metric_name:
        raise _refused("metricName", f"is missing; name a metric, or write {PROMQL} ahead")
    if filters:
        matchers = [*_split(filters), *query.label_bindings]
    else:
        matchers = [*query.label_bindings, *_resource(resource_type, scope, scope_label)]
    return _checked(field or "metricName", _average(query, matchers))


def _template(config: CanaryConfig, query: QueryConfig) -> tuple[str, str]:
    """The field that says which template it is, and its text; both "" where there is none."""
    if query.custom_inline_template:
        return "customInlineTemplate", query.custom_inline_template
    if query.custom_filter_template:
        return "customFilterTemplate", config.templates[query.custom_filter_template]
    return "", ""


def _expanded(field: str, template: str, variables: dict[str, str]) -> str:
    try:
        return expand(template, variables)
    except TemplateError as error:
        raise _refused(field, str(error)) from error


def _split(filters: str) -> list[str]:
    """What stands between the commas; nothing at the end is no filter."""
    parts = filters.split(",")
    while parts and not parts[-1]:
        parts.pop()
    return parts


def _average(query: QueryConfig, matchers: Sequence[str]) -> str:
    braces = f"{{{','.join(matchers)}}}" if matchers else ""
    by = f" by ({','.join(query.group_by_fields)})" if query.group_by_fields else ""
    return f"avg({query.metric_name}{braces}){by}"


def _resource(resource_type: str, scope: Scope, scope_label: str) -> list[str]:
    """The matchers of a type of resource. Zones are a location with a letter behind it."""
    if not resource_type:
        raise _refused(
            "resourceType",
            "is missing, and so is a template; write the scope's filter as customInlineTemplate, "
            f"or one of {', '.join(RESOURCE_TYPES)}",
        )
    if resource_type not in RESOURCE_TYPES:
        raise _refused("resourceType", resource_type_fault(resource_type))
    if not scope.location:
        raise _refused("resourceType", f"{resource_type} needs the scope's location; add it")
    if resource_type == _EC2:
        named = [f'{_EC2_GROUP}="{scope.scope}"'] if scope.scope else []
        return [*named, f'zone=~"{scope.location}.{{1}}"']
    named = [f'{scope_label}=~"{scope.scope}-.{{4}}"'] if scope.scope else []
    project = f"projects/{scope.project}/" if scope.project else ""
    return [*named, f'zone=~".+/{project}zones/{scope.location}-.{{1}}"']


def _checked(field: str, query: str) -> str:
    wrong = promql_fault(query)
    if wrong:
        raise _refused(field, wrong)
    return query


def _refused(field: str, message: str) -> SpecError:
    return SpecError([Issue(field, message)])
