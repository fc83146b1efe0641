"""``judge check``: whether analyses can be used, and what their queries are and find.

Exit codes: 0 all of them can, 2 one cannot (or Prometheus refuses a query of it), 4 Prometheus is
out of reach.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from judge.cli.assignments import set_option
from judge.errors import Issue, SpecError
from judge.spec.loading import load_prometheus, read_analysis_file
from judge.spec.resolved import Compare, Kind, Metric, PrometheusConfig, Query, ResolvedAnalysis
from judge.spec.units import format_duration

if TYPE_CHECKING:
    from judge.sources.inspect import TrackReport

WRONG = 2
Found = Mapping[tuple[str, str, str], "TrackReport"]


@dataclass(frozen=True)
class Checked:
    """What is known of one file: its analysis or what is wrong, and what its queries found."""

    file: Path
    analysis: ResolvedAnalysis | None = None
    issues: tuple[Issue, ...] = ()
    notices: tuple[Issue, ...] = ()
    found: Found = field(default_factory=dict)

    @property
    def fine(self) -> bool:
        """Whether it can be used."""
        return not self.issues and not any(report.error for report in self.found.values())


@click.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@click.option("--schema", is_flag=True, help="Print the JSON schema of an analysis, and end.")
@click.option("--prometheus", metavar="URL", help="Run each query there and count what it finds.")
@set_option
@click.option("--output", type=click.Choice(["text", "json"]), default="text", show_default=True)
def check(
    files: tuple[Path, ...],
    schema: bool,
    prometheus: str | None,
    variables: dict[str, str],
    output: str,
) -> None:
    """Check analyses (YAML or JSON FILES), and show each query as it will be asked.

    Every error is told as file:line:column: path: what is wrong and what to do.
    """
    if schema:
        _print_schema()
        return
    if not files:
        raise click.UsageError("name an analysis: judge check FILE..., or judge check --schema")
    server = load_prometheus({"address": prometheus}, source="--prometheus") if prometheus else None
    servers = _servers()
    checked = [_checked(file, variables, servers) for file in files]
    if server:
        checked = [_with_findings(one, server.address) for one in checked]
    if output == "json":
        click.echo(json.dumps({"files": [_document(one) for one in checked]}, indent=2))
    else:
        click.echo("\n".join(line for one in checked for line in _lines(one)))
    if not all(one.fine for one in checked):
        sys.exit(WRONG)


def _print_schema() -> None:
    from judge.spec.schema import analysis_schema

    click.echo(json.dumps(analysis_schema(), indent=2))


def _servers() -> dict[str, PrometheusConfig]:
    """The servers that analyses can name, of the settings in the environment."""
    from judge.settings import read_settings

    settings = read_settings()
    if not settings.prometheus:
        return {}
    from judge.cli.named_servers import named_servers

    return named_servers(settings)


def _checked(
    file: Path, variables: Mapping[str, str], servers: Mapping[str, PrometheusConfig]
) -> Checked:
    try:
        loaded = read_analysis_file(file, variables=variables, prometheus=servers)
    except SpecError as error:
        return Checked(file, issues=error.issues)
    return Checked(file, loaded.analysis, notices=loaded.notices)


def _with_findings(one: Checked, address: str) -> Checked:
    """The same, its queries run at ``address``. Raises `SourceError` where nobody answers."""
    if one.analysis is None:
        return one
    from judge.sources.inspect import inspect
    from judge.sources.prometheus import prometheus_source

    at = time.time()
    config = replace(one.analysis.prometheus, address=address)
    with prometheus_source(config) as source:
        source.client.instant("vector(1)", at=at)
        reports = inspect(replace(one.analysis, prometheus=config), source=source, at=at)
    return replace(one, found={(r.metric, r.track, r.part): r for r in reports})


def _lines(one: Checked) -> list[str]:
    if one.analysis is None:
        return [str(issue) for issue in one.issues]
    notices = [f"{notice} (a notice; it can be used)" for notice in one.notices]
    analysis = one.analysis
    looks = f"{analysis.looks} looks of {format_duration(analysis.interval)}"
    judged = "is well written" if one.fine else "has queries that Prometheus refuses"
    lines = [*notices, f"{one.file}: {analysis.name} {judged}: {looks}"]
    for metric in analysis.metrics:
        lines.append(
            f"  {metric.name} ({metric.template or metric.kind}): "
            f"{'; '.join([*_compared(metric), *_bounded(metric)])}"
        )
        for track, parts in metric.queries.items():
            for part, query in parts.items():
                report = one.found.get((metric.name, track, part))
                lines += _query_lines(track, part, query, report)
    return lines


def _compared(metric: Metric) -> Iterator[str]:
    """How the metric is compared with the baseline, if it is."""
    if metric.limit is not None and metric.worst is not None:
        yield f"bad is {_bad(metric)}"
        yield f"limit {metric.limit:g}, worst {metric.worst:g}"


def _bounded(metric: Metric) -> Iterator[str]:
    """What it is held to whatever the baseline does, if it is."""
    bound = metric.bound
    if bound is None:
        return
    at = f" at quantile {bound.quantile:g}" if metric.kind is Kind.HISTOGRAM else ""
    lasting = "" if bound.lasting is None else f" for {format_duration(bound.lasting)}"
    for name, value in (("max", bound.max), ("min", bound.min)):
        if value is not None:
            shown = f"{100 * value:g}%" if metric.kind is Kind.PROPORTION else f"{value:g}"
            yield f"{name} {shown}{at}{lasting}"


def _bad(metric: Metric) -> str:
    if metric.compare is Compare.SLOPE:
        growths = {"increase": "faster growth", "decrease": "slower growth"}
        return growths.get(metric.direction, "any other growth")
    return {"increase": "an increase", "decrease": "a decrease"}.get(metric.direction, "any change")


def _query_lines(track: str, part: str, query: Query, report: TrackReport | None) -> list[str]:
    told = f": {_told(part, report)}" if report else ""
    indented = [f"      {line}" for line in query.expr.strip().splitlines()]
    return [f"    {track} {part}, a {query.reading}{told}", *indented]


def _told(part: str, report: TrackReport) -> str:
    if report.error:
        return report.error
    counted = f"{report.series} series, {report.pods} pods"
    if report.series or part == "events":
        return counted
    return f"{counted}; nothing matches, so look at the selector and at what Prometheus scrapes"


def _document(one: Checked) -> dict[str, Any]:
    return {
        "file": str(one.file),
        "ok": one.fine,
        "analysis": one.analysis.name if one.analysis else None,
        "issues": [asdict(issue) for issue in one.issues],
        "notices": [asdict(notice) for notice in one.notices],
        "queries": _query_documents(one.analysis, one.found) if one.analysis else [],
    }


def _query_documents(analysis: ResolvedAnalysis, found: Found) -> list[dict[str, Any]]:
    return [
        {
            "metric": metric.name,
            "track": track,
            "part": part,
            "expr": query.expr,
            "reading": query.reading.value,
            **_report_document(found.get((metric.name, track, part))),
        }
        for metric in analysis.metrics
        for track, parts in metric.queries.items()
        for part, query in parts.items()
    ]


def _report_document(report: TrackReport | None) -> dict[str, Any]:
    if report is None:
        return {}
    return {"series": report.series, "pods": report.pods, "error": report.error or None}
