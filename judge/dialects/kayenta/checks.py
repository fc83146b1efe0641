"""What must fit together in a canary configuration, for it to be stored, and for a run of it.

Promised: each fault is a path and a sentence; they are found independently of each other. What
Kayenta says at storing is said here, and what it would only find at each run, or never, as far as
the configuration alone shows it. Not here: single fields (`config`), what only a request can show
(`queries`, `requests`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from judge.dialects.kayenta.config import CanaryConfig, MetricConfig, QueryConfig
from judge.dialects.kayenta.templates import Place, pieces, places, unescaped
from judge.spec.analysis import MOST_METRICS
from judge.spec.promql import PromqlError, check_brackets
from judge.spec.rendering import unknown
from judge.spec.written import Path

Fault = tuple[Path, str]

PROMQL = "PromQL:"
RESOURCE_TYPES = ("gce_instance", "aws_ec2_instance")

_NAME = re.compile(r"[A-Z,a-z,0-9,\-,\_]*")


def faults(config: CanaryConfig) -> Iterator[Fault]:
    """What keeps ``config`` from being judged by, whoever asks with whatever scopes."""
    yield from _name_faults(config)
    for i, metric in enumerate(config.metrics):
        for path, message in _metric_faults(config, metric):
            yield ("metrics", i, *path), message
    if config.classifier is None:
        yield (
            ("classifier",),
            "is missing, and Kayenta cannot score without it; write classifier: {groupWeights: {}}",
        )


def storing_faults(config: CanaryConfig) -> Iterator[Fault]:
    """What else keeps it from being stored: it could not be found again."""
    if not config.name:
        yield ("name",), "is missing; name the configuration"
    elif not _NAME.fullmatch(config.name):
        message = f"{config.name!r:.100} holds more than letters, digits, dashes and underscores"
        yield ("name",), f"{message}; remove the rest"
    if not config.applications:
        yield ("applications",), "is missing; name at least one application"


def running_faults(config: CanaryConfig) -> Iterator[Fault]:
    """What else keeps it from being run; judging data that are there needs none of it."""
    if not config.metrics:
        yield ("metrics",), "is empty, so there is nothing to judge; add a metric"
    if len(config.metrics) > MOST_METRICS:
        yield ("metrics",), f"must hold at most {MOST_METRICS}; split the configuration"
    weights = config.classifier.group_weights if config.classifier else {}
    if config.metrics and not weights and not any(metric.groups for metric in config.metrics):
        yield ("metrics",), "are all in no group, so that every score would be 0; write groups"
    for i, metric in enumerate(config.metrics):
        if not metric.scope_name:
            message = "is missing; name a scope of the request, such as default"
            yield ("metrics", i, "scopeName"), message


def _name_faults(config: CanaryConfig) -> Iterator[Fault]:
    first: dict[str, int] = {}
    for i, metric in enumerate(config.metrics):
        if not metric.name:
            yield ("metrics", i, "name"), "is missing; name the metric"
        elif metric.name in first:
            message = f"metrics[{first[metric.name]}] is called {metric.name} too; rename one"
            yield ("metrics", i, "name"), message
        first.setdefault(metric.name, i)


def _metric_faults(config: CanaryConfig, metric: MetricConfig) -> Iterator[Fault]:
    if metric.groups is None and not metric.analysis.muted:
        message = "is missing, and Kayenta cannot score without it; write a group, such as [errors]"
        yield ("groups",), message
    outliers = metric.analysis.outliers
    if outliers.strategy == "remove" and outliers.outlier_factor <= 0:
        at = ("analysisConfigurations", "canary", "outliers", "outlierFactor")
        yield at, f"{outliers.outlier_factor:g} must be more than 0; write 3, or keep outliers"
    if metric.query is None:
        yield ("query",), "is missing; write {type: prometheus, ...}"
        return
    for path, message in _query_faults(config, metric.query):
        yield ("query", *path), message


def _query_faults(config: CanaryConfig, query: QueryConfig) -> Iterator[Fault]:
    if query.type is None:
        yield ("type",), "is missing; write prometheus"
    if query.custom_inline_template:
        yield from _template_faults(query, "customInlineTemplate", query.custom_inline_template)
    elif query.custom_filter_template in config.templates:
        template = config.templates[query.custom_filter_template]
        yield from _template_faults(query, "customFilterTemplate", template)
    elif query.custom_filter_template:
        known = unknown(query.custom_filter_template, config.templates)
        message = f"there is no template {query.custom_filter_template!r:.100}; {known}"
        yield ("customFilterTemplate",), message
    else:
        yield from _built_faults(query)


def _template_faults(query: QueryConfig, field: str, template: str) -> Iterator[Fault]:
    if not query.metric_name and not may_be_promql(template):
        message = f"is missing, and the template is no whole query; add it, or write {PROMQL} ahead"
        yield ("metricName",), message
    if places(template) or not unescaped(template).startswith(PROMQL):
        return
    wrong = promql_fault("".join(map(str, pieces(unescaped(template)))).removeprefix(PROMQL))
    if wrong:
        yield (field,), wrong


def _built_faults(query: QueryConfig) -> Iterator[Fault]:
    """Of a query without a template."""
    if not query.metric_name:
        yield ("metricName",), f"is missing; name a metric, or write customInlineTemplate: {PROMQL}"
    if query.resource_type.strip() and query.resource_type not in RESOURCE_TYPES:
        yield ("resourceType",), resource_type_fault(query.resource_type)


def resource_type_fault(resource_type: str) -> str:
    """What to say of a type of resource without filters of its own."""
    return (
        f"{resource_type!r:.100} has no filters of its own, only {' and '.join(RESOURCE_TYPES)} "
        "have; write the filters as labelBindings and customInlineTemplate"
    )


def may_be_promql(template: str) -> bool:
    """Whether what ``template`` expands to can begin with `PROMQL`."""
    start = ""
    for piece in pieces(unescaped(template)):
        if isinstance(piece, Place):
            return PROMQL.startswith(start)
        start += piece
        if len(start) >= len(PROMQL):
            break
    return start.startswith(PROMQL)


def promql_fault(query: str) -> str:
    """What is wrong with the brackets and strings of a query, or ""."""
    if not query.strip():
        return f"holds no query behind {PROMQL}; write it"
    try:
        check_brackets(query)
    except PromqlError as error:
        return f"{error} (character {error.offset + 1} of {query!r:.200})"
    return ""
