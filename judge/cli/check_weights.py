"""What ``judge check`` says of weights that are queries, as text and as JSON.

Owned here: the words. Not here: asking Prometheus (`check`), what there is to say of a file
(`check_report`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from judge.spec.resolved import ResolvedAnalysis

if TYPE_CHECKING:
    from judge.sources.weights import WeightReport

Reports = Mapping[str, "WeightReport"]


def weight_lines(analysis: ResolvedAnalysis, reports: Reports) -> list[str]:
    """Each query, and what ``reports`` (by track) say that it finds."""
    told = []
    for name, track in analysis.tracks.items():
        if track.weight_query is None:
            continue
        query, report = track.weight_query, reports.get(name)
        found = f": {_told(report, query.of)}" if report else ""
        told.append(f"  weight of the {name}, of {query.of:g}{found}")
        told += [f"      {line}" for line in query.expr.strip().splitlines()]
    return told


def _told(report: WeightReport, of: float) -> str:
    if report.error:
        return report.error
    if report.share is not None:
        return f"1 series, {100 * report.share:g}% of the requests just now"
    if report.series == 1:
        return f"1 series, whose value does not lie between 0 and {of:g}; correct `of`"
    way_out = "put max or another aggregation around them"
    if not report.series:
        way_out = "look at the query and at what Prometheus scrapes"
    return f"{report.series} series, where one is needed; {way_out}"


def weight_documents(analysis: ResolvedAnalysis, reports: Reports) -> list[dict[str, Any]]:
    """The same as JSON."""
    return [
        {
            "track": name,
            "expr": track.weight_query.expr,
            "of": track.weight_query.of,
            **_report_document(reports.get(name)),
        }
        for name, track in analysis.tracks.items()
        if track.weight_query is not None
    ]


def _report_document(report: WeightReport | None) -> dict[str, Any]:
    if report is None:
        return {}
    return {"series": report.series, "share": report.share, "error": report.error or None}
