"""A metric's queries for each track: which variables it sees, and its places filled.

Owned here: the scopes of variables (a template's default, the namespace, the analysis, the caller,
the metric, the track; the later wins) and rendering one metric. Promised: every place is filled or
an issue says which is not; a variable that nothing uses is told. Not here: the substitution itself
(`rendering`), where templates lie (`metric_template`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from judge.errors import Issue, SpecError
from judge.spec import rendering
from judge.spec.metric_template import MetricTemplate
from judge.spec.metrics import MetricWritten
from judge.spec.parts import check_reading
from judge.spec.promql import PromqlError
from judge.spec.rendering import RenderingError
from judge.spec.resolved import BASELINE, Query
from judge.spec.written import Path, Written

Rendered = dict[str, dict[str, Query]]


@dataclass(frozen=True)
class Scope:
    """What one analysis's queries can name, beside what a metric and its template add.

    ``apart``: the baseline runs beside the canary, so the two may not read the same series.
    """

    analysis: Mapping[str, str]
    tracks: Mapping[str, Mapping[str, str]]
    selectors: Mapping[str, str]
    pod_label: str
    apart: bool = True

    def variables(
        self, track: str, metric: MetricWritten, template: MetricTemplate
    ) -> dict[str, str]:
        """Every variable that ``metric`` sees for ``track``."""
        values = {
            **template.defaults,
            **self.analysis,
            **metric.variables,
            **self.tracks[track],
            "track": track,
            "podLabel": metric.pod_label or template.pod_label or self.pod_label,
        }
        if self.selectors[track]:
            values[rendering.SELECTOR] = self.selectors[track]
        return template.with_fallbacks(values)


def render_metric(
    metric: MetricWritten, template: MetricTemplate, scope: Scope, written: Written, path: Path
) -> tuple[Rendered, list[Issue]]:
    """``queries[track][part]`` of a metric, and what keeps them from being rendered."""
    variables = {track: scope.variables(track, metric, template) for track in scope.selectors}
    issues = _unused(metric, template, written, path)
    issues += _missing(template, variables, written, path)
    if issues:
        return {}, issues
    rendered: Rendered = {}
    for track, values in variables.items():
        rendered[track] = {}
        for part, query in template.queries.items():
            try:
                rendered[track][part] = filled(query, part, values)
            except (RenderingError, PromqlError) as error:
                issues.append(_query_issue(metric, written, path, track, part, error))
    compares = scope.apart and metric.rules().over(template.rules).ratios() is not None
    compared = {name: parts for name, parts in rendered.items() if compares or name != BASELINE}
    return rendered, _one_each(issues) or _twins(compared, written, path)


def filled(query: Query, part: str, variables: Mapping[str, str]) -> Query:
    """``query``, which is this ``part`` of a metric, rendered.

    Raises `RenderingError`, and `PromqlError` for its shape.
    """
    rendered = replace(query, expr=rendering.render(query.expr, variables))
    check_reading(rendered, part)
    return rendered


def _one_each(issues: Iterable[Issue]) -> list[Issue]:
    """The first issue of each place: what is wrong for one track is so for the others."""
    return list({issue.path: issue for issue in reversed(list(issues))}.values())[::-1]


def _missing(
    template: MetricTemplate,
    variables: Mapping[str, Mapping[str, str]],
    written: Written,
    path: Path,
) -> list[Issue]:
    declared = {one.name: f" ({one.description})" for one in template.variables}
    issues = []
    for name in sorted(template.needs):
        lacking = [track for track, values in variables.items() if name not in values]
        if lacking and name == rendering.SELECTOR:
            message = f"needs the track's selector; add it to the tracks ({', '.join(lacking)})"
            issues.append(written.issue(path, message))
        elif lacking:
            known = f" ({rendering.unknown(name, variables[lacking[0]])})"
            message = (
                f"the variable {name}{declared.get(name, '')} has no value for "
                f"{', '.join(lacking)}; set it under variables of the metric, the track or the "
                f"spec{'' if name in declared else known}"
            )
            issues.append(written.issue(path, message))
    return issues


def _unused(
    metric: MetricWritten, template: MetricTemplate, written: Written, path: Path
) -> list[Issue]:
    return [
        written.issue(
            (*path, "variables", name),
            f"nothing uses the variable {name}; {rendering.unknown(name, template.takes)}",
            key=True,
        )
        for name in metric.variables
        if name not in template.takes
    ]


def _query_issue(
    metric: MetricWritten,
    written: Written,
    path: Path,
    track: str,
    part: str,
    error: RenderingError | PromqlError,
) -> Issue:
    """An issue at the variable, at the query where it is written in place, or at the metric."""
    message = f"{part}: {error}"
    if isinstance(error, RenderingError) and error.name:
        for scope in (("spec", "tracks", track), path, ("spec",)):
            at = (*scope, "variables", error.name)
            if at in written.values:
                return written.issue(at, message)
    in_place = (*path, "queries", part) if metric.queries is not None else path
    longer = (*in_place, "expr")
    return written.issue(longer if longer in written.values else in_place, message)


def _twins(rendered: Rendered, written: Written, path: Path) -> list[Issue]:
    """Two tracks that read the same series cannot differ: the comparison would say nothing."""
    tracks = list(rendered)
    for i, first in enumerate(tracks):
        for second in tracks[i + 1 :]:
            if rendered[first] and rendered[first] == rendered[second]:
                message = (
                    f"reads the same series for {first} and {second}; tell the tracks apart by "
                    "their selectors or variables"
                )
                return [written.issue(path, message)]
    return []


def render_alone(
    template: MetricTemplate, variables: Mapping[str, str], *, selector: str = ""
) -> dict[str, Query]:
    """The queries of a template by itself, as for one track. Raises `SpecError`."""
    given = {"track": "canary", "interval": "1m", "podLabel": template.pod_label or "pod"}
    values = template.with_fallbacks({**template.defaults, **given, **variables})
    if selector:
        values[rendering.SELECTOR] = selector
    issues = [
        Issue(name, f"nothing uses this variable; {rendering.unknown(name, template.takes)}")
        for name in variables
        if name not in template.takes
    ]
    issues += [_lacking(name, template) for name in sorted(template.needs - values.keys())]
    if issues:
        raise SpecError(issues)
    queries = {}
    for part, query in template.queries.items():
        try:
            queries[part] = filled(query, part, values)
        except (RenderingError, PromqlError) as error:
            raise SpecError([Issue(part, str(error))]) from error
    return queries


def _lacking(name: str, template: MetricTemplate) -> Issue:
    if name == rendering.SELECTOR:
        return Issue(name, "has no value; write --track-selector 'app=\"checkout\"'")
    described = {one.name: f" ({one.description})" for one in template.variables if one.description}
    return Issue(name, f"has no value; write --set {name}=...{described.get(name, '')}")
