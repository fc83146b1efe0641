"""One metric of a resolved analysis: its JSON form, and back.

Promised: a metric that gives its kind is whole: nothing in it comes from its template, which may
have changed since. In a bundle a metric may name a shipped template in place of its kind. Not here:
the rest of the analysis (`document`).
"""

from __future__ import annotations

from typing import Any

from judge.errors import Issue
from judge.spec.faults import faults, lasting_fault
from judge.spec.judges import kind_fault, rules_of
from judge.spec.kayenta_fields import kayenta_document
from judge.spec.metric_template import load_template, shipped_names
from judge.spec.parts import check_reading, part_faults
from judge.spec.promql import PromqlError
from judge.spec.rendering import unknown
from judge.spec.resolved import Bound, Kind, Metric, Query, Reading
from judge.spec.rules import Rules
from judge.spec.stored import StoredMetric, StoredQueries, StoredSpec
from judge.spec.tracks import by_role
from judge.spec.written import Path, Written


def metric_document(metric: Metric) -> dict[str, Any]:
    """The metric with everything filled in; durations in seconds."""
    queries = {
        track: {part: _query_document(query) for part, query in parts.items()}
        for track, parts in metric.queries.items()
    }
    named = {"template": metric.template, "podLabel": metric.pod_label, "queries": queries}
    return {
        "name": metric.name,
        "kind": metric.kind.value,
        "direction": metric.direction.value,
        **_compared(metric),
        **(_bounded(metric.bound, metric.kind) if metric.bound else {}),
        "unit": metric.unit,
        "weight": metric.weight,
        "critical": metric.critical,
        "observe": metric.observe,
        **({"kayenta": kayenta_document(metric.kayenta)} if metric.kayenta else {}),
        **{name: value for name, value in named.items() if value},
    }


def _query_document(query: Query) -> dict[str, Any]:
    written: dict[str, Any] = {"expr": query.expr, "reading": query.reading.value}
    if query.reading is Reading.SERIES:
        written |= {"step": query.step, "begins": query.begins}
        written |= {} if query.lasts is None else {"lasts": query.lasts}
        written |= {} if query.every is None else {"every": query.every}
    return written


def _compared(metric: Metric) -> dict[str, Any]:
    farthest = "worst" if metric.better is None else "margin"
    ratios = {"limit": metric.limit, farthest: metric.worst}
    found: dict[str, Any] = {
        name: {"ratio": ratio} for name, ratio in ratios.items() if ratio is not None
    }
    if metric.better is not None:
        found["better"] = metric.better.value
    if metric.kind is Kind.GAUGE:
        found |= {"compare": metric.compare.value, "floor": metric.floor}
    return found


def _bounded(bound: Bound, kind: Kind) -> dict[str, Any]:
    values = {
        "max": bound.max,
        "min": bound.min,
        "for": bound.lasting,
        "quantile": bound.quantile if kind is Kind.HISTOGRAM else None,
    }
    return {name: value for name, value in values.items() if value is not None}


def read_metric(
    metric: StoredMetric, path: Path, written: Written, *, spec: StoredSpec
) -> tuple[Metric | None, list[Issue]]:
    """The metric of ``spec``, or what is wrong with it."""
    known = _kind_and_rules(metric)
    if known is None:
        return None, [_no_kind(metric, path, written)]
    kind, default = known
    rules = metric.rules().over(default)
    issues = [written.issue((*path, *inside), text) for inside, text in faults(rules, kind)]
    for name, wrong in (
        ("for", lasting_fault(metric.for_, spec.interval)),
        ("kind", kind_fault(kind, spec)),
    ):
        issues += [written.issue((*path, name), wrong)] if wrong else []
    stored = metric.queries or StoredQueries()
    queries, unreadable = _queries(stored, kind, (*path, "queries"), written)
    read = rules.metric(
        metric.name,
        kind,
        template=metric.template or "",
        pod_label=metric.pod_label or "",
        queries=queries,
        kayenta=rules_of(metric),
    )
    return read, issues + unreadable


def _kind_and_rules(metric: StoredMetric) -> tuple[Kind, Rules] | None:
    """What the metric yields, and the rules that hold where it has none of its own."""
    if metric.kind is not None:
        return metric.kind, Rules()
    if metric.template not in shipped_names():
        return None
    template = load_template(metric.template)
    return template.kind, template.rules


def _no_kind(metric: StoredMetric, path: Path, written: Written) -> Issue:
    kinds = "write kind: proportion, histogram, gauge or series"
    if metric.template is None:
        return written.issue(path, f"has no kind; {kinds}")
    known = unknown(metric.template, shipped_names())
    message = f"no shipped template is called {metric.template} ({known}); {kinds}"
    return written.issue((*path, "template"), message)


def _queries(
    queries: StoredQueries, kind: Kind, path: Path, written: Written
) -> tuple[dict[str, dict[str, Query]], list[Issue]]:
    """Rendered queries by track. Those that a user wrote for all tracks are left unrendered."""
    found = {
        track: parts.resolved()
        for track, parts in by_role(queries.baseline, queries.canary, queries.shadow).items()
    }
    issues = []
    if found and queries.written():
        issues.append(written.issue(path, "write the queries by track, or for all tracks alike"))
    for track, parts in found.items():
        for inside, message in part_faults(parts.keys(), kind):
            issues.append(written.issue((*path, track, *inside), message))
        for part, query in parts.items():
            try:
                check_reading(query, part)
            except PromqlError as error:
                issues.append(written.issue((*path, track, part), str(error)))
    return found, issues
