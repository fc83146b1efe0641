"""What an analysis cannot say as the configuration says it, each with its place in the file.

Promised: every field of the configuration either is in the analysis with the same meaning, or has a
remark. Not here: what keeps a metric from being carried over at all (`analysis`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from judge.dialects.kayenta.checks import PROMQL, Fault
from judge.dialects.kayenta.config import (
    AnalysisConfigurations,
    CanaryAnalysis,
    CanaryConfig,
    Classifier,
    EffectSizeConfig,
    JudgeConfig,
    KayentaDocument,
    MetricConfig,
    Outliers,
    QueryConfig,
    ScoreThresholds,
)
from judge.dialects.kayenta.importing.texts import Spot, template_of
from judge.dialects.kayenta.importing.variables import Key, Variables
from judge.dialects.kayenta.templates import unescaped
from judge.spec.written import Path

ALL = 100.0
"""What the weights of groups are meant to add up to."""

_STAYS_BEHIND = {
    "id": "stays behind; an analysis is found by its name",
    "configVersion": "stays behind; nobody reads it",
    "createdTimestamp": "stays behind; nobody reads it",
    "updatedTimestamp": "stays behind; nobody reads it",
    "createdTimestampIso": "stays behind; nobody reads it",
    "updatedTimestampIso": "stays behind; nobody reads it",
}
# Where other mappings with known fields stand, by the fields around them.
_INSIDE: dict[type[KayentaDocument], dict[str, type[KayentaDocument]]] = {
    CanaryConfig: {"judge": JudgeConfig, "metrics": MetricConfig, "classifier": Classifier},
    Classifier: {"scoreThresholds": ScoreThresholds},
    MetricConfig: {"query": QueryConfig, "analysisConfigurations": AnalysisConfigurations},
    AnalysisConfigurations: {"canary": CanaryAnalysis},
    CanaryAnalysis: {"outliers": Outliers, "effectSize": EffectSizeConfig},
}
_SERVICE_TYPE = "serviceType"  # Kayenta adds it to each query that it stores


def remarks(config: CanaryConfig, data: Mapping[str, Any]) -> Iterator[Fault]:
    """On all but the names and variables. ``data`` is what the configuration was read from."""
    yield from _unknown_fields(CanaryConfig, data, ())
    for field, message in _STAYS_BEHIND.items():
        if data.get(field) is not None:
            yield (field,), message
    if config.applications:
        yield (
            ("applications",),
            "becomes a label; an analysis belongs to a namespace, and runs are found by labels",
        )
    if config.judge.judge_configurations:
        yield ("judge", "judgeConfigurations"), "stays behind; Kayenta's judge reads none"
    for i, metric in enumerate(config.metrics):
        for path, message in _metric_remarks(config, metric):
            yield ("metrics", i, *path), message
    yield from _template_remarks(config)
    yield from _score_remarks(config)
    yield from _group_remarks(config)


def renamed(what: Path, before: str, after: str) -> Iterator[Fault]:
    """That a name had to be written otherwise."""
    if before != after:
        yield what, f"{before!r:.100} becomes {after}; an analysis's names have no other characters"


def variable_remark(variables: Variables, key: Key) -> str:
    """What a caller sets in place of one of Kayenta's variables."""
    name = f"${{{key[1]}}}"
    spots = variables.spots(key)
    if key == variables.selector:
        return f"{name} becomes each track's selector; write the label matchers there"
    inputs = " and ".join(variables.inputs(key))
    shared = "" if len(variables.inputs(key)) > 1 else ", the same for both sides"
    limits = []
    if Spot.STRING in spots:
        limits.append("in a string its value is escaped, so write a backslash once")
    if spots - {Spot.STRING}:
        limits.append("outside of a string it can be a name, a number or a duration alone")
    if len(variables.defaults(key)) > 1:
        limits.append(f"its defaults differ ({', '.join(variables.defaults(key))})")
    return f"{name} becomes {inputs}{shared}; {'; '.join(limits)}"


def _unknown_fields(
    model: type[KayentaDocument], data: Mapping[str, Any], path: Path
) -> Iterator[Fault]:
    known = {info.alias or name for name, info in model.model_fields.items()}
    for name, value in data.items():
        if name not in known and not (model is QueryConfig and name == _SERVICE_TYPE):
            yield (*path, name), "stays behind; Kayenta does not know it either"
        inner = _INSIDE.get(model, {}).get(name)
        if inner and isinstance(value, Mapping):
            yield from _unknown_fields(inner, value, (*path, name))
        elif inner and isinstance(value, list):
            for i, item in enumerate(value):
                yield from _unknown_fields(inner, item, (*path, name, i))


def _metric_remarks(config: CanaryConfig, metric: MetricConfig) -> Iterator[Fault]:
    if not metric.groups:
        effect = "only as critical it decides" if metric.analysis.critical else "it decides nothing"
        yield ("groups",), f"is empty, so that the metric counts in no score; {effect}"
    query = metric.query
    if query is None:
        return
    if query.custom_inline_template and query.custom_filter_template:
        message = "stays behind; Kayenta does not read it beside customInlineTemplate"
        yield ("query", "customFilterTemplate"), message
    template = unescaped(template_of(config, query))
    beside = {
        "metricName": template.startswith(PROMQL) and query.metric_name,
        "labelBindings": template.startswith(PROMQL) and query.label_bindings,
        "groupByFields": template.startswith(PROMQL) and query.group_by_fields,
        "resourceType": template and query.resource_type,
    }
    for field, said in beside.items():
        if said:
            what = "a whole query" if template.startswith(PROMQL) else "a template"
            yield ("query", field), f"stays behind; Kayenta does not read it beside {what}"
    if not template and query.resource_type == "gce_instance":
        message = "has no matcher of the project; add it to the query if your requests name one"
        yield ("query", "resourceType"), message


def _template_remarks(config: CanaryConfig) -> Iterator[Fault]:
    used = {
        metric.query.custom_filter_template
        for metric in config.metrics
        if metric.query and not metric.query.custom_inline_template
    }
    for name in config.templates:
        if name not in used:
            yield ("templates", name), "stays behind; no metric names it"


def _score_remarks(config: CanaryConfig) -> Iterator[Fault]:
    thresholds = config.classifier.score_thresholds if config.classifier else ScoreThresholds()
    if thresholds.passing is None and thresholds.marginal is None:
        return
    yield (
        ("classifier", "scoreThresholds"),
        "becomes score; Kayenta does not read it, each request carries its own: write those",
    )


def _group_remarks(config: CanaryConfig) -> Iterator[Fault]:
    weights = config.classifier.group_weights if config.classifier else {}
    groups = {group for metric in config.metrics for group in metric.groups or ()}
    for name in weights:
        if name not in groups:
            message = "no metric counts in the group, so that its share of the score is lost"
            yield ("classifier", "groupWeights", name), message
    total = sum(weights.values())
    if total > ALL:
        message = f"add up to {total:g}; in the analysis they are made to add up to {ALL:g}"
        yield ("classifier", "groupWeights"), message
    elif weights and total < ALL and not groups - weights.keys():
        message = f"add up to {total:g}, so that no score is higher"
        yield ("classifier", "groupWeights"), message
